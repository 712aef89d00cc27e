//! Whether documents can be read, from which kind of database, and at which moments.
//!
//! It takes about five reads, and a minute at most: every question has an end, whatever the other side does ([`PATIENCE`]).

mod database;

use super::Finding;
use crate::fault::{Fault, Part};
use crate::plan::ReadTime;
use crate::source::firestore::{Glance, Probe};
use std::time::Duration;

const ANSWERS: &str = "source.answers";
const DOCUMENTS: &str = "source.documents";
const SNAPSHOT: &str = "source.snapshot";
const CLOCK: &str = "source.clock";
const PARTITIONS: &str = "source.partitions";

/// What one check may take in all, credentials and second attempts included.
const PATIENCE: Duration = Duration::from_secs(15);
const MINUTE: i64 = 60_000_000;
/// Where the clocks stand further apart, something is wrong with one of them; Google refuses at five minutes.
const CLOCKS_APART: i64 = MINUTE;

/// What there is to say about the source.
pub async fn source(config: &config::Firestore) -> Vec<Finding> {
    let unreached = |fault: &Fault| {
        let mut findings = vec![unanswered(fault)];
        findings.push(database::skipped(SILENT));
        findings.extend(all_skipped());
        findings
    };
    let probe = match in_time("connect to Firestore", Probe::connect(config)).await {
        Ok(probe) => probe,
        Err(fault) => return unreached(&fault),
    };
    let glance = in_time("ask Firestore for a document", probe.glance(None, None)).await;
    let emulator = config.emulator.is_some();
    let seen = match glance {
        Ok(seen) => seen,
        Err(fault) if !refused(&fault) => return unreached(&fault),
        Err(fault) => {
            // Which kind of database it is may be why it refused.
            let mut findings = vec![unanswered(&fault), kind(&probe, emulator).await];
            findings.extend(all_skipped());
            return findings;
        }
    };
    let (database, documents, snapshot, partitions) = tokio::join!(
        kind(&probe, emulator),
        documents(&probe, config, &seen),
        snapshot(&probe, seen.read_at),
        partitions(&probe, config, seen.read_at),
    );
    vec![
        answered(config),
        database,
        documents,
        snapshot,
        clock(&seen),
        partitions,
    ]
}

const SILENT: &str = "the source could not be asked";

fn all_skipped() -> impl Iterator<Item = Finding> {
    [DOCUMENTS, SNAPSHOT, CLOCK, PARTITIONS]
        .into_iter()
        .map(|check| Finding::skipped(check, SILENT))
}

/// The answer, or a fault when there was none in time.
pub(super) async fn in_time<T>(
    action: &str,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let late = || {
        let message = format!("there was no answer within {} seconds", PATIENCE.as_secs());
        Fault::transient(Part::Source, action, message)
            .with_cause("late")
            .with_remedy("check that the source's address is right and reachable from here")
    };
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| Err(late()))
}

/// Whether the other side answered and said no, as opposed to not answering or answering that it cannot just now.
fn refused(fault: &Fault) -> bool {
    const REFUSALS: [&str; 10] = [
        "certificate",
        "tls",
        "not_grpc",
        "invalid_argument",
        "not_found",
        "permission_denied",
        "failed_precondition",
        "unauthenticated",
        "unimplemented",
        "out_of_range",
    ];
    REFUSALS.contains(&fault.cause.as_str())
}

pub(super) fn told(fault: &Fault) -> String {
    format!("could not {}: {}", fault.action, fault.message)
}

fn answered(config: &config::Firestore) -> Finding {
    let whose = match config.emulator {
        Some(_) => ", in an emulator,",
        None => "",
    };
    Finding::pass(
        ANSWERS,
        format!(
            "database {} of project {}{whose} answers and lets documents be read",
            config.database, config.project
        ),
    )
}

pub(super) fn unanswered(fault: &Fault) -> Finding {
    let next = fault.remedy.clone();
    Finding::fail(
        ANSWERS,
        told(fault),
        "a run would end at its first question",
        next.unwrap_or_else(|| "mend what it says, then check again".to_owned()),
    )
}

