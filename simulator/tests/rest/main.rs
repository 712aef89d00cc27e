//! The REST interface is the emulator's: the same requests get the same answers, and a whole application that is
//! written through it is read back alike.

#![allow(clippy::unwrap_used)]

mod both; // the emulator and the simulator, asked the same
mod refusals; // what is wrong

use both::Both;
use futures::TryStreamExt;
use rehearsal::application::Application;
use rehearsal::rest::{Document, Firestore, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn contents(firestore: &Firestore) -> Vec<(String, Value)> {
    let documents: Vec<Document> = firestore.documents(None).try_collect().await.unwrap();
    let read = documents.into_iter();
    read.map(|document| (document.path, unsigned(document.fields.into())))
        .collect()
}

/// Without the signs of zeros in places: prost leaves out every zero, the negative one as well.
fn unsigned(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = unsigned(item.take())),
        Value::Object(members) => {
            if let Some(Value::Object(place)) = members.get_mut("geoPointValue") {
                place.retain(|_, degrees| degrees.as_f64() != Some(0.0));
            }
            members
                .values_mut()
                .for_each(|member| *member = unsigned(member.take()));
        }
        _ => {}
    }
    value
}

/// The names of documents that have something below them, whether they exist or not.
fn parents(paths: impl Iterator<Item = String>) -> BTreeSet<String> {
    paths
        .filter_map(|path| Some(path.rsplitn(3, '/').nth(2)?.to_owned()))
        .collect()
}

#[tokio::test]
async fn an_application_is_read_back_alike() {
    let both = Both::start().await;
    let application = Application::sized(7, 1_000).in_database(&both.project, "(default)");
    let [emulator, simulator] = both.clients();
    for firestore in [&emulator, &simulator] {
        firestore
            .commit(application.documents().map(Write::from))
            .await
            .unwrap();
    }
    let (theirs, ours) = (contents(&emulator).await, contents(&simulator).await);
    assert_eq!(ours.len(), application.count());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());

    let parents = parents(application.paths());
    let some = parents.iter().step_by(parents.len() / 16 + 1).map(String::as_str);
    for parent in some.chain(["", "users/nobody"]) {
        let [theirs, ours] =
            [&emulator, &simulator].map(|firestore| firestore.list_collection_ids(parent, None));
        assert_eq!(ours.await.unwrap(), theirs.await.unwrap(), "below {parent:?}");
    }
}

#[tokio::test]
async fn documents_are_made_read_changed_and_listed_alike() {
    let both = Both::start().await;
    let root = both.root();
    let fields = json!({
        "null": {"nullValue": null},
        "boolean": {"booleanValue": false},
        "integer": {"integerValue": "-9223372036854775808"},
        "number": {"integerValue": 7},
        "double": {"doubleValue": 3.0},
        "nan": {"doubleValue": "NaN"},
        "infinite": {"doubleValue": "-Infinity"},
        "spelled": {"doubleValue": "1e3"},
        "moment": {"timestampValue": "2024-01-02T03:04:05.123456789+01:00"},
        "text": {"stringValue": "<a>&'=\u{0}é\u{2028}"},
        "bytes": {"bytesValue": "-_8"},
        "reference": {"referenceValue": format!("{root}/c/x")},
        "nowhere": {"geoPointValue": {"latitude": 0, "longitude": 1.5}},
        "list": {"arrayValue": {"values": [{"integerValue": "1"}, {"mapValue": {}}]}},
        "nothing": {"arrayValue": {}},
        "map": {"mapValue": {"fields": {"x": {"integerValue": "1"}, "y": {"integerValue": "2"}}}},
        "vector": {"mapValue": {"fields": {
            "__type__": {"stringValue": "__vector__"},
            "value": {"arrayValue": {"values": [{"doubleValue": 1.0}]}},
        }}},
    });
    both.agree("PATCH", "/c/a", json!({"fields": fields})).await;
    both.agree("GET", "/c/a", Value::Null).await;
    both.agree(
        "GET",
        "/c/a?mask.fieldPaths=map.x&mask.fieldPaths=%60nan%60",
        Value::Null,
    )
    .await;
    both.agree(
        "POST",
        "/c?documentId=new",
        json!({"fields": {"n": {"integerValue": 1}}}),
    )
    .await;
    both.agree("POST", "/c?documentId=new", json!({})).await;
    let odd = json!({"fields": {"n": {"integerValue": 1}, "m": {"integerValue": 2}}});
    both.agree(
        "PATCH",
        "/c/new?updateMask.fieldPaths=m&mask.fieldPaths=m&currentDocument.exists=true",
        odd,
    )
    .await;
    both.agree("GET", "/c/new", Value::Null).await;
    for id in [
        "%00",
        "a%252Fb",
        "a:b",
        "a%3Ac",
        "a%20b",
        "a+b",
        "__id7__",
        "%F0%9F%98%80",
        "%22",
    ] {
        both.agree("PATCH", &format!("/ids/{id}"), json!({})).await;
        both.agree("GET", &format!("/ids/{id}"), Value::Null).await;
    }
    both.agree("PATCH", "/gone/parent/below/1", json!({})).await;
    both.agree("GET", "/ids", Value::Null).await;
    both.agree("GET", "/gone", Value::Null).await;
    both.agree("GET", "/gone?showMissing=true", Value::Null).await;
    both.agree("GET", "/c?mask.fieldPaths=n&pageSize=5", Value::Null)
        .await;
    both.agree("DELETE", "/c/new", Value::Null).await;
    both.agree("DELETE", "/c/new", Value::Null).await;
    both.agree("GET", "/c/new", Value::Null).await;
    both.agree("POST", ":listCollectionIds", Value::Null).await;
}

