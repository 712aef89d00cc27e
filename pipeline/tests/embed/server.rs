//! An endpoint that does what a test tells it, and remembers what it was asked.

use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

/// Components of an honest vector.
pub(crate) const DIMENSION: usize = 3;

/// What was asked in one request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Which request it was, counted from 0.
    pub(crate) number: usize,
    pub(crate) texts: Vec<String>,
    pub(crate) body: Value,
    /// The request line and the headers, in lower case.
    pub(crate) head: String,
    pub(crate) at: Instant,
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, more headers, and a body.
    Whole(u16, String, String),
    /// So many bytes of the honest answer, its head included.
    Cut(usize),
    /// Nothing, ever.
    Silence,
}

impl Reply {
    /// The honest answer.
    pub(crate) fn honest(asked: &Asked) -> Reply {
        Reply::Whole(200, String::new(), answer(&asked.texts).to_string())
    }

    pub(crate) fn status(status: u16, message: &str) -> Reply {
        Reply::Whole(
            status,
            String::new(),
            json!({"error": {"message": message}}).to_string(),
        )
    }

    fn bytes(&self, asked: &Asked) -> Option<Vec<u8>> {
        match self {
            Reply::Silence => None,
            Reply::Whole(status, headers, body) => Some(
                format!(
                    "HTTP/1.1 {status} so\r\n{headers}content-type: application/json\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes(),
            ),
            Reply::Cut(end) => {
                let mut whole = Reply::honest(asked).bytes(asked)?;
                whole.truncate(*end);
                Some(whole)
            }
        }
    }
}

/// The vector of a text: different for different texts. Its components have 24 bits, which an `f32` keeps.
pub(crate) fn vector(text: &str) -> Vec<f32> {
    let component = |seed: u32| {
        let sum = text.bytes().fold(seed, |sum, byte| {
            (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        (sum >> 8) as f32 / 4096.0
    };
    [1, 2, 3].map(component).to_vec()
}

pub(crate) fn answer(texts: &[String]) -> Value {
    let item = |(index, text): (usize, &String)| json!({"index": index, "embedding": vector(text)});
    let data: Vec<Value> = texts.iter().enumerate().map(item).collect();
    json!({"object": "list", "data": data, "usage": {"total_tokens": texts.len()}})
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

struct State {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
    /// Answers wait until so many are asked for.
    together: Option<Barrier>,
}

/// The endpoint; it goes away with the test's runtime.
pub(crate) struct Server {
    address: SocketAddr,
    secure: bool,
    state: Arc<State>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        Server::with(script, None, None).await
    }

    pub(crate) async fn honest() -> Server {
        Server::start(Reply::honest).await
    }

    pub(crate) async fn with(
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        together: Option<usize>,
        tls: Option<TlsAcceptor>,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Box::new(script),
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            together: together.map(Barrier::new),
        });
        let (served, secure) = (state.clone(), tls.is_some());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (served.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(&state, stream).await,
                        Some(tls) => serve(&state, tls.accept(stream).await?).await,
                    }
                });
            }
        });
        Server {
            address,
            secure,
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://localhost:{}/v1", self.address.port())
    }

    /// All that was asked, in the order it came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// All texts that were asked for, in the order they came.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.asked().into_iter().flat_map(|asked| asked.texts).collect()
    }

    /// Most requests there were at the same time.
    pub(crate) fn most(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

async fn serve(state: &State, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = head.to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await?;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let texts = body["input"].as_array().unwrap().iter();
    let mut asked = Asked {
        number: 0,
        texts: texts.map(|text| text.as_str().unwrap().to_owned()).collect(),
        body: body.clone(),
        head,
        at: Instant::now(),
    };
    {
        let mut all = state.asked.lock().unwrap();
        asked.number = all.len();
        all.push(asked.clone());
    }
    let under_way = state.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    state.most.fetch_max(under_way, Ordering::SeqCst);
    if let Some(together) = &state.together {
        together.wait().await;
    }
    let reply = (state.script)(&asked);
    state.under_way.fetch_sub(1, Ordering::SeqCst);
    match reply.bytes(&asked) {
        Some(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        None => std::future::pending().await,
    }
}

#[test]
fn texts_that_differ_have_vectors_that_differ() {
    let vectors: std::collections::BTreeSet<String> = crate::many(1000)
        .iter()
        .flatten()
        .map(|text| format!("{:?}", vector(text)))
        .collect();
    assert_eq!(vectors.len(), 1000);
}
