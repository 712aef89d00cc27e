//! All of it, running: a port, threads of its own, and handles on what can be changed.

use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::fault::{Faults, Plan};
use crate::meter::Bill;
use crate::server;
use crate::state::State;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// What a simulator serves, where, and how badly.
#[derive(Debug, Clone)]
pub struct Options {
    listen: SocketAddr,
    plan: Plan,
    workers: usize,
    datasets: BTreeMap<String, Dataset>,
}

impl Default for Options {
    /// Fair weather on a free port of the loopback interface, two threads, and every database empty.
    fn default() -> Options {
        Options {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            plan: Plan::default(),
            workers: 2,
            datasets: BTreeMap::new(),
        }
    }
}

impl Options {
    /// Listens there.
    pub fn listen(mut self, address: SocketAddr) -> Options {
        self.listen = address;
        self
    }

    /// Misbehaves like this from the beginning.
    pub fn plan(mut self, plan: Plan) -> Options {
        self.plan = plan;
        self
    }

    /// Works with so many threads.
    pub fn workers(mut self, workers: usize) -> Options {
        self.workers = workers.max(1);
        self
    }

    /// Puts generated documents into a database.
    pub fn with_dataset(mut self, project: &str, database: &str, dataset: Dataset) -> Options {
        self.datasets.insert(name(project, database), dataset);
        self
    }
}

/// A running simulator, until dropped. Its threads are its own, so it answers whatever its owner waits for.
#[derive(Debug)]
pub struct Simulator {
    state: Arc<State>,
    address: SocketAddr,
    projects: AtomicU64,
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts. Fails when the address is taken.
    pub fn start(options: Options) -> io::Result<Simulator> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.workers)
            .thread_name("simulator")
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(Faults::new(options.plan), options.datasets));
        let entered = runtime.enter();
        runtime.spawn(server::accept(TcpListener::from_std(listener)?, state.clone()));
        drop(entered);
        Ok(Simulator {
            state,
            address,
            projects: AtomicU64::new(0),
            runtime: Some(runtime),
        })
    }

    /// Where it listens, as `127.0.0.1:PORT`: gRPC and REST alike.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The name of a project that nobody has used here.
    pub fn fresh_project(&self) -> String {
        format!("etl-{}", self.projects.fetch_add(1, Ordering::Relaxed))
    }

    /// The clock of all databases.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Replaces the plan of faults; calls under way keep the course they began with.
    pub fn set_plan(&self, plan: Plan) {
        self.state.set_plan(plan);
    }

    /// What goes wrong, and what went wrong so far.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// What a database billed so far; nothing for one that nobody named yet.
    pub fn bill(&self, project: &str, database: &str) -> Bill {
        let database = self.state.database_of_any_mode(&name(project, database));
        database
            .map(|database| database.meter().bill())
            .unwrap_or_default()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Connections end with their tasks; waiting for them would let a client hold its server's owner up.
            runtime.shutdown_background();
        }
    }
}

fn name(project: &str, database: &str) -> String {
    format!("projects/{project}/databases/{database}")
}