/// What did not come about, and what a run would make of it.
pub(super) fn failed(check: &'static str, fault: &Fault) -> Finding {
    let next = |fallback: &str| fault.remedy.clone().unwrap_or_else(|| fallback.to_owned());
    match refused(fault) {
        true => Finding::fail(
            check,
            told(fault),
            "a run would end at the same question",
            next("mend what it says, then check again"),
        ),
        false => Finding::warn(
            check,
            told(fault),
            "a run would ask again, up to its number of attempts",
            next("check again in a while"),
        ),
    }
}

async fn kind(probe: &Probe, emulator: bool) -> Finding {
    let look = async { Ok(database::look(probe, emulator).await) };
    in_time("ask about the database", look)
        .await
        .unwrap_or_else(|fault| database::skipped(&told(&fault)))
}

/// Whether there is anything to move.
async fn documents(probe: &Probe, config: &config::Firestore, seen: &Glance) -> Finding {
    if !seen.found {
        return Finding::fail(
            DOCUMENTS,
            format!("there is no document in {}/{}", config.project, config.database),
            "a run would find nothing to move, and end",
            "check --project and --database: an unknown project of an emulator looks like an empty database",
        );
    }
    let Some(wanted) = &config.collections else {
        return Finding::pass(DOCUMENTS, "there are documents");
    };
    match in_time(
        "look into each collection",
        empty_ones(probe, wanted, seen.read_at),
    )
    .await
    {
        Ok(empty) if empty.is_empty() => {
            Finding::pass(DOCUMENTS, "there are documents in every collection asked for")
        }
        Ok(empty) => {
            let known = in_time("list the collections", probe.root_collections(seen.read_at)).await;
            let known = known.map_or_else(
                |_| "it takes ids, not paths".to_owned(),
                |ids| format!("the root collections are: {}", ids.join(", ")),
            );
            Finding::fail(
                DOCUMENTS,
                format!("no document lies in a collection called {}", empty.join(" or ")),
                "a run would end while it makes its plan",
                format!("check --collections; {known}"),
            )
        }
        Err(fault) => failed(DOCUMENTS, &fault),
    }
}

/// Those of `wanted` that hold nothing.
async fn empty_ones(probe: &Probe, wanted: &[String], at: ReadTime) -> Result<Vec<String>, Fault> {
    let mut empty = Vec::new();
    for id in wanted {
        if !probe.glance(Some(id), Some(at)).await?.found {
            empty.push(id.clone());
        }
    }
    Ok(empty)
}

/// How far back may be read.
async fn snapshot(probe: &Probe, now: ReadTime) -> Finding {
    let then = two_hours_before(now);
    match in_time("ask for an older moment", probe.glance(None, Some(then))).await {
        Ok(_) => Finding::pass(
            SNAPSHOT,
            "whole minutes stay readable for up to seven days; where source.database tells of point-in-time \
             recovery, a run reads the last of them",
        ),
        Err(fault) if fault.cause == "snapshot_too_old" => Finding::pass(
            SNAPSHOT,
            "a moment stays readable for an hour; what a run has not read by then, it reads at a later moment",
        ),
        Err(fault) => failed(SNAPSHOT, &fault),
    }
}

/// A whole minute about two hours earlier: with point-in-time recovery, nothing finer can be read there.
fn two_hours_before(now: ReadTime) -> ReadTime {
    ReadTime((now.0.div_euclid(MINUTE) - 120) * MINUTE)
}

/// How far this machine's clock is ahead of the database's at the least, given that the database looked at its own
/// between two looks at this one. Microseconds.
fn ahead(seen: &Glance) -> i64 {
    let (asked, answered) = seen.between;
    match seen.read_at {
        read if read < asked => asked.0 - read.0,
        read if read > answered => answered.0 - read.0,
        _ => 0,
    }
}

