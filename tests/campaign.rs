//! Campaigns of the whole tool: runs of every shape, interrupted and lied to in one way again and again. Tables have no
//! unique constraint, so what is loaded twice stays and is found; who judges reads the source by himself.

mod commits; // the answer to a COMMIT is lost, or the COMMIT itself
mod crashes; // PostgreSQL is killed
mod kills; // the run is killed
mod network; // both lines hang, break, and are closed for a while
mod refusals; // PostgreSQL refuses what it took a moment ago
mod torn_run; // the checkpoint directory is damaged between two starts
mod trial; // a source, a target, and a run of some shape between them

use crate::support::test;
use rehearsal::campaign::Campaign;

#[test]
fn kills() {
    Campaign::named("kills", 30).run(|case| test(kills::case(case)));
}

#[test]
fn crashes() {
    Campaign::named("crashes", 5).run(|case| test(crashes::case(case)));
}

#[test]
fn commits() {
    Campaign::named("commits", 50).run(|case| test(commits::case(case)));
}

#[test]
fn refusals() {
    Campaign::named("refusals", 60).run(|case| test(refusals::case(case)));
}

#[test]
fn network() {
    Campaign::named("network", 20).run(|case| test(network::case(case)));
}

#[test]
fn torn_run() {
    Campaign::named("torn_run", 10).run(|case| test(torn_run::case(case)));
}
