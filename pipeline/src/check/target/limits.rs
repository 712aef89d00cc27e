//! Connections: whether there are as many as a run holds, and some for others.

use super::Session;
use super::pooler::Seen;
use crate::check::Finding;
use crate::fault::Fault;
use tokio_postgres::types::Type;
use transforms::quote;

pub(super) const CONNECTIONS: &str = "target.connections";

/// Connections that should be left to others while a run holds its own.
const LEFT_TO_OTHERS: i64 = 3;

/// One limit on connections, and how much of it is taken by others than this check.
struct Limit {
    /// Whose limit it is.
    of: String,
    most: i64,
    taken: i64,
    /// How to raise it.
    raise: String,
}

/// `seen` is what the two connections of this check saw; without it, both count as taken.
pub(super) async fn connections(
    session: &Session,
    needed: usize,
    seen: Option<&Seen>,
) -> Result<Finding, Fault> {
    if seen.is_some_and(|seen| seen.transaction) {
        let why = "a transaction pooler hands them out, and its own limits cannot be seen from here";
        return Ok(Finding::skipped(CONNECTIONS, why));
    }
    // Who is connected is everybody's to see, the kind of a process is not; client backends have both a database and
    // a role. Superusers are exempt from every limit but the server's own.
    let sql = "select session_user::text, current_database()::text, r.rolsuper, \
               current_setting('max_connections')::int8 - case when r.rolsuper then 0 else \
               current_setting('superuser_reserved_connections')::int8 + \
               coalesce(current_setting('reserved_connections', true)::int8, 0) end, \
               r.rolconnlimit::int8, d.datconnlimit::int8, a.everybody, a.of_role, a.of_database \
               from pg_roles r, pg_database d, (select count(*) as everybody, \
               count(*) filter (where usename = session_user) as of_role, \
               count(*) filter (where datname = current_database()) as of_database from pg_stat_activity \
               where datid is not null and usesysid is not null and pid <> all($1)) as a \
               where r.rolname = session_user and d.datname = current_database()";
    let own = seen.map(|seen| seen.processes.clone()).unwrap_or_default();
    let row = session
        .row("count the server's connections", sql, &[(&own, Type::INT4_ARRAY)])
        .await?;
    let (role, database): (String, String) = (row.get(0), row.get(1));
    let limits = [
        Limit {
            of: "the server".to_owned(),
            most: row.get(3),
            taken: row.get(6),
            raise: "raise max_connections".to_owned(),
        },
        Limit {
            of: format!("role {role}"),
            most: row.get(4),
            taken: row.get(7),
            raise: format!("run: ALTER ROLE {} CONNECTION LIMIT -1;", quote(&role)),
        },
        Limit {
            of: format!("database {database}"),
            most: row.get(5),
            taken: row.get(8),
            raise: format!("run: ALTER DATABASE {} CONNECTION LIMIT -1;", quote(&database)),
        },
    ];
    let superuser: bool = row.get(2);
    // A negative limit is none.
    let binding = limits
        .into_iter()
        .enumerate()
        .filter(|(place, limit)| *place == 0 || !superuser && limit.most >= 0);
    let tightest = binding.map(|(_, limit)| limit).min_by_key(Limit::free);
    let needed = i64::try_from(needed).unwrap_or(i64::MAX);
    Ok(tightest.map_or_else(
        || Finding::skipped(CONNECTIONS, "the server names no limit"),
        |limit| limit.judge(needed),
    ))
}

impl Limit {
    fn free(&self) -> i64 {
        (self.most - self.taken).max(0)
    }

    fn judge(&self, needed: i64) -> Finding {
        let free = self.free();
        let found = format!(
            "{} of the {} connections of {} are free, and a run holds {needed}",
            free, self.most, self.of
        );
        let next = format!("lower --target-connections, or {}", self.raise);
        if free < needed {
            let means =
                "connections beyond that are refused (SQLSTATE 53300) and a run waits for them in vain";
            Finding::fail(CONNECTIONS, found, means, next)
        } else if free < needed + LEFT_TO_OTHERS {
            let means = "a run leaves next to none to the application meanwhile";
            Finding::warn(CONNECTIONS, found, means, next)
        } else {
            Finding::pass(CONNECTIONS, found)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn fewer_connections_than_a_run_holds_are_a_failure_and_just_enough_a_warning() {
        let verdict = |most, taken| {
            let of = "the server".to_owned();
            let limit = Limit {
                of,
                most,
                taken,
                raise: String::new(),
            };
            limit.judge(4).verdict
        };
        assert_eq!(verdict(100, 97), Verdict::Fail);
        assert_eq!(verdict(5, 9), Verdict::Fail);
        assert_eq!(verdict(100, 96), Verdict::Warn);
        assert_eq!(verdict(100, 94), Verdict::Warn);
        assert_eq!(verdict(100, 93), Verdict::Pass);
    }
}
