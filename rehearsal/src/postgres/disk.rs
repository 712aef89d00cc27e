//! A disk in memory that is full at a given size, for what happens when there is no room left.
//! It is mounted in a namespace of its own, so that nobody else sees it and nothing has to be unmounted; a small
//! process holds the namespace while the server is stopped.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::account::Account;
use crate::keeper::{GLANCE, Keeper};

/// Mounts, copies the template there, says so, and stays.
const HOLD: &str = r#"
mount -t tmpfs -o "size=$1,mode=0700$2" tmpfs "$3" && cp -a "$4/." "$3/" && : >"$5" && exec sleep infinity
"#;

/// The mounted disk, until dropped.
#[derive(Debug)]
pub(super) struct Disk {
    holder: Keeper,
    user: bool,
}

impl Disk {
    /// A disk of `bytes` at `data`, with the files of `template` on it; `room` is for this one's own files.
    pub(super) async fn mount(
        room: &Path,
        bytes: u64,
        account: Account,
        data: &Path,
        template: &Path,
    ) -> anyhow::Result<Disk> {
        std::fs::create_dir(room).context("create a folder for the disk's log")?;
        // Only the account nobody is another user for the kernel; it also means that user namespaces are forbidden.
        let user = account != Account::Nobody;
        let owner = if user { "" } else { ",uid=65534,gid=65534" };
        let ready = room.join("ready");
        let mut command: Vec<OsString> = vec!["unshare".into(), "--mount".into()];
        if user {
            command.extend(["--user".into(), "--map-root-user".into()]);
        }
        command.extend([
            "sh".into(),
            "-c".into(),
            HOLD.into(),
            "hold".into(),
            bytes.to_string().into(),
        ]);
        command.extend([owner.into(), data.into(), template.into(), OsString::from(&ready)]);
        let mut holder = Keeper::start(room, "KILL", &command)?;
        while !ready.exists() {
            holder.must_run("the process that mounts a small disk").context(
                "a disk of limited size needs mount namespaces (unshare --mount), which this machine refuses",
            )?;
            tokio::time::sleep(GLANCE).await;
        }
        Ok(Disk { holder, user })
    }

    /// Makes the disk at `data` as large as `bytes`, in place.
    pub(super) fn resize(&self, bytes: u64, data: &Path) -> anyhow::Result<()> {
        let inside = self.inside();
        let mut mount = Command::new(&inside[0]);
        // With the source named, mount repeats none of the other options, some of which it would get wrong in here.
        mount
            .args(&inside[1..])
            .args(["mount", "-o", &format!("remount,size={bytes}"), "tmpfs"])
            .arg(data);
        let done = mount.output().context("run nsenter")?;
        if !done.status.success() {
            bail!(
                "resize the server's disk: {}",
                String::from_utf8_lossy(&done.stderr).trim()
            )
        }
        Ok(())
    }

    /// What to put before a command so that it sees the disk.
    pub(super) fn inside(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> =
            vec!["nsenter".into(), format!("--target={}", self.holder.pid()).into()];
        if self.user {
            words.extend(["--user".into(), "--preserve-credentials".into()]);
        }
        words.extend(["--mount".into(), "--".into()]);
        words
    }
}
