//! All of it, running: a port for gRPC, one for REST, threads of its own, and handles on what can be changed.

use super::collection::Collection;
use super::fault::{Plan, Struck};
use super::point::{Point, ShardKey};
use super::state::{Keys, State};
use super::version::Version;
use crate::{Clock, server};
use ::qdrant_client::qdrant as proto;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// What a server holds, where it listens, and how badly it behaves.
#[derive(Debug, Clone)]
pub struct Options {
    listen: SocketAddr,
    rest: SocketAddr,
    workers: usize,
    version: Version,
    keys: Keys,
    recall: f64,
    plan: Plan,
    collections: Vec<Collection>,
}

impl Default for Options {
    /// No collections, fair weather, 1.18.3, on free ports of the loopback interface, two threads.
    fn default() -> Options {
        Options {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            rest: (Ipv4Addr::LOCALHOST, 0).into(),
            workers: 2,
            version: Version::default(),
            keys: Keys::default(),
            recall: 1.0,
            plan: Plan::default(),
            collections: Vec::new(),
        }
    }
}

impl Options {
    /// Listens there for gRPC, and there for REST.
    pub fn listen(mut self, grpc: SocketAddr, rest: SocketAddr) -> Options {
        (self.listen, self.rest) = (grpc, rest);
        self
    }

    /// Works with so many threads.
    pub fn workers(mut self, workers: usize) -> Options {
        self.workers = workers.max(1);
        self
    }

    /// Plays that version.
    pub fn version(mut self, version: Version) -> Options {
        self.version = version;
        self
    }

    /// Answers only who sends that key.
    pub fn api_key(mut self, key: impl Into<String>) -> Options {
        self.keys.all = Some(key.into());
        self
    }

    /// Lets who sends that key read, and not write.
    pub fn read_only_key(mut self, key: impl Into<String>) -> Options {
        self.keys.read_only = Some(key.into());
        self
    }

    /// The share of the true neighbours that a query without `exact` finds; all of them if nothing is said.
    pub fn recall(mut self, share: f64) -> Options {
        self.recall = share;
        self
    }

    /// Misbehaves like this from the beginning.
    pub fn plan(mut self, plan: Plan) -> Options {
        self.plan = plan;
        self
    }

    /// What is served, in words.
    pub fn told(&self) -> String {
        let one = |collection: &Collection| {
            let keys = collection.shard_keys.len().max(1) as u64;
            format!("{} ({} points)", collection.name, collection.points * keys)
        };
        let all: Vec<String> = self.collections.iter().map(one).collect();
        format!("Qdrant {}: {}", self.version, all.join(", "))
    }

    /// One more collection.
    pub fn with(mut self, collection: Collection) -> Options {
        self.collections.push(collection);
        self
    }
}

/// A running server, until dropped. Its threads are its own, so it answers whatever its owner waits for.
#[derive(Debug)]
pub struct Qdrant {
    state: Arc<State>,
    grpc: SocketAddr,
    rest: SocketAddr,
    runtime: Option<Runtime>,
}

impl Qdrant {
    /// Starts. Fails when an address is taken, or when a collection is described that could not be.
    pub fn start(options: Options) -> io::Result<Qdrant> {
        for collection in &options.collections {
            collection
                .check()
                .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.workers)
            .thread_name("qdrant")
            .enable_all()
            .build()?;
        let state = State::new(options.version, options.keys, options.recall, options.collections);
        state.faults.replace(options.plan);
        let state = Arc::new(state);
        let entered = runtime.enter();
        let (grpc, listener) = bind(options.listen)?;
        runtime.spawn(server::accept(listener, state.clone()));
        let (rest, listener) = bind(options.rest)?;
        runtime.spawn(server::accept(
            listener,
            Arc::new(super::rest::Rest(state.clone())),
        ));
        drop(entered);
        Ok(Qdrant {
            state,
            grpc,
            rest,
            runtime: Some(runtime),
        })
    }

    /// Where it speaks gRPC: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Where it speaks REST.
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// The clock of strict mode's rate limit.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Replaces the plan of faults; calls under way keep what was decided for them.
    pub fn set_plan(&self, plan: Plan) {
        self.state.faults.replace(plan);
    }

    /// What each rule of the plan did so far.
    pub fn struck(&self) -> Vec<Struck> {
        self.state.faults.struck()
    }

    /// How often each method was called, such as `Points/Scroll`; refused calls count as well.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.state.meter.calls()
    }

    /// How often that method was called.
    pub fn called(&self, method: &str) -> u64 {
        self.calls().get(method).copied().unwrap_or(0)
    }

    /// Points in all answers so far, and the bytes of all messages sent.
    pub fn sent(&self) -> (u64, u64) {
        self.state.meter.totals()
    }

    /// One more collection, in place of one of its name.
    pub fn add(&self, collection: Collection) -> Result<(), String> {
        collection.check()?;
        self.state.add(collection);
        Ok(())
    }

    /// Everything that lies in a collection, with its shard keys, hidden points as well: the truth to judge a copy by.
    /// Nothing for a collection that is not there.
    pub fn points(&self, collection: &str) -> Vec<(Option<ShardKey>, Point)> {
        let Ok(store) = self.state.store(collection) else {
            return Vec::new();
        };
        let shelves = store.read();
        let all = shelves.points();
        all.map(|(key, point)| (key.cloned(), point)).collect()
    }

    /// The same as a scroll of the newest servers would send it.
    pub fn retrieved(&self, collection: &str) -> Vec<proto::RetrievedPoint> {
        let named = self
            .state
            .store(collection)
            .is_ok_and(|store| store.collection.is_named());
        let all = self.points(collection).into_iter();
        all.map(|(key, point)| point.retrieved(named, key.as_ref()))
            .collect()
    }

    /// Puts a point into a collection as it is, past all rules. Tells whether there is such a collection, and key.
    pub fn put(&self, collection: &str, key: Option<&ShardKey>, point: Point) -> bool {
        self.change(collection, key, |contents| contents.put(point))
    }

    /// Takes a point out of a collection. Tells whether there is such a collection, and key.
    pub fn remove(&self, collection: &str, key: Option<&ShardKey>, id: super::PointId) -> bool {
        self.change(collection, key, |contents| contents.remove(id))
    }

    fn change(
        &self,
        collection: &str,
        key: Option<&ShardKey>,
        change: impl FnOnce(&mut super::contents::Contents),
    ) -> bool {
        let Ok(store) = self.state.store(collection) else {
            return false;
        };
        let mut shelves = store.write();
        let shelf = shelves.all.iter_mut().find(|(known, _)| known.as_ref() == key);
        shelf.map(|(_, contents)| change(contents)).is_some()
    }

    /// Lets everything that waits be done: no point is hidden any more, and the queue is empty.
    pub fn settle(&self, collection: &str) {
        if let Ok(store) = self.state.store(collection) {
            let mut shelves = store.write();
            (shelves.deferred, shelves.queued) = (0, 0);
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<(SocketAddr, TcpListener)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok((listener.local_addr()?, TcpListener::from_std(listener)?))
}

impl Drop for Qdrant {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Connections end with their tasks; waiting for them would let a client hold its server's owner up.
            runtime.shutdown_background();
        }
    }
}
