//! Whether a transaction pooler stands before the server, found out by what it does, not by its port.
//!
//! Only a transaction pooler lets two clients that are both connected share one server process, or moves one client
//! from process to process. Asking for process ids shows it and, unlike a setting, leaves nothing behind.

use super::Session;
use crate::check::Finding;
use crate::fault::{Class, Fault};
use crate::load::postgres::Postgres;
use config::Connection;

pub(super) const POOLER: &str = "target.pooler";

/// What two connections saw.
pub(super) struct Seen {
    /// The server processes behind the two connections.
    pub(super) processes: Vec<i32>,
    /// The processes were shared, or changed.
    pub(super) transaction: bool,
}

pub(super) async fn look(postgres: &Postgres, session: &Session) -> Result<Seen, Fault> {
    let (mut first, mut other) = (vec![process(session).await?], Vec::new());
    let second = match postgres.lease().await {
        Ok(lease) => Session::new(lease, session.longest),
        // One connection was to be had, so this is for `target.connections` to judge.
        Err(fault) => {
            let action = "open a second connection to look for a pooler".to_owned();
            let class = Class::Permanent;
            return Err(Fault {
                class,
                action,
                ..fault
            });
        }
    };
    // Not in turn: a pooler that hands out its connections round robin would give each client the same one again.
    other.push(process(&second).await?);
    other.push(process(&second).await?);
    first.push(process(session).await?);
    first.push(process(session).await?);
    Ok(Seen::of(&first, &other))
}

async fn process(session: &Session) -> Result<i32, Fault> {
    let asked = session.row("look for a pooler", "select pg_backend_pid()", &[]);
    Ok(asked.await?.get(0))
}

impl Seen {
    fn of(first: &[i32], other: &[i32]) -> Seen {
        let mut processes = [first, other].concat();
        processes.sort_unstable();
        processes.dedup();
        let changed = |pids: &[i32]| pids.windows(2).any(|pair| pair[0] != pair[1]);
        let shared = first.iter().any(|pid| other.contains(pid));
        Seen {
            transaction: shared || changed(first) || changed(other),
            processes,
        }
    }
}

pub(super) fn judge(seen: &Result<Seen, Fault>, connection: &Connection) -> Result<Finding, Fault> {
    let transaction = match seen {
        Ok(seen) => seen.transaction,
        Err(fault) => {
            let (part, action, message) = (fault.part, fault.action.clone(), fault.message.clone());
            return Err(Fault {
                class: fault.class,
                ..Fault::permanent(part, action, message)
            });
        }
    };
    Ok(match (transaction, connection.pooler) {
        (true, true) => Finding::pass(
            POOLER,
            "a transaction pooler stands before the server, as pgbouncer=true says",
        ),
        (false, false) => Finding::pass(
            POOLER,
            "direct, or pooled by session: no transaction pooler was seen",
        ),
        (false, true) => Finding::pass(
            POOLER,
            "no transaction pooler was seen; pgbouncer=true costs a run nothing",
        ),
        // Not a failure: most runs get through, since a collision is tried again.
        (true, false) => Finding::warn(
            POOLER,
            "a transaction pooler stands before the server, and the connection does not say so",
            "statements that others left on the pooler's connections may collide with a run's own (SQLSTATE 42P05), \
             and what collides is tried again until it gets through or the run gives up",
            "add pgbouncer=true to DATABASE_URL, or name the server or a session pooler there",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_that_are_shared_or_change_are_a_poolers() {
        let pooled = |first: &[i32], other: &[i32]| Seen::of(first, other).transaction;
        assert!(!pooled(&[1, 1, 1], &[2, 2]));
        assert!(pooled(&[1, 1, 1], &[1, 1]), "one process for both");
        assert!(pooled(&[1, 2, 1], &[2, 1]), "round robin over two");
        assert!(pooled(&[1, 4, 5], &[2, 3]), "round robin over many");
    }
}
