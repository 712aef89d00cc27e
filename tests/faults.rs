//! One fault in each run, at every place in turn: whatever is cut, and wherever, nothing is lost or doubled.
//!
//! The places are swept, not sampled: first, second, third commit and so on until a run has no further one; every
//! so many bytes until a run sends no more. A fault while starting up may end the start, and the same command
//! then completes; a fault while loading or finishing may not even do that.

use crate::support::shop::Shop;
use crate::support::{World, complete, summary, test};
use rehearsal::process::Outcome;
use rehearsal::proxy::{Direction, Proxy, Rule, Upstream};
use std::time::Instant;

pub(crate) const DOCUMENTS: usize = 600;

/// What stands behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    Postgres,
    Firestore,
}

/// The outcome of a sweep.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Faults that struck.
    pub(crate) struck: u64,
    /// Of those, the ones that ended a start; all of them before anything was loaded.
    pub(crate) ended: u64,
    pub(crate) retries: u64,
}

/// Moves the shop once for each place, with the faults `at` that place, until a run never comes to it.
async fn sweep(behind: Behind, at: impl Fn(u64) -> Vec<Rule>) -> Sweep {
    sweep_of(&Shop::open(DOCUMENTS).await, behind, at).await
}

/// The same with a shop that is open, whose source may be in trouble of its own.
pub(crate) async fn sweep_of(shop: &Shop, behind: Behind, at: impl Fn(u64) -> Vec<Rule>) -> Sweep {
    let began = Instant::now();
    let mut sweep = Sweep::default();
    for place in 1.. {
        let target = shop.target().await;
        let upstream = match behind {
            Behind::Postgres => Upstream::postgres(&target.url).unwrap(),
            Behind::Firestore => Upstream::tcp(target.host.clone()),
        };
        let rules = at(place);
        let what = format!("{rules:?} in front of {behind:?}");
        let proxy = Proxy::start(upstream, rules).await.unwrap();
        let outcome = run(&target, behind, &proxy).await;
        let struck = proxy.cuts() > 0;
        let mut summary = summary(&outcome);
        match outcome.status.code() {
            Some(0) => sweep.retries += summary["retries"].as_u64().unwrap(),
            // Told at once, and before a document was loaded.
            Some(3) if (struck || shop.is_stormy()) && summary["loaded"] == 0 => {
                sweep.ended += 1;
                summary = complete(run_directly(&target)).await;
            }
            _ => panic!("{what}: {}\n{}", outcome.stdout, outcome.stderr),
        }
        shop.assert_exact(&target, &summary, &what).await;
        if !struck {
            break;
        }
        sweep.struck += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{} documents, {seconds:.0} s: {sweep:?}", shop.documents());
    sweep
}

const SHAPE: [&str; 6] = [
    "--primary-key",
    "none",
    "--batch-rows",
    "30",
    "--retry-delay",
    "10ms",
];

async fn run(target: &World, behind: Behind, proxy: &Proxy) -> Outcome {
    let program = match behind {
        Behind::Postgres => target
            .run(&SHAPE)
            .env("DATABASE_URL", proxy.url(&target.url).unwrap()),
        Behind::Firestore => target
            .run(&SHAPE)
            .env("FIRESTORE_EMULATOR_HOST", proxy.address().to_string()),
    };
    program.run().await.unwrap()
}

fn run_directly(target: &World) -> rehearsal::process::Program {
    target.run(&SHAPE)
}

pub(crate) fn commit(nth: u64, make: impl Fn(String, u64) -> Rule) -> Rule {
    make("commit".to_owned(), nth)
}

/// Statements with that word before the first batch: the ledger's own text, its COMMIT, that of run and tables.
const COMMITS_OF_THE_START: u64 = 3;

#[test]
fn the_answer_to_any_commit_may_be_lost() {
    test(async {
        let lost = |nth| vec![commit(nth, |sql, nth| Rule::LoseAnswer { sql, nth })];
        let sweep = sweep(Behind::Postgres, lost).await;
        assert!(
            sweep.struck > 15 && sweep.ended <= COMMITS_OF_THE_START,
            "{sweep:?}"
        );
        assert!(sweep.retries >= sweep.struck - sweep.ended, "{sweep:?}");
    });
}

#[test]
fn any_commit_may_be_cut_before_it_reaches_the_server() {
    test(async {
        let cut = |nth| vec![commit(nth, |sql, nth| Rule::CutBefore { sql, nth })];
        let sweep = sweep(Behind::Postgres, cut).await;
        assert!(
            sweep.struck > 15 && sweep.ended <= COMMITS_OF_THE_START,
            "{sweep:?}"
        );
        assert!(sweep.retries >= sweep.struck - sweep.ended, "{sweep:?}");
    });
}

#[test]
fn the_answer_to_any_commit_may_be_lost_and_the_question_about_it_too() {
    test(async {
        let question = "select fence, state, token";
        let twice = |nth| {
            let lost = commit(nth, |sql, nth| Rule::LoseAnswer { sql, nth });
            // Each rule counts for itself: first the question does not arrive, then its answer does not.
            vec![
                lost,
                Rule::cut_before(question),
                Rule::LoseAnswer {
                    sql: question.to_owned(),
                    nth: 2,
                },
            ]
        };
        let sweep = sweep(Behind::Postgres, twice).await;
        assert!(
            sweep.struck > 15 && sweep.ended <= COMMITS_OF_THE_START,
            "{sweep:?}"
        );
        assert!(sweep.retries >= 3 * (sweep.struck - sweep.ended), "{sweep:?}");
    });
}

/// A step from place to place, each a little off, so that all parts of a message are met.
fn bytes(place: u64, step: u64) -> u64 {
    place * step + place * 7_919 % 257
}

#[test]
fn the_connection_to_postgres_may_be_cut_after_any_byte_sent() {
    test(async {
        let cut = |place| vec![Rule::cut_after_bytes(Direction::ToServer, bytes(place, 7_000))];
        let sweep = sweep(Behind::Postgres, cut).await;
        assert!(sweep.struck > 30, "{sweep:?}");
    });
}

#[test]
fn the_connection_to_postgres_may_be_cut_after_any_byte_received() {
    test(async {
        let cut = |place| vec![Rule::cut_after_bytes(Direction::ToClient, bytes(place, 300))];
        let sweep = sweep(Behind::Postgres, cut).await;
        assert!(sweep.struck > 10, "{sweep:?}");
    });
}

#[test]
fn the_stream_from_firestore_may_be_cut_after_any_byte() {
    test(async {
        let cut = |place| vec![Rule::cut_after_bytes(Direction::ToClient, bytes(place, 16_000))];
        let sweep = sweep(Behind::Firestore, cut).await;
        assert!(sweep.struck > 30, "{sweep:?}");
    });
}
