//! A TCP proxy that fails exactly where it is told to: before a statement, after the server did it, or after so
//! many bytes.
//! In front of PostgreSQL it follows the protocol just far enough to know statements from answers; in front of
//! anything else it counts bytes. What no rule names passes unchanged.
//! What the client makes of it is for the test to judge.

mod ledger;
mod relay;
mod rules;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::config::Host;

use relay::Relay;
use rules::Rules;
pub use rules::{Direction, Rule};

/// What a proxy stands in front of.
#[derive(Debug, Clone)]
pub struct Upstream {
    address: Address,
    speaks_postgres: bool,
}

#[derive(Debug, Clone)]
enum Address {
    Tcp(String),
    Unix(PathBuf),
}

impl Upstream {
    /// The server that a PostgreSQL URL names, by socket or by TCP. Once a connection is encrypted, only the rules
    /// about bytes apply to it.
    pub fn postgres(url: &str) -> anyhow::Result<Upstream> {
        let config: tokio_postgres::Config = url
            .parse()
            .context("read the PostgreSQL URL to stand in front of")?;
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let address = match config
            .get_hosts()
            .first()
            .context("the PostgreSQL URL names no host")?
        {
            Host::Tcp(host) => Address::Tcp(format!("{host}:{port}")),
            Host::Unix(folder) => Address::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        };
        Ok(Upstream {
            address,
            speaks_postgres: true,
        })
    }

    /// Anything at `host:port`, as bytes.
    pub fn tcp(address: impl Into<String>) -> Upstream {
        Upstream {
            address: Address::Tcp(address.into()),
            speaks_postgres: false,
        }
    }
}

/// A running proxy; dropping it cuts what goes through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What all connections of a proxy look at.
#[derive(Debug)]
struct Shared {
    rules: Mutex<Rules>,
    orders: watch::Sender<Orders>,
    counts: watch::Sender<Counts>,
}

/// What applies to every connection at once.
#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    held: bool,
    refusing: bool,
    /// Goes up each time all connections are to be cut.
    cut: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    connections: u64,
    cuts: u64,
}

impl Proxy {
    /// Listens on a port of 127.0.0.1 and passes everything on to `upstream`, but for what `rules` say.
    pub async fn start(upstream: Upstream, rules: Vec<Rule>) -> anyhow::Result<Proxy> {
        Proxy::start_on(Ipv4Addr::LOCALHOST, upstream, rules).await
    }

    /// The same on another address of this machine.
    pub async fn start_on(here: Ipv4Addr, upstream: Upstream, rules: Vec<Rule>) -> anyhow::Result<Proxy> {
        let listener = TcpListener::bind((here, 0))
            .await
            .context("find a port for a proxy")?;
        let address = listener.local_addr().context("find a port for a proxy")?;
        let shared = Arc::new(Shared {
            rules: Mutex::new(Rules::new(rules)),
            orders: watch::Sender::default(),
            counts: watch::Sender::default(),
        });
        let listening = tokio::spawn(listen(listener, upstream, shared.clone()));
        Ok(Proxy {
            address,
            shared,
            listening,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A PostgreSQL URL with this proxy in the place of the server; its user, database and options stay.
    pub fn url(&self, url: &str) -> anyhow::Result<String> {
        crate::postgres::url::with_address(url, &self.address.to_string())
    }

    /// Replaces all rules; the new ones start counting now.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        *self.shared.rules() = Rules::new(rules);
    }

    /// No rules, nothing held, nobody refused.
    pub fn pass_through(&self) {
        self.set_rules(Vec::new());
        self.shared.orders.send_modify(|orders| {
            orders.held = false;
            orders.refusing = false;
        });
    }

    /// Passes nothing on, in either direction, while connections stay open: a network that swallows packets.
    pub fn hold(&self) {
        self.shared.orders.send_modify(|orders| orders.held = true);
    }

    /// Closes new connections at once: a server that is away. Open ones are left alone.
    pub fn refuse(&self) {
        self.shared.orders.send_modify(|orders| orders.refusing = true);
    }

    /// Cuts all connections that are open now.
    pub fn cut_now(&self) {
        self.shared.orders.send_modify(|orders| orders.cut += 1);
    }

    /// How many connections were made through it.
    pub fn connections(&self) -> u64 {
        self.shared.counts.borrow().connections
    }

    /// How many connections it has cut.
    pub fn cuts(&self) -> u64 {
        self.shared.counts.borrow().cuts
    }

    /// Returns once at least `wanted` connections have been cut.
    pub async fn until_cuts(&self, wanted: u64) {
        // An error would mean that the sender is gone, and it lives in `self`.
        let _ = self
            .shared
            .counts
            .subscribe()
            .wait_for(|counts| counts.cuts >= wanted)
            .await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Accepts until aborted; its connections end with it.
async fn listen(listener: TcpListener, upstream: Upstream, shared: Arc<Shared>) {
    let mut relays = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while relays.try_join_next().is_some() {}
        if shared.orders.borrow().refusing {
            continue;
        }
        shared.counts.send_modify(|counts| counts.connections += 1);
        relays.spawn(serve(client, upstream.clone(), shared.clone()));
    }
}

/// One connection; that the server cannot be reached is for the client to notice.
async fn serve(client: TcpStream, upstream: Upstream, shared: Arc<Shared>) {
    let nodelay = client.set_nodelay(true);
    let relay = Relay::new(shared, upstream.speaks_postgres);
    match upstream.address {
        Address::Tcp(address) => {
            let Ok(server) = TcpStream::connect(address).await else {
                return;
            };
            if nodelay.and_then(|()| server.set_nodelay(true)).is_ok() {
                relay.run(client, server).await;
            }
        }
        Address::Unix(path) => {
            let Ok(server) = UnixStream::connect(path).await else {
                return;
            };
            relay.run(client, server).await;
        }
    }
}
