//! The last word of a run: one JSON object for scripts, a short page for people.
//!
//! `read`, `loaded`, `quarantined`, `skipped`, `lanes` and `tables` speak of the whole run, earlier starts
//! included; `reads_billed`, `retries`, `seconds` and `documents_per_second` speak of this start.

use crate::exit::Exit;
use crate::text::{bytes, count, duration, table};
use pipeline::budget::Budget;
use pipeline::fault::Fault;
use pipeline::load::postgres::after::Outcome;
use pipeline::load::postgres::{Altered, Differences, Swept};
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
    error: Option<String>,
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
            outcome: word(exit),
            error: None,
            next: next(exit, total.quarantined),
            bytes: total.bytes,
        }
    }

    /// The same, with how many lanes were read at a later time than the snapshot's.
    pub(crate) fn with_end(mut self, ended: &Ended) -> Self {
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
        self.error = Some(format!("could not {}: {}", fault.action, fault.message));
        if let Some(remedy) = &fault.remedy {
            self.next.clone_from(remedy);
        }
        self
    }

    /// What is there otherwise than in the source, or not as asked: a line each, or nothing.
    fn as_mapped(&self) -> String {
        let mut lines = String::new();
        if !self.left_behind.is_empty() {
            let left = self
                .left_behind
                .iter()
                .map(|left| format!("{} ({} documents)", left.id, count(left.documents)));
            let left: Vec<String> = left.collect();
            lines.push_str(&format!(
                "collections that the mapping leaves where they are: {}\n",
                left.join(", ")
            ));
        }
        if self.altered.dropped > 0 {
            lines.push_str(&format!(
                "as the mapping says: {} values were left behind\n",
                count(self.altered.dropped)
            ));
        }
        for (policy, values) in &self.altered.amended {
            lines.push_str(&format!(
                "as the mapping says: {} values were altered ({policy}); etl.amendment has the originals\n",
                count(*values)
            ));
        }
        for orphans in &self.after.orphans {
            let example = orphans
                .examples
                .first()
                .map_or_else(String::new, |path| format!(", such as {path}"));
            lines.push_str(&format!(
                "orphans: {} rows of {} refer to nothing in {}{example} ({})\n",
                count(orphans.count),
                orphans.table,
                orphans.references,
                orphans.constraint
            ));
        }
        if !self.after.orphans.is_empty() {
            lines.push_str(
                "  their rows are there; these foreign keys hold for new rows and are not validated. `--output json` gives \
                 for\n  each the statement that lists its rows, and the one that validates it once they are mended\n",
            );
        }
        for warning in &self.after.warnings {
            lines.push_str(&format!(
                "not as asked: {}: {}\n  {}\n",
                warning.step, warning.reason, warning.next
            ));
        }
        lines
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
                count(self.read),
                bytes(self.bytes),
                count(self.loaded),
                count(self.quarantined),
                count(self.skipped),
                self.lanes.done,
                self.lanes.total
            ));
            if self.lanes_read_later > 0 {
                page.push_str(&format!(
                    "{} lanes were read later than the snapshot, which had grown too old for them\n",
                    count(self.lanes_read_later)
                ));
            }
            if let Some(swept) = &self.swept {
                page.push_str(&passes(swept));
            }
            page.push_str(&self.as_mapped());
            page.push_str(&format!(
                "this start: {}, {} documents/s, {} reads billed, {} retries\n",
                duration(Duration::from_secs_f64(self.seconds)),
                count(self.documents_per_second as u64),
                count(self.reads_billed),
                count(self.retries)
            ));
        }
        if let Some(budget) = &self.budget {
            page.push_str(&format!(
                "budget: {} of {} reads used, over all starts\n",
                count(budget.used),
                count(budget.reads)
            ));
        }
        if let Some(error) = &self.error {
            page.push_str(&format!("error: {error}\n"));
        }
        page.push_str(&format!("{}\nnext: {}\n", self.outcome, self.next));
        page
    }
}

/// How often the source was read again, and what that came to.
fn passes(swept: &Swept) -> String {
    let Differences {
        inserted,
        updated,
        deleted,
    } = swept.mended;
    let told = match swept.sweeps {
        0 => "read a second time and compared: nothing had changed\n".to_owned(),
        1 => "read again and compared: every row is as its point was then\n".to_owned(),
        passes => format!(
            "read again and compared {passes} times: {} points were new, {} different, {} gone, and were mended; the last \
             pass found every row as its point was then\n",
            count(inserted),
            count(updated),
            count(deleted)
        ),
    };
    match swept.by_key {
        true => {
            format!("{told}by ids and source.updated_at: a write that did not set it was not seen\n")
        }
        false => told,
    }
}

fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Complete => "complete: every document is accounted for",
        Exit::Unexpected => "failed unexpectedly",
        Exit::Configuration => "wrong configuration",
        Exit::Unreachable => "incomplete: a part cannot be reached or refuses",
        Exit::Stopped => "stopped by a signal; what was read is loaded and remembered",
        Exit::Emergency => "emergency stop: too many documents failed",
        Exit::Sums => "failed: the sums do not add up",
        Exit::OtherRun => "refused: this belongs to another run",
        Exit::Budget => "budget reached; what was read is loaded and remembered",
    }
}

fn next(exit: Exit, quarantined: u64) -> String {
    match exit {
        Exit::Complete if quarantined > 0 => "look at what could not be stored as asked: etl quarantine list",
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
