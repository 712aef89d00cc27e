//! Campaigns of the whole tool: runs of every shape, interrupted and lied to in one way again and again. Tables have no
//! unique constraint, so what is loaded twice stays and is found; who judges reads the source by himself.

mod clocks; // the time of day jumps
mod commits; // the answer to a COMMIT is lost, or the COMMIT itself
mod crashes; // PostgreSQL is killed
mod drains; // the run is asked to stop
mod failing; // any one step fails
mod full; // a disk has no more room
mod kills; // the run is killed
mod network; // both lines hang, break, and are closed for a while
mod power; // power is lost, and what was not synced
mod refusals; // PostgreSQL refuses what it took a moment ago
mod soak; // an hour of everything, and what the process takes
mod stops; // the run ends at one step of its own
mod struck; // which steps those were
mod torn_run; // the checkpoint directory is damaged between two starts
mod trial; // a source, a target, and a run of some shape between them
mod workers; // eight processes share the run, and are killed, stopped and cut off

use crate::support::test;
use rehearsal::campaign::{Campaign, Case};
use struck::Strikes;

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
    Campaign::named("refusals", 500).run(|case| test(refusals::case(case)));
}

#[test]
fn workers() {
    Campaign::named("workers", 20).run(|case| test(workers::case(case)));
}

#[ignore = "it makes network namespaces, which needs root and iproute2: make campaign NAME=machines"]
#[test]
fn machines() {
    let taken = workers::Taken::default();
    Campaign::named("machines", 100).run(|case| test(workers::apart(case, &taken)));
    eprintln!("{}", workers::told(&taken));
}

#[test]
fn network() {
    Campaign::named("network", 20).run(|case| test(network::case(case)));
}

#[test]
fn torn_run() {
    Campaign::named("torn_run", 10).run(|case| test(torn_run::case(case)));
}

/// A campaign that strikes steps, and then tells which.
fn striking(campaign: Campaign, case: impl AsyncFn(&mut Case, &Strikes)) {
    let strikes = Strikes::default();
    campaign.run(|each| test(case(each, &strikes)));
    eprint!("struck:\n{strikes}");
}

#[test]
fn stops() {
    striking(Campaign::named("stops", 40), stops::case);
}

#[test]
fn failing() {
    striking(Campaign::named("failing", 40), failing::case);
}

#[test]
fn full() {
    striking(Campaign::named("full", 20), full::case);
}

#[test]
fn power() {
    striking(Campaign::named("power", 20), power::case);
}

#[test]
fn clocks() {
    Campaign::named("clocks", 10).run(|case| test(clocks::case(case)));
}

#[test]
fn drains() {
    let mut took = Vec::new();
    Campaign::named("drains", 20).run(|case| test(drains::case(case, &mut took)));
    eprintln!("{}", drains::told(&mut took));
}

#[test]
fn soak() {
    let campaign = Campaign::named("soak", 10);
    let seconds = campaign.events();
    campaign.run(|case| test(soak::case(case, seconds)));
}
