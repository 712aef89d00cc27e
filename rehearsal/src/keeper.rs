//! A process that cannot outlive its owner.
//! A small shell holds the command and watches a pipe from this process; when the pipe closes, by a drop, a
//! panic or SIGKILL, the command is ended and its directory removed.
//! What the command is and when it is ready is the business of whoever starts it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

const SCRIPT: &str = include_str!("keeper.sh");

/// How long to wait between two looks at something that tells nobody when it changes.
pub(crate) const GLANCE: Duration = Duration::from_millis(10);

/// A running command, its shell, and the pipe that keeps both alive.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    lifeline: Option<ChildStdin>,
    pid: u32,
    log: PathBuf,
}

impl Keeper {
    /// Starts `command`, its output in `dir/log`; losing this process sends it `signal` and removes `dir`.
    pub(crate) fn start(dir: &Path, signal: &str, command: &[OsString]) -> anyhow::Result<Keeper> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(dir)
            .arg(signal)
            .args(command)
            // A group of its own: Ctrl-C at the terminal ends the owner first, and the pipe does the rest.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start a shell to keep a server in")?;
        let lifeline = shell.stdin.take();
        let mut first = String::new();
        if let Some(stdout) = shell.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut first)
                .context("read the server's process id")?;
        }
        let pid = first.trim().parse().context("read the server's process id")?;
        Ok(Keeper {
            shell,
            lifeline,
            pid,
            log: dir.join("log"),
        })
    }

    /// The command's own process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// How the command ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.shell.try_wait().context("look whether a server still runs")
    }

    /// An error with the last lines of its log, if the command is no longer running.
    pub(crate) fn must_run(&mut self, name: &str) -> anyhow::Result<()> {
        let Some(status) = self.ended()? else {
            return Ok(());
        };
        bail!(
            "{name} ended with {status}; the last it said:\n{}",
            tail(&self.log)
        )
    }

    /// Sends `signal` and waits for the end; the directory stays.
    pub(crate) async fn stop(mut self, signal: &str) -> anyhow::Result<ExitStatus> {
        if let Some(lifeline) = &mut self.lifeline {
            // A command that has just ended by itself has closed the pipe: it is as stopped as was asked.
            let _ = writeln!(lifeline, "{signal}");
        }
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.shell.wait();
    }
}

/// The last lines of a log, for an error message.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
