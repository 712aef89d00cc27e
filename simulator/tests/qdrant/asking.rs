//! Filters, counts, queries and facets, against what anybody would compute from all points.

use crate::client::qdrant as proto;
use crate::stage::{client, everything, start, told};
use proto::{
    Condition, CountPointsBuilder, FacetCountsBuilder, Filter, Query, QueryPointsBuilder, Range,
    ScrollPointsBuilder, SearchParamsBuilder, VectorInput,
};
use simulator::qdrant::{
    Collection, Distance, Index, Mix, Odds, Options, Point, Qdrant, Value, Vector, VectorParams, Version,
};
use std::collections::BTreeMap;

fn member<'a>(point: &'a Point, key: &str) -> Option<&'a Value> {
    point
        .payload
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value)
}

fn integer(point: &Point, key: &str) -> Option<i64> {
    match member(point, key) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn text(point: &Point, key: &str) -> Option<String> {
    match member(point, key) {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn tagged(point: &Point, tag: &str) -> bool {
    match member(point, "tags") {
        Some(Value::List(tags)) => tags.contains(&Value::from(tag.to_owned())),
        _ => false,
    }
}

#[tokio::test]
async fn filters_let_through_what_the_obvious_lets_through() {
    type Passes = fn(&Point) -> bool;
    let moment = |text: &str| {
        let seconds = text.parse::<jiff::Timestamp>().unwrap().as_second();
        firestore::gcloud_sdk::prost_types::Timestamp { seconds, nanos: 0 }
    };
    let year = proto::DatetimeRange {
        gte: Some(moment("2025-01-01T00:00:00Z")),
        ..Default::default()
    };
    let range = Range {
        gte: Some(100.0),
        lt: Some(500.0),
        ..Default::default()
    };
    let cases: [(Filter, Passes); 9] = [
        (
            Filter::must([Condition::matches("category", "toys".to_owned())]),
            |point| text(point, "category").as_deref() == Some("toys"),
        ),
        (Filter::must_not([Condition::matches("active", true)]), |point| {
            member(point, "active") != Some(&Value::Bool(true))
        }),
        (Filter::must([Condition::range("stock", range)]), |point| {
            integer(point, "stock").is_some_and(|stock| (100..500).contains(&stock))
        }),
        (
            Filter::must([Condition::datetime_range("updated_at", year)]),
            |point| text(point, "updated_at").is_some_and(|at| at.as_str() >= "2025"),
        ),
        (
            Filter::must([Condition::matches("tags", "sale".to_owned())]),
            |point| tagged(point, "sale"),
        ),
        (
            Filter::should([
                Condition::matches("org_id", "acme".to_owned()),
                Condition::matches("tags[]", "new".to_owned()),
            ]),
            |point| text(point, "org_id").as_deref() == Some("acme") || tagged(point, "new"),
        ),
        (Filter::must([Condition::has_id([0, 3, 5_000])]), |point| {
            ["0", "3"].contains(&point.id.to_string().as_str())
        }),
        (
            Filter::must([Condition::matches("seller.address.zip", "01234".to_owned())]),
            |point| member(point, "seller").is_some(),
        ),
        (Filter::must([Condition::is_null("odd")]), |point| {
            // An array that holds a null counts as one.
            match member(point, "odd") {
                Some(Value::List(values)) => values.contains(&Value::Null),
                odd => odd == Some(&Value::Null),
            }
        }),
    ];
    let odds = Odds {
        bare: 0.1,
        ..Odds::default()
    };
    let server = start(Collection::new("c", 400).payload(Mix::Rich).odds(odds));
    let client = client(&server);
    let all = server.points("c");
    for (filter, passes) in cases {
        let known: Vec<String> = all
            .iter()
            .filter(|(_, point)| passes(point))
            .map(|(_, point)| point.id.to_string())
            .collect();
        assert!(
            !known.is_empty() && known.len() < 400,
            "{filter:?} tells nothing apart"
        );
        let request = ScrollPointsBuilder::new("c").filter(filter.clone()).limit(1_000);
        let read = client.scroll(request).await.unwrap().result;
        let read: Vec<String> = read.iter().map(|point| told(&point.id)).collect();
        assert_eq!(read, known, "{filter:?}");
        let count = client
            .count(CountPointsBuilder::new("c").filter(filter).exact(true))
            .await
            .unwrap();
        assert_eq!(count.result.unwrap().count, known.len() as u64);
    }
}

#[tokio::test]
async fn a_slice_is_dropped_without_a_word_by_servers_before_1_19() {
    let slice = |index| Condition {
        condition_one_of: Some(proto::condition::ConditionOneOf::Slice(proto::SliceCondition {
            total: 4,
            index,
        })),
    };
    for (version, knows) in [(Version(1, 18, 3), false), (Version(1, 19, 0), true)] {
        let options = Options::default()
            .version(version)
            .with(Collection::new("c", 1_000));
        let server = Qdrant::start(options).unwrap();
        let client = client(&server);
        let mut counts = Vec::new();
        for index in 0..4 {
            let request = CountPointsBuilder::new("c").filter(Filter::must([slice(index)]));
            counts.push(client.count(request).await.unwrap().result.unwrap().count);
        }
        match knows {
            true => assert_eq!(counts.iter().sum::<u64>(), 1_000),
            false => assert_eq!(counts, [1_000; 4]),
        }
    }
}

/// The definition of each score, without any haste.
fn score(distance: Distance, asked: &[f32], stored: &[f32]) -> f32 {
    let pairs = || {
        asked
            .iter()
            .zip(stored)
            .map(|(a, b)| (f64::from(*a), f64::from(*b)))
    };
    let dot: f64 = pairs().map(|(a, b)| a * b).sum();
    let length = |row: &[f32]| {
        row.iter()
            .map(|value| f64::from(*value).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let told = match distance {
        Distance::Cosine => dot / length(asked) / length(stored),
        Distance::Dot => dot,
        Distance::Euclid => pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
        Distance::Manhattan => pairs().map(|(a, b)| (a - b).abs()).sum(),
    };
    told as f32
}

#[tokio::test]
async fn the_nearest_are_those_of_the_definition() {
    for distance in [
        Distance::Cosine,
        Distance::Dot,
        Distance::Euclid,
        Distance::Manhattan,
    ] {
        let server = start(
            Collection::new("c", 500)
                .payload(Mix::Plain)
                .vector(VectorParams::new(16, distance)),
        );
        let client = client(&server);
        let asked: Vec<f32> = (0..16).map(|n| (n as f32 * 0.7).sin()).collect();
        let mut known: Vec<(f32, String)> = server
            .points("c")
            .into_iter()
            .map(|(_, point)| match &point.vectors[..] {
                [(_, Vector::Dense(row))] => (score(distance, &asked, row), point.id.to_string()),
                other => panic!("{other:?}"),
            })
            .collect();
        known.sort_by(|one, other| match distance {
            Distance::Cosine | Distance::Dot => other.0.total_cmp(&one.0),
            Distance::Euclid | Distance::Manhattan => one.0.total_cmp(&other.0),
        });
        let request = QueryPointsBuilder::new("c")
            .query(asked)
            .limit(20)
            .with_payload(true)
            .params(SearchParamsBuilder::default().exact(true));
        let read = client.query(request).await.unwrap().result;
        assert_eq!(read.len(), 20);
        for (read, (score, id)) in read.iter().zip(&known) {
            assert_eq!((&told(&read.id), read.payload.len()), (id, 5));
            assert!(
                (read.score - score).abs() < 1e-4,
                "{distance:?}: {} {score}",
                read.score
            );
        }
    }
}

#[tokio::test]
async fn every_kind_of_vector_is_nearest_to_itself() {
    let server = start(everything("c", 200).odds(Odds::default()));
    let client = client(&server);
    let points = server.points("c");
    for (_, point) in points.iter().step_by(23) {
        for (name, vector) in &point.vectors {
            let asked = match vector {
                Vector::Dense(row) => VectorInput::new_dense(row.clone()),
                Vector::Multi(rows) => VectorInput::new_multi(rows.clone()),
                Vector::Sparse { indices, values } => {
                    VectorInput::new_sparse(indices.clone(), values.clone())
                }
            };
            // By the inner product a longer one may be nearer; an empty sparse vector is near to nothing.
            let first = !matches!(name.as_str(), "tokens" | "words" | "bytes");
            let request = QueryPointsBuilder::new("c")
                .query(Query::new_nearest(asked))
                .using(name)
                .limit(200);
            let read = client.query(request).await.unwrap().result;
            let place = read
                .iter()
                .position(|found| told(&found.id) == point.id.to_string());
            assert!(place == Some(0) || !first, "{name}: {place:?}");
            let by_id = Query::new_nearest(VectorInput::new_id(point.id.proto()));
            let others = client
                .query(QueryPointsBuilder::new("c").query(by_id).using(name).limit(200))
                .await;
            let others = others.unwrap().result;
            assert!(others.iter().all(|found| told(&found.id) != point.id.to_string()));
            assert_eq!(others.len(), read.len() - usize::from(place.is_some()));
        }
    }
}

#[tokio::test]
async fn a_query_that_is_not_exact_finds_the_share_it_is_told_to() {
    let collection = Collection::new("c", 2_000).vector(VectorParams::new(8, Distance::Euclid));
    let server = Qdrant::start(Options::default().recall(0.7).with(collection)).unwrap();
    let client = client(&server);
    let ask = async |exact| {
        let request = QueryPointsBuilder::new("c")
            .query(vec![0.0_f32; 8])
            .limit(500)
            .params(SearchParamsBuilder::default().exact(exact));
        let found = client.query(request).await.unwrap().result;
        found.iter().map(|point| told(&point.id)).collect::<Vec<_>>()
    };
    let (exact, rough) = (ask(true).await, ask(false).await);
    let found = exact.iter().filter(|id| rough.contains(id)).count();
    assert!((300..=400).contains(&found), "{found} of 500");
}

#[tokio::test]
async fn facets_count_each_value() {
    let server = start(
        Collection::new("c", 300)
            .payload(Mix::Rich)
            .index("tags", Index::Keyword),
    );
    let client = client(&server);
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    for (_, point) in server.points("c") {
        for tag in ["new", "sale", "used", "\"quoted\"", "größe", "😀"] {
            *known.entry(tag.to_owned()).or_default() += u64::from(tagged(&point, tag));
        }
    }
    let hits = client
        .facet(FacetCountsBuilder::new("c", "tags").limit(10))
        .await
        .unwrap()
        .hits;
    let counted: Vec<u64> = hits.iter().map(|hit| hit.count).collect();
    assert!(counted.is_sorted_by(|one, next| one >= next) && counted.iter().all(|count| *count > 0));
    let mut sorted: Vec<u64> = known.into_values().collect();
    sorted.sort_by_key(|count| std::cmp::Reverse(*count));
    assert_eq!(counted, sorted);
    let refused = client
        .facet(FacetCountsBuilder::new("c", "category"))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("No appropriate index"));
}
