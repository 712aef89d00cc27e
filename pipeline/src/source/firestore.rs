//! Firestore, read in lanes at one snapshot time.
//!
//! Every document of a database is found wherever it lies, read once, and handed over as bytes. The `firestore`
//! crate supplies credentials and types; channels and calls are ours, because its streams end silently
//! on an error in mid-stream, its retry flag is wrong for cut connections and its message limit is below what a
//! legal document needs.

mod administration;
mod client;
mod connection;
mod counting;
mod cut;
mod existence;
mod halve;
mod inventory;
mod names;
mod pace;
mod probe;
mod query;
mod questions;
mod reader;
mod status;

pub(crate) use administration::Database;
pub use client::Client;
pub use inventory::Group;
pub(crate) use probe::{Glance, Probe};
pub use reader::LaneReader;

use crate::breaker::Breaker;
use crate::fault::Fault;
use crate::forecast::{Kept, Price};
use crate::plan::{Lane, ReadTime};
use crate::quota::ReadQuota;
use crate::retry::{Policy, Retry};
use crate::room::Rooms;
pub use crate::source::{BatchLimits, Range};
use crate::source::{Source, Standing};
use crate::stop::Stop;
use checkpoints::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use transforms::Census;

/// Microseconds.
const MINUTE: i64 = 60_000_000;

/// A Firestore database, connected.
#[derive(Debug, Clone)]
pub struct Firestore {
    client: Arc<Client>,
    quota: Arc<ReadQuota>,
    rooms: Rooms,
    limits: BatchLimits,
    policy: Policy,
    breaker: Breaker,
    stop: Stop,
}

impl Firestore {
    /// Opens the connections. Whether the database answers is found out by [`Firestore::greet`].
    pub async fn connect(
        config: &config::Firestore,
        quota: Arc<ReadQuota>,
        rooms: Rooms,
        limits: BatchLimits,
        policy: Policy,
        stop: Stop,
    ) -> Result<Self, Fault> {
        let client = Arc::new(Client::connect(config, quota.clone(), policy).await?);
        Ok(Firestore {
            client,
            quota,
            rooms,
            limits,
            policy,
            breaker: Breaker::default(),
            stop,
        })
    }

    /// Makes sure that the database answers and lets this caller read it (billed one read).
    pub async fn greet(&self) -> Result<(), Fault> {
        self.client.greet().await
    }

    /// What a read of this database costs, and whether whole minutes stay readable for days. The question itself costs
    /// nothing; a database that does not tell where it is takes the dearest price.
    pub async fn price(&self, config: &config::Firestore) -> (Price, bool) {
        let database = self.client.in_time(self.client.database()).await.ok();
        let price = Price::of(database.as_ref(), config.read_price, config.emulator.is_some());
        (price, database.is_some_and(|database| database.recovers()))
    }

    /// The moment that a run reads at (billed one read): now, or the last whole minute where the database keeps those
    /// for days and says so.
    pub async fn snapshot(&self) -> Result<ReadTime, Fault> {
        let now = self.client.now().await?;
        let database = self.client.in_time(self.client.database()).await;
        Ok(match database.is_ok_and(|database| database.recovers()) {
            true => ReadTime(now.0.div_euclid(MINUTE) * MINUTE),
            false => now,
        })
    }

    /// Every collection group that holds a document at `at`, or those asked for, with their counts.
    pub async fn groups(&self, only: Option<&[String]>, at: ReadTime) -> Result<Vec<Group>, Fault> {
        match only {
            Some(ids) => inventory::named(&self.client, ids, at).await,
            None => inventory::all(&self.client, at).await,
        }
    }

    /// Cuts a group into ranges of about `size` documents.
    pub async fn cut(&self, group: &Group, size: u64, at: ReadTime) -> Result<Vec<Range>, Fault> {
        cut::ranges(&self.client, group, size, at).await
    }

    /// Looks at about `sample` documents of a group, taken from the beginnings of its ranges.
    pub async fn sample(
        &self,
        group: &str,
        ranges: &[Range],
        sample: usize,
        at: ReadTime,
    ) -> Result<Census, Fault> {
        let mut census = Census::default();
        self.glimpse(group, ranges, sample, at, |body| {
            if let Ok(document) = transforms::firestore::document(body) {
                census.observe(&document);
            }
        })
        .await?;
        Ok(census)
    }

    /// Hands about `sample` documents of a group to `each`, taken from the beginnings of its ranges.
    pub async fn glimpse(
        &self,
        group: &str,
        ranges: &[Range],
        sample: usize,
        at: ReadTime,
        mut look: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let looked_at = ranges.len().clamp(1, 16);
        let each = u32::try_from(sample.div_ceil(looked_at)).unwrap_or(u32::MAX);
        for range in ranges.iter().step_by(ranges.len().div_ceil(looked_at).max(1)) {
            let query = query::Query::group(group)
                .between(range.from.as_deref(), range.to.as_deref())
                .limit(each);
            self.client.documents(query, at, &mut look).await?;
        }
        Ok(())
    }

    /// How many of the documents at `paths` did not exist at that moment (billed one read each).
    pub async fn missing(&self, paths: &[String], at: ReadTime) -> Result<u64, Fault> {
        self.client.missing(paths, at).await
    }

    /// Samples of several groups, by collection; the documents themselves are kept where that is asked for.
    pub async fn samples(
        &self,
        cuts: &[(Group, Vec<Range>)],
        sample: usize,
        at: ReadTime,
        kept: &mut Option<Kept>,
    ) -> Result<BTreeMap<String, Census>, Fault> {
        let mut samples = BTreeMap::new();
        for (group, ranges) in cuts {
            let mut census = Census::default();
            self.glimpse(&group.collection, ranges, sample, at, |body| {
                if let Ok(document) = transforms::firestore::document(body) {
                    census.observe(&document);
                }
                if let Some(kept) = kept {
                    kept.keep(&group.collection, body);
                }
            })
            .await?;
            samples.insert(group.collection.clone(), census);
        }
        Ok(samples)
    }
}

impl Firestore {
    /// A part of what is left of `lane` that can be cut off, about half of it (billed by counts).
    pub(crate) async fn halve(
        &self,
        lane: &Lane,
        collection: &str,
        standing: &Standing,
    ) -> Result<Option<Range>, Fault> {
        halve::halve(&self.client, lane, collection, standing).await
    }

    /// Whether whoever stands there has not come to the document called `name`.
    pub(crate) fn is_before(position: &Position, name: &str) -> bool {
        match position {
            Position::Start => true,
            Position::At(token) => names::compare(&String::from_utf8_lossy(&token.0), name).is_lt(),
            Position::End => false,
        }
    }
}

impl Source for Firestore {
    type Reader = LaneReader;

    fn reader(&self, lane: &Lane, collection: &str, standing: Standing) -> LaneReader {
        LaneReader::new(
            reader::Parts {
                client: self.client.clone(),
                quota: self.quota.clone(),
                rooms: self.rooms.clone(),
                limits: self.limits,
                retry: Retry::among(self.policy, self.breaker.clone()),
                stop: self.stop.clone(),
            },
            lane,
            collection,
            standing,
        )
    }
}
