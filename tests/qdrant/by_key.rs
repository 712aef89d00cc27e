//! Passes that go by a key of the payload: they find what it tells, read little else, and refuse a key that tells nothing.

use super::judge::{assert_same, exported};
use super::spans::assert_spans;
use super::world::{World, complete};
use crate::support::test;
use simulator::qdrant::{Collection, Distance, Ids, Index, Mix, Point, Value, VectorParams};

const NAME: &str = "memory";

/// How moments are written.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Seconds,
    Milliseconds,
    Float,
}

impl Kind {
    fn of(self, micros: i64) -> Value {
        match self {
            Kind::Text => {
                let moment = jiff::Timestamp::from_microsecond(micros).unwrap();
                Value::Text(moment.to_string().into())
            }
            Kind::Seconds => Value::Integer(micros / 1_000_000),
            Kind::Milliseconds => Value::Integer(micros / 1_000),
            Kind::Float => Value::Double(micros as f64 / 1e6),
        }
    }

    fn index(self) -> Index {
        match self {
            Kind::Text => Index::Datetime,
            Kind::Seconds | Kind::Milliseconds => Index::Integer,
            Kind::Float => Index::Float,
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Long before any reading.
const LONG_AGO: i64 = 1_600_000_000_000_000;

fn put(world: &World, point: &Point, at: Option<Value>) {
    let mut changed = point.clone();
    changed
        .payload
        .retain(|(key, _)| !matches!(&**key, "at" | "round"));
    changed.payload.push(("round".into(), Value::Integer(now())));
    changed.payload.extend(at.map(|at| ("at".into(), at)));
    world.qdrant.put(NAME, None, changed);
}

async fn of(ids: Ids, kind: Kind) -> World {
    let collection = Collection::new(NAME, 900)
        .ids(ids)
        .vector(VectorParams::new(4, Distance::Dot))
        .payload(Mix::Plain)
        .index("at", kind.index());
    let world = World::of([collection]).await;
    for (_, point) in world.qdrant.points(NAME) {
        put(&world, &point, Some(kind.of(LONG_AGO)));
    }
    world
}

const BY_KEY: [&str; 2] = ["--updated-at", "at"];

#[test]
fn what_says_that_it_changed_is_found_and_nothing_else_is_read() {
    test(async {
        for kind in [Kind::Text, Kind::Seconds, Kind::Milliseconds, Kind::Float] {
            let world = of(Ids::Mixed, kind).await;
            complete(world.run(&BY_KEY)).await;
            let points: Vec<Point> = world
                .qdrant
                .points(NAME)
                .into_iter()
                .map(|(_, point)| point)
                .collect();
            put(&world, &points[7], Some(kind.of(now())));
            put(&world, &points[899], Some(kind.of(now())));
            world.qdrant.remove(NAME, None, points[500].id);
            world.qdrant.remove(NAME, None, points[0].id);
            let summary = complete(world.run(&BY_KEY)).await;
            let mended = &summary["swept"]["mended"];
            assert_eq!(
                (&mended["updated"], &mended["deleted"]),
                (&2.into(), &2.into()),
                "{kind:?}: {summary:#}"
            );
            assert_eq!(summary["swept"]["by_key"], true, "{summary:#}");
            assert_same(&world, NAME, &exported(&world).await);
            assert_spans(&world, NAME).await;
            // A write that does not set the key is not seen, as the plan says; a pass over everything sees it.
            put(&world, &points[300], Some(kind.of(LONG_AGO)));
            let summary = complete(world.run(&BY_KEY)).await;
            assert_eq!(summary["swept"]["mended"]["updated"], 2, "{summary:#}");
            let summary = complete(world.run(&[])).await;
            assert_eq!(summary["swept"]["mended"]["updated"], 3, "{summary:#}");
            assert_same(&world, NAME, &exported(&world).await);
        }
    });
}

#[test]
fn a_key_that_tells_no_moments_is_refused_before_anything_is_loaded() {
    test(async {
        let refused = async |world: &World, why: &str| {
            let outcome = world.run(&BY_KEY).run().await.unwrap();
            assert!(!outcome.status.success(), "{}", outcome.stdout);
            assert!(outcome.stdout.contains(why), "{why}: {}", outcome.stdout);
            let loaded = "select coalesce(sum(read), 0)::int8 from etl.lane";
            let loaded: i64 = world.client().await.query_one(loaded, &[]).await.unwrap().get(0);
            assert_eq!(loaded, 0);
        };
        let world = of(Ids::Dense, Kind::Text).await;
        let points: Vec<Point> = world
            .qdrant
            .points(NAME)
            .into_iter()
            .map(|(_, point)| point)
            .collect();
        for (value, why) in [
            (None, "has at"),
            (Some(Value::Text("yesterday".into())), "which is no moment"),
            (Some(Value::Integer(1_700_000_000)), "indexed as moments"),
        ] {
            points.iter().for_each(|point| put(&world, point, value.clone()));
            refused(&world.again().await, why).await;
        }
        put(&world, &points[0], Some(Kind::Text.of(now())));
        refused(&world.again().await, "several kinds").await;
        // What is promised says what it rests on.
        points
            .iter()
            .for_each(|point| put(&world, point, Some(Kind::Text.of(LONG_AGO))));
        let plan = world
            .etl(&["plan", "--source", "qdrant", "--updated-at", "at"])
            .run()
            .await
            .unwrap();
        let words = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("rests on the application setting at at every write"),
            "{}",
            plan.stdout
        );
    });
}
