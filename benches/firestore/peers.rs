//! How others do it: with Google's own clients and the drivers that everybody uses, each as its documentation shows it.
//!
//! They move a share of the documents, since what a document costs them does not depend on how many there are. One that
//! reads by offsets gets dearer with each page: it moves all of them, in one round.

use crate::case::{COLLECTION, Case, PROJECT};
use crate::ends::{Ends, Figures};
use crate::{node, python};
use std::path::PathBuf;
use std::process::Command;

/// Newer ones may be slower or faster; these are what the figures are about.
const IN_NODE: [&str; 3] = [
    "@google-cloud/firestore@9.4.1",
    "pg@8.23.1",
    "pg-copy-streams@7.0.0",
];
const IN_PYTHON: [&str; 2] = ["google-cloud-firestore==2.34.1", "psycopg[binary]==3.3.9"];

/// What runs a script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Node,
    Python,
}

/// A script, and its share of the documents.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    language: Language,
    script: &'static str,
    /// Of so many documents one is moved.
    one_in: u64,
}

impl Peer {
    /// Whether it takes so long that once is enough.
    pub(crate) fn is_long(&self) -> bool {
        self.one_in == 1
    }
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "Node: offsets, file, INSERT",
        language: Language::Node,
        script: concat!(include_str!("peers/common.js"), include_str!("peers/offsets.js")),
        one_in: 1,
    },
    Peer {
        name: "Node: stream, text COPY",
        language: Language::Node,
        script: concat!(include_str!("peers/common.js"), include_str!("peers/stream.js")),
        one_in: 5,
    },
    Peer {
        name: "Python: stream, binary COPY",
        language: Language::Python,
        script: include_str!("peers/stream.py"),
        one_in: 10,
    },
];

/// What there is of them on this machine.
pub(crate) struct Peers {
    node: Result<PathBuf, String>,
    python: Result<PathBuf, String>,
}

impl Peers {
    /// Finds or installs what they need, and says what is missing.
    pub(crate) fn found() -> Peers {
        let found = Peers {
            node: node::interpreter("bench-node", &IN_NODE),
            python: python::interpreter("bench-python-firestore", &IN_PYTHON),
        };
        for (language, packages, part) in [
            ("Node", IN_NODE.join(", "), &found.node),
            ("Python", IN_PYTHON.join(", "), &found.python),
        ] {
            match part {
                Ok(_) => println!("in {language}: {packages}"),
                Err(why) => println!("\nNOT MEASURED: how others do it, in {language}. {why}\n"),
            }
        }
        println!();
        found
    }

    /// Those that can be run.
    pub(crate) fn able(&self) -> impl Iterator<Item = &'static Peer> {
        PEERS.iter().filter(|peer| match peer.language {
            Language::Node => self.node.is_ok(),
            Language::Python => self.python.is_ok(),
        })
    }

    /// Has `peer` move its share of `case` into a new database.
    pub(crate) fn run(&self, peer: &Peer, ends: &Ends, case: &Case) -> Figures {
        let (url, share) = (ends.database(), (case.documents / peer.one_in).max(1));
        let folder = tempfile::TempDir::new().unwrap();
        let mut command = match (peer.language, &self.node, &self.python) {
            (Language::Node, Ok(modules), _) => {
                let mut node = Command::new("node");
                // Whatever it is told, Node's client asks whether this machine is one of Google's.
                node.env("NODE_PATH", modules)
                    .env("METADATA_SERVER_DETECTION", "none")
                    .args(["-e", peer.script, "--"]);
                node
            }
            (Language::Python, _, Ok(python)) => {
                let mut python = Command::new(python);
                python.args(["-c", peer.script]);
                python
            }
            _ => unreachable!("only those that are able are run"),
        };
        command
            .args([PROJECT, &url, COLLECTION, &share.to_string()])
            .env("FIRESTORE_EMULATOR_HOST", &ends.place)
            .current_dir(folder.path());
        let (figures, _) = ends.measure(&mut command);
        let rows = ends.asked(&url, "select count(*) from loaded");
        assert_eq!(
            [&rows, &share.to_string()],
            [&figures.records.to_string(); 2],
            "{} says how many rows it made",
            peer.name
        );
        ends.gone(&url);
        figures
    }
}
