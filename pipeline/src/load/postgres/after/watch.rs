//! How the builds are doing, asked of the server on a connection of its own.
//!
//! Looking is never worth a failure: a question that is not answered is asked again at the next tick.

use super::super::Postgres;
use crate::progress::{Phase, Progress};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_postgres::types::Type;

const EVERY: Duration = Duration::from_secs(1);

/// What is being done on each table, told to [`Progress`] whenever it changes.
#[derive(Debug)]
pub(super) struct Board<'a> {
    progress: &'a Progress,
    doing: Mutex<BTreeMap<String, Doing>>,
}

#[derive(Debug)]
struct Doing {
    what: String,
    rows: Option<u64>,
    measured: String,
}

/// A build as `pg_stat_progress_create_index` shows it.
#[derive(Debug, Clone, Copy, Default)]
struct Measure<'r> {
    phase: &'r str,
    blocks: (u64, u64),
    tuples: (u64, u64),
    lockers: (u64, u64),
}

impl<'a> Board<'a> {
    pub(super) fn new(progress: &'a Progress) -> Board<'a> {
        let doing = Mutex::default();
        Board { progress, doing }
    }

    fn doing(&self) -> MutexGuard<'_, BTreeMap<String, Doing>> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `what` is being done on `table`, which has so many rows as far as is known.
    pub(super) fn turn_to(&self, table: &str, what: String, rows: Option<u64>) {
        let measured = String::new();
        self.doing()
            .insert(table.to_owned(), Doing { what, rows, measured });
        self.tell();
    }

    /// Nothing is being done on `table` any more.
    pub(super) fn done(&self, table: &str) {
        self.doing().remove(table);
        self.tell();
    }

    fn tell(&self) {
        let doing = self.doing();
        let words: Vec<String> = doing
            .values()
            .map(|doing| format!("{}{}", doing.what, doing.measured))
            .collect();
        if !words.is_empty() {
            self.progress.turn_to(Phase::Finishing(words.join("; ")));
        }
    }

    /// Looks every second, until dropped.
    pub(super) async fn watch(&self, postgres: &Postgres, schema: &str) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            // What went wrong here goes wrong for the builds as well, and they say so.
            self.look(postgres, schema).await.unwrap_or(());
        }
    }

    async fn look(&self, postgres: &Postgres, schema: &str) -> Option<()> {
        let sql = "select c.relname::text, p.phase, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total, \
                   p.lockers_done, p.lockers_total from pg_stat_progress_create_index p \
                   join pg_class c on c.oid = p.relid join pg_namespace n on n.oid = c.relnamespace \
                   where n.nspname = $1 and p.datname = current_database() and p.phase is not null";
        let lease = postgres.lease().await.ok()?;
        let rows = lease.query_typed(sql, &[(&schema, Type::TEXT)]).await.ok()?;
        lease.give_back();
        for row in &rows {
            let count = |at| row.get::<_, Option<i64>>(at).unwrap_or(0).max(0) as u64;
            let measure = Measure {
                phase: row.get(1),
                blocks: (count(2), count(3)),
                tuples: (count(4), count(5)),
                lockers: (count(6), count(7)),
            };
            if let Some(doing) = self.doing().get_mut(row.get::<_, &str>(0)) {
                doing.measured = measure.words(doing.rows);
            }
        }
        self.tell();
        Some(())
    }
}

impl Measure<'_> {
    /// ": loading tuples, 42 %, 1,200,000 of 2,900,000 rows".
    fn words(&self, rows: Option<u64>) -> String {
        let phase = self.phase.strip_prefix("building index: ").unwrap_or(self.phase);
        let mut words = format!(": {phase}");
        let (done, total) = if self.blocks.1 > 0 {
            self.blocks
        } else {
            self.tuples
        };
        if total > 0 {
            // Tables grow while they are read.
            let percent = (u128::from(done) * 100 / u128::from(total)).min(100);
            words.push_str(&format!(", {percent} %"));
        }
        let (tuples, of) = (self.tuples.0, self.tuples.1.max(rows.unwrap_or(0)));
        if of > 0 && tuples > 0 {
            words.push_str(&format!(", {} of {} rows", grouped(tuples), grouped(of)));
        }
        if self.lockers.1 > 0 {
            words.push_str(&format!(
                ", {} of {} transactions have ended",
                self.lockers.0, self.lockers.1
            ));
        }
        words
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_told_in_rows_and_percent() {
        let measure = Measure {
            phase: "building index: loading tuples",
            blocks: (42, 100),
            tuples: (1_200_000, 0),
            ..Measure::default()
        };
        assert_eq!(
            measure.words(Some(2_900_000)),
            ": loading tuples, 42 %, 1,200,000 of 2,900,000 rows"
        );
        let waiting = Measure {
            phase: "waiting for old snapshots",
            lockers: (1, 3),
            ..Measure::default()
        };
        assert_eq!(
            waiting.words(None),
            ": waiting for old snapshots, 1 of 3 transactions have ended"
        );
        let begun = Measure {
            phase: "initializing",
            ..Measure::default()
        };
        assert_eq!(begun.words(Some(7)), ": initializing");
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let tuples = |tuples| Measure {
            phase: "x",
            tuples,
            ..Measure::default()
        };
        assert_eq!(tuples((5, 10)).words(None), ": x, 50 %, 5 of 10 rows");
        assert_eq!(tuples((5, 0)).words(None), ": x");
        assert_eq!(tuples((0, 10)).words(None), ": x, 0 %");
        assert_eq!(tuples((12, 10)).words(None), ": x, 100 %, 12 of 10 rows");
    }

    #[test]
    fn digits_stand_in_threes() {
        let told = [0, 100, 1_000, 123_456, 1_234_567].map(grouped);
        assert_eq!(told, ["0", "100", "1,000", "123,456", "1,234,567"]);
    }
}
