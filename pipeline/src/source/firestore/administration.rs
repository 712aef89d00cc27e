//! What the administrative interface tells of a database.
//!
//! The messages are those of google.firestore.admin.v1, with the fields that are looked at and no others.

use firestore::gcloud_sdk::prost_types::Duration;

pub(super) const GET_DATABASE: &str = "/google.firestore.admin.v1.FirestoreAdmin/GetDatabase";

/// Which database is asked about.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GetDatabaseRequest {
    /// `projects/P/databases/D`.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// A database, as far as a run depends on it. The enumerations are kept as the numbers they have on the wire, so that
/// one that is not known yet is no mistake.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Database {
    /// The region or multi-region.
    #[prost(string, tag = "9")]
    pub(crate) location_id: String,
    /// `DatabaseType`.
    #[prost(int32, tag = "10")]
    pub(crate) mode: i32,
    /// How long old versions of documents are kept.
    #[prost(message, optional, tag = "17")]
    pub(crate) version_retention_period: Option<Duration>,
    /// `PointInTimeRecoveryEnablement`.
    #[prost(int32, tag = "21")]
    pub(crate) point_in_time_recovery: i32,
    /// `DatabaseEdition`.
    #[prost(int32, tag = "28")]
    pub(crate) edition: i32,
    /// `DataAccessMode` of the Firestore API; the Enterprise edition has it switched off unless asked for.
    #[prost(int32, tag = "33")]
    pub(crate) firestore_access: i32,
}

const DATASTORE_MODE: i32 = 2;
const ENTERPRISE: i32 = 2;
const RECOVERY_ENABLED: i32 = 1;
const ACCESS_DISABLED: i32 = 2;

impl Database {
    /// It does not answer the interface that documents are read with.
    pub(crate) fn is_in_datastore_mode(&self) -> bool {
        self.mode == DATASTORE_MODE
    }

    /// Its Firestore interface is switched off.
    pub(crate) fn is_shut(&self) -> bool {
        self.firestore_access == ACCESS_DISABLED
    }

    /// Reads are billed in units of 4 KiB.
    pub(crate) fn is_enterprise(&self) -> bool {
        self.edition == ENTERPRISE
    }

    /// Whole minutes stay readable for days.
    pub(crate) fn recovers(&self) -> bool {
        self.point_in_time_recovery == RECOVERY_ENABLED
    }
}
