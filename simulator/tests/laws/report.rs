//! What came out: a table of laws and places, the differences with their reasons, and what failed.

use crate::law::{Law, Server};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// How a place answered a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    /// It does what the law says that the emulator does instead.
    Differs,
    NotAsked,
    Fails(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Differs => "differs",
            Verdict::NotAsked => "-",
            Verdict::Fails(_) => "FAILS",
        }
    }
}

/// Verdicts as they come in.
pub(crate) struct Report {
    laws: Vec<Law>,
    verdicts: Mutex<BTreeMap<(usize, &'static str), Verdict>>,
}

impl Report {
    pub(crate) fn new(laws: &[Law]) -> Report {
        Report {
            laws: laws.to_vec(),
            verdicts: Mutex::default(),
        }
    }

    pub(crate) fn record(&self, law: usize, server: Server, verdict: Verdict) {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.insert((law, server.name()), verdict);
    }

    pub(crate) fn never_started(&self, server: Server, error: &anyhow::Error) {
        for law in 0..self.laws.len() {
            self.record(law, server, Verdict::Fails(format!("did not start: {error:#}")));
        }
    }

    fn verdict(&self, law: usize, server: Server) -> Verdict {
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = verdicts.get(&(law, server.name())).cloned();
        known.unwrap_or_else(|| Verdict::Fails("was never answered".to_owned()))
    }

    /// Prints everything; success if no law failed.
    pub(crate) fn print(&self, servers: &[Server]) -> ExitCode {
        self.print_table(servers);
        self.print_differences();
        let failures = self.failures(servers);
        for (law, server, why) in &failures {
            println!(
                "\nFAILS at the {server}: {law}\n    {}",
                why.replace('\n', "\n    ")
            );
        }
        println!("\n{} laws, {} failures", self.laws.len(), failures.len());
        if failures.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn print_table(&self, servers: &[Server]) {
        let words = |law: &Law| law.name().replace("::", ": ").replace('_', " ");
        let width = self.laws.iter().map(|law| words(law).chars().count()).max();
        let width = width.unwrap_or(0);
        print!("\n{:width$}", "law");
        servers.iter().for_each(|server| print!(" | {:9}", server.name()));
        println!();
        for (place, law) in self.laws.iter().enumerate() {
            print!("{:width$}", words(law));
            for server in servers {
                print!(" | {:9}", self.verdict(place, *server).word());
            }
            println!();
        }
    }

    fn print_differences(&self) {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for law in &self.laws {
            if let Some(why) = law.difference() {
                reasons.entry(why).or_default().push(law.name());
            }
        }
        if !reasons.is_empty() {
            println!("\nWhere the emulator is not Firestore, or cannot be asked:");
        }
        for (why, laws) in reasons {
            println!("- {why}");
            laws.iter().for_each(|law| println!("    {law}"));
        }
    }

    fn failures(&self, servers: &[Server]) -> Vec<(&'static str, &'static str, String)> {
        let mut failures = Vec::new();
        for (place, law) in self.laws.iter().enumerate() {
            for server in servers {
                if let Verdict::Fails(why) = self.verdict(place, *server) {
                    failures.push((law.name(), server.name(), why));
                }
            }
        }
        failures
    }
}
