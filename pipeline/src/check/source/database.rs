//! What kind of database it is, and what that means for a run.

use crate::check::Finding;
use crate::fault::Fault;
use crate::source::firestore::{Database, Probe};

const CHECK: &str = "source.database";
/// Asks and judges. An emulator mostly has no such interface.
pub(super) async fn look(probe: &Probe, emulator: bool) -> Finding {
    match probe.database().await {
        Ok(database) => judged(&database),
        Err(fault) => untold(&fault, emulator),
    }
}

/// No database to ask about, for the reason given.
pub(super) fn skipped(why: &str) -> Finding {
    Finding::skipped(CHECK, why)
}

fn untold(fault: &Fault, emulator: bool) -> Finding {
    match fault.cause.as_str() {
        "unimplemented" | "not_found" if emulator => {
            Finding::skipped(CHECK, "an emulator does not tell its mode and edition")
        }
        "unimplemented" => Finding::skipped(CHECK, "the server does not tell its mode and edition"),
        "not_found" => Finding::fail(
            CHECK,
            fault.message.clone(),
            "there is nothing to read",
            "check --project and --database; `gcloud firestore databases list` names those of a project",
        ),
        "permission_denied" => Finding::skipped(
            CHECK,
            "the account may not ask for mode and edition: that takes datastore.databases.getMetadata, which \
             roles/datastore.viewer has",
        ),
        "unauthenticated" => Finding::skipped(CHECK, "the credentials were refused"),
        _ => Finding::skipped(CHECK, format!("could not {}: {}", fault.action, fault.message)),
    }
}

fn judged(database: &Database) -> Finding {
    if database.is_in_datastore_mode() {
        return Finding::fail(
            CHECK,
            "the database is in Datastore mode",
            "it does not answer the interface that documents are read with, so nothing can be read",
            "name a database in Native mode with --database",
        );
    }
    if database.is_shut() {
        return Finding::fail(
            CHECK,
            "the database has its Firestore interface switched off",
            "nothing can be read from it, whatever the account may do",
            "switch on Firestore data access for this database, or name another one with --database",
        );
    }
    if database.is_enterprise() {
        return Finding::warn(
            CHECK,
            format!("{}, Enterprise edition", told(database)),
            "reads are billed in units of 4 KiB: a document that is larger costs more than one",
            "reckon with the documents' sizes before a run, not with their number alone",
        );
    }
    Finding::pass(CHECK, told(database))
}

fn told(database: &Database) -> String {
    let place = match database.location_id.as_str() {
        "" => String::new(),
        place => format!(" in {place}"),
    };
    let recovery = match database.recovers() {
        true => "with point-in-time recovery",
        false => "without point-in-time recovery",
    };
    let hours = database
        .version_retention_period
        .map_or(0, |kept| kept.seconds / 3_600);
    let kept = match (hours, hours % 24) {
        (0, _) => String::new(),
        (1, _) => ", old versions kept for an hour".to_owned(),
        (hours, 0) => format!(", old versions kept for {} days", hours / 24),
        (hours, _) => format!(", old versions kept for {hours} hours"),
    };
    format!("Native mode{place}, {recovery}{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::fault::Part;
    use firestore::gcloud_sdk::prost_types::Duration;
    use prost::Message;

    fn database() -> Database {
        Database {
            location_id: "eur3".to_owned(),
            mode: 1,
            version_retention_period: Some(Duration {
                seconds: 3_600,
                nanos: 0,
            }),
            point_in_time_recovery: 2,
            edition: 1,
            firestore_access: 0,
        }
    }

    #[test]
    fn an_ordinary_database_passes() {
        let finding = judged(&database());
        assert_eq!(finding.verdict, Verdict::Pass);
        assert_eq!(
            finding.found,
            "Native mode in eur3, without point-in-time recovery, old versions kept for an hour"
        );
        let kept = Database {
            point_in_time_recovery: 1,
            version_retention_period: Some(Duration {
                seconds: 604_800,
                nanos: 0,
            }),
            ..database()
        };
        assert_eq!(
            judged(&kept).found,
            "Native mode in eur3, with point-in-time recovery, old versions kept for 7 days"
        );
    }

    #[test]
    fn what_cannot_be_read_fails_and_what_costs_more_is_warned_of() {
        let datastore = Database {
            mode: 2,
            ..database()
        };
        let shut = Database {
            edition: 2,
            firestore_access: 2,
            ..database()
        };
        let enterprise = Database {
            edition: 2,
            firestore_access: 1,
            ..database()
        };
        assert_eq!(judged(&datastore).verdict, Verdict::Fail);
        assert_eq!(judged(&shut).verdict, Verdict::Fail);
        assert_eq!(judged(&enterprise).verdict, Verdict::Warn);
    }

    #[test]
    fn an_answer_that_says_nothing_of_all_that_passes() {
        let bare = Database::decode(&b""[..]).unwrap();
        assert_eq!(judged(&bare).verdict, Verdict::Pass);
        assert_eq!(judged(&bare).found, "Native mode, without point-in-time recovery");
    }

    #[test]
    fn who_is_not_told_skips_unless_there_is_no_such_database() {
        let fault = |cause: &str| Fault::permanent(Part::Source, "ask", "no").with_cause(cause);
        for cause in ["unimplemented", "permission_denied", "unavailable"] {
            assert_eq!(untold(&fault(cause), false).verdict, Verdict::Skipped, "{cause}");
        }
        assert_eq!(untold(&fault("not_found"), true).verdict, Verdict::Skipped);
        assert_eq!(untold(&fault("not_found"), false).verdict, Verdict::Fail);
    }
}
