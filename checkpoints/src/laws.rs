//! The laws of [`CheckpointStore`], as functions: every implementation's tests call [`all`]. Those of the bytes that lie
//! in a directory are in [`bytes`].

pub mod bytes;

use crate::position::{LaneId, Position, Span};
use crate::receipt::{Progress, Receipt, Tally};
use crate::store::{CheckpointError, CheckpointStore};

/// Checks every law on fresh stores.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn all<S: CheckpointStore>(fresh: impl Fn() -> S) {
    a_fresh_store_knows_no_plan_and_stands_at_the_start(&fresh());
    a_receipt_moves_its_lane_and_adds_its_tally(&fresh());
    a_receipt_that_starts_elsewhere_changes_nothing(&fresh());
    lanes_are_independent(&fresh());
    what_postgres_says_is_taken_over(&fresh());
    beginning_replaces_what_was_there(&fresh());
    an_ending_is_noted_and_moves_no_lane(&fresh());
    reads_of_plans_are_kept_until_a_run_begins(&fresh());
    what_it_holds_is_told(&fresh());
}

fn receipt(from: Position, to: Position, read: u64) -> Receipt {
    Receipt::after_commit(Span { from, to }, tally(read))
}

/// No two of them are alike.
fn tally(read: u64) -> Tally {
    Tally {
        read,
        loaded: 2 * read,
        quarantined: 3 * read,
        skipped: 4 * read,
        bytes: 10 * read,
        billed: 20 * read,
    }
}

fn must<T>(law: &str, result: Result<T, CheckpointError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{law}: {error}"),
    }
}

fn a_fresh_store_knows_no_plan_and_stands_at_the_start(store: &impl CheckpointStore) {
    let law = "a fresh store knows no plan and stands at the start";
    assert_eq!(must(law, store.plan()), None, "{law}");
    assert_eq!(must(law, store.progress(LaneId(3))), Progress::default(), "{law}");
}

fn a_receipt_moves_its_lane_and_adds_its_tally(store: &impl CheckpointStore) {
    let law = "a receipt moves its lane and adds its tally";
    let lane = LaneId(0);
    must(
        law,
        store.advance(lane, &receipt(Position::Start, Position::at("b"), 5)),
    );
    must(
        law,
        store.advance(lane, &receipt(Position::at("b"), Position::End, 2)),
    );
    let progress = must(law, store.progress(lane));
    assert_eq!(progress.position, Position::End, "{law}");
    assert_eq!(progress.tally, tally(7), "{law}");
}

fn a_receipt_that_starts_elsewhere_changes_nothing(store: &impl CheckpointStore) {
    let law = "a receipt that starts elsewhere changes nothing";
    let lane = LaneId(0);
    must(
        law,
        store.advance(lane, &receipt(Position::Start, Position::at("b"), 5)),
    );
    let before = must(law, store.progress(lane));
    for from in [
        Position::Start,
        Position::at("a"),
        Position::at("c"),
        Position::End,
    ] {
        let refused = store.advance(lane, &receipt(from, Position::at("z"), 1));
        assert!(matches!(refused, Err(CheckpointError::Diverged { .. })), "{law}");
        assert_eq!(must(law, store.progress(lane)), before, "{law}");
    }
}

fn lanes_are_independent(store: &impl CheckpointStore) {
    let law = "lanes are independent";
    must(
        law,
        store.advance(LaneId(1), &receipt(Position::Start, Position::End, 1)),
    );
    assert_eq!(must(law, store.progress(LaneId(0))), Progress::default(), "{law}");
    assert_eq!(
        must(law, store.progress(LaneId(256))),
        Progress::default(),
        "{law}"
    );
}

fn what_postgres_says_is_taken_over(store: &impl CheckpointStore) {
    let law = "what Postgres says is taken over";
    let lane = LaneId(9);
    must(
        law,
        store.advance(lane, &receipt(Position::Start, Position::at("m"), 5)),
    );
    let earlier = Progress {
        position: Position::at("c"),
        tally: tally(2),
    };
    must(law, store.adopt(lane, &earlier));
    assert_eq!(must(law, store.progress(lane)), earlier, "{law}");
}

fn beginning_replaces_what_was_there(store: &impl CheckpointStore) {
    let law = "beginning replaces what was there";
    must(
        law,
        store.advance(LaneId(7), &receipt(Position::Start, Position::End, 1)),
    );
    let start = Progress {
        position: Position::at("k"),
        tally: Tally::default(),
    };
    must(law, store.begin(b"{\"plan\":1}", &[(LaneId(0), start.clone())]));
    assert_eq!(
        must(law, store.plan()).as_deref(),
        Some(&b"{\"plan\":1}"[..]),
        "{law}"
    );
    assert_eq!(must(law, store.progress(LaneId(0))), start, "{law}");
    assert_eq!(must(law, store.progress(LaneId(7))), Progress::default(), "{law}");
}

fn an_ending_is_noted_and_moves_no_lane(store: &impl CheckpointStore) {
    let law = "an ending is noted and moves no lane";
    assert_eq!(must(law, store.ending()), None, "{law}");
    let lane = LaneId(2);
    must(law, store.begin(b"plan", &[]));
    must(
        law,
        store.advance(lane, &receipt(Position::Start, Position::at("b"), 5)),
    );
    let before = must(law, store.progress(lane));
    for ending in [Some(&b"one"[..]), Some(b"another"), None] {
        must(law, store.note_ending(ending));
        assert_eq!(must(law, store.ending()).as_deref(), ending, "{law}");
        assert_eq!(must(law, store.plan()).as_deref(), Some(&b"plan"[..]), "{law}");
        assert_eq!(must(law, store.progress(lane)), before, "{law}");
    }
    must(law, store.note_ending(Some(b"of the run before")));
    must(law, store.begin(b"another plan", &[]));
    assert_eq!(must(law, store.ending()), None, "{law}");
}

fn reads_of_plans_are_kept_until_a_run_begins(store: &impl CheckpointStore) {
    let law = "reads of plans are kept until a run begins";
    assert_eq!(must(law, store.planning_reads()), 0, "{law}");
    for reads in [700, 7] {
        must(law, store.note_planning_reads(reads));
        assert_eq!(must(law, store.planning_reads()), reads, "{law}");
        assert_eq!(must(law, store.plan()), None, "{law}");
    }
    must(law, store.begin(b"plan", &[]));
    assert_eq!(must(law, store.planning_reads()), 0, "{law}");
}

fn what_it_holds_is_told(store: &impl CheckpointStore) {
    let law = "what it holds is told";
    let before = store.bytes();
    must(law, store.begin(&[b'x'; 100_000], &[]));
    let grown = store.bytes() - before;
    assert!((100_000..1_000_000).contains(&grown), "{law}: {grown}");
}
