//! Every point comes once, whatever its id, its shard key and the cut; from wherever reading goes on.

use crate::stage::{
    Habits, NOTES, all, everything, id, lane, ours, point, points, server, source, theirs, there,
};
use checkpoints::Position;
use pipeline::source::Range;
use simulator::qdrant::{Collection, Datatype, Distance, Ids, Mix, ShardKey, SparseParams, VectorParams};
use transforms::qdrant::PointId;

const IDS: [Ids; 6] = [
    Ids::Dense,
    Ids::Gaps,
    Ids::AroundI64Max,
    Ids::Spread,
    Ids::Uuid,
    Ids::Mixed,
];

#[tokio::test(flavor = "multi_thread")]
async fn every_point_of_every_kind_of_id_comes_once_however_it_is_cut() {
    for ids in IDS {
        for count in [0, 1, 2, 3, 257] {
            let server = server(Collection::new(NOTES, count).ids(ids));
            let there = there(&server, None);
            for (size, habits) in [
                (1_000_000, Habits::default()),
                (50, small(7, 3)),
                (1, small(20_000, 1000)),
                (7, small(1, 1)),
            ] {
                let source = source(&server, &habits).await;
                let ranges = source.ids_pass(NOTES, None, size).await.unwrap().ranges;
                let mut came = Vec::new();
                for range in &ranges {
                    let read = points(&source, &lane(range, None), Position::Start)
                        .await
                        .unwrap();
                    assert_eq!(
                        read.len() as u64,
                        range.documents,
                        "{ids:?} {count} {size} {range:?}"
                    );
                    came.extend(read.iter().map(id));
                }
                assert_eq!(came, there, "{ids:?} {count} {size}");
            }
        }
    }
}

