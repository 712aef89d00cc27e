//! Limits the server sets on time, where a run does not set its own.
//!
//! Every batch sets statement, lock and idle limits for its transaction and so overrides the session's. Two things it
//! leaves alone: PostgreSQL 17's limit on whole transactions, and the statements after the load, which make keys and
//! count rows outside any transaction of a run's.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use config::PrimaryKey;
use std::time::Duration;
use transforms::quote;

pub(super) const TIMEOUTS: &str = "target.timeouts";

/// The session's limits; zero, which PostgreSQL reads as no limit, is none here.
struct Limits {
    statement: Option<Duration>,
    lock: Option<Duration>,
    transaction: Option<Duration>,
    role: String,
}

pub(super) async fn timeouts(
    session: &Session,
    config: &config::Target,
    habits: &config::Run,
) -> Result<Finding, Fault> {
    // All three are kept in milliseconds; transaction_timeout is there since PostgreSQL 17.
    let sql = "select max(setting::int8) filter (where name = 'statement_timeout'), \
               max(setting::int8) filter (where name = 'lock_timeout'), \
               max(setting::int8) filter (where name = 'transaction_timeout'), current_user::text \
               from pg_settings where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout')";
    let row = session.row("ask for the server's time limits", sql, &[]).await?;
    let limit = |column: usize| {
        let set = row.get::<_, Option<i64>>(column).unwrap_or_default();
        u64::try_from(set)
            .ok()
            .filter(|set| *set > 0)
            .map(Duration::from_millis)
    };
    let limits = Limits {
        statement: limit(0),
        lock: limit(1),
        transaction: limit(2),
        role: row.get(3),
    };
    let after_load = config.primary_key == PrimaryKey::AfterLoad || habits.validation;
    Ok(limits.judge(config.transaction_timeout, after_load))
}

impl Limits {
    fn judge(&self, needed: Duration, after_load: bool) -> Finding {
        let of_batch = [("transaction_timeout", self.transaction)];
        let of_statement = [("statement_timeout", self.statement), ("lock_timeout", self.lock)];
        let batch = short(&of_batch, needed);
        let statement = if after_load {
            short(&of_statement, needed)
        } else {
            Vec::new()
        };
        let mut means = Vec::new();
        if !batch.is_empty() {
            means.push("a batch that takes longer is cut off, whatever --transaction-timeout allows");
        }
        if !statement.is_empty() {
            means
                .push("adding a primary key or counting a table that takes longer is cut off after the load");
        }
        let short: Vec<_> = batch.into_iter().chain(statement).collect();
        if short.is_empty() {
            return Finding::pass(
                TIMEOUTS,
                "no time limit of the server is shorter than a batch may take",
            );
        }
        let named: Vec<String> = short
            .iter()
            .map(|(name, limit)| format!("{name} is {}", span(*limit)))
            .collect();
        let found = format!("{}, and a batch may take {}", named.join(", "), span(needed));
        let role = quote(&self.role);
        let sets: Vec<String> = short
            .iter()
            .map(|(name, _)| format!("ALTER ROLE {role} SET {name} = 0;"))
            .collect();
        let next = format!("for the time of the run: {}", sets.join(" "));
        Finding::warn(TIMEOUTS, found, means.join("; "), next)
    }
}

fn short(limits: &[(&'static str, Option<Duration>)], needed: Duration) -> Vec<(&'static str, Duration)> {
    limits
        .iter()
        .filter_map(|(name, limit)| limit.map(|limit| (*name, limit)))
        .filter(|(_, limit)| *limit < needed)
        .collect()
}

/// A time in PostgreSQL's units: "2min", "90s", "250ms".
fn span(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match milliseconds {
        0 => "0".to_owned(),
        _ if milliseconds.is_multiple_of(60_000) => format!("{}min", milliseconds / 60_000),
        _ if milliseconds.is_multiple_of(1_000) => format!("{}s", milliseconds / 1_000),
        _ => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    fn judged(statement: u64, transaction: u64, after_load: bool) -> Finding {
        let limit = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
        let limits = Limits {
            statement: limit(statement),
            lock: None,
            transaction: limit(transaction),
            role: "etl".to_owned(),
        };
        limits.judge(Duration::from_secs(120), after_load)
    }

    #[test]
    fn only_limits_that_bind_and_are_too_short_are_told() {
        assert_eq!(judged(0, 0, true).verdict, Verdict::Pass);
        assert_eq!(judged(120, 120, true).verdict, Verdict::Pass);
        let statement = judged(119, 0, true);
        assert!(statement.found.starts_with("statement_timeout is 119s"));
        assert!(statement.means.is_some_and(|means| !means.contains("batch")));
        assert_eq!(
            judged(119, 0, false).verdict,
            Verdict::Pass,
            "every batch sets its own"
        );
        assert_eq!(
            judged(0, 60, false).found,
            "transaction_timeout is 1min, and a batch may take 2min"
        );
    }
}
