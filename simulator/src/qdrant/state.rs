//! What the methods share: collections by name, faults, counters, the clock.

use super::collection::Collection;
use super::fault::Faults;
use super::store::Store;
use super::version::Version;
use crate::Clock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tonic::Status;

/// A server's state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) version: Version,
    pub(super) keys: Keys,
    /// The share of the true neighbours that a query without `exact` finds.
    pub(super) recall: f64,
    pub(super) faults: Faults,
    pub(super) meter: Meter,
    pub(super) clock: Clock,
    stores: RwLock<BTreeMap<String, Arc<Store>>>,
    /// Other names, and the collections that have them.
    aliases: RwLock<BTreeMap<String, String>>,
}

/// What opens the server; nothing if neither is set.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    pub(super) all: Option<String>,
    pub(super) read_only: Option<String>,
}

/// What was asked and sent so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    calls: Mutex<BTreeMap<&'static str, u64>>,
    points: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    pub(super) fn called(&self, method: &'static str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(method).or_default() += 1;
    }

    pub(super) fn sent(&self, points: u64, bytes: u64) {
        self.points.fetch_add(points, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Calls by method, refused ones as well.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Points in answers, and the bytes of all answers.
    pub(super) fn totals(&self) -> (u64, u64) {
        (
            self.points.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }
}

impl State {
    pub(super) fn new(version: Version, keys: Keys, recall: f64, collections: Vec<Collection>) -> State {
        let state = State {
            version,
            keys,
            recall,
            faults: Faults::default(),
            meter: Meter::default(),
            clock: Clock::default(),
            stores: RwLock::default(),
            aliases: RwLock::default(),
        };
        for collection in collections {
            state.add(collection);
        }
        state
    }

    /// Puts a collection there, in place of one of its name.
    pub(super) fn add(&self, collection: Collection) {
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        for alias in &collection.aliases {
            aliases.insert(alias.clone(), collection.name.clone());
        }
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        stores.insert(collection.name.clone(), Arc::new(Store::new(collection)));
    }

    /// Takes a collection away, with its aliases; tells whether it was there.
    pub(super) fn remove(&self, name: &str) -> bool {
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        aliases.retain(|_, of| of != name);
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        stores.remove(name).is_some()
    }

    /// The collection of that name or alias.
    pub(super) fn store(&self, name: &str) -> Result<Arc<Store>, Status> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        let of = aliases.get(name).map_or(name, String::as_str);
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        stores
            .get(of)
            .cloned()
            .ok_or_else(|| Status::not_found(format!("Not found: Collection `{name}` doesn't exist!")))
    }

    /// The same for a read, which strict mode may refuse.
    pub(super) fn read(&self, name: &str) -> Result<Arc<Store>, Status> {
        let store = self.store(name)?;
        store.admit(self.clock.now())?;
        Ok(store)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        stores.keys().cloned().collect()
    }

    /// Every alias, and the collection it stands for.
    pub(super) fn aliases(&self) -> BTreeMap<String, String> {
        self.aliases
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
