//! What the methods share: the clock, the faults, and the databases, each made when it is first named.

use crate::clock::{Clock, Moment};
use crate::database::Database;
use crate::dataset::Dataset;
use crate::fault::{Faults, HOUR, Plan, WEEK, datastore_mode};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tonic::Status;

const MINUTE: i64 = 60_000_000;

/// Everything behind one port.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// What lies in a database from the beginning, by `projects/P/databases/D`.
    datasets: BTreeMap<String, Dataset>,
    databases: RwLock<BTreeMap<String, Arc<Database>>>,
}

impl State {
    pub(crate) fn new(faults: Faults, datasets: BTreeMap<String, Dataset>) -> State {
        let state = State {
            clock: Clock::default(),
            faults,
            datasets,
            databases: RwLock::default(),
        };
        state.clock.set_skew(state.faults.clock_skew_micros());
        state
    }

    /// From now on this goes wrong.
    pub(crate) fn set_plan(&self, plan: Plan) {
        self.faults.replace(plan);
        self.clock.set_skew(self.faults.clock_skew_micros());
    }

    /// The database that a resource lies in. In Datastore mode, none of its documents can be had.
    pub(crate) fn database(&self, resource: &str) -> Result<Arc<Database>, Status> {
        if self.faults.datastore_mode() {
            return Err(datastore_mode(database_name(resource)?));
        }
        self.database_of_any_mode(resource)
    }

    /// The database that a resource lies in, for those who ask about it and not about its documents.
    pub(crate) fn database_of_any_mode(&self, resource: &str) -> Result<Arc<Database>, Status> {
        let name = database_name(resource)?;
        let known = self
            .databases
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned();
        if let Some(database) = known {
            return Ok(database);
        }
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(self.fresh(name));
        Ok(databases.entry(name.to_owned()).or_insert_with(fresh).clone())
    }

    /// Forgets everything written to a database, and its bill.
    pub(crate) fn wipe(&self, resource: &str) -> Result<(), Status> {
        let name = database_name(resource)?;
        self.databases
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        Ok(())
    }

    fn fresh(&self, name: &str) -> Database {
        let root = format!("{name}/documents");
        let generated = self
            .datasets
            .get(name)
            .map(|dataset| dataset.sequences(&root))
            .unwrap_or_default();
        let database = Database::new(root, generated);
        database.meter().set_quota(self.faults.quota());
        database
    }

    /// The moment a request reads at: the one it asks for, if it may, or now.
    ///
    /// The last hour may be read to the microsecond; with point-in-time recovery the last seven days by whole minutes.
    pub(crate) fn moment(
        &self,
        asked: Option<firestore::gcloud_sdk::prost_types::Timestamp>,
    ) -> Result<Moment, Status> {
        let now = self.clock.now();
        let Some(asked) = asked else { return Ok(now) };
        if asked.nanos % 1_000 != 0 {
            return Err(Status::invalid_argument(
                "timestamp cannot have more than microseconds precision",
            ));
        }
        let moment = Moment(
            asked
                .seconds
                .saturating_mul(1_000_000)
                .saturating_add(i64::from(asked.nanos) / 1_000),
        );
        if moment > now {
            return Err(Status::invalid_argument(
                "The requested 'read_time' cannot be in the future.",
            ));
        }
        let recoverable =
            self.faults.point_in_time_recovery() && moment >= now.before(WEEK) && moment.0 % MINUTE == 0;
        if moment < now.before(HOUR) && !recoverable {
            return Err(Status::failed_precondition(
                "The requested 'read_time' is too old.",
            ));
        }
        self.clock.seen(moment);
        Ok(moment)
    }
}

/// `projects/P/databases/D` of any resource in a database.
fn database_name(resource: &str) -> Result<&str, Status> {
    let mut slashes = resource.match_indices('/').map(|(place, _)| place);
    let end = slashes.nth(3).unwrap_or(resource.len());
    let name = &resource[..end];
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        ["projects", project, "databases", database] if !project.is_empty() && !database.is_empty() => {
            Ok(name)
        }
        _ => Err(Status::invalid_argument(format!(
            "{resource:?} names no database: projects/PROJECT/databases/DATABASE is how it begins"
        ))),
    }
}