fn clock(seen: &Glance) -> Finding {
    let ahead = ahead(seen);
    if ahead.abs() <= CLOCKS_APART {
        return Finding::pass(
            CLOCK,
            "this machine's clock and the database's are less than a minute apart",
        );
    }
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    // Rounded, so that the time the answer took does not show.
    let apart = match (ahead.abs() + MINUTE / 2) / MINUTE {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    };
    Finding::warn(
        CLOCK,
        format!("this machine's clock is about {apart} {way} the database's"),
        "at five minutes Google refuses this machine's credentials",
        "set this machine's clock, and let it follow a time server (`timedatectl set-ntp true`)",
    )
}

/// How collections will be cut into lanes. The shortest way to a group is the first that was asked for.
async fn partitions(probe: &Probe, config: &config::Firestore, at: ReadTime) -> Finding {
    let asked = config.collections.iter().flatten().next().cloned();
    let group = match asked {
        Some(group) => Ok(Some(group)),
        None => in_time("list the collections", probe.root_collections(at))
            .await
            .map(|ids| ids.into_iter().next()),
    };
    let group = match group {
        Ok(Some(group)) => group,
        Ok(None) => return Finding::skipped(PARTITIONS, "there is no collection to ask about"),
        Err(fault) => return failed(PARTITIONS, &fault),
    };
    match in_time("ask for partitions", probe.partitions(&group, at)).await {
        Ok(true) => Finding::pass(PARTITIONS, "the server tells where to cut collections into lanes"),
        Ok(false) => Finding::pass(
            PARTITIONS,
            "the server does not cut collections into lanes: it is done by counting, a read for every thousand \
             documents at each halving",
        ),
        Err(fault) => failed(PARTITIONS, &fault),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use proptest::prelude::*;

    fn seen(asked: i64, read: i64, answered: i64) -> Glance {
        Glance {
            found: true,
            read_at: ReadTime(read),
            between: (ReadTime(asked), ReadTime(answered)),
        }
    }

    proptest! {
        /// However long the answer takes, clocks that agree are never said to differ.
        #[test]
        fn a_slow_answer_is_no_wrong_clock(asked in 0..1_000_000_000i64, there in 0..600_000_000i64, back in 0..600_000_000i64) {
            prop_assert_eq!(ahead(&seen(asked, asked + there, asked + there + back)), 0);
        }

        /// A clock is never said to be further off than it is, nor on the wrong side.
        #[test]
        fn a_wrong_clock_is_not_exaggerated(skew in -1_000_000_000..1_000_000_000i64, there in 0..1_000_000i64, back in 0..1_000_000i64) {
            let asked = 10_000_000_000;
            let told = ahead(&seen(asked, asked + there - skew, asked + there + back));
            prop_assert!(told.abs() <= skew.abs() && told.signum() * skew.signum() >= 0);
            prop_assert!(skew.abs() - told.abs() <= there + back);
        }

        #[test]
        fn the_older_moment_is_a_whole_minute_two_hours_ago(now in 0..4_000_000_000_000_000i64) {
            let then = two_hours_before(ReadTime(now)).0;
            prop_assert_eq!(then.rem_euclid(MINUTE), 0);
            prop_assert!((120 * MINUTE..121 * MINUTE).contains(&(now - then)));
        }
    }

    #[test]
    fn a_clock_is_told_in_whole_minutes() {
        let told = |ahead: i64| clock(&seen(10 * MINUTE, 10 * MINUTE - ahead, 10 * MINUTE));
        assert_eq!(told(MINUTE).verdict, Verdict::Pass);
        assert_eq!(
            told(5 * MINUTE - 1_000).found,
            "this machine's clock is about 5 minutes ahead of the database's"
        );
        assert_eq!(
            told(-61_000_000).found,
            "this machine's clock is about a minute behind the database's"
        );
    }

    #[test]
    fn only_what_was_refused_fails() {
        let fault = |cause: &str| Fault::transient(Part::Source, "ask", "no").with_cause(cause);
        assert_eq!(
            failed(PARTITIONS, &fault("permission_denied")).verdict,
            Verdict::Fail
        );
        assert_eq!(failed(PARTITIONS, &fault("unavailable")).verdict, Verdict::Warn);
        assert_eq!(failed(PARTITIONS, &fault("late")).verdict, Verdict::Warn);
    }
}
