//! A throw-away PostgreSQL with pgvector on a unix socket: started in a fraction of a second, gone with its owner.
//! Databases made here are new and independent of each other; stopping is always the hard way (no clean shutdown),
//! so that what survives a restart survived because the server wrote it down.
//! With `ETL_POSTGRES_URL` set, that server is used instead, and what cannot be done to it is an error.

pub(crate) mod account;
mod disk;
mod given;
mod own;
mod template;
pub(crate) mod url;

use anyhow::{Context, bail};
use tokio_postgres::{Client, NoTls};

use given::Given;
use own::Own;

/// The superuser's password on a server of our own: in every URL, hence what a log must never contain.
pub const PASSWORD: &str = "rehearsal-secret-7d1f";

/// The database that new ones with `vector` in them are copied from.
const WITH_VECTOR: &str = "rehearsal_with_vector";

/// What a server should be, other than empty.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Settings as they would stand in `postgresql.conf`; they win over ours.
    pub settings: Vec<(String, String)>,
    /// Keeps the data on a disk in memory that is full at this size. An empty server takes about 50 MiB of it.
    pub tmpfs_bytes: Option<u64>,
    /// Keeps `fsync` and its relatives on: slower, and safe against more than the death of the process.
    pub durable: bool,
}

/// A running PostgreSQL, until dropped.
#[derive(Debug)]
pub struct Server {
    home: Home,
}

#[derive(Debug)]
enum Home {
    Own(Box<Own>),
    Given(Given),
}

impl Server {
    /// Starts an empty server, or takes the one that `ETL_POSTGRES_URL` names.
    pub async fn start() -> anyhow::Result<Server> {
        Server::start_with(Options::default()).await
    }

    /// Starts a server with `options`; a server given by `ETL_POSTGRES_URL` cannot be asked for any.
    pub async fn start_with(options: Options) -> anyhow::Result<Server> {
        let home = match crate::parts::variable("ETL_POSTGRES_URL") {
            None => Home::Own(Box::new(Own::start(options).await?)),
            Some(_) if !options.settings.is_empty() || options.tmpfs_bytes.is_some() => bail!(
                "this needs a PostgreSQL with settings of its own: unset ETL_POSTGRES_URL and run deploy/bootstrap"
            ),
            Some(url) => Home::Given(Given::new(url)),
        };
        Ok(Server { home })
    }

    /// The URL of the maintenance database, with the superuser's password in it.
    pub fn url(&self) -> &str {
        match &self.home {
            Home::Own(own) => own.url(),
            Home::Given(given) => given.url(),
        }
    }

    /// The URL of a new database that has `vector`; its name begins with `prefix`, which is a lower-case word.
    pub async fn database(&self, prefix: &str) -> anyhow::Result<String> {
        match &self.home {
            Home::Own(_) => self.create(prefix, WITH_VECTOR).await,
            Home::Given(_) => {
                let url = self.create(prefix, "template0").await?;
                let client = connect(&url).await?;
                let extend = client.batch_execute("create extension if not exists vector");
                extend
                    .await
                    .context("the server in ETL_POSTGRES_URL has no pgvector to install")?;
                Ok(url)
            }
        }
    }

    /// The URL of a new database without any extension.
    pub async fn plain_database(&self, prefix: &str) -> anyhow::Result<String> {
        self.create(prefix, "template0").await
    }

    /// Does away with a database that was made here, and whatever is connected to it.
    pub async fn remove(&self, url: &str) -> anyhow::Result<()> {
        let name = url.rsplit('/').next().unwrap_or_default();
        let drop = format!("drop database {name} with (force)");
        let client = connect(self.url()).await?;
        client.batch_execute(&drop).await.context(drop)
    }

    /// Ends the server the hard way, as a crash would; connections break and the data stays.
    pub async fn stop_immediate(&self) -> anyhow::Result<()> {
        self.own("stopped")?.stop().await
    }

    /// Starts the server on the data that [`Server::stop_immediate`] left.
    pub async fn start_again(&self) -> anyhow::Result<()> {
        self.own("started")?.start_again().await
    }

    /// Makes the disk of [`Options::tmpfs_bytes`] larger or smaller. A server whose disk ran full may not start again
    /// before it has room.
    pub fn resize_disk(&self, bytes: u64) -> anyhow::Result<()> {
        self.own("resized")?.resize_disk(bytes)
    }

    /// The process id of the postmaster, while it runs.
    pub async fn pid(&self) -> anyhow::Result<u32> {
        self.own("measured")?.pid().await
    }

    /// What the server has logged so far.
    pub fn log(&self) -> anyhow::Result<String> {
        self.own("read")?.log()
    }

    async fn create(&self, prefix: &str, template: &str) -> anyhow::Result<String> {
        let name = crate::unique::name(prefix);
        let client = connect(self.url()).await?;
        let statement = format!("create database {name} template {template}");
        client
            .batch_execute(&statement)
            .await
            .with_context(|| format!("create database {name}"))?;
        if let Home::Given(given) = &self.home {
            given.remember(&name);
        }
        url::with_database(self.url(), &name)
    }

    fn own(&self, done: &str) -> anyhow::Result<&Own> {
        match &self.home {
            Home::Own(own) => Ok(own),
            Home::Given(_) => bail!(
                "the server in ETL_POSTGRES_URL is not ours to be {done}: unset it and run deploy/bootstrap"
            ),
        }
    }
}

/// A connection to `url`, driven in the background until the client is dropped.
pub async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("connect to PostgreSQL")?;
    // A broken connection shows itself in whatever the client does next.
    tokio::spawn(async { connection.await.ok() });
    Ok(client)
}
