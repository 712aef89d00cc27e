//! A server of our own: its folder under /tmp, its process, and how it is started, stopped and started again.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use super::account::Account;
use super::disk::Disk;
use super::template::{copy, template};
use super::{Options, PASSWORD};
use crate::keeper::{GLANCE, Keeper};

/// What makes a test server quick. A killed server loses nothing by it, since the kernel keeps what was written; a
/// killed machine would. `synchronous_commit` stays on: without it a commit may be answered and not yet written.
const QUICK: [(&str, &str); 2] = [("fsync", "off"), ("full_page_writes", "off")];
/// Autovacuum would go round the hundreds of databases that a suite makes, without end.
const ALWAYS: [(&str, &str); 5] = [
    ("autovacuum", "off"),
    ("listen_addresses", ""),
    ("max_connections", "100"),
    ("max_wal_size", "4GB"),
    ("shared_buffers", "256MB"),
];

/// The order of the fields is the order of the end: the server, its disk, its folder.
#[derive(Debug)]
pub(super) struct Own {
    running: Mutex<Option<Keeper>>,
    disk: Option<Disk>,
    folder: TempDir,
    bin: PathBuf,
    account: Account,
    settings: Vec<(String, String)>,
    url: String,
}

impl Own {
    pub(super) async fn start(options: Options) -> anyhow::Result<Own> {
        let bin = crate::parts::postgres_bin()?;
        let account = Account::here()?;
        let template = template(&bin, account).await?;
        // /tmp, whatever TMPDIR says: the path of a socket has to be short.
        let folder = tempfile::Builder::new().prefix("etl-pg-").tempdir_in("/tmp");
        let folder = folder.context("create a folder for a server in /tmp")?;
        account.give(folder.path())?;
        let data = folder.path().join("data");
        let disk = match options.tmpfs_bytes {
            None => copy(&template, &data).map(|()| None)?,
            Some(bytes) => {
                std::fs::create_dir(&data).context("create a data directory")?;
                let room = folder.path().join("disk");
                Some(Disk::mount(&room, bytes, account, &data, &template).await?)
            }
        };
        // Whoever mounted the disk is root in there, and has to become somebody else again.
        let account = if disk.is_some() && account == Account::Ourselves {
            Account::Namespace
        } else {
            account
        };
        let own = Own {
            running: Mutex::default(),
            disk,
            url: socket_url(folder.path(), "postgres"),
            folder,
            bin,
            account,
            settings: settings(options),
        };
        own.start_again().await?;
        Ok(own)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn start_again(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().await;
        if running.is_some() {
            bail!("the server runs already")
        }
        let inside = self.disk.as_ref().map(Disk::inside).unwrap_or_default();
        let launch = Launch {
            bin: &self.bin,
            account: self.account,
            data: &self.folder.path().join("data"),
            sockets: self.folder.path(),
            inside: &inside,
            settings: &self.settings,
        };
        *running = Some(launch.start().await?);
        Ok(())
    }

    pub(super) async fn stop(&self) -> anyhow::Result<()> {
        let keeper = self
            .running
            .lock()
            .await
            .take()
            .context("the server is stopped already")?;
        keeper.stop("QUIT").await?;
        Ok(())
    }

    pub(super) fn resize_disk(&self, bytes: u64) -> anyhow::Result<()> {
        let disk = self
            .disk
            .as_ref()
            .context("the server has no disk of its own: ask for tmpfs_bytes")?;
        disk.resize(bytes, &self.folder.path().join("data"))
    }

    pub(super) async fn pid(&self) -> anyhow::Result<u32> {
        let running = self.running.lock().await;
        running.as_ref().map(Keeper::pid).context("the server is stopped")
    }

    pub(super) fn log(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(self.folder.path().join("log")).context("read the server's log")
    }
}

/// Everything it takes to start a server on a data directory.
pub(super) struct Launch<'a> {
    pub(super) bin: &'a Path,
    pub(super) account: Account,
    pub(super) data: &'a Path,
    pub(super) sockets: &'a Path,
    /// What to put before the command to see the data directory.
    pub(super) inside: &'a [OsString],
    pub(super) settings: &'a [(String, String)],
}

impl Launch<'_> {
    /// Returns when the server takes connections; a server that ends instead is an error with its log.
    pub(super) async fn start(&self) -> anyhow::Result<Keeper> {
        let mut command = self.inside.to_vec();
        command.extend(self.account.command(&self.bin.join("postgres"), &["-D"]));
        command.push(self.data.into());
        command.extend(["-k".into(), self.sockets.into()]);
        let asked = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in ALWAYS.into_iter().chain(asked) {
            command.extend(["-c".into(), format!("{name}={value}").into()]);
        }
        let mut keeper = Keeper::start(self.sockets, "QUIT", &command)?;
        let url = socket_url(self.sockets, "postgres");
        loop {
            match tokio_postgres::connect(&url, NoTls).await {
                Ok(_) => return Ok(keeper),
                Err(error) if not_yet(&error) => {}
                Err(error) => return Err(error).context("connect to the server that was just started"),
            }
            keeper.must_run("PostgreSQL")?;
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// No socket so far, or a server that is still recovering.
fn not_yet(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_none_or(|code| *code == SqlState::CANNOT_CONNECT_NOW)
}

/// The URL of a database behind the socket in `sockets`.
pub(super) fn socket_url(sockets: &Path, database: &str) -> String {
    let host = sockets.to_string_lossy().replace('%', "%25").replace('/', "%2F");
    format!("postgresql://postgres:{PASSWORD}@{host}/{database}")
}

/// Quick ones first, so that the last word is the caller's.
fn settings(options: Options) -> Vec<(String, String)> {
    let quick = if options.durable { &[] } else { &QUICK[..] };
    let quick = quick
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    quick.chain(options.settings).collect()
}
