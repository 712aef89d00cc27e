//! The data directory every server begins as: made once for each PostgreSQL, then copied.
//! It holds the superuser's password and a database with `vector` to make others from.
//! Any number of processes may make it at the same time; the first to finish wins and the others use theirs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use tokio::sync::Mutex;

use super::account::Account;
use super::own::{Launch, socket_url};
use super::{PASSWORD, WITH_VECTOR, connect};

/// Goes up when what a template holds changes.
const LAYOUT: u32 = 1;

/// Within one process they wait for each other.
static TURN: Mutex<()> = Mutex::const_new(());

/// The template for the server in `bin`, made now if there is none.
pub(super) async fn template(bin: &Path, account: Account) -> anyhow::Result<PathBuf> {
    let templates = crate::parts::cache()?.join("postgres-templates");
    let ready = templates.join(name(bin, account)?);
    let _turn = TURN.lock().await;
    if ready.exists() {
        return Ok(ready);
    }
    // Made under /tmp, since the account nobody may be unable to enter the cache.
    let room = tempfile::Builder::new().prefix("etl-pg-").tempdir_in("/tmp");
    let room = room.context("create a folder in /tmp")?;
    account.give(room.path())?;
    let data = room.path().join("data");
    make(bin, account, room.path(), &data)
        .await
        .context("make a first PostgreSQL data directory")?;

    std::fs::create_dir_all(&templates).with_context(|| format!("create {}", templates.display()))?;
    let near = tempfile::Builder::new().prefix(".making-").tempdir_in(&templates);
    let near = near.with_context(|| format!("create a folder in {}", templates.display()))?;
    let copied = near.path().join("data");
    copy(&data, &copied)?;
    match std::fs::rename(&copied, &ready) {
        Err(_) if ready.exists() => Ok(ready),
        renamed => renamed
            .map(|()| ready)
            .context("keep the first PostgreSQL data directory"),
    }
}

/// Copies a data directory with its owners and permissions.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .output()
        .context("run cp")?;
    if !copied.status.success() {
        bail!(
            "copy a PostgreSQL data directory: {}",
            String::from_utf8_lossy(&copied.stderr).trim()
        )
    }
    Ok(())
}

/// A name that changes with everything the template depends on.
fn name(bin: &Path, account: Account) -> anyhow::Result<String> {
    let version = account
        .run(&bin.join("initdb"), &["--version"])
        .with_context(|| match account {
            Account::Nobody => {
                "the account nobody cannot run PostgreSQL: run deploy/bootstrap again, which sees to it"
            }
            Account::Ourselves | Account::Namespace => "PostgreSQL does not run: run deploy/bootstrap again",
        })?;
    let mut hasher = DefaultHasher::new();
    (LAYOUT, PASSWORD, bin, &version, account).hash(&mut hasher);
    let number = version.split_whitespace().last().unwrap_or("unknown");
    Ok(format!("{number}-{:016x}", hasher.finish()))
}

async fn make(bin: &Path, account: Account, room: &Path, data: &Path) -> anyhow::Result<()> {
    let password = room.join("password");
    std::fs::write(&password, PASSWORD).context("write the password for initdb")?;
    account.give(&password)?;
    let (from, to) = (
        format!("--pwfile={}", password.display()),
        data.display().to_string(),
    );
    let arguments = [
        "-D",
        &to,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        &from,
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
        "--no-instructions",
    ];
    account.run(&bin.join("initdb"), &arguments)?;

    let launch = Launch {
        bin,
        account,
        data,
        sockets: room,
        inside: &[],
        settings: &[],
    };
    let keeper = launch.start().await?;
    let maintenance = connect(&socket_url(room, "postgres")).await?;
    maintenance
        .batch_execute(&format!("create database {WITH_VECTOR} template template0"))
        .await?;
    let client = connect(&socket_url(room, WITH_VECTOR)).await?;
    let extend = client.batch_execute("create extension vector").await;
    extend.context("this PostgreSQL has no pgvector: unset ETL_POSTGRES_BIN and run deploy/bootstrap")?;
    drop((client, maintenance));
    // The one clean shutdown of all: a copy then starts without recovery.
    keeper.stop("INT").await?;
    Ok(())
}