#[tokio::test]
async fn writes_and_reads_in_bulk_are_answered_alike() {
    let both = Both::start().await;
    let root = both.root();
    let name = |id: &str| format!("{root}/c/{id}");
    let writes = json!([
        {"update": {"name": name("1"), "fields": {"n": {"integerValue": 1}, "l": {"arrayValue": {}}}}},
        {"update": {"name": name("2"), "fields": {"n": {"integerValue": 2}}}, "currentDocument": {"exists": false}},
        {"delete": name("none")},
    ]);
    both.agree("POST", ":commit", json!({"writes": writes})).await;
    let transforms = json!([
        {"fieldPath": "n", "increment": {"doubleValue": 0.5}},
        {"fieldPath": "l", "appendMissingElements": {"values": [{"stringValue": "x"}]}},
        {"fieldPath": "m", "maximum": {"integerValue": "9"}},
    ]);
    let write = json!({"update": {"name": name("1")}, "updateMask": {}, "updateTransforms": transforms});
    both.agree("POST", ":commit", json!({"writes": [write]})).await;
    both.agree("POST", ":commit", json!({"writes": []})).await;
    both.agree(
        "POST",
        ":batchWrite",
        json!({"writes": [{"update": {"name": name("3")}}, {"delete": name("4")}]}),
    )
    .await;
    both.agree(
        "POST",
        ":batchGet",
        json!({"documents": [name("1"), name("none")], "mask": {"fieldPaths": ["n"]}}),
    )
    .await;
    let by_name = json!([{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}]);
    for query in [
        json!({"from": [{"collectionId": "c"}]}),
        json!({"from": [{"collectionId": "none"}]}),
        json!({"from": [{"collectionId": "c"}], "limit": 2, "select": {"fields": [{"fieldPath": "n"}]}}),
        json!({"from": [{"allDescendants": true}], "orderBy": by_name, "select": {"fields": [{"fieldPath": "__name__"}]}}),
        json!({"from": [{"collectionId": "c"}], "orderBy": by_name,
            "startAt": {"values": [{"referenceValue": name("1")}], "before": false},
            "endAt": {"values": [{"referenceValue": name("3")}], "before": true}}),
        json!({"from": [{"collectionId": "c"}], "where": {"fieldFilter": {
            "field": {"fieldPath": "__name__"}, "op": "GREATER_THAN", "value": {"referenceValue": name("1")}}}}),
    ] {
        both.agree("POST", ":runQuery", json!({"structuredQuery": query}))
            .await;
        let count = json!({"structuredQuery": query, "aggregations": [{"count": {"upTo": "1"}}, {"alias": "n", "count": {}}]});
        let request = json!({"structuredAggregationQuery": count}).to_string();
        let [theirs, ours] = both.ask("POST", ":runAggregationQuery", &request).await;
        // The emulator says `done` here, which the message does not have.
        assert_eq!(ours.1[0]["result"], theirs.1[0]["result"], "{request}");
    }
    both.agree(
        "POST",
        "/c/1:runQuery",
        json!({"structuredQuery": {"from": [{"collectionId": "c"}]}}),
    )
    .await;
}

#[tokio::test]
async fn a_query_at_an_earlier_time_is_answered_as_of_then() {
    let both = Both::start().await;
    for firestore in both.clients() {
        firestore
            .commit([Write::Set("c/1".into(), serde_json::Map::new())])
            .await
            .unwrap();
        let written: Vec<Document> = firestore.documents(None).try_collect().await.unwrap();
        let then = written[0].update_time.as_str();
        firestore.commit([Write::Delete("c/1".into())]).await.unwrap();
        assert_eq!(firestore.all_documents(None).await.unwrap().len(), 0);
        assert_eq!(firestore.all_documents(Some(then)).await.unwrap().len(), 1);
        assert_eq!(
            firestore.list_collection_ids("", Some(then)).await.unwrap(),
            ["c"]
        );
    }
}

#[tokio::test]
async fn partitions_are_cursors_which_the_emulator_does_not_have() {
    let both = Both::start().await;
    let [_, firestore] = both.clients();
    let written = (0..1_000).map(|n| Write::Set(format!("c/{n}"), serde_json::Map::new()));
    firestore.commit(written).await.unwrap();
    let query = json!({
        "from": [{"collectionId": "c", "allDescendants": true}],
        "orderBy": [{"field": {"fieldPath": "__name__"}}],
    });
    let request = json!({"structuredQuery": query, "partitionCount": "3"}).to_string();
    let [theirs, ours] = both.ask("POST", ":partitionQuery", &request).await;
    assert_eq!((theirs.0, ours.0), (501, 200));
    let partitions = ours.1["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 3, "{partitions:?}");
    for partition in partitions {
        let name = partition["values"][0]["referenceValue"].as_str().unwrap();
        assert!(name.starts_with(&format!("{}/c/", both.root())), "{name}");
    }
}
