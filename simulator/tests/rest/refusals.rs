//! Requests that are wrong in one way each get the same HTTP status and the same word from both.

use crate::both::Both;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_wrong_is_refused_alike() {
    let both = Both::start().await;
    let root = both.root();
    both.agree("PATCH", "/c/there", json!({})).await;
    let update =
        |fields: Value| json!({"writes": [{"update": {"name": format!("{root}/c/1"), "fields": fields}}]});
    let query = |query: Value| json!({"structuredQuery": query});
    let all = [
        ("GET", "/c/none", Value::Null),
        ("GET", "", Value::Null),
        ("GET", "//v2/x", Value::Null),
        ("PUT", "/c/there", json!({})),
        ("DELETE", "/c", Value::Null),
        ("PATCH", "/c", json!({})),
        ("DELETE", "/c/none?currentDocument.exists=true", Value::Null),
        ("DELETE", "/c/there?currentDocument.exists=false", Value::Null),
        ("PATCH", "/c/there?updateMask.fieldPaths=a..b", json!({})),
        ("POST", "/c?documentId=there", json!({})),
        ("POST", "/c?documentId=a%2Fb", json!({})),
        ("POST", "/c?documentId=..", json!({})),
        ("POST", "/c?documentId=1", json!({"name": format!("{root}/c/1")})),
        ("POST", "/c/there", json!({})),
        ("POST", "/c/there:nonsense", json!({})),
        ("POST", ":nonsense", json!({})),
        ("GET", "/c?pageSize=-1", Value::Null),
        ("POST", ":runQuery", json!({})),
        ("POST", ":runQuery", json!([])),
        ("POST", ":runQuery", query(json!({"form": []}))),
        (
            "POST",
            ":runQuery",
            query(json!({"from": [{"collectionId": "c"}], "limit": -1})),
        ),
        (
            "POST",
            ":runQuery",
            json!({"structuredQuery": {"from": [{"collectionId": "c"}]}, "readTime": "2099-01-01T00:00:00Z"}),
        ),
        (
            "POST",
            ":runQuery",
            json!({"structuredQuery": {"from": [{"collectionId": "c"}]}, "readTime": "yesterday"}),
        ),
        (
            "POST",
            "/c:runQuery",
            query(json!({"from": [{"collectionId": "c"}]})),
        ),
        ("POST", "/c:listCollectionIds", json!({})),
        ("POST", ":runAggregationQuery", json!({})),
        ("POST", ":batchGet", json!({"documents": ["c/1"]})),
        ("POST", ":commit", json!({"writes": [{}]})),
        (
            "POST",
            ":commit",
            json!({"writes": [{"update": {"name": format!("{root}/c")}}]}),
        ),
        (
            "POST",
            ":commit",
            json!({"writes": [{"delete": format!("{root}/__c__/1")}]}),
        ),
        (
            "POST",
            ":commit",
            json!({"writes": [{"delete": format!("{root}/c/none"), "currentDocument": {"exists": true}}]}),
        ),
        (
            "POST",
            ":commit",
            json!({"writes": [{"delete": format!("{root}/c/there"),
            "currentDocument": {"updateTime": "2020-01-01T00:00:00Z"}}]}),
        ),
        (
            "POST",
            ":batchWrite",
            json!({"writes": [{"delete": format!("{root}/c/1")}, {"delete": format!("{root}/c/1")}]}),
        ),
        ("POST", ":commit", update(json!({"": {"nullValue": null}}))),
        ("POST", ":commit", update(json!({"a": {}}))),
        ("POST", ":commit", update(json!({"a": {"integerValue": "x"}}))),
        ("POST", ":commit", update(json!({"a": {"noSuchValue": 1}}))),
        (
            "POST",
            ":commit",
            update(json!({"a": {"integerValue": 1, "stringValue": "x"}})),
        ),
        ("POST", ":commit", update(json!({"a": {"timestampValue": "now"}}))),
        ("POST", ":commit", update(json!({"a": {"bytesValue": "*"}}))),
        (
            "POST",
            ":commit",
            update(json!({"a": {"geoPointValue": {"latitude": 91}}})),
        ),
        (
            "POST",
            ":commit",
            update(json!({"a": {"arrayValue": {"values": [{"arrayValue": {}}]}}})),
        ),
    ];
    for (method, resource, body) in all {
        let answer = both.agree(method, resource, body.clone()).await;
        assert!(
            answer.get("error").is_some() || answer.is_null(),
            "{method} {resource} {body}: {answer}"
        );
    }
    let [theirs, ours] = both.ask("POST", ":runQuery", "{not json").await;
    assert_eq!(
        (ours.0, &ours.1["error"]["status"]),
        (theirs.0, &theirs.1["error"]["status"])
    );
}
