//! Shards read one by one over REST: the same points as a scroll over all of them.

use crate::stage::{Habits, NOTES, connected, everything, id, lane, points, server, settings, there};
use checkpoints::Position;
use pipeline::fault::Class;
use pipeline::source::qdrant::Qdrant;
use pipeline::stop::Stop;
use simulator::qdrant as simulated;
use simulator::qdrant::{
    Collection, Distance, Fault, Ids, Mix, Plan, ShardKey, SparseParams, Strict, Strike, VectorParams,
};

async fn per_shard(server: &simulated::Qdrant, habits: &Habits) -> Qdrant {
    let settings = config::Qdrant {
        per_shard: Some(server.rest_url()),
        ..settings(&server.url(), habits)
    };
    connected(&settings, habits, Stop::default()).await
}

fn small(page_points: u32) -> Habits {
    Habits {
        rows: 50,
        page_points,
        ..Habits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_come_once_and_whole_whatever_their_ids() {
    for ids in [Ids::Gaps, Ids::Spread, Ids::Uuid, Ids::Mixed] {
        for (shards, page_points) in [(1, 10), (2, 1), (4, 7), (5, 1000)] {
            let collection = Collection::new(NOTES, 203)
                .ids(ids)
                .shards(shards)
                .payload(Mix::Rich)
                .named("title", VectorParams::new(8, Distance::Cosine))
                .named("rows", VectorParams::new(4, Distance::Dot).multi())
                .sparse(
                    "words",
                    SparseParams {
                        idf: false,
                        max_index: None,
                    },
                );
            let server = server(collection);
            let source = per_shard(&server, &small(page_points)).await;
            let mut came = Vec::new();
            for range in &source.ids_pass(NOTES, None, 60).await.unwrap().ranges {
                came.extend(
                    points(&source, &lane(range, None), Position::Start)
                        .await
                        .unwrap(),
                );
            }
            assert_eq!(came, server.retrieved(NOTES), "{ids:?} in {shards} shards");
            assert_eq!(server.called("REST/Scroll") > 0, shards > 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unnamed_vector_comes_whole() {
    let collection = Collection::new(NOTES, 100)
        .shards(3)
        .vector(VectorParams::new(16, Distance::Euclid))
        .odds(simulated::Odds {
            missing: 0.3,
            ..simulated::Odds::default()
        });
    let server = server(collection);
    let source = per_shard(&server, &small(20)).await;
    let came = points(&source, &lane(&everything(), None), Position::Start)
        .await
        .unwrap();
    assert_eq!(came, server.retrieved(NOTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_its_own_shards() {
    let keys = [ShardKey::from("eu"), ShardKey::from(7)];
    let server = server(Collection::new(NOTES, 60).shards(2).shard_keys(keys.clone()));
    let source = per_shard(&server, &small(9)).await;
    for (key, spelled) in keys.iter().zip(["\"eu\"", "7"]) {
        let came = points(&source, &lane(&everything(), Some(spelled)), Position::Start)
            .await
            .unwrap();
        assert!(came.iter().all(|point| point.shard_key == Some(key.proto())));
        assert_eq!(came.iter().map(id).collect::<Vec<_>>(), there(&server, Some(key)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_whichever_request_every_point_comes_once() {
    let strict = Strict {
        max_query_limit: Some(6),
        ..Strict::default()
    };
    let server = server(
        Collection::new(NOTES, 40)
            .ids(Ids::Mixed)
            .shards(3)
            .strict(strict),
    );
    let whole = lane(&everything(), None);
    let calm = points(&per_shard(&server, &small(10)).await, &whole, Position::Start)
        .await
        .unwrap();
    assert_eq!(calm.len(), 40);
    let calls = server.called("REST/Scroll");
    for strike in [
        Strike::Unavailable,
        Strike::ServerTimeout,
        Strike::DeadlineExceeded,
        Strike::Internal,
        Strike::Reset,
        Strike::HalfClose,
        Strike::Malformed,
    ] {
        for call in 0..calls {
            let fault = Fault::new(strike).methods(["REST/Scroll"]).skip(call).times(1);
            server.set_plan(Plan::new(call).fault(fault));
            let source = per_shard(&server, &small(10)).await;
            let came = points(&source, &whole, Position::Start).await.unwrap();
            assert_eq!(came, calm, "{strike:?} at call {call}");
            assert_eq!(server.struck()[0].times, 1, "{strike:?} at call {call}");
        }
    }
    for (strike, cause) in [
        (Strike::NotFound, "not_found"),
        (Strike::Unauthenticated, "permission_denied"),
    ] {
        server.set_plan(Plan::new(1).fault(Fault::new(strike).methods(["REST/Scroll"])));
        let source = per_shard(&server, &small(10)).await;
        let fault = points(&source, &whole, Position::Start).await.unwrap_err();
        assert_eq!((fault.cause.as_str(), fault.class), (cause, Class::Permanent));
    }
}
