//! pgbouncer in transaction mode in front of a PostgreSQL, with two server connections for everybody.
//! Whoever keeps state on a connection between transactions finds it gone, or somebody else's, here as in
//! production.

use std::path::Path;

use anyhow::Context;
use tempfile::TempDir;
use tokio_postgres::config::Host;

use crate::keeper::{GLANCE, Keeper};
use crate::postgres::account::Account;
use crate::postgres::{PASSWORD, connect};

const PORT: u16 = 6432;

/// A running pooler, until dropped.
#[derive(Debug)]
pub struct Pooler {
    url: String,
    _keeper: Keeper,
    _folder: TempDir,
}

impl Pooler {
    /// Starts one in front of the server and database that `url` names by its socket.
    pub async fn start(url: &str) -> anyhow::Result<Pooler> {
        let config: tokio_postgres::Config = url.parse().context("read the PostgreSQL URL")?;
        let database = config.get_dbname().context("the URL names no database")?;
        let Some(Host::Unix(sockets)) = config.get_hosts().first() else {
            anyhow::bail!("the pooler is put in front of a server on a socket")
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let folder = tempfile::Builder::new().prefix("etl-pool-").tempdir_in("/tmp");
        let folder = folder.context("create a folder for a pooler in /tmp")?;
        let account = Account::here()?;
        account.give(folder.path())?;
        let settings = folder.path().join("pgbouncer.ini");
        std::fs::write(&settings, ini(sockets, port, folder.path())).context("write pgbouncer.ini")?;
        account.give(&settings)?;
        let settings = settings.to_string_lossy().into_owned();
        let command = account.command(&crate::parts::pgbouncer()?, &[&settings]);
        let mut keeper = Keeper::start(folder.path(), "TERM", &command)?;
        let host = folder.path().to_string_lossy().replace('/', "%2F");
        let url = format!("postgres://postgres:{PASSWORD}@{host}:{PORT}/{database}?pgbouncer=true");
        let plain = url.trim_end_matches("?pgbouncer=true");
        while connect(plain).await.is_err() {
            keeper.must_run("pgbouncer")?;
            tokio::time::sleep(GLANCE).await;
        }
        Ok(Pooler {
            url,
            _keeper: keeper,
            _folder: folder,
        })
    }

    /// The database through the pooler.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn ini(sockets: &Path, port: u16, folder: &Path) -> String {
    format!(
        "[databases]\n\
         * = host={} port={port} user=postgres password={PASSWORD}\n\
         [pgbouncer]\n\
         listen_addr =\n\
         listen_port = {PORT}\n\
         unix_socket_dir = {}\n\
         auth_type = any\n\
         pool_mode = transaction\n\
         default_pool_size = 2\n\
         max_client_conn = 100\n",
        sockets.display(),
        folder.display(),
    )
}
