//! PostgreSQL: the pool, and what is asked of the server as a whole.
//!
//! Connections come from one pool and go back to it only after everything on them succeeded: the protocol state
//! of a connection that saw an error is not worth guessing. Nothing here prepares named statements or sets
//! session state, so a transaction pooler in between changes nothing.

pub mod after;
mod budget;
mod claims;
mod copy;
mod cut;
mod fences;
mod lease;
mod ledger;
mod moves;
mod quarantine;
mod region;
mod spans;
mod sparse;
mod sqlstate;
mod stage;
mod sweep;
mod swept;
mod tables;
mod tasks;
#[cfg(test)]
mod tests;
mod tls;
mod told;
mod workers;

pub(crate) use claims::Whose;
pub(crate) use lease::Lease;
pub(crate) use sqlstate::fault;
pub(crate) use tasks::Task;
pub(crate) use workers::{Renewal, Worker, session_name};

pub use copy::PostgresLoader;
pub use fences::Fences;
pub use ledger::{Held, Ledger};
pub use quarantine::{Filter, Quarantined};
pub use spans::{Known, Stretch};
pub use sweep::{Differences, Found, Sweeper};
pub use swept::Swept;
pub use tables::Existing;
pub use told::Altered;

use crate::breaker::Breaker;
use crate::fault::{Fault, Part};
use crate::metrics::{Wait, waiting_for};
use crate::retry::Policy;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Timeouts};
use std::time::Duration;

/// A target server.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    place: String,
    shown: tls::Shown,
    pooler: bool,
    timeout: Duration,
    policy: Policy,
    breaker: Breaker,
    /// As long as a worker's lease, a session may be idle within a transaction.
    lease: Option<Duration>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// What the server says of itself.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// `server_version`.
    pub version: String,
    /// The schema pgvector lies in, when it is installed.
    pub vector_schema: Option<String>,
    /// Whether pgvector could be created.
    pub vector_offered: bool,
}

impl Postgres {
    /// Prepares the pool. Nothing is sent yet; [`Postgres::facts`] is the first call that must succeed.
    pub fn new(target: &config::Target, policy: Policy) -> Result<Self, Fault> {
        let connection = &target.connection;
        let place = place(connection);
        let shown = tls::Shown::default();
        let tls = tls::connector(connection, &shown)?;
        let manager_config = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(client_config(connection), tls, manager_config);
        let pool = Pool::builder(manager)
            .max_size(target.connections.get())
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .timeouts(Timeouts {
                create: Some(connection.connect_timeout),
                ..Timeouts::default()
            })
            .build()
            .map_err(|error| {
                Fault::permanent(Part::Target, "prepare the connection pool", error.to_string())
            })?;
        let (pooler, timeout) = (connection.pooler, target.transaction_timeout);
        Ok(Postgres {
            pool,
            place,
            shown,
            pooler,
            timeout,
            policy,
            breaker: Breaker::default(),
            lease: None,
        })
    }

    /// The same for a worker that counts as gone after `lease`: its sessions hold nothing for longer, and notice when
    /// nobody listens.
    #[must_use]
    pub(crate) fn of_worker(self, lease: Duration) -> Postgres {
        Postgres {
            lease: Some(lease),
            ..self
        }
    }

    /// Host, port and database, without credentials.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The certificate the server showed last, in DER, whether it was taken or refused; none in clear text.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        self.shown.last()
    }

    /// Connects and asks what the server is.
    pub async fn facts(&self) -> Result<ServerFacts, Fault> {
        let action = format!("ask {} for its version", self.place);
        let lease = self.lease().await?;
        let version = "select current_setting('server_version'), (select n.nspname::text from pg_extension e \
                       join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), \
                       exists (select 1 from pg_available_extensions where name = 'vector')";
        let rows = lease
            .query_typed(version, &[])
            .await
            .map_err(|error| sqlstate::fault(&action, &error))?;
        let row = rows
            .first()
            .ok_or_else(|| Fault::permanent(Part::Target, &*action, "no answer"))?;
        let facts = ServerFacts {
            version: row.get(0),
            vector_schema: row.get(1),
            vector_offered: row.get(2),
        };
        lease.give_back();
        Ok(facts)
    }

    /// A connection that is thrown away unless it is given back.
    pub(crate) async fn lease(&self) -> Result<Lease, Fault> {
        let object = waiting_for(Wait::Connection, self.pool.get()).await;
        let object = object.map_err(|error| self.unreachable(error))?;
        Ok(Lease::new(object))
    }

    fn unreachable(&self, error: deadpool_postgres::PoolError) -> Fault {
        let action = format!("connect to PostgreSQL at {}", self.place);
        match error {
            deadpool_postgres::PoolError::Backend(error) => sqlstate::connect_fault(&action, &error),
            deadpool_postgres::PoolError::Timeout(_) => {
                Fault::transient(Part::Target, action, "no answer in time").with_cause("connect_timeout")
            }
            other => Fault::transient(Part::Target, action, other.to_string()).with_cause("pool"),
        }
    }

    /// Begins a transaction on `lease` with the limits that belong to it.
    pub(crate) async fn begin(&self, lease: &Lease, action: &str) -> Result<(), Fault> {
        // Through a transaction pooler, statements that another client left on the server connection would
        // collide with ours by name.
        let clean = if self.pooler { "deallocate all; " } else { "" };
        let limit = self.timeout.as_millis();
        let idle = self.timeout.min(self.lease.unwrap_or(Duration::MAX)).as_millis();
        // Servers before 14 do not know how to look whether anybody listens.
        let look = match self.lease {
            Some(_) => {
                "select set_config(name, '5s', true) from (select 'client_connection_check_interval' as name) as s \
                        where current_setting(name, true) is not null; "
            }
            None => "",
        };
        let begin = format!(
            "begin; {clean}{look}set local statement_timeout = {limit}; set local lock_timeout = {limit}; \
             set local idle_in_transaction_session_timeout = {idle}"
        );
        lease
            .batch_execute(&begin)
            .await
            .map_err(|error| sqlstate::fault(action, &error))
    }
}

fn place(connection: &config::Connection) -> String {
    let hosts = connection.hosts.join(",");
    format!("{hosts}:{}/{}", connection.port, connection.dbname)
}

fn client_config(connection: &config::Connection) -> tokio_postgres::Config {
    let mut client = tokio_postgres::Config::new();
    for host in &connection.hosts {
        if host.starts_with('/') {
            client.host_path(host)
        } else {
            client.host(host)
        };
    }
    client
        .port(connection.port)
        .user(&connection.user)
        .dbname(&connection.dbname)
        .application_name(&connection.application_name)
        .connect_timeout(connection.connect_timeout)
        .keepalives_idle(Duration::from_secs(60))
        .ssl_mode(match connection.tls {
            config::Tls::Disable => tokio_postgres::config::SslMode::Disable,
            _ => tokio_postgres::config::SslMode::Require,
        })
        .channel_binding(match connection.channel_binding {
            config::ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
            config::ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
            config::ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
        });
    if connection.hosts.len() > 1 {
        // Of several hosts, the one that can be written to.
        client.target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite);
    }
    if let Some(password) = &connection.password {
        client.password(password.expose());
    }
    if let Some(options) = &connection.options {
        client.options(options);
    }
    client
}
