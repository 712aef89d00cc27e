//! What embeds texts, as OpenAI's interface has it: it does what a test tells it, and remembers what it was asked.

use rehearsal::embeddings::Endpoint as Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Components of a vector.
pub(super) const DIMENSION: usize = 3;

/// What it says to the texts of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Vectors,
    /// No, and never.
    Refusal,
    /// Nothing, ever.
    Silence,
}

/// Requests so far: their texts, and what was answered.
type Asked = Arc<Mutex<Vec<(Vec<String>, Reply)>>>;
/// What gives the vectors.
enum Model {
    /// [`vector`].
    Made,
    /// A real one.
    Real(Upstream),
}

type Script = dyn Fn(usize, &[String]) -> Reply + Send + Sync;

/// The endpoint; it goes away with the tests' runtime.
pub(super) struct Endpoint {
    address: SocketAddr,
    asked: Asked,
}

impl Endpoint {
    /// `script` is told the number of the request, counted from 0, and its texts.
    pub(super) async fn start(
        script: impl Fn(usize, &[String]) -> Reply + Send + Sync + 'static,
    ) -> Endpoint {
        Endpoint::of(Model::Made, script).await
    }

    /// The same before a real model, which is asked for the vectors.
    pub(super) async fn before(
        model: Upstream,
        script: impl Fn(usize, &[String]) -> Reply + Send + Sync + 'static,
    ) -> Endpoint {
        Endpoint::of(Model::Real(model), script).await
    }

    async fn of(
        model: Model,
        script: impl Fn(usize, &[String]) -> Reply + Send + Sync + 'static,
    ) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, model) = (Arc::default(), Arc::new(model));
        let (script, remembered): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let model = Arc::clone(&model);
                tokio::spawn(serve(stream, model, Arc::clone(&script), Arc::clone(&remembered)));
            }
        });
        Endpoint { address, asked }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// All texts it gave vectors for, and had to be paid for.
    pub(super) fn paid(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let paid = asked.iter().filter(|(_, reply)| *reply == Reply::Vectors);
        paid.flat_map(|(texts, _)| texts.clone()).collect()
    }
}

/// The vector of a text: different for different texts. Its components have 24 bits, which an `f32` keeps.
pub(super) fn vector(text: &str) -> [f32; DIMENSION] {
    let mix = |sum: u32, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    [1, 2, 3].map(|seed| (text.bytes().fold(seed, mix) >> 8) as f32 / 4096.0)
}

async fn serve(
    stream: TcpStream,
    model: Arc<Model>,
    script: Arc<Script>,
    asked: Asked,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("post /v1/embeddings "), "{head}");
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await?;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let texts: Vec<String> = body["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    let reply = {
        let mut asked = asked.lock().unwrap();
        let reply = script(asked.len(), &texts);
        asked.push((texts.clone(), reply));
        reply
    };
    let (status, answer) = match reply {
        Reply::Vectors => match &*model {
            Model::Made => (200, vectors(&texts)),
            Model::Real(model) => model.ask(&body).await.unwrap(),
        },
        Reply::Refusal => (
            400,
            json!({ "error": { "message": "this input is not acceptable" } }),
        ),
        Reply::Silence => return std::future::pending().await,
    };
    let answer = answer.to_string();
    let whole = format!(
        "HTTP/1.1 {status} so\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(whole.as_bytes()).await?;
    stream.shutdown().await
}

fn vectors(texts: &[String]) -> Value {
    let item = |(index, text): (usize, &String)| json!({ "index": index, "embedding": vector(text) });
    let data: Vec<Value> = texts.iter().enumerate().map(item).collect();
    json!({ "object": "list", "data": data, "usage": { "total_tokens": texts.len() } })
}
