//! What shards hand out makes the page of a scroll, and only shards that can be believed are asked.

use super::*;
use proptest::prelude::*;

/// What a shard hands out of its ids from an id on.
fn page(ids: &[u64], from: u64, limit: usize) -> Page {
    let mut rest = ids.iter().copied().filter(|id| *id >= from);
    let points = rest.by_ref().take(limit).map(|id| {
        let id = PointId::Number(id);
        let message = proto::RetrievedPoint {
            id: Some(super::super::client::spelled(id)),
            ..Default::default()
        };
        (id, message)
    });
    Page {
        points: points.collect(),
        next: rest.next().map(PointId::Number),
    }
}

proptest! {
    /// However points are dealt out to shards, what is put together is the page of a scroll over all of them.
    #[test]
    fn pages_of_shards_make_the_page_of_a_scroll(
        dealt in proptest::collection::btree_map(0..500u64, 0..4usize, 0..200),
        from in 0..500u64,
        limit in 1..100usize,
    ) {
        let shards = |shard: usize| -> Vec<u64> {
            dealt.iter().filter(|(_, of)| **of == shard).map(|(id, _)| *id).collect()
        };
        let pages = (0..4).map(|shard| page(&shards(shard), from, limit.div_ceil(4))).collect();
        let merged = merged(pages, limit);
        let all: Vec<u64> = dealt.keys().copied().filter(|id| *id >= from).collect();
        let whole = page(&all, from, merged.result.len());
        let expected: Vec<_> = whole.points.into_iter().map(|(_, point)| point).collect();
        prop_assert_eq!(merged.next_page_offset, whole.next.map(super::super::client::spelled));
        prop_assert!(merged.result.len() <= limit && (!merged.result.is_empty() || all.is_empty()));
        prop_assert_eq!(merged.result, expected);
    }
}

fn described() -> super::super::Collection {
    super::super::Collection::of("notes", proto::CollectionInfo::default())
}

fn local(shard_id: u32, state: proto::ReplicaState, key: Option<&str>) -> proto::LocalShardInfo {
    proto::LocalShardInfo {
        shard_id,
        points_count: 1,
        state: state.into(),
        shard_key: key.map(keyed),
    }
}

fn keyed(key: &str) -> proto::ShardKey {
    key.to_owned().into()
}

#[test]
fn only_shards_that_are_here_and_ready_are_read() {
    use proto::ReplicaState::{Active, ActiveRead, Partial};
    let cluster =
        |local: Vec<proto::LocalShardInfo>, remote: Vec<u32>| proto::CollectionClusterInfoResponse {
            local_shards: local,
            remote_shards: remote
                .into_iter()
                .map(|shard_id| proto::RemoteShardInfo {
                    shard_id,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
    let here = || vec![local(1, ActiveRead, None), local(0, Active, None)];
    let shards = |cluster, key: Option<&str>| {
        let read = Shards::of(cluster, &described(), key.map(keyed).as_ref());
        read.map(|shards| shards.numbers).map_err(|status| status.code())
    };
    assert_eq!(shards(cluster(here(), vec![]), None), Ok(vec![0, 1]));
    // A copy elsewhere of what is here is no matter; a shard that is only elsewhere is.
    assert_eq!(shards(cluster(here(), vec![0, 1]), None), Ok(vec![0, 1]));
    assert_eq!(
        shards(cluster(here(), vec![2]), None),
        Err(Code::FailedPrecondition)
    );
    let partial = vec![local(0, Active, None), local(1, Partial, None)];
    assert_eq!(shards(cluster(partial, vec![]), None), Err(Code::Unavailable));
    let keys = || {
        vec![
            local(0, Active, Some("eu")),
            local(1, Active, Some("us")),
            local(2, Active, Some("eu")),
        ]
    };
    assert_eq!(shards(cluster(keys(), vec![]), Some("eu")), Ok(vec![0, 2]));
    let moving = proto::CollectionClusterInfoResponse {
        resharding_operations: vec![proto::ReshardingInfo::default()],
        ..cluster(here(), vec![])
    };
    assert_eq!(shards(moving, None), Err(Code::Unavailable));
}
