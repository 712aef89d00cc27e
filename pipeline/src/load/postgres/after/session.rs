//! How statements of this part reach the server, and under which limits.
//!
//! A build may take hours, so no statement has a time limit; locks that keep others waiting are not waited for long.
//! All but concurrent builds runs in transactions with settings of their own, through a pooler as well. A concurrent
//! build cannot run in a transaction: its settings are the connection's, which is thrown away afterwards; through a
//! transaction pooler they would be somebody else's, so there it runs under the server's.

use super::super::{Lease, Postgres, sqlstate};
use crate::fault::{Class, Fault};
use std::time::Duration;
use tokio_postgres::Row;
use transforms::literal;

/// What a statement may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The longest wait for a lock; nothing means as long as it takes.
    pub(super) lock: Option<Duration>,
    /// `maintenance_work_mem` in bytes; nothing means the server's.
    pub(super) memory: Option<u64>,
    /// Processes beside the one that builds; nothing means as many as the server says.
    pub(super) workers: Option<u32>,
}

impl Limits {
    /// For statements that build nothing.
    pub(super) fn quick(lock: Duration) -> Limits {
        Limits {
            lock: Some(lock),
            memory: None,
            workers: Some(0),
        }
    }

    /// Settings by name. A server that does not know one of them does without.
    fn sql(&self, local: bool, idle: Duration) -> String {
        let mut settings = vec![
            ("statement_timeout", "0".to_owned()),
            ("transaction_timeout", "0".to_owned()),
            (
                "idle_in_transaction_session_timeout",
                format!("{}ms", idle.as_millis()),
            ),
            (
                "lock_timeout",
                format!("{}ms", self.lock.unwrap_or_default().as_millis()),
            ),
            // Else a build goes on for hours after this process died, and the next start waits for it.
            ("client_connection_check_interval", "2s".to_owned()),
        ];
        if let Some(bytes) = self.memory {
            settings.push(("maintenance_work_mem", format!("{}kB", bytes >> 10)));
        }
        if let Some(workers) = self.workers {
            settings.push(("max_parallel_maintenance_workers", workers.to_string()));
        }
        let values: Vec<String> = settings
            .iter()
            .map(|(name, value)| format!("({}, {})", literal(name), literal(value)))
            .collect();
        format!(
            "select set_config(s.name, w.value, {local}) from (values {}) w (name, value) join pg_settings s using (name) \
             where s.name <> 'client_connection_check_interval' or version() ~* '(linux|darwin|bsd)'",
            values.join(", ")
        )
    }
}

/// Statements of this part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session<'a>(pub(super) &'a Postgres);

impl Session<'_> {
    /// Runs `sql` in one transaction.
    pub(super) async fn run(&self, action: &str, limits: Limits, sql: &str) -> Result<(), Fault> {
        let failed = |error: tokio_postgres::Error| fault(action, &error);
        let lease = self.begin(action, limits).await?;
        lease.batch_execute(sql).await.map_err(failed)?;
        lease.batch_execute("commit").await.map_err(failed)?;
        lease.give_back();
        Ok(())
    }

    /// Runs `sql` and asks for its rows, in one transaction.
    pub(super) async fn ask(&self, action: &str, sql: &str) -> Result<Vec<Row>, Fault> {
        let failed = |error: tokio_postgres::Error| fault(action, &error);
        let lease = self.begin(action, Limits::quick(self.0.timeout)).await?;
        let rows = lease.query_typed(sql, &[]).await.map_err(failed)?;
        lease.batch_execute("commit").await.map_err(failed)?;
        lease.give_back();
        Ok(rows)
    }

    /// Runs `sql`, then asks `question`, and leaves nothing of either behind.
    pub(super) async fn imagine(&self, action: &str, sql: &str, question: &str) -> Result<Vec<Row>, Fault> {
        let failed = |error: tokio_postgres::Error| fault(action, &error);
        let lease = self.begin(action, Limits::quick(self.0.timeout)).await?;
        lease.batch_execute(sql).await.map_err(failed)?;
        let rows = lease.query_typed(question, &[]).await.map_err(failed)?;
        lease.batch_execute("rollback").await.map_err(failed)?;
        lease.give_back();
        Ok(rows)
    }

    /// Runs one statement that no transaction may hold.
    pub(super) async fn alone(&self, action: &str, limits: Limits, sql: &str) -> Result<(), Fault> {
        let failed = |error: tokio_postgres::Error| fault(action, &error);
        let lease = self.0.lease().await?;
        if !self.0.pooler {
            let settings = limits.sql(false, self.0.timeout);
            lease.batch_execute(&settings).await.map_err(failed)?;
        }
        // Not given back: the settings go with the connection.
        lease.batch_execute(sql).await.map_err(failed)
    }

    /// A transaction under `limits`.
    pub(super) async fn begin(&self, action: &str, limits: Limits) -> Result<Lease, Fault> {
        let lease = self.0.lease().await?;
        self.0.begin(&lease, action).await?;
        lease
            .batch_execute(&limits.sql(true, self.0.timeout))
            .await
            .map_err(|error| fault(action, &error))?;
        Ok(lease)
    }
}

/// What an error means here: no time limit of ours can have ended a statement, and what the server says of the data
/// may hold values of documents, which are nobody's business.
fn fault(action: &str, error: &tokio_postgres::Error) -> Fault {
    let fault = sqlstate::fault(action, error);
    let told = error.as_db_error().map_or("", |server| server.message());
    let message = match fault.cause.get(..2) {
        Some("22") => format!("a value in some row does not allow it (SQLSTATE {})", fault.cause),
        Some("23") => format!("{told} (SQLSTATE {})", fault.cause),
        _ => fault.message,
    };
    let fault = Fault { message, ..fault };
    if fault.cause != "57014" {
        return fault;
    }
    Fault {
        class: Class::Permanent,
        ..fault
    }
    .with_remedy(
        "somebody cancelled it, or a pooler or the server limits how long statements may take: name the server itself \
         in DATABASE_URL rather than its pooler, then start the same command again: it goes on where it was",
    )
}
