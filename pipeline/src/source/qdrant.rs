//! Qdrant, read in lanes of ids.
//!
//! Every point of a collection is read once, under every key it was stored under, and handed over as the bytes it came
//! in. A scroll is no snapshot: points that are written meanwhile may come old, new or not at all, and what a run promises
//! about them is decided where it is planned. `qdrant-client` supplies types; channels, codec and attempts are ours,
//! because its own repeat calls in secret and write to standard output.

mod client;
mod clock;
mod collection;
mod connection;
mod pace;
mod pages;
mod planning;
mod questions;
mod reader;
mod rest;
mod sample;
mod scroll;
mod search;
mod shard;
mod status;
mod version;

pub use clock::Clock;
pub use collection::{
    Collection, Datatype, Distance, Hnsw, Indexed, PayloadKind, Sparse, Status, Strict, Vector,
};
pub use planning::{Extent, Ids};
pub use questions::Kinds;
pub use reader::LaneReader;
pub use sample::{Components, Sample};
pub use search::{Hit, How, Place, Sought};
pub use version::Version;

use crate::fault::Fault;
use crate::plan::Lane;
use crate::retry::Policy;
use crate::room::Rooms;
use crate::source::{BatchLimits, Source, Standing};
use crate::stop::Stop;
use client::Client;
use pages::Pages;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// A Qdrant server, connected.
#[derive(Debug, Clone)]
pub struct Qdrant {
    client: Arc<Client>,
    pages: Pages,
    rooms: Rooms,
    limits: BatchLimits,
    stop: Stop,
}

impl Qdrant {
    /// Makes the connections ready. Whether the server answers is found out by [`Qdrant::greet`].
    pub async fn connect(
        config: &config::Qdrant,
        rooms: Rooms,
        limits: BatchLimits,
        policy: Policy,
        stop: Stop,
    ) -> Result<Qdrant, Fault> {
        Ok(Qdrant {
            client: Arc::new(Client::open(config, policy)?),
            pages: Pages::new(config.page_bytes, config.page_points.get()),
            rooms,
            limits,
            stop,
        })
    }

    /// Ready for a few questions, each asked once and waited for not too long; no lane is read.
    pub async fn for_questions(config: &config::Qdrant) -> Result<Qdrant, Fault> {
        let modest = config::Qdrant {
            connections: NonZeroUsize::MIN,
            stream_timeout: config.stream_timeout.min(SILENCE),
            ..config.clone()
        };
        let once = Policy {
            attempts: 0,
            delay: SILENCE,
            longest: SILENCE,
            budget: SILENCE,
        };
        let limits = BatchLimits { rows: 1, bytes: 1 };
        Qdrant::connect(&modest, Rooms::new(0, 1), limits, once, Stop::default()).await
    }
}

/// Silence after which an answer to a single question is taken for dead, unless the settings have less patience.
const SILENCE: Duration = Duration::from_secs(7);

impl Source for Qdrant {
    type Reader = LaneReader;

    fn reader(&self, lane: &Lane, collection: &str, standing: Standing) -> LaneReader {
        let parts = reader::Parts {
            client: Arc::clone(&self.client),
            rooms: self.rooms.clone(),
            limits: self.limits,
            pages: self.pages.clone(),
            stop: self.stop.clone(),
        };
        LaneReader::new(parts, lane, collection, standing)
    }
}
