//! The last word of a run: one JSON object for scripts, a short page for people.
//!
//! `read`, `loaded`, `quarantined`, `skipped`, `lanes` and `tables` speak of the whole run, earlier starts
//! included; `reads_billed`, `retries`, `seconds` and `documents_per_second` speak of this start.

mod failed;
mod told;

pub(crate) use failed::FailedLanes;

use crate::ending::Ending;
use crate::exit::Exit;
use crate::text::{bytes, count, counted, duration, held, table};
use config::mapping::Records;
use config::{in_line, told};
use pipeline::budget::Budget;
use pipeline::fault::Fault;
use pipeline::load::postgres::after::Outcome;
use pipeline::load::postgres::{Altered, Swept};
use pipeline::plan::LeftBehind;
use pipeline::progress::Progress;
use pipeline::run::Ended;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What `--output json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    run: Option<String>,
    snapshot_time: Option<String>,
    read: u64,
    loaded: u64,
    quarantined: u64,
    skipped: u64,
    lanes: Lanes,
    /// Lanes that this start could not move to their end.
    failed_lanes: Vec<FailedLanes>,
    lanes_read_later: u64,
    /// What the mapping altered or left behind.
    altered: Altered,
    /// Collections that the mapping leaves in the source.
    left_behind: Vec<LeftBehind>,
    /// Keys, indexes and references after the load.
    after: Outcome,
    /// What reading a source without snapshots again found.
    swept: Option<Swept>,
    reads_billed: u64,
    /// What the whole run may read and has read at the most, where that is limited.
    budget: Option<Used>,
    retries: u64,
    seconds: f64,
    documents_per_second: f64,
    tables: BTreeMap<String, Table>,
    complete: bool,
    outcome: &'static str,
    #[serde(skip)]
    records: Records,
    error: Option<String>,
    /// The short word for it.
    #[serde(skip)]
    cause: Option<String>,
    next: String,
    #[serde(skip)]
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Used {
    reads: u64,
    used: u64,
}

#[derive(Debug, Serialize)]
struct Lanes {
    done: u64,
    total: u64,
}

#[derive(Debug, Serialize)]
struct Table {
    rows: u64,
    /// Of its collection; nothing where the collection has several tables of documents.
    quarantined: Option<u64>,
}

impl Summary {
    /// The run as `progress` shows it at its end.
    pub(crate) fn new(progress: &Progress, took: Duration, exit: Exit) -> Self {
        let (plan, snapshot) = (progress.plan(), progress.snapshot());
        let total = snapshot.total;
        let collections = plan.iter().flat_map(|plan| &plan.collections);
        let tables = collections
            .zip(&snapshot.collections)
            .flat_map(|(collection, done)| {
                let only = collection.tables.len() == 1;
                let relations = collection.relations().into_iter().zip(&done.rows);
                relations.map(move |(relation, rows)| {
                    let documents = only && relation.parent().is_none();
                    let quarantined = documents.then_some(done.tally.quarantined);
                    let name = relation.name().to_owned();
                    (
                        name,
                        Table {
                            rows: *rows,
                            quarantined,
                        },
                    )
                })
            });
        Summary {
            run: plan.as_ref().map(|plan| plan.run.to_string()),
            snapshot_time: plan.as_ref().map(|plan| plan.snapshot.to_string()),
            read: total.read,
            loaded: total.loaded,
            quarantined: total.quarantined,
            skipped: total.skipped,
            lanes: Lanes {
                done: snapshot.lanes_done,
                total: snapshot.lanes,
            },
            failed_lanes: Vec::new(),
            lanes_read_later: 0,
            altered: Altered::default(),
            left_behind: plan
                .as_ref()
                .map_or_else(Vec::new, |plan| plan.left_behind.clone()),
            after: Outcome::default(),
            swept: None,
            reads_billed: pipeline::metrics::reads_billed(),
            budget: None,
            retries: pipeline::metrics::retries(),
            seconds: took.as_secs_f64(),
            documents_per_second: snapshot.rate,
            tables: tables.collect(),
            complete: exit == Exit::Complete,
            outcome: word(exit, snapshot.records),
            records: snapshot.records,
            error: None,
            cause: None,
            next: next(exit, total.quarantined, snapshot.records),
            bytes: total.bytes,
        }
    }

    /// The same, with how the run ended that did not fail as a whole.
    pub(crate) fn with_end(mut self, progress: &Progress, ended: &Ended) -> Self {
        if let (Some(plan), Some(first)) = (progress.plan(), ended.failed.first()) {
            self.failed_lanes = failed::together(&plan, &ended.failed);
            self = self.with_fault(&first.fault);
            self.outcome = "incomplete: lanes failed; what was read of the others is loaded and remembered";
        }
        self.lanes_read_later = ended.later;
        self.altered = ended.altered.clone();
        self.after = ended.after.clone();
        self.swept = ended.swept;
        self
    }

    /// The same, with what the run may read and has read.
    pub(crate) fn with_budget(mut self, budget: &Budget) -> Self {
        self.budget = budget.limit().map(|reads| Used {
            reads,
            used: budget.used(),
        });
        self
    }

    /// The same, with what went wrong.
    pub(crate) fn with_fault(mut self, fault: &Fault) -> Self {
        self.error = Some(fault.said());
        self.cause = Some(fault.cause.clone());
        if let Some(remedy) = &fault.remedy {
            self.next = told(remedy);
        }
        self
    }

    /// What of it is kept for whoever asks later.
    pub(crate) fn ending(&self, exit: Exit) -> Ending {
        Ending {
            at: format!("{:.0}", jiff::Timestamp::now()),
            exit_code: exit as u8,
            outcome: self.outcome.to_owned(),
            error: self.error.clone(),
            failed_lanes: self.failed_lanes.clone(),
            next: self.next.clone(),
        }
    }

    /// The last event of a log that is for programs.
    pub(crate) fn log(&self, exit: Exit) {
        let (exit_code, outcome, next) = (exit as u8, self.outcome, &self.next);
        match (exit, &self.error) {
            (Exit::Complete, _) => tracing::info!(exit_code, "{outcome}"),
            (Exit::Stopped, _) => tracing::warn!(exit_code, next, "{outcome}"),
            (_, None) => tracing::error!(exit_code, next, "{outcome}"),
            (_, Some(error)) => tracing::error!(exit_code, next, cause = self.cause, "{outcome}: {error}"),
        }
    }

    /// The page for people.
    pub(crate) fn page(&self) -> String {
        let mut page = String::new();
        if !self.tables.is_empty() {
            let rows: Vec<Vec<String>> = self
                .tables
                .iter()
                .map(|(name, table)| {
                    let quarantined = table.quarantined.map_or("—".to_owned(), count);
                    vec![name.clone(), count(table.rows), quarantined]
                })
                .collect();
            page.push_str(&table(&["table", ">rows", ">quarantined"], &rows));
            page.push('\n');
        }
        if let (Some(run), Some(snapshot)) = (&self.run, &self.snapshot_time) {
            page.push_str(&format!("run {run}, as of {snapshot}\n"));
            page.push_str(&format!(
                "{} read ({}) = {} loaded + {} quarantined + {} skipped; lanes {} of {}\n",
                held(self.read, self.records),
                bytes(self.bytes),
                count(self.loaded),
                count(self.quarantined),
                count(self.skipped),
                self.lanes.done,
                self.lanes.total
            ));
            if self.lanes_read_later > 0 {
                page.push_str(&format!(
                    "{} read later than the snapshot, which had grown too old for that\n",
                    counted(self.lanes_read_later, "lane was", "lanes were")
                ));
            }
            if let Some(swept) = &self.swept {
                page.push_str(&told::passes(swept));
            }
            page.push_str(&self.as_mapped());
            // Qdrant bills nothing.
            let billed = match self.records {
                Records::Documents => {
                    format!(", {} billed", counted(self.reads_billed, "read", "reads"))
                }
                Records::Points => String::new(),
            };
            page.push_str(&format!(
                "this start: {}, {} {}/s{billed}, {}\n",
                duration(Duration::from_secs_f64(self.seconds)),
                count(self.documents_per_second as u64),
                self.records.many(),
                counted(self.retries, "retry", "retries")
            ));
        }
        if let Some(budget) = &self.budget {
            page.push_str(&format!(
                "budget: {} of {} reads used, over all starts\n",
                count(budget.used),
                count(budget.reads)
            ));
        }
        match &self.error {
            Some(error) if self.failed_lanes.is_empty() => page.push_str(&format!("error: {error}\n")),
            _ => page.extend(self.failed_lanes.iter().map(FailedLanes::told)),
        }
        page.push_str(&format!("{}\nnext: {}\n", self.outcome, in_line(&self.next)));
        page
    }
}

fn word(exit: Exit, records: Records) -> &'static str {
    let of_points = records == Records::Points;
    match exit {
        Exit::Complete if of_points => "complete: every point is accounted for",
        Exit::Emergency if of_points => "emergency stop: too many points failed",
        Exit::Complete => "complete: every document is accounted for",
        Exit::Unexpected => "failed unexpectedly",
        Exit::Configuration => "wrong configuration",
        Exit::Unreachable => "incomplete: a part cannot be reached or refuses",
        Exit::Stopped => "stopped by a signal; what was read is loaded and remembered",
        Exit::Emergency => "emergency stop: too many documents failed",
        Exit::Sums => "failed: the sums do not add up",
        Exit::OtherRun => "refused: another run, or another process, has it",
        Exit::Budget => "budget reached; what was read is loaded and remembered",
    }
}

fn next(exit: Exit, quarantined: u64, records: Records) -> String {
    match exit {
        Exit::Complete if quarantined > 0 => "look at what could not be stored as asked: etl quarantine list",
        Exit::Complete if records == Records::Points => {
            "see whether search answers the same: etl verify --search"
        }
        Exit::Complete => "look at the tables with psql; every document's path is in column _path",
        Exit::Stopped => "start the same command again: it goes on where it was",
        Exit::Budget => {
            "raise --max-reads or --max-cost, then start the same command again: it goes on where it was"
        }
        Exit::Emergency => {
            "find the reason with `etl quarantine list`; to go on all the same, raise --emergency-threshold"
        }
        _ => "mend the cause, then start the same command again: it goes on where it was",
    }
    .to_owned()
}