fn small(rows: usize, page_points: u32) -> Habits {
    Habits {
        rows,
        page_points,
        ..Habits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_tile_the_space_of_ids_with_numbers_and_uuids_apart() {
    for ids in IDS {
        let server = server(Collection::new(NOTES, 100).ids(ids));
        let source = source(&server, &Habits::default()).await;
        let pass = source.ids_pass(NOTES, None, 9).await.unwrap();
        let there = there(&server, None);
        let (numbers, uuids): (Vec<PointId>, Vec<_>) =
            there.iter().partition(|id| matches!(id, PointId::Number(_)));
        let extents = [(pass.numbers, numbers), (pass.uuids, uuids)];
        for (extent, of_kind) in extents {
            assert_eq!(extent.map_or(0, |extent| extent.count), of_kind.len() as u64);
            assert_eq!(extent.map(|extent| extent.least), of_kind.first().copied());
            assert_eq!(extent.map(|extent| extent.most), of_kind.last().copied());
        }
        assert_eq!(pass.count, there.len() as u64);
        let ranges = &pass.ranges;
        assert!(ranges[0].from.is_none() && ranges[ranges.len() - 1].to.is_none());
        assert!(
            ranges
                .windows(2)
                .all(|pair| pair[0].to.is_some() && pair[0].to == pair[1].from)
        );
        let border = PointId::FIRST_UUID.to_string();
        assert!(ranges.iter().any(|range| range.to.as_ref() == Some(&border)));
        assert!(ranges.iter().all(|range| range.documents <= 9));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_comes_under_each_key_it_was_stored_under() {
    let keys = [ShardKey::from("eu"), ShardKey::from("7"), ShardKey::from(7)];
    let server = server(
        Collection::new(NOTES, 40)
            .ids(Ids::Mixed)
            .shard_keys(keys.clone())
            .shards(2),
    );
    server.remove(NOTES, Some(&keys[1]), server.points(NOTES)[3].1.id);
    let source = source(&server, &Habits::default()).await;
    let described = source.describe(NOTES).await.unwrap();
    assert_eq!(described.shard_keys.unwrap(), ["\"7\"", "\"eu\"", "7"]);
    for (key, spelled) in keys.iter().zip(["\"eu\"", "\"7\"", "7"]) {
        let there = there(&server, Some(key));
        let pass = source.ids_pass(NOTES, Some(spelled), 6).await.unwrap();
        assert_eq!(pass.count, source.count(NOTES, Some(spelled)).await.unwrap());
        let mut came = Vec::new();
        for range in &pass.ranges {
            came.extend(
                points(&source, &lane(range, Some(spelled)), Position::Start)
                    .await
                    .unwrap(),
            );
        }
        assert!(came.iter().all(|point| point.shard_key == Some(key.proto())));
        assert_eq!(came.iter().map(id).collect::<Vec<_>>(), there, "{key}");
    }
    assert_eq!(source.count(NOTES, None).await.unwrap(), 119);
}

/// Whatever a point holds comes as the server has it.
#[tokio::test(flavor = "multi_thread")]
async fn payloads_and_vectors_come_whole() {
    let collection = Collection::new(NOTES, 300)
        .ids(Ids::Mixed)
        .payload(Mix::Rich)
        .named("title", VectorParams::new(8, Distance::Cosine))
        .named("rows", VectorParams::new(4, Distance::Dot).multi())
        .named(
            "bytes",
            VectorParams::new(4, Distance::Euclid).datatype(Datatype::Uint8),
        )
        .sparse(
            "words",
            SparseParams {
                idf: true,
                max_index: None,
            },
        );
    let server = server(collection);
    let source = source(&server, &small(70, 32)).await;
    let came = points(&source, &lane(&everything(), None), Position::Start)
        .await
        .unwrap();
    assert_eq!(came, server.retrieved(NOTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_after_every_position_and_after_ids_that_are_gone() {
    let server = server(Collection::new(NOTES, 61).ids(Ids::Mixed));
    let source = source(&server, &small(10, 7)).await;
    let all = there(&server, None);
    let whole = lane(&everything(), None);
    for (place, last) in all.iter().enumerate() {
        let from = Position::at(last.to_string().as_bytes());
        let rest = points(&source, &whole, from.clone()).await.unwrap();
        assert_eq!(
            rest.iter().map(id).collect::<Vec<_>>(),
            all[place + 1..],
            "after {last}"
        );

        let nobody = server.points(NOTES)[place].1.clone();
        server.remove(NOTES, None, theirs(*last));
        let rest = points(&source, &whole, from).await.unwrap();
        assert_eq!(rest.len(), all.len() - place - 1, "after {last}, which is gone");
        server.put(NOTES, None, nobody);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_has_ended_is_not_read_again() {
    let server = server(Collection::new(NOTES, 5));
    let source = source(&server, &Habits::default()).await;
    let asked = server.called("Points/Scroll");
    assert!(
        points(&source, &lane(&everything(), None), Position::End)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(server.called("Points/Scroll"), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_space_of_ids_are_read() {
    let server = server(Collection::new(NOTES, 0));
    let edges = [
        PointId::Number(0),
        PointId::Number(u64::MAX),
        PointId::FIRST_UUID,
        PointId::Uuid([0xff; 16]),
    ];
    for edge in edges {
        server.put(NOTES, None, point(theirs(edge), 1));
    }
    let source = source(&server, &small(1, 1)).await;
    assert_eq!(all(&source).await.unwrap(), edges);
    for (place, edge) in edges.iter().enumerate() {
        let position = Position::at(edge.to_string().as_bytes());
        let rest = points(&source, &lane(&everything(), None), position)
            .await
            .unwrap();
        assert_eq!(rest.iter().map(id).collect::<Vec<_>>(), edges[place + 1..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_plan_can_say_is_refused() {
    let server = server(Collection::new(NOTES, 5));
    let source = source(&server, &Habits::default()).await;
    let odd = Range {
        from: Some("a document".to_owned()),
        ..everything()
    };
    let fault = points(&source, &lane(&odd, None), Position::Start)
        .await
        .unwrap_err();
    assert_eq!((fault.cause.as_str(), fault.is_transient()), ("position", false));
    let odd = points(&source, &lane(&everything(), Some("eu")), Position::Start).await;
    assert_eq!(odd.unwrap_err().cause, "shard_key");
    assert_eq!(ours(theirs(PointId::FIRST_UUID)), PointId::FIRST_UUID);
}
