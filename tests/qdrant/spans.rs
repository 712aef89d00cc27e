//! What `etl.span` says, held against what the simulator holds.

use super::world::World;
use prost::Message;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use transforms::qdrant::{Digest, Digester, PointId};

/// A row of `etl.span`: its ends, and the transaction that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) lane: i32,
    pub(super) after: Option<PointId>,
    pub(super) upto: Option<PointId>,
    pub(super) written: String,
}

fn id(text: &str) -> Option<PointId> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

/// The spans of the last run, in order, with what each came to.
async fn told(world: &World) -> BTreeMap<Span, Digest> {
    let sql = "select lane, after, upto, xmin::text, records, ids, points from etl.span \
               where run = (select run from etl.run order by started_at desc limit 1)";
    let rows = world.client().await.query(sql, &[]).await.unwrap();
    let sum = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().unwrap());
    let span = |row: &tokio_postgres::Row| {
        let span = Span {
            lane: row.get(0),
            after: id(row.get(1)),
            upto: id(row.get(2)),
            written: row.get(3),
        };
        let digest = Digest {
            count: row.get::<_, i64>(4).cast_unsigned(),
            ids: sum(row.get(5)),
            points: sum(row.get(6)),
        };
        (span, digest)
    };
    rows.iter().map(span).collect()
}

pub(super) async fn spans(world: &World) -> Vec<Span> {
    told(world).await.into_keys().collect()
}

/// Asserts that the spans of every lane lie one behind the other, and that each says what its points come to now.
pub(super) async fn assert_spans(world: &World, collection: &str) {
    let client = world.client().await;
    let sql = "select run::text, plan::text from etl.run order by started_at desc limit 1";
    let row = client.query_one(sql, &[]).await.unwrap();
    let plan: Json = serde_json::from_str(row.get(1)).unwrap();
    let run = row.get::<_, &str>(0).replace('-', "");
    let digester = Digester::new(u128::from_str_radix(&run, 16).unwrap());
    let points: Vec<(PointId, Digest)> = world
        .qdrant
        .retrieved(collection)
        .iter()
        .map(|point| {
            let (id, digest) = digester.point(&point.encode_to_vec());
            (id.unwrap(), digest)
        })
        .collect();
    let told = told(world).await;
    let mut covered = 0;
    for lane in plan["lanes"].as_array().unwrap() {
        let number = lane["id"].as_i64().unwrap();
        let bound = |end: &str| lane[end].as_str().and_then(id);
        let (from, to) = (bound("from"), bound("to"));
        let mut after = None;
        let mut spans = told
            .iter()
            .filter(|(span, _)| i64::from(span.lane) == number)
            .peekable();
        assert!(spans.peek().is_some(), "lane {number} has spans");
        while let Some((span, digest)) = spans.next() {
            assert_eq!(span.after, after, "spans follow one another in lane {number}");
            assert_eq!(
                span.upto.is_none(),
                spans.peek().is_none(),
                "the last one is the lane's end"
            );
            after = span.upto;
            let inside = |id: PointId| {
                from.is_none_or(|from| id >= from)
                    && to.is_none_or(|to| id < to)
                    && span.after.is_none_or(|after| id > after)
                    && span.upto.is_none_or(|upto| id <= upto)
            };
            let mut sum = Digest::default();
            points
                .iter()
                .filter(|(id, _)| inside(*id))
                .for_each(|(_, digest)| sum += *digest);
            assert_eq!(*digest, sum, "{span:?} says what its points come to");
            covered += sum.count;
        }
    }
    assert_eq!(covered, points.len() as u64, "every point is in a span");
}
