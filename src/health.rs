//! What a supervisor of processes asks: has it started, is it at work, does it live.
//!
//! An orchestrator kills what does not live, so living means no more than that this process answers: a source or a target
//! that is away is nothing that another start would mend.

use pipeline::progress::{Phase, Progress};
use pipeline::stop::Stop;
use std::sync::Arc;

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Whether both ends were reached.
    Started,
    /// Whether documents are being moved, or what follows them is made.
    Ready,
    /// Whether it lives.
    Alive,
}

/// Where each of them is asked.
pub(crate) const PATHS: [(&str, Probe); 3] = [
    ("/startupz", Probe::Started),
    ("/readyz", Probe::Ready),
    ("/livez", Probe::Alive),
];

/// Who can tell.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub(crate) progress: Arc<Progress>,
    pub(crate) stop: Stop,
}

impl Health {
    /// Nothing where it is well, otherwise what is in the way.
    pub(crate) fn ails(&self, probe: Probe) -> Option<&'static str> {
        let phase = self.progress.phase();
        match (probe, phase) {
            (Probe::Alive, _) => None,
            (_, Phase::Connecting) => Some("connecting"),
            (Probe::Started, _) => None,
            (Probe::Ready, _) if self.stop.is_draining() => Some("stopping"),
            (Probe::Ready, Phase::Planning(_)) => Some("planning"),
            (Probe::Ready, Phase::Loading | Phase::Finishing(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::stop::Reason;

    #[test]
    fn a_run_is_started_then_ready_until_it_stops() {
        let health = Health {
            progress: Arc::default(),
            stop: Stop::default(),
        };
        let ails = || [Probe::Started, Probe::Ready, Probe::Alive].map(|probe| health.ails(probe));
        assert_eq!(ails(), [Some("connecting"), Some("connecting"), None]);
        health.progress.turn_to(Phase::Planning("orders".to_owned()));
        assert_eq!(ails(), [None, Some("planning"), None]);
        health.progress.turn_to(Phase::Loading);
        assert_eq!(ails(), [None, None, None]);
        health.progress.turn_to(Phase::Finishing("keys".to_owned()));
        assert_eq!(ails(), [None, None, None]);
        health.stop.drain(Reason::Signal);
        assert_eq!(ails(), [None, Some("stopping"), None]);
    }
}
