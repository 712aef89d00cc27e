//! What the exit code says. Scripts and schedulers decide by it, so the numbers never change their meaning.

use pipeline::fault::{Fault, Part};
use pipeline::stop::Reason;
use std::process::ExitCode;

/// Every way `etl` can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Complete, and all accounted for.
    Complete = 0,
    /// Something nobody foresaw.
    Unexpected = 1,
    /// The command line, environment or file is wrong; nothing was touched.
    Configuration = 2,
    /// Source, target, checkpoint directory or the endpoint that embeds cannot be reached or refuses.
    Unreachable = 3,
    /// Stopped by a signal; the same command goes on.
    Stopped = 4,
    /// Too many documents failed; the same command goes on once the cause is mended.
    Emergency = 5,
    /// What was counted and what was found differ.
    Sums = 6,
    /// The checkpoint directory or target belongs to another run, or another process took over.
    OtherRun = 7,
    /// Nothing more may be read without exceeding the budget; the same command goes on once it is raised.
    Budget = 8,
}

/// The table as `--help` shows it.
pub(crate) const HELP: &str = "\
Exit codes:
  0  complete, and every document or point accounted for
  1  unexpected failure
  2  wrong command line, environment or etl.toml; nothing was touched
  3  source, target, checkpoint directory or embedding endpoint unreachable or refusing; start again once mended
  4  stopped by a signal; start the same command again to go on
  5  emergency stop: too many documents or points failed; the state is kept
  6  the sums do not add up
  7  the checkpoint directory or target belongs to another run, or another process took over
  8  budget reached: what was read is loaded; raise --max-reads or --max-cost to go on";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// How a fault ends the process.
    pub(crate) fn of_fault(fault: &Fault) -> Exit {
        match fault.part {
            Part::Source | Part::Target | Part::Embedding | Part::Checkpoints => Exit::Unreachable,
            Part::Identity => Exit::OtherRun,
            Part::Sums => Exit::Sums,
            Part::Budget => Exit::Budget,
        }
    }

    /// How being stopped ends it.
    pub(crate) fn of_reason(reason: Reason) -> Exit {
        match reason {
            Reason::Signal => Exit::Stopped,
            Reason::Emergency => Exit::Emergency,
            Reason::Budget => Exit::Budget,
            Reason::Fault => Exit::Unexpected,
        }
    }
}
