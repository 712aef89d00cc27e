//! GetDatabase of google.firestore.admin.v1: what kind of database the plan makes of every one.
//!
//! Messages hold the fields that a reader of documents may care for. It bills nothing, and the emulator has none of it.

use crate::state::State;
use firestore::gcloud_sdk::prost_types::{Duration, Timestamp};
use tonic::Status;

/// The method's path.
pub(crate) const GET_DATABASE: &str = "/google.firestore.admin.v1.FirestoreAdmin/GetDatabase";
/// Every database is said to be here.
const LOCATION: &str = "eur3";

/// Which database is asked about.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GetDatabaseRequest {
    /// `projects/P/databases/D`.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// A database. Enumerations are the numbers of google.firestore.admin.v1.Database.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Database {
    /// `projects/P/databases/D`.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// The multi-region.
    #[prost(string, tag = "9")]
    pub(crate) location_id: String,
    /// 1 for Native mode, 2 for Datastore mode.
    #[prost(int32, tag = "10")]
    pub(crate) mode: i32,
    /// How long versions are kept.
    #[prost(message, optional, tag = "17")]
    pub(crate) version_retention_period: Option<Duration>,
    /// The earliest moment that may be read.
    #[prost(message, optional, tag = "18")]
    pub(crate) earliest_version_time: Option<Timestamp>,
    /// 1 for enabled, 2 for disabled.
    #[prost(int32, tag = "21")]
    pub(crate) point_in_time_recovery: i32,
    /// 1 for Standard, 2 for Enterprise.
    #[prost(int32, tag = "28")]
    pub(crate) edition: i32,
    /// 1 for enabled: this interface answers.
    #[prost(int32, tag = "33")]
    pub(crate) firestore_access: i32,
}

/// What kind of database it is.
pub(crate) fn get_database(state: &State, request: GetDatabaseRequest) -> Result<Database, Status> {
    let database = state.database_of_any_mode(&request.name)?;
    if database.root().strip_suffix("/documents") != Some(&request.name) {
        return Err(Status::invalid_argument(format!(
            "{:?} lies in a database and is none",
            request.name
        )));
    }
    let faults = &state.faults;
    let kept = faults.versions_kept();
    let number = |first: bool| if first { 1 } else { 2 };
    Ok(Database {
        name: request.name,
        location_id: LOCATION.to_owned(),
        mode: number(!faults.datastore_mode()),
        version_retention_period: Some(Duration {
            seconds: i64::try_from(kept.as_secs()).unwrap_or(i64::MAX),
            nanos: 0,
        }),
        earliest_version_time: Some(state.clock.now().before(kept).timestamp()),
        point_in_time_recovery: number(faults.point_in_time_recovery()),
        edition: number(!faults.enterprise()),
        firestore_access: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Faults, Plan};
    use crate::service::get;
    use firestore::gcloud_sdk::google::firestore::v1 as proto;
    use std::collections::BTreeMap;
    use tonic::Code;

    const NAME: &str = "projects/p/databases/(default)";

    fn asked(plan: Plan, name: &str) -> Result<Database, Status> {
        let state = State::new(Faults::new(plan), BTreeMap::new());
        let name = name.to_owned();
        get_database(&state, GetDatabaseRequest { name })
    }

    #[test]
    fn a_database_is_what_the_plan_makes_of_it() {
        let kind = |plan| {
            let database = asked(plan, NAME).unwrap();
            let kept = database.version_retention_period.unwrap().seconds;
            (
                database.mode,
                database.edition,
                database.point_in_time_recovery,
                kept,
            )
        };
        assert_eq!(kind(Plan::default()), (1, 1, 2, 3_600));
        assert_eq!(
            kind(Plan::default().point_in_time_recovery()),
            (1, 1, 1, 7 * 86_400)
        );
        assert_eq!(
            kind(Plan::default().datastore_mode().enterprise()),
            (2, 2, 2, 3_600)
        );
    }

    #[test]
    fn only_a_database_has_a_kind() {
        for name in ["", "projects/p", "projects/p/databases/(default)/documents"] {
            let code = asked(Plan::default(), name).map_err(|status| status.code());
            assert_eq!(code, Err(Code::InvalidArgument), "{name}");
        }
    }

    #[test]
    fn no_document_can_be_had_of_a_database_in_datastore_mode() {
        let state = State::new(Faults::new(Plan::default().datastore_mode()), BTreeMap::new());
        let name = format!("{NAME}/documents/orders/1");
        let request = proto::GetDocumentRequest {
            name,
            ..Default::default()
        };
        let status = get::document(&state, request).unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().contains("Datastore Mode"), "{status}");
    }
}
