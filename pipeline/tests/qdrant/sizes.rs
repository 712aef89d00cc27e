//! Pages, batches and memory: as large as is good, never larger than there is room for.

use crate::stage::{Habits, NOTES, all, batches, everything, lane, point, server, source, there};
use checkpoints::Position;
use pipeline::room::LARGEST_DOCUMENT;
use simulator::qdrant::{Collection, Fault, Mix, Plan, PointId, Strict, Strike};

const SCROLL: [&str; 1] = ["Points/Scroll"];

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_take_too_long_are_halved_until_they_do_not() {
    let server = server(Collection::new(NOTES, 2000).payload(Mix::Plain));
    for most in [1, 3, 10, 63] {
        let slow = Fault::new(Strike::ServerTimeout)
            .methods(SCROLL)
            .limit_above(most);
        server.set_plan(Plan::new(1).fault(slow));
        let source = source(&server, &Habits::default()).await;
        assert_eq!(all(&source).await.unwrap(), there(&server, None));
        assert!(server.struck()[0].times > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_grow_back_when_all_goes_well_again() {
    let server = server(Collection::new(NOTES, 60_000));
    let calls = async |plan: Plan| {
        server.set_plan(plan);
        let source = source(&server, &Habits::default()).await;
        let before = server.called("Points/Scroll");
        assert_eq!(all(&source).await.unwrap().len(), 60_000);
        server.called("Points/Scroll") - before
    };
    let calm = calls(Plan::new(1)).await;
    let shaken =
        calls(Plan::new(1).fault(Fault::new(Strike::ServerTimeout).methods(SCROLL).skip(5).times(8))).await;
    // From pages of a few points back to a thousand takes some sixty pages, not one for every few points.
    assert!(
        shaken < calm + 100,
        "{calm} calls in calm, {shaken} after a storm"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_mode_is_kept_to_also_when_it_changes_meanwhile() {
    let limited = |most| {
        let strict = Strict {
            max_query_limit: Some(most),
            ..Strict::default()
        };
        Collection::new(NOTES, 500).strict(strict)
    };
    let server = server(limited(50));
    let reader = source(&server, &Habits::default()).await;
    assert_eq!(all(&reader).await.unwrap().len(), 500);
    assert!(server.called("Points/Scroll") > 10);
    // What was asked about strict mode no longer holds.
    server.add(limited(5)).unwrap();
    assert_eq!(all(&reader).await.unwrap().len(), 500);
    assert_eq!(reader.ids_pass(NOTES, None, 100).await.unwrap().count, 500);
    assert_eq!(
        reader.describe(NOTES).await.unwrap().strict.max_query_limit,
        Some(5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_never_holds_more_than_it_may() {
    let server = server(Collection::new(NOTES, 0));
    // From a few bytes to 3 MB, small ones between large ones.
    for number in 0..120 {
        let bytes = if number % 7 == 0 {
            25_000 * number as usize
        } else {
            100
        };
        server.put(NOTES, None, point(PointId::Number(number), bytes));
    }
    let whole = lane(&everything(), None);
    for (rows, batch_bytes) in [(1, 1 << 10), (50, 1 << 10), (50, 1 << 20), (20_000, 8 << 20)] {
        let habits = Habits {
            rows,
            batch_bytes,
            page_points: 100,
            ..Habits::default()
        };
        let source = source(&server, &habits).await;
        let batches = batches(&source, &whole, Position::Start).await.unwrap();
        for batch in &batches {
            assert!(batch.documents.len() <= rows);
            assert!(
                batch.bytes() <= batch_bytes + LARGEST_DOCUMENT,
                "{} bytes",
                batch.bytes()
            );
        }
        let came: usize = batches.iter().map(|batch| batch.documents.len()).sum();
        assert_eq!(came, 120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_larger_than_a_batch_goes_alone() {
    let server = server(Collection::new(NOTES, 40));
    let large = LARGEST_DOCUMENT + (2 << 20);
    for number in [3, 4, 39] {
        server.put(NOTES, None, point(PointId::Number(number), large));
    }
    let habits = Habits {
        batch_bytes: 1 << 20,
        ..Habits::default()
    };
    let source = source(&server, &habits).await;
    let batches = batches(&source, &lane(&everything(), None), Position::Start)
        .await
        .unwrap();
    for batch in &batches {
        assert!(batch.bytes() <= (1 << 20) + LARGEST_DOCUMENT || batch.documents.len() == 1);
    }
    let came: usize = batches.iter().map(|batch| batch.documents.len()).sum();
    assert_eq!(came, 40);
    assert_eq!(batches.iter().filter(|batch| batch.bytes() > large).count(), 3);
}
