//! The target's part: PostgreSQL is asked about itself over the loader's own kind of connection.
//!
//! Every statement only reads, goes unnamed and outside a transaction, so nothing is left behind, be it on the server
//! or on a pooler's connection; only what a mapping asks for is tried, in a transaction that is rolled back. What cannot be answered is told and the next thing looked at; once the server has
//! fallen silent, nothing more is asked of it.

mod certificate;
mod compression;
mod contents;
mod limits;
mod mapping;
mod memory;
mod pgvector;
mod pooler;
mod rights;
mod server;
mod timeouts;

use super::Finding;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Lease, Postgres, fault};
use crate::retry::Policy;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

const ANSWERS: &str = "target.answers";

/// What hangs on the target besides its own settings.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where the documents come from: a few are counted for what is made of them.
    pub source: &'a config::Source,
    /// The tables as written.
    pub mapping: &'a config::mapping::Mapping,
}

/// Everything that is looked at once the target answers, in this order, and the mapping if one is written.
const REST: [&str; 14] = [
    server::VERSION,
    server::WRITABLE,
    server::TLS,
    certificate::CERTIFICATE,
    pooler::POOLER,
    rights::RIGHTS,
    rights::ROW_SECURITY,
    pgvector::PGVECTOR,
    timeouts::TIMEOUTS,
    limits::CONNECTIONS,
    memory::MEMORY,
    compression::COMPRESSION,
    contents::DISK,
    contents::ROWS,
];

/// What there is to say about the target: one finding for each thing looked at, always in the same order.
///
/// Two connections are held meanwhile, however many a run may use. Connecting, and each answer, may take the
/// connection's `connect_timeout`; the first answer that takes longer is the last that is waited for. What is `wanted`
/// may take 45 seconds besides. Of `habits` only what is done after the load
/// matters, for it is not covered by a batch's own time limits.
pub async fn target(config: &config::Target, habits: &config::Run, wanted: Wanted<'_>) -> Vec<Finding> {
    let postgres = match reach(config) {
        Ok(postgres) => postgres,
        Err(fault) => return unreached(fault, config, None, wanted),
    };
    let lease = match postgres.lease().await {
        Ok(lease) => lease,
        Err(fault) => return unreached(fault, config, postgres.certificate(), wanted),
    };
    let session = Session::new(lease, config.connection.connect_timeout);
    let records = wanted.source.records();
    let seen = pooler::look(&postgres, &session).await;
    let pooled = told(pooler::POOLER, pooler::judge(&seen, &config.connection));
    let mut findings = vec![
        Finding::pass(ANSWERS, format!("PostgreSQL answers at {}", postgres.place())),
        told(server::VERSION, server::version(&session).await),
        told(server::WRITABLE, server::writable(&session).await),
        told(
            server::TLS,
            server::tls(&session, &config.connection, records).await,
        ),
        certificate::certificate(&config.connection, postgres.certificate(), None),
        pooled,
        told(rights::RIGHTS, rights::rights(&session, &config.schema).await),
        told(
            rights::ROW_SECURITY,
            rights::row_security(&session, &config.schema).await,
        ),
        told(pgvector::PGVECTOR, pgvector::pgvector(&session, records).await),
        told(
            timeouts::TIMEOUTS,
            timeouts::timeouts(&session, config, habits).await,
        ),
        told(
            limits::CONNECTIONS,
            limits::connections(&session, config.connections.get(), seen.as_ref().ok()).await,
        ),
        told(
            memory::MEMORY,
            memory::memory(&session, &postgres, config, wanted).await,
        ),
        told(compression::COMPRESSION, compression::compression(&session).await),
        told(contents::DISK, contents::disk(&session).await),
        told(contents::ROWS, contents::rows(&session, &config.schema).await),
    ];
    if !wanted.mapping.tables.is_empty() {
        let tried = Box::pin(mapping::mapping(&session, &postgres, config, wanted)).await;
        findings.push(told(mapping::MAPPING, tried));
    }
    findings
}

