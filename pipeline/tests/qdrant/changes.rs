//! Points written and deleted while a lane is read: what stays as it was comes once, whatever else happens.

use crate::stage::{
    Habits, NOTES, everything, id, lane, ours, point, server, source, standing, theirs, there,
};
use checkpoints::Position;
use pipeline::source::{Reader, Source};
use simulator::qdrant::{Collection, Ids};
use std::collections::BTreeSet;
use transforms::qdrant::PointId;

/// A batch at a time; between batches the last point that came is deleted, with the next one, and new ones are written
/// before and behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_at_the_cursor_takes_nothing_along() {
    let server = server(Collection::new(NOTES, 200).ids(Ids::Gaps));
    let habits = Habits {
        rows: 10,
        page_points: 5,
        ..Habits::default()
    };
    let source = source(&server, &habits).await;
    let mut stable: BTreeSet<PointId> = there(&server, None).into_iter().collect();
    let mut behind = BTreeSet::new();
    let whole = lane(&everything(), None);
    let mut reader = source.reader(&whole, NOTES, standing(&whole, Position::Start));
    let mut came = Vec::new();
    while let Some(mut batch) = reader.next().await.unwrap() {
        batch.room.shrink(0, 0);
        came.extend(
            batch
                .documents
                .iter()
                .map(|body| transforms::qdrant::id(body).unwrap()),
        );
        let Some(last) = came.last().copied() else { break };
        let next = there(&server, None).into_iter().find(|id| *id > last);
        for gone in [Some(last), next].into_iter().flatten() {
            server.remove(NOTES, None, theirs(gone));
            if gone > last {
                stable.remove(&gone);
            }
        }
        // Right behind what came, where the server's own offset would already be beyond.
        if let (Some(successor), Some(next)) = (last.successor(), next)
            && successor < next
        {
            server.put(NOTES, None, point(theirs(successor), 1));
            behind.insert(successor);
        }
    }
    assert!(
        came.is_sorted_by(|one, next| one < next),
        "in order, and each once"
    );
    let came: BTreeSet<PointId> = came.into_iter().collect();
    assert!(stable.is_subset(&came), "nothing that stayed is missing");
    assert!(
        !behind.is_empty() && behind.is_subset(&came),
        "what was written behind the cursor comes"
    );
}

/// Whatever id a new point gets, one of the lanes that were cut before is where it belongs.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_appear_after_the_cut_belong_to_a_lane() {
    for ids in [Ids::Dense, Ids::Uuid, Ids::Mixed] {
        let server = server(Collection::new(NOTES, 30).ids(ids));
        let source = source(&server, &Habits::default()).await;
        let ranges = source.ids_pass(NOTES, None, 7).await.unwrap().ranges;
        let news = [1_000_000, u64::MAX].map(PointId::Number);
        let uuids = [[0; 16], [0x77; 16], [0xff; 16]].map(PointId::Uuid);
        for id in news.into_iter().chain(uuids) {
            server.put(NOTES, None, point(theirs(id), 1));
        }
        let mut came = Vec::new();
        for range in &ranges {
            let read = crate::stage::points(&source, &lane(range, None), Position::Start)
                .await
                .unwrap();
            came.extend(read.iter().map(id));
        }
        assert_eq!(came, there(&server, None), "{ids:?}");
    }
}

/// What was counted when the lane was cut is corrected by what came.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_batch_tells_how_many_points_the_lane_had() {
    let server = server(Collection::new(NOTES, 30));
    let source = source(
        &server,
        &Habits {
            rows: 10,
            ..Habits::default()
        },
    )
    .await;
    let range = &source.ids_pass(NOTES, None, 1000).await.unwrap().ranges[0];
    assert_eq!(range.documents, 30);
    let gone = server.points(NOTES)[7].1.id;
    assert_eq!(ours(gone), PointId::Number(7));
    server.remove(NOTES, None, gone);
    let batches = crate::stage::batches(&source, &lane(range, None), Position::Start)
        .await
        .unwrap();
    let expected: Vec<u64> = batches.iter().map(|batch| batch.expected).collect();
    assert_eq!(expected.last(), Some(&29), "{expected:?}");
    assert!(batches.iter().all(|batch| batch.billed == 0));
}
