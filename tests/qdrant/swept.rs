//! One change at a time, wherever it is and whatever it is: the next pass finds it, mends it, and touches nothing else.

use super::judge::{assert_same, exported};
use super::spans::{Span, assert_spans, spans};
use super::world::{World, complete};
use crate::support::test;
use serde_json::Value as Json;
use simulator::qdrant::{Collection, Distance, Ids, Mix, Point, PointId, Value, Vector, VectorParams};
use std::collections::BTreeSet;

const NAME: &str = "memory";

fn memory(ids: Ids) -> Collection {
    Collection::new(NAME, 620)
        .ids(ids)
        .vector(VectorParams::new(4, Distance::Dot))
        .payload(Mix::Plain)
}

fn ours(id: PointId) -> transforms::qdrant::PointId {
    id.to_string().parse().unwrap()
}

fn theirs(id: transforms::qdrant::PointId) -> PointId {
    match id {
        transforms::qdrant::PointId::Number(number) => PointId::Number(number),
        transforms::qdrant::PointId::Uuid(bytes) => PointId::Uuid(u128::from_be_bytes(bytes)),
    }
}

/// What can happen to a point.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Payload,
    Vector,
    Deleted,
    PutBack,
    Another,
}

/// A source, what it held in the beginning, and what passes have found so far.
struct Swept {
    world: World,
    found: [u64; 3],
}

impl Swept {
    async fn of(ids: Ids) -> Swept {
        let world = World::of([memory(ids)]).await;
        complete(world.run(&["--consistency", "fuzzy"])).await;
        assert_spans(&world, NAME).await;
        Swept { world, found: [0; 3] }
    }

    fn points(&self) -> Vec<Point> {
        let points = self.world.qdrant.points(NAME);
        points.into_iter().map(|(_, point)| point).collect()
    }

    /// The ids at the ends of all spans and lanes, and one in the middle of each.
    async fn places(&self) -> Vec<PointId> {
        let ids: BTreeSet<_> = self.points().into_iter().map(|point| ours(point.id)).collect();
        let mut places = BTreeSet::new();
        let mut ends: BTreeSet<_> = spans(&self.world)
            .await
            .iter()
            .filter_map(|span| span.upto)
            .collect();
        ends.extend(ids.iter().next_back());
        let mut first = ids.first().copied();
        for end in ends {
            let inside: Vec<_> = ids
                .iter()
                .filter(|id| Some(**id) >= first && **id <= end)
                .copied()
                .collect();
            places.extend(inside.first());
            places.extend(inside.get(inside.len() / 2));
            places.extend(inside.last());
            first = end.successor();
        }
        places.into_iter().map(theirs).collect()
    }

    fn change(&self, point: &Point, change: Change) -> [u64; 3] {
        let qdrant = &self.world.qdrant;
        let mut changed = point.clone();
        match change {
            Change::Payload => changed.payload.push(("changed".into(), Value::Bool(true))),
            Change::Vector => {
                changed.vectors = vec![(String::new(), Vector::Dense(vec![-0.0, 1.0, 2.0, 3.5]))]
            }
            Change::Deleted => {
                qdrant.remove(NAME, None, point.id);
                return [0, 0, 1];
            }
            Change::PutBack => {
                qdrant.put(NAME, None, changed);
                return [1, 0, 0];
            }
            Change::Another => {
                let taken: BTreeSet<_> = self.points().into_iter().map(|point| ours(point.id)).collect();
                let mut id = ours(point.id).successor();
                while id.is_some_and(|id| taken.contains(&id)) {
                    id = id.and_then(|id| id.successor());
                }
                // Behind the last number UUIDs begin: those are of another lane, and not every table takes them.
                let same_kind =
                    id.filter(|id| id.to_string().contains('-') == point.id.to_string().contains('-'));
                let Some(id) = same_kind else { return [0; 3] };
                changed.id = theirs(id);
                qdrant.put(NAME, None, changed);
                return [1, 0, 0];
            }
        }
        qdrant.put(NAME, None, changed);
        [0, 1, 0]
    }

    /// Passes until nothing is different, which must have found exactly that more than those before, and have left the
    /// rows as the points are and the spans as they come to.
    async fn mended(&mut self, expected: [u64; 3], what: &str) {
        let summary = complete(self.world.run(&["--consistency", "sweeps"])).await;
        let mended = &summary["swept"]["mended"];
        let found = ["inserted", "updated", "deleted"].map(|kind| mended[kind].as_u64().unwrap());
        let more = [0, 1, 2].map(|kind| found[kind] - self.found[kind]);
        assert_eq!(more, expected, "{what}");
        self.found = found;
        assert_same(&self.world, NAME, &exported(&self.world).await);
        assert_spans(&self.world, NAME).await;
    }
}

fn added(one: [u64; 3], other: [u64; 3]) -> [u64; 3] {
    [0, 1, 2].map(|kind| one[kind] + other[kind])
}

const ALL: [Change; 5] = [
    Change::Payload,
    Change::Vector,
    Change::Deleted,
    Change::PutBack,
    Change::Another,
];

#[test]
fn a_change_of_any_kind_at_any_place_is_found_and_mended() {
    test(async {
        for kind in [Ids::Gaps, Ids::Uuid, Ids::Mixed, Ids::Spread] {
            let mut swept = Swept::of(kind).await;
            let places = swept.places().await;
            assert!(places.len() > 10, "{places:?}");
            for change in ALL {
                let points = swept.points();
                let which = |id: &PointId| places.contains(id);
                let before: Vec<Point> = points.into_iter().filter(|point| which(&point.id)).collect();
                let before = if change == Change::PutBack {
                    swept.gone(&places)
                } else {
                    before
                };
                let expected = before
                    .iter()
                    .fold([0; 3], |sum, point| added(sum, swept.change(point, change)));
                swept.mended(expected, &format!("{change:?} of {kind:?}")).await;
            }
        }
    });
}

