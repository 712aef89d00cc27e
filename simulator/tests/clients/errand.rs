//! Errands for a client: a program of its own that is told where the server is by FIRESTORE_EMULATOR_HOST, reads, and
//! says what it read. Both clients understand the same errands and answer in the same lines of JSON.

use anyhow::{Context, bail};
use rehearsal::process::{Program, Running};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Where the crate's program finds its errands.
pub(crate) const ERRANDS: &str = "ETL_CLIENT_ERRANDS";

/// A client of Firestore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// The crate `firestore`: rust.rs.
    Rust,
    /// `@google-cloud/firestore` for Node: client.js.
    Node,
}

/// What a query ranges over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
    /// The collection at a path.
    Collection(String),
    /// All collections of an id.
    Group(String),
}

/// What a client is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub(crate) enum Errand {
    /// Reads all documents, so many at a time, each page from a cursor on.
    Paged { from: Place, limit: u32 },
    /// Reads all documents as one stream.
    Streamed { from: Place },
    /// The same with the method of the crate that hands on no errors; Node's client has none of that kind.
    StreamedWithoutErrors { from: Place },
    /// Reads all documents of a group in partitions, and says how many those were.
    Partitioned { group: String, partitions: u32 },
    /// Counts documents.
    Counted { from: Place },
    /// Reads some fields of all documents.
    Selected { from: Place, fields: Vec<String> },
    /// Names the collections below a document, or at the root.
    Collections { below: Option<String> },
    /// Lists the documents of a collection: Node's client lists missing ones too.
    Listed { collection: String },
    /// Reads a document.
    Got { path: String },
    /// Reads documents by their ids.
    GotMany { collection: String, ids: Vec<String> },
    /// Reads a document, writes what it read elsewhere, and reads it there.
    Copied { path: String, to: String },
    /// Writes a document with one field, `text`.
    Written { path: String, text: String },
    /// Deletes a document.
    Deleted { path: String },
    /// Listens, until `last` is gone: says what is there, then what changes.
    Watched { from: Place, last: String },
}

/// What came of some errands.
#[derive(Debug)]
pub(crate) struct Answers {
    /// For each errand that was begun, what it said.
    pub(crate) said: Vec<Vec<Json>>,
    /// The words of the client when it gave up.
    pub(crate) gave_up: Option<String>,
}

impl Client {
    /// Starts the client's program.
    pub(crate) fn start(self, host: &str, project: &str, errands: &[Errand]) -> anyhow::Result<Running> {
        let told = json!({"project": project, "errands": errands}).to_string();
        let program = match self {
            Client::Rust => {
                let itself = std::env::current_exe().context("find this program")?;
                let only = ["--exact", "rust::errands", "--nocapture"];
                Program::new(itself).args(only).env(ERRANDS, told)
            }
            Client::Node => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
                let packages = rehearsal::parts::node_client()?.join("node_modules");
                let arguments = [folder.join("client.js").into_os_string(), told.into()];
                // Whatever it is told, Node's client asks whether this machine is one of Google's.
                Program::new(rehearsal::parts::node()?)
                    .args(arguments)
                    .env("NODE_PATH", packages)
                    .env("METADATA_SERVER_DETECTION", "none")
            }
        };
        program.env("FIRESTORE_EMULATOR_HOST", host).start()
    }

    /// Has the client's program do all errands, one after another, until one fails.
    pub(crate) async fn run(self, host: &str, project: &str, errands: &[Errand]) -> anyhow::Result<Answers> {
        Answers::of(self.start(host, project, errands)?).await
    }
}

impl Answers {
    /// Waits for the end of a client's program.
    pub(crate) async fn of(mut program: Running) -> anyhow::Result<Answers> {
        let outcome = program.wait().await?;
        let mut said: Vec<Vec<Json>> = Vec::new();
        for line in outcome.stdout.lines().filter(|line| line.starts_with('{')) {
            let line: Json = serde_json::from_str(line).context("a client speaks JSON")?;
            match said.last_mut() {
                _ if line.get("errand").is_some() => said.push(Vec::new()),
                Some(last) => last.push(line),
                None => bail!("before its first errand, a client said {line}"),
            }
        }
        if said.is_empty() {
            bail!(
                "a client did not begin; {}, stderr:\n{}",
                outcome.status,
                outcome.stderr
            )
        }
        let gave_up = (!outcome.status.success()).then_some(outcome.stderr);
        Ok(Answers { said, gave_up })
    }
}
