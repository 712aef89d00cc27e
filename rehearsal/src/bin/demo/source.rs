//! The Firestore that the application lives in: the official emulator, or this project's simulator where that cannot be
//! had.
//! It promises that the demo says which of them it is, and why.

use anyhow::{Context, Result};
use rehearsal::emulator::Emulator;
use simulator::fault::{Fault, Method, Plan, Strike};
use simulator::{Options, Simulator};

/// Bytes per second and stream of the simulator: slow enough to be killed half-way.
const PACE: u64 = 400_000;

/// Where the documents are.
pub(crate) enum Source {
    /// Google's own, on this machine.
    Emulator(Emulator),
    /// This project's, and why.
    Simulator(Simulator, String),
}

impl Source {
    /// Starts what there is. An emulator that somebody named must answer.
    pub(crate) async fn start() -> Result<Source> {
        let named = std::env::var_os("FIRESTORE_EMULATOR_HOST").is_some_and(|host| !host.is_empty());
        match Emulator::start().await {
            Ok(emulator) => Ok(Source::Emulator(emulator)),
            Err(error) if named => Err(error),
            Err(error) => {
                let slow = Fault::new(Strike::Bandwidth)
                    .methods([Method::RunQuery])
                    .bytes_per_second(PACE);
                let options = Options::default().plan(Plan::default().fault(slow));
                let simulator = Simulator::start(options).context("start the simulator")?;
                let why = format!("{error:#}")
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                Ok(Source::Simulator(simulator, why))
            }
        }
    }

    /// Where it listens.
    pub(crate) fn host(&self) -> String {
        match self {
            Source::Emulator(emulator) => emulator.host().to_owned(),
            Source::Simulator(simulator, _) => simulator.host(),
        }
    }

    /// The name of a project nobody has used in it.
    pub(crate) fn fresh_project(&self) -> String {
        match self {
            Source::Emulator(emulator) => emulator.fresh_project(),
            Source::Simulator(simulator, _) => simulator.fresh_project(),
        }
    }

    /// What it is.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Source::Emulator(_) => "Firestore emulator",
            Source::Simulator(..) => "Firestore simulator",
        }
    }

    /// What decides how fast the documents come.
    pub(crate) fn pace(&self) -> &'static str {
        match self {
            Source::Emulator(_) => {
                "The emulator is one Java process that looks through a collection for every query:"
            }
            Source::Simulator(..) => {
                "The simulator is told to send slowly, so that there is something to be seen:"
            }
        }
    }

    /// Why it is not the emulator.
    pub(crate) fn excuse(&self) -> Vec<String> {
        match self {
            Source::Emulator(_) => Vec::new(),
            Source::Simulator(_, why) => vec![
                "this project's own: the official emulator could not be started".to_owned(),
                format!("({why})"),
            ],
        }
    }

    /// Ends it; one that was lent is only emptied.
    pub(crate) async fn give_back(self, project: &str) -> Result<()> {
        match self {
            Source::Emulator(emulator) if emulator.pid().is_none() => emulator.wipe(project).await,
            _ => Ok(()),
        }
    }
}