impl Swept {
    /// Points with these ids, which are not there.
    fn gone(&self, ids: &[PointId]) -> Vec<Point> {
        let like = self.points().swap_remove(0);
        let there: BTreeSet<String> = self.points().iter().map(|point| point.id.to_string()).collect();
        let gone = ids.iter().filter(|id| !there.contains(&id.to_string()));
        gone.map(|id| Point {
            id: *id,
            ..like.clone()
        })
        .collect()
    }
}

#[test]
fn a_single_change_at_any_place_touches_one_span() {
    test(async {
        let mut swept = Swept::of(Ids::Mixed).await;
        for id in swept.places().await {
            let before = spans(&swept.world).await;
            let points = swept.points();
            let point = points.iter().find(|point| point.id == id).unwrap();
            for change in [Change::Payload, Change::Deleted, Change::PutBack] {
                let expected = swept.change(point, change);
                swept.mended(expected, &format!("{change:?} of {id}")).await;
            }
            let after = spans(&swept.world).await;
            let rewritten = after.iter().filter(|span| !before.contains(span)).count();
            assert_eq!((before.len(), rewritten), (after.len(), 1), "{id}");
        }
    });
}

#[test]
fn a_lane_may_become_empty_and_be_filled_again() {
    test(async {
        for kind in [Ids::Gaps, Ids::Mixed] {
            let mut swept = Swept::of(kind).await;
            let points = swept.points();
            let removed = |swept: &Swept| {
                points.iter().fold([0; 3], |sum, point| {
                    added(sum, swept.change(point, Change::Deleted))
                })
            };
            let expected = removed(&swept);
            swept.mended(expected, "all are deleted").await;
            let expected = points.iter().fold([0; 3], |sum, point| {
                added(sum, swept.change(point, Change::PutBack))
            });
            swept.mended(expected, "all are put back").await;
        }
    });
}

#[test]
fn a_span_that_has_grown_far_beyond_a_batch_becomes_several() {
    test(async {
        let mut swept = Swept::of(Ids::Gaps).await;
        let before = spans(&swept.world).await.len();
        let like = swept.points().swap_remove(0);
        let mut id = swept.points().iter().map(|point| ours(point.id)).max().unwrap();
        for _ in 0..450 {
            id = id.successor().unwrap();
            swept.world.qdrant.put(
                NAME,
                None,
                Point {
                    id: theirs(id),
                    ..like.clone()
                },
            );
        }
        swept.mended([450, 0, 0], "many are new in one span").await;
        assert!(spans(&swept.world).await.len() >= before + 4);
    });
}

/// What a pass that finds nothing must not touch: when lanes moved last, and which transactions wrote spans.
async fn untouched(world: &World) -> (Vec<String>, Vec<Span>) {
    let client = world.client().await;
    let sql = "select lane || ' ' || moved_at from etl.lane order by lane";
    let lanes = client.query(sql, &[]).await.unwrap();
    (lanes.iter().map(|row| row.get(0)).collect(), spans(world).await)
}

#[test]
fn a_pass_over_an_unchanged_source_changes_nothing_in_postgresql() {
    test(async {
        let world = World::of([memory(Ids::Mixed)]).await;
        complete(world.run(&["--consistency", "sweeps"])).await;
        let before = untouched(&world).await;
        for mode in ["sweeps", "quiescent"] {
            let summary = complete(world.run(&["--consistency", mode])).await;
            assert_eq!(summary["swept"]["last"]["updated"], 0, "{summary:#}");
            assert_eq!(untouched(&world).await, before);
        }
    });
}

#[test]
fn spans_that_are_unknown_are_compared_anew() {
    test(async {
        let mut swept = Swept::of(Ids::Mixed).await;
        let client = swept.world.client().await;
        for gone in ["true", "lane = 1", "after <> ''", "after = ''", "upto = ''"] {
            let sql = format!("delete from etl.span where {gone}");
            assert!(client.execute(&sql, &[]).await.unwrap() > 0, "{gone}");
            swept.mended([0; 3], gone).await;
        }
    });
}

#[test]
fn a_row_that_is_refused_in_a_pass_goes_to_quarantine_and_comes_back() {
    test(async {
        let mut swept = Swept::of(Ids::Mixed).await;
        let client = swept.world.client().await;
        let check = "alter table memory add check (coalesce(payload->>'changed', '') <> 'true')";
        client.batch_execute(check).await.unwrap();
        let point = swept.points().swap_remove(77);
        swept.change(&point, Change::Payload);
        let summary = complete(swept.world.run(&["--consistency", "sweeps"])).await;
        assert_eq!(quarantined(&summary), 1, "{summary:#}");
        assert_spans(&swept.world, NAME).await;
        swept.found = [0, 0, 1];
        swept.world.qdrant.put(NAME, None, point.clone());
        swept.mended([1, 0, 0], "it can be stored again").await;
        // In quarantine, and then gone for good.
        swept.change(&point, Change::Payload);
        complete(swept.world.run(&["--consistency", "sweeps"])).await;
        swept.found[2] += 1;
        swept.change(&point, Change::Deleted);
        swept.mended([0; 3], "nobody misses it").await;
        let left = client
            .query_one("select count(*) from etl.quarantine", &[])
            .await
            .unwrap();
        assert_eq!(left.get::<_, i64>(0), 0);
    });
}

fn quarantined(summary: &Json) -> u64 {
    summary["quarantined"].as_u64().unwrap()
}
