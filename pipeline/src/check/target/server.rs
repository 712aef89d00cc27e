//! What the server is: its version, whether it takes writes, and who can read along on the way to it.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use config::mapping::Records;
use config::{Connection, Tls};
use std::net::IpAddr;

pub(super) const VERSION: &str = "target.version";
pub(super) const WRITABLE: &str = "target.writable";
pub(super) const TLS: &str = "target.tls";

/// The oldest major version a run is made for, which is also pgvector's oldest (0.8.0, CHANGELOG).
const OLDEST: i32 = 13;

pub(super) async fn version(session: &Session) -> Result<Finding, Fault> {
    let sql = "select current_setting('server_version'), current_setting('server_version_num')::int4";
    let row = session.row("ask for the server's version", sql, &[]).await?;
    Ok(judge_version(row.get(0), row.get(1)))
}

fn judge_version(name: String, number: i32) -> Finding {
    if number / 10_000 >= OLDEST {
        return Finding::pass(VERSION, format!("PostgreSQL {name}"));
    }
    let found = format!("PostgreSQL {name}; {OLDEST} is the oldest that is supported");
    let means = "a run may use what this server does not know";
    Finding::fail(
        VERSION,
        found,
        means,
        "upgrade the server, or name a newer one in DATABASE_URL",
    )
}

pub(super) async fn writable(session: &Session) -> Result<Finding, Fault> {
    let sql =
        "select pg_is_in_recovery(), current_setting('transaction_read_only')::bool, current_user::text";
    let row = session
        .row("ask whether the server takes writes", sql, &[])
        .await?;
    Ok(judge_writable(row.get(0), row.get(1), row.get(2)))
}

fn judge_writable(replica: bool, read_only: bool, role: String) -> Finding {
    let means = "the first statement that writes would be refused (SQLSTATE 25006)";
    if replica {
        let found = "the server is a replica, or still recovering";
        return Finding::fail(WRITABLE, found, means, "name the primary in DATABASE_URL");
    }
    if read_only {
        let found = "transactions are read-only here: default_transaction_read_only is on";
        let next = format!(
            "find out who set it (ALTER DATABASE, ALTER ROLE {role}, or the hoster because the disk is full), \
             and turn it off"
        );
        return Finding::fail(WRITABLE, found, means, next);
    }
    Finding::pass(WRITABLE, "the server takes writes")
}

pub(super) async fn tls(
    session: &Session,
    connection: &Connection,
    records: Records,
) -> Result<Finding, Fault> {
    let sql = "select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)";
    let row = session
        .row("ask whether the connection is encrypted", sql, &[])
        .await?;
    Ok(judge_tls(
        connection.tls,
        nearby(&connection.hosts),
        row.get(0),
        records,
    ))
}

/// Every host is this machine.
fn nearby(hosts: &[String]) -> bool {
    hosts.iter().all(|host| {
        host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    })
}

/// This side knows how the connection was opened; the server knows only about the last stretch of it, which a pooler
/// or proxy may have opened.
fn judge_tls(tls: Tls, nearby: bool, server_sees_it: bool, records: Records) -> Finding {
    let many = records.many();
    let verify =
        "write sslmode=verify-full into DATABASE_URL, and sslrootcert=FILE if the authority is your own";
    let how = match tls {
        Tls::Disable if nearby => {
            return Finding::pass(TLS, "clear text, and the server's address is this machine's own");
        }
        Tls::Disable => {
            let means = format!("{many} and password cross the network readable to whoever is in between");
            return Finding::warn(TLS, "the connection is not encrypted", means, verify);
        }
        Tls::NoVerify if !nearby => {
            let found = "encrypted, but the server's certificate is not checked";
            let means =
                format!("whoever answers at this address is taken for the server, and gets the {many}");
            return Finding::warn(TLS, found, means, verify);
        }
        Tls::NoVerify => "encrypted; the certificate is not checked, on this machine's own address",
        Tls::VerifyCa => "encrypted; the certificate is checked, but not the name in it",
        Tls::VerifyFull => "encrypted; the certificate is checked",
    };
    if server_sees_it {
        return Finding::pass(TLS, how);
    }
    let found = format!("{how}; a pooler or proxy before the server ends the encryption");
    Finding::pass(TLS, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn versions_from_thirteen_on_are_supported() {
        let verdict = |name: &str, number| judge_version(name.to_owned(), number).verdict;
        assert_eq!(verdict("9.6.24", 90_624), Verdict::Fail);
        assert_eq!(verdict("12.22", 120_022), Verdict::Fail);
        assert_eq!(verdict("13.0", 130_000), Verdict::Pass);
        assert_eq!(verdict("18.4", 180_004), Verdict::Pass);
    }

    #[test]
    fn a_replica_is_told_apart_from_a_setting() {
        // A replica is read-only too, and no setting would mend that.
        let replica = judge_writable(true, true, "etl".to_owned());
        assert!(replica.next.is_some_and(|next| next.contains("primary")));
        let setting = judge_writable(false, true, "etl".to_owned());
        assert!(setting.next.is_some_and(|next| next.contains("ALTER ROLE etl")));
        assert_eq!(
            judge_writable(false, false, "etl".to_owned()).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn only_what_leaves_this_machine_has_to_be_encrypted_and_checked() {
        let verdict = |tls, nearby| judge_tls(tls, nearby, tls != Tls::Disable, Records::Documents).verdict;
        assert_eq!(verdict(Tls::Disable, true), Verdict::Pass);
        assert_eq!(verdict(Tls::Disable, false), Verdict::Warn);
        assert_eq!(verdict(Tls::NoVerify, true), Verdict::Pass);
        assert_eq!(verdict(Tls::NoVerify, false), Verdict::Warn);
        assert_eq!(verdict(Tls::VerifyCa, false), Verdict::Pass);
        assert_eq!(verdict(Tls::VerifyFull, false), Verdict::Pass);
        let hosts = |hosts: &[&str]| nearby(&hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>());
        assert!(hosts(&["/run/postgresql"]) && hosts(&["LOCALHOST", "127.0.0.9", "::1"]));
        assert!(!hosts(&["localhost", "db.example.com"]));
    }
}
