//! A program run the way an operator's shell would: its own environment, its output read to the last byte, signals.
//! It sees no variable but PATH, HOME and what it is given, so that no test depends on who runs it; and, where `make
//! mutants` runs the tests, which of its mutants is alive.
//! It is killed when dropped; a program that should end by itself is waited for.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, bail};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// A program that has not been started.
#[derive(Debug)]
pub struct Program {
    command: Command,
}

/// One of the two streams a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What it answers.
    Stdout,
    /// What it logs.
    Stderr,
}

/// What to tell a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite request to end.
    Terminate,
    /// The end.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Continue,
}

/// How a program ended and everything it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its exit code or signal.
    pub status: ExitStatus,
    /// What it answered.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

impl Program {
    /// The program at `path`, with no arguments, an empty stdin, and PATH and HOME for its environment, beside what
    /// `mutants/src/chosen.rs` reads: a mutant that lived in the test and not in the program would never be caught.
    pub fn new(path: impl AsRef<OsStr>) -> Program {
        let mut command = Command::new(path);
        command
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in ["PATH", "HOME", "MUTANT", "MUTANTS_REACHED"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Program { command }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Program {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    /// Sets the folder it runs in.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Program {
        self.command.current_dir(folder);
        self
    }

    /// The same, started by a program that becomes it: its name and its arguments come first.
    pub fn through(self, words: &[&str]) -> Program {
        let command = self.command.as_std();
        let mut program = Program::new(words[0])
            .args(&words[1..])
            .args([command.get_program()])
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            program = program.env(name, value.unwrap_or_default());
        }
        match command.get_current_dir() {
            Some(folder) => program.current_dir(folder),
            None => program,
        }
    }

    /// Starts it.
    pub fn start(mut self) -> anyhow::Result<Running> {
        let name = self.command.as_std().get_program().to_string_lossy().into_owned();
        let mut child = self.command.spawn().with_context(|| format!("start {name}"))?;
        let stdout = child.stdout.take().map(listen).context("read its stdout")?;
        let stderr = child.stderr.take().map(listen).context("read its stderr")?;
        Ok(Running {
            name,
            child,
            stdout,
            stderr,
        })
    }

    /// Starts it and waits for its end.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        self.start()?.wait().await
    }
}

/// A program that was started; dropping it kills it.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    stdout: watch::Receiver<Said>,
    stderr: watch::Receiver<Said>,
}

/// What came out of a stream so far.
#[derive(Debug, Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl Running {
    /// Its process id, until its end was waited for.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child
            .id()
            .with_context(|| format!("{} has ended", self.name))
    }

    /// Whether it has ended by itself by now.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        let status = self.child.try_wait();
        Ok(status
            .with_context(|| format!("look after {}", self.name))?
            .is_some())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
            Signal::Kill => "KILL",
            Signal::Stop => "STOP",
            Signal::Continue => "CONT",
        };
        let pid = self.pid()?.to_string();
        // The shell's own `kill`: there is always a shell, and not always a program of that name.
        let mut kill = std::process::Command::new("sh");
        let sent = kill
            .args(["-c", r#"kill -s "$1" "$2""#, "kill", name, &pid])
            .output()
            .context("run sh")?;
        if !sent.status.success() {
            bail!(
                "send SIG{name} to {}: {}",
                self.name,
                String::from_utf8_lossy(&sent.stderr).trim()
            )
        }
        Ok(())
    }

    /// What it has written to `stream` so far.
    pub fn said(&self, stream: Stream) -> String {
        String::from_utf8_lossy(&self.stream(stream).borrow().bytes).into_owned()
    }

    /// Waits for a whole line on `stream` that contains `needle`, and returns the first one.
    pub async fn line(&self, stream: Stream, needle: &str) -> anyhow::Result<String> {
        let mut found = None;
        let mut receiver = self.stream(stream).clone();
        let enough = |said: &Said| {
            found = said.line_with(needle.as_bytes());
            found.is_some() || said.ended
        };
        receiver
            .wait_for(enough)
            .await
            .context("a stream was closed before its end was seen")?;
        match found {
            Some(line) => Ok(line),
            None => bail!(
                "{} ended its {stream:?} without a line that contains {needle:?}; stderr:\n{}",
                self.name,
                self.said(Stream::Stderr)
            ),
        }
    }

    /// Waits for its end and for everything it said.
    pub async fn wait(&mut self) -> anyhow::Result<Outcome> {
        let status = self
            .child
            .wait()
            .await
            .with_context(|| format!("wait for {}", self.name))?;
        for stream in [&mut self.stdout, &mut self.stderr] {
            stream
                .wait_for(|said| said.ended)
                .await
                .context("a stream was closed before its end was seen")?;
        }
        Ok(Outcome {
            status,
            stdout: self.said(Stream::Stdout),
            stderr: self.said(Stream::Stderr),
        })
    }

    fn stream(&self, stream: Stream) -> &watch::Receiver<Said> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

impl Said {
    /// The first line that contains `needle`; what has no line end yet counts only when nothing more can come.
    fn line_with(&self, needle: &[u8]) -> Option<String> {
        let whole = if self.ended {
            self.bytes.len()
        } else {
            self.bytes.iter().rposition(|byte| *byte == b'\n')?
        };
        let mut lines = self.bytes[..whole].split(|byte| *byte == b'\n');
        let found =
            |line: &&[u8]| needle.is_empty() || line.windows(needle.len()).any(|window| window == needle);
        lines
            .find(found)
            .map(|line| String::from_utf8_lossy(line).into_owned())
    }
}

/// Reads a stream to its end in the background.
fn listen(mut stream: impl AsyncRead + Unpin + Send + 'static) -> watch::Receiver<Said> {
    let (sender, receiver) = watch::channel(Said::default());
    tokio::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            // A stream that cannot be read any more has nothing more to say.
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            sender.send_modify(|said| {
                said.bytes.extend_from_slice(&buffer[..read]);
                said.ended = read == 0;
            });
            if read == 0 {
                return;
            }
        }
    });
    receiver
}
