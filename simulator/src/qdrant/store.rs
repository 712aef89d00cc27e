//! A collection as it stands: its settings, and its points by shard key.

use super::collection::Collection;
use super::contents::{Contents, Entry};
use super::fault::exhausted;
use super::generate::Generated;
use super::id::PointId;
use super::point::{Point, ShardKey};
use crate::Moment;
use ::qdrant_client::qdrant as proto;
use std::iter::Peekable;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tonic::Status;

/// A collection.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) collection: Arc<Collection>,
    shelves: RwLock<Shelves>,
    bucket: Mutex<Bucket>,
}

/// Its points. A page is read under one lock, and so of one moment, as a shard's page is; two pages are not.
#[derive(Debug)]
pub(super) struct Shelves {
    /// One for each shard key, or one without a key.
    pub(super) all: Vec<(Option<ShardKey>, Contents)>,
    /// The last so many generated points of each are not indexed yet.
    pub(super) deferred: u64,
    /// So many operations wait.
    pub(super) queued: u64,
    /// The number of the last operation.
    pub(super) operation: u64,
}

/// Reads that may still be made; it fills up in a minute.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Option<Moment>,
}

impl Store {
    pub(super) fn new(collection: Collection) -> Store {
        let collection = Arc::new(collection);
        let mut keys: Vec<Option<ShardKey>> = collection.shard_keys.iter().cloned().map(Some).collect();
        if keys.is_empty() {
            keys.push(None);
        }
        let shelf = |key: Option<ShardKey>| {
            let generated = Generated::new(collection.clone(), key.as_ref());
            (key, Contents::new(generated))
        };
        let shelves = Shelves {
            all: keys.into_iter().map(shelf).collect(),
            deferred: collection.deferred,
            queued: collection.queued,
            operation: 0,
        };
        Store {
            shelves: RwLock::new(shelves),
            bucket: Mutex::new(Bucket {
                left: f64::from(collection.strict.read_rate_limit.unwrap_or(0)),
                at: None,
            }),
            collection,
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Shelves> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one read out of strict mode's bucket, or says when there will be one.
    pub(super) fn admit(&self, now: Moment) -> Result<(), Status> {
        let Some(limit) = self.collection.strict.read_rate_limit else {
            return Ok(());
        };
        let per_second = f64::from(limit) / 60.0;
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = bucket.at.map_or(0, |at| now.0 - at.0).max(0) as f64 / 1e6;
        bucket.left = (bucket.left + passed * per_second).min(f64::from(limit));
        bucket.at = Some(now);
        if bucket.left < 1.0 {
            let seconds = ((1.0 - bucket.left) / per_second).ceil();
            return Err(exhausted(Duration::from_secs_f64(seconds.clamp(1.0, 60.0))));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

impl Shelves {
    /// The shelves that a selector chooses; all if it chooses none.
    pub(super) fn chosen(&self, selector: Option<&proto::ShardKeySelector>) -> Result<Vec<usize>, Status> {
        let keys = selector.map_or(&[][..], |selector| &selector.shard_keys);
        if keys.is_empty() {
            return Ok((0..self.all.len()).collect());
        }
        let find = |key: &proto::ShardKey| {
            let key = ShardKey::read(key);
            let found = self
                .all
                .iter()
                .position(|(known, _)| known.is_some() && *known == key);
            found.ok_or_else(|| {
                let told = key.map(|key| key.to_string()).unwrap_or_default();
                Status::not_found(format!("Not found: Shard key {told} not found"))
            })
        };
        keys.iter().map(find).collect()
    }

    /// The shelves that a write goes to: with custom sharding it must say which.
    pub(super) fn written(&self, selector: Option<&proto::ShardKeySelector>) -> Result<Vec<usize>, Status> {
        let chooses = selector.is_some_and(|selector| !selector.shard_keys.is_empty());
        if !chooses && self.all.iter().any(|(key, _)| key.is_some()) {
            return Err(Status::invalid_argument("Wrong input: Shard key not specified"));
        }
        self.chosen(selector)
    }

    /// Their points in the order of ids, from that one on. Of points with the same id under several keys it gives one:
    /// that is what a scroll over all keys does (observed on 1.18.3: a count of 5, a scroll of 4).
    pub(super) fn merged<'a>(&'a self, chosen: &[usize], first: PointId) -> Merged<'a> {
        let deferred = self.deferred;
        let shelves = chosen.iter().filter_map(|which| self.all.get(*which));
        let scan = |(key, contents): &'a (Option<ShardKey>, Contents)| {
            let visible: Visible<'a> = Box::new(contents.visible_from(first, deferred));
            (key.as_ref(), visible.peekable())
        };
        Merged(shelves.map(scan).collect())
    }

    /// How many points a read sees, under each key for itself.
    pub(super) fn visible(&self, chosen: &[usize]) -> u64 {
        let shelves = chosen.iter().filter_map(|which| self.all.get(*which));
        shelves
            .map(|(_, contents)| match self.deferred {
                0 => contents.count(),
                deferred => contents.visible_from(PointId::Number(0), deferred).count() as u64,
            })
            .sum()
    }

    /// All points with their keys, hidden ones as well.
    pub(super) fn points(&self) -> impl Iterator<Item = (Option<&ShardKey>, Point)> {
        self.all.iter().flat_map(|(key, contents)| {
            let all = contents.from(PointId::Number(0));
            all.map(move |entry| (key.as_ref(), entry.point()))
        })
    }

    /// How many points are hidden.
    pub(super) fn hidden(&self) -> u64 {
        let all: Vec<usize> = (0..self.all.len()).collect();
        self.count() - self.visible(&all)
    }

    /// How many points there are, hidden ones as well.
    pub(super) fn count(&self) -> u64 {
        self.all.iter().map(|(_, contents)| contents.count()).sum()
    }
}

type Visible<'a> = Box<dyn Iterator<Item = Entry<'a>> + 'a>;

/// Several shelves as one.
pub(super) struct Merged<'a>(Vec<(Option<&'a ShardKey>, Peekable<Visible<'a>>)>);

impl<'a> Iterator for Merged<'a> {
    type Item = (Option<&'a ShardKey>, Entry<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let heads = self
            .0
            .iter_mut()
            .filter_map(|(_, shelf)| shelf.peek().map(|entry| entry.id));
        let least = heads.min()?;
        let mut found = None;
        for (key, shelf) in &mut self.0 {
            if let Some(entry) = shelf.next_if(|entry| entry.id == least) {
                found.get_or_insert((*key, entry));
            }
        }
        found
    }
}
