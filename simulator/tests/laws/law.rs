//! One law: its name, how it is checked, and where it holds.
//! A law that does not hold at the emulator says so with its reason, and states what holds there instead, so that an
//! emulator that changes is noticed.

use crate::place::{Host, Place};
use crate::report::{Report, Verdict};
use anyhow::Context;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

pub(crate) type Check = for<'p> fn(&'p Place) -> BoxFuture<'p, anyhow::Result<()>>;

/// Where laws are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Emulator,
    Simulator,
}

impl Server {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Emulator => "emulator",
            Server::Simulator => "simulator",
        }
    }
}

#[derive(Clone, Copy)]
enum AtEmulator {
    Holds,
    Differs { why: &'static str, instead: Check },
    Cannot { why: &'static str },
}

/// A statement about Firestore that can be checked.
#[derive(Clone, Copy)]
pub(crate) struct Law {
    name: &'static str,
    check: Check,
    at_emulator: AtEmulator,
    /// The faults of the simulator that is started for this law alone.
    plan: &'static str,
}

/// The law that the function of that name checks.
macro_rules! law {
    ($check:ident) => {
        $crate::law::Law::new(concat!(module_path!(), "::", stringify!($check)), |place| {
            Box::pin($check(place))
        })
    };
}
pub(crate) use law;

impl Law {
    pub(crate) fn new(name: &'static str, check: Check) -> Law {
        Law {
            name: name.split_once("::").map_or(name, |(_, name)| name),
            check,
            at_emulator: AtEmulator::Holds,
            plan: "",
        }
    }

    /// The emulator does otherwise: why it is known that Firestore does not, and what the emulator does.
    pub(crate) fn differs_on_emulator(self, why: &'static str, instead: Check) -> Law {
        let at_emulator = AtEmulator::Differs { why, instead };
        Law { at_emulator, ..self }
    }

    /// The emulator cannot be asked. Such laws get a simulator of their own, whose clock they may move.
    pub(crate) fn only_simulator(self, why: &'static str) -> Law {
        let at_emulator = AtEmulator::Cannot { why };
        Law { at_emulator, ..self }
    }

    /// The simulator that is started for this law alone gets this plan.
    pub(crate) fn under(self, plan: &'static str) -> Law {
        Law { plan, ..self }
    }

    /// `file::what_it_says`.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Why the emulator does not keep this law, if it does not.
    pub(crate) fn difference(&self) -> Option<&'static str> {
        match self.at_emulator {
            AtEmulator::Holds => None,
            AtEmulator::Differs { why, .. } | AtEmulator::Cannot { why } => Some(why),
        }
    }

    async fn ask(&self, server: Server, host: &Host) -> Verdict {
        let (check, well) = match (server, self.at_emulator) {
            (Server::Emulator, AtEmulator::Cannot { .. }) => return Verdict::NotAsked,
            (Server::Emulator, AtEmulator::Differs { instead, .. }) => (instead, Verdict::Differs),
            _ => (self.check, Verdict::Holds),
        };
        match self.checked(check, host).await {
            Ok(()) => well,
            Err(error) => Verdict::Fails(format!("{error:#}")),
        }
    }

    async fn checked(&self, check: Check, host: &Host) -> anyhow::Result<()> {
        match self.at_emulator {
            AtEmulator::Cannot { .. } => {
                let own = Host::simulator(self.plan).context("start a simulator")?;
                check(&own.place()?).await
            }
            _ => check(&host.place()?).await,
        }
    }
}

/// Asks every law of every server, all at once: each has a project of its own.
pub(crate) async fn ask_all(laws: &[Law], servers: &[Server], report: &Report) {
    let asked = servers.iter().map(|server| ask_server(laws, *server, report));
    futures::future::join_all(asked).await;
}

async fn ask_server(laws: &[Law], server: Server, report: &Report) {
    let started = match server {
        Server::Emulator => Host::emulator().await,
        Server::Simulator => Host::simulator(""),
    };
    let host = match started {
        Ok(host) => host,
        Err(error) => return report.never_started(server, &error),
    };
    let host = &host;
    let answers =
        stream::iter(laws.iter().enumerate()).for_each_concurrent(AT_ONCE, |(place, law)| async move {
            report.record(place, server, law.ask(server, host).await);
        });
    answers.await;
}

/// So many laws at a time: enough that one which waits holds nobody up.
const AT_ONCE: usize = 16;
