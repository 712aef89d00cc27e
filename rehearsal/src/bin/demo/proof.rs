//! The judge's verdict over every document, put so that it can be read at a glance.
//! It promises to be positive only when each document is there exactly once and unchanged, and only those are in
//! quarantine that the application knows cannot be rows.
//! How the verdict is found is left to the judge.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context, Result};
use rehearsal::judge::{self, Verdict};

use crate::screen::{Screen, Tone, number};
use crate::stage::Stage;

/// Shows the verdict; whether it is what was promised.
pub(crate) async fn show(screen: &Screen, stage: &Stage) -> Result<bool> {
    screen.heading("5  Proof");
    screen.progress("comparing every document with every row");
    let began = Instant::now();
    let verdict = judge::compare(&stage.firestore, None, &stage.pg, "public")
        .await
        .context("judge the result")?;
    screen.progress_done();
    screen.line(&format!(
        "  A judge that shares no code with etl read both databases again ({:.1} s) and compared",
        began.elapsed().as_secs_f64()
    ));
    screen.line("  every value of every document.");
    screen.line("");
    let count = |name: &str, count: usize| screen.fact(name, &format!("{:>9}", number(count)));
    count("documents", verdict.documents);
    count("rows", verdict.in_tables);
    count("in quarantine", verdict.quarantined.len());
    for (reason, (count, example)) in reasons(&verdict) {
        screen.fact("", &format!("{:>9} {reason}, such as {example:?}", number(count)));
    }
    let zero = |name: &str, count: usize| {
        let tone = if count == 0 { Tone::Good } else { Tone::Bad };
        screen.fact(name, &screen.paint(tone, &format!("{:>9}", number(count))));
    };
    zero("missing", verdict.missing.len());
    zero("doubled", verdict.doubled.len());
    zero("altered", verdict.altered.len());
    zero("invented", verdict.extra.len());

    let surprises = surprises(stage, &verdict);
    let proven = verdict.is_exact() && surprises.is_empty() && verdict.documents == stage.application.count();
    screen.line("");
    if proven {
        let text = "Every document is there exactly once and as it was, or in quarantine with a reason.";
        screen.line(&format!("  {}", screen.paint(Tone::Good, text)));
    } else {
        screen.line(&format!("  {}", screen.paint(Tone::Bad, "NOT PROVEN")));
        verdict
            .to_string()
            .lines()
            .for_each(|line| screen.line(&format!("  {line}")));
        surprises
            .iter()
            .take(10)
            .for_each(|surprise| screen.line(&format!("  {surprise}")));
    }
    Ok(proven)
}

/// The reasons written in quarantine: how often each, and one of its documents.
fn reasons(verdict: &Verdict) -> BTreeMap<&str, (usize, &str)> {
    let mut reasons = BTreeMap::new();
    for (path, reason) in &verdict.quarantined {
        reasons.entry(reason.as_str()).or_insert((0, path.as_str())).0 += 1;
    }
    reasons
}

/// Documents in quarantine that could be rows, and rows that should not be possible.
fn surprises(stage: &Stage, verdict: &Verdict) -> Vec<String> {
    let expected: BTreeSet<String> = stage.application.quarantined().into_keys().collect();
    let found: BTreeSet<String> = verdict.quarantined.keys().cloned().collect();
    let needless = found
        .difference(&expected)
        .map(|path| format!("{path:?} is in quarantine and could be a row"));
    let impossible = expected
        .difference(&found)
        .map(|path| format!("{path:?} cannot be a row and is not in quarantine"));
    needless.chain(impossible).collect()
}