/// The target, to be connected to.
fn reach(config: &config::Target) -> Result<Postgres, Fault> {
    // Two even where a run holds one: a pooler gives itself away only to somebody who comes twice.
    let two = config::Target {
        connections: NonZeroUsize::MIN.saturating_add(1),
        ..config.clone()
    };
    // Nothing here is tried twice.
    let policy = Policy {
        attempts: 0,
        delay: Duration::ZERO,
        longest: Duration::ZERO,
        budget: Duration::ZERO,
    };
    Postgres::new(&two, policy)
}

/// Why the target does not answer, and that nothing else could be looked at but the certificate it may have shown.
fn unreached(
    fault: Fault,
    config: &config::Target,
    shown: Option<Vec<u8>>,
    wanted: Wanted<'_>,
) -> Vec<Finding> {
    let next = fault.remedy.clone().unwrap_or_else(|| {
        "check host and port in DATABASE_URL, and that a firewall lets this machine through".to_owned()
    });
    let found = format!("could not {}: {}", fault.action, fault.message);
    let means = format!(
        "a run would end before it reads a {}",
        wanted.source.records().one()
    );
    let mapping = (!wanted.mapping.tables.is_empty()).then_some(mapping::MAPPING);
    let rest = REST.into_iter().chain(mapping).map(|check| match check {
        certificate::CERTIFICATE if shown.is_some() => {
            certificate::certificate(&config.connection, shown.clone(), Some(&fault.message))
        }
        _ => Finding::skipped(check, "the target does not answer"),
    });
    std::iter::once(Finding::fail(ANSWERS, found, means, next))
        .chain(rest)
        .collect()
}

/// The finding, or why there is none: a question the server refuses is skipped, one it leaves open is a failure.
fn told(check: &'static str, looked: Result<Finding, Fault>) -> Finding {
    let fault = match looked {
        Ok(finding) => return finding,
        Err(fault) => fault,
    };
    let found = format!("could not {}: {}", fault.action, fault.message);
    if !fault.is_transient() {
        return Finding::skipped(check, found);
    }
    let next = fault
        .remedy
        .unwrap_or_else(|| "look into the server's log, then check again".to_owned());
    Finding::fail(check, found, "a run would be held up in the same way", next)
}

/// A connection that is asked one thing after another.
struct Session {
    lease: Lease,
    longest: Duration,
    silent: AtomicBool,
}

impl Session {
    fn new(lease: Lease, longest: Duration) -> Self {
        let silent = AtomicBool::new(false);
        Session {
            lease,
            longest,
            silent,
        }
    }

    /// What `asking` brings over another connection, waited for as long as for any answer.
    async fn in_time<T>(
        &self,
        action: &str,
        asking: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        tokio::time::timeout(self.longest, asking)
            .await
            .unwrap_or_else(|_| {
                Err(Fault::transient(Part::Target, action, "no answer in time").with_cause("silent"))
            })
    }

    /// The answer to a question that has one row for an answer; without one, the fault says what was asked.
    async fn row(
        &self,
        action: &str,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Row, Fault> {
        if self.silent.load(Ordering::Relaxed) {
            return Err(Fault::permanent(
                Part::Target,
                action,
                "the server had fallen silent",
            ));
        }
        let asked = tokio::time::timeout(self.longest, self.lease.query_typed(sql, values)).await;
        let answer = match asked {
            Ok(Ok(rows)) => rows
                .into_iter()
                .next()
                .ok_or_else(|| Fault::permanent(Part::Target, action, "the answer was empty")),
            Ok(Err(error)) => Err(fault(action, &error)),
            Err(_) => Err(Fault::transient(Part::Target, action, "no answer in time").with_cause("silent")),
        };
        if answer.as_ref().is_err_and(Fault::is_transient) {
            self.silent.store(true, Ordering::Relaxed);
        }
        answer
    }
}
