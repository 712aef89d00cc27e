//! Whether a run takes what a line carries, and what a quota allows, and no more: `make pacing`.
//!
//! Far away: every byte takes half of fifty milliseconds, and a run in eight lanes is held against eight streams that
//! throw everything away, over the same line. A quota: the simulator's own meter is the judge of a minute, and of every
//! window of a second in the whole run.

use crate::bytes::{self, As};
use crate::case::{Case, SIZES};
use crate::ends::Figures;
use crate::link::Line;
use crate::moving::Moving;
use crate::process;
use serde_json::Value;
use std::time::{Duration, Instant};

const ROUND_TRIP: Duration = Duration::from_millis(50);
/// A hundred and two hundred and fifty megabits a second, and how many documents take half a minute.
const LINES: [(f64, u64); 2] = [(12.5e6, 600_000), (31.25e6, 1_500_000)];
/// Of what the line allows, at least.
const SHARE: f64 = 0.9;
const QUOTA: &str = "[quota]\nreads_per_second = 10000\n";
/// Four fifths of it, and what is lost of them at the most.
const ALLOWED: f64 = 8_000.0;
const USED: f64 = 7_900.0;
/// Documents for a minute at that rate, its beginning and its end.
const PACED: u64 = 530_000;
/// What comes before the minute that is counted.
const RAMP: Duration = Duration::from_secs(2);
const MINUTE: Duration = Duration::from_secs(60);
/// Between two looks at the bill.
const GLANCE: Duration = Duration::from_millis(50);

pub(crate) fn compare() {
    println!(
        "{}; documents of 0.6 KiB, load alone, no keys",
        process::machine()
    );
    for (carries, documents) in LINES {
        far(carries, documents);
    }
    paced();
}

fn case(documents: u64) -> Case {
    Case {
        documents,
        size: SIZES[1],
    }
}

fn far(carries: f64, documents: u64) {
    let case = case(documents);
    let mut ends = case.ends();
    let line = Line {
        round_trip: ROUND_TRIP,
        carries,
    };
    println!(
        "\na round trip of {} ms, a line of {:.0} Mbit/s ({:.0} documents/s of {:.0} bytes), {documents} documents",
        ROUND_TRIP.as_millis(),
        carries * 8.0 / 1e6,
        carries / case.bytes(),
        case.bytes(),
    );
    ends.place = line.to(&ends.runtime, &ends.place);
    let thrown_away = told(
        "  bytes, thrown away, eight streams",
        &bytes::run(&ends, &case, 8, As::Bytes),
    );
    let moved = told("  etl run, eight lanes", &Moving::EIGHT.run(&ends, &case));
    let share = moved / thrown_away;
    let met = verdict(share >= SHARE);
    println!(
        "  {share:.3} of what the line allows, planning and end included; at least {SHARE} is wanted: {met}"
    );
}

fn told(what: &str, figures: &Figures) -> f64 {
    let rate = figures.records / figures.seconds;
    println!(
        "{what:<36} {:>7.2} s {rate:>9.0} documents/s, {:>6.2} us of CPU each, peak RSS {:.0} MiB",
        figures.seconds,
        figures.client / figures.records * 1e6,
        figures.peak / f64::from(1 << 20),
    );
    rate
}

fn paced() {
    let (case, folder) = (case(PACED), tempfile::TempDir::new().unwrap());
    let plan = folder.path().join("quota.toml");
    std::fs::write(&plan, QUOTA).unwrap();
    let ends = case.ends_by(&plan);
    println!("\na quota of 10000 reads a second, of which 0.8 may be used, {PACED} documents");
    let watching = ends.runtime.spawn(watch(ends.bill.clone().unwrap()));
    told("  etl run, four lanes", &Moving::PACED.run(&ends, &case));
    let seen = ends.runtime.block_on(watching).unwrap();
    let rate = over_a_minute(&seen);
    let (_, last) = seen.last().unwrap();
    let [most, refused] = ["most_in_a_second", "refused"].map(|key| last[key].as_f64().unwrap());
    let met = verdict((USED..=ALLOWED).contains(&rate));
    println!("  {rate:.0} documents/s over a minute; {USED} to {ALLOWED} are wanted: {met}");
    let met = verdict(most <= ALLOWED);
    println!(
        "  {most} reads in the window of a second that had most, of the whole run; at most {ALLOWED} are wanted: {met}"
    );
    println!("  {refused} refused");
}

/// The bill, again and again, until nothing has been added for longer than any run waits.
async fn watch(page: String) -> Vec<(Instant, Value)> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut seen: Vec<(Instant, Value)> = Vec::new();
    loop {
        let bill: Value = http.get(&page).send().await.unwrap().json().await.unwrap();
        seen.push((Instant::now(), bill));
        let (_, last) = seen.last().unwrap();
        if documents(last) >= PACED as f64 {
            return seen;
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn documents(bill: &Value) -> f64 {
    bill["documents"].as_f64().unwrap()
}

/// Documents a second in the minute that begins shortly after the reading does.
fn over_a_minute(seen: &[(Instant, Value)]) -> f64 {
    // A sample of some hundreds is read before, for the plan.
    let (began, _) = seen
        .iter()
        .find(|(_, bill)| documents(bill) > ALLOWED / 4.0)
        .unwrap();
    let at = |after: Duration| seen.iter().find(|(at, _)| *at >= *began + after).unwrap();
    let ((from, before), (to, after)) = (at(RAMP), at(RAMP + MINUTE));
    (documents(after) - documents(before)) / to.duration_since(*from).as_secs_f64()
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}
