//! Servers that repeat what they were sent, or what a test tells them to: as PostgreSQL, over gRPC, over HTTP. None of them
//! ever gives what it is asked for.

use super::planted::percent_encoded;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Result};
use tokio::net::{TcpListener, TcpStream};

/// Answers every connection with `serve`; goes away with the tests' runtime.
async fn listening<S, F>(serve: S) -> SocketAddr
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A PostgreSQL that asks for the password in the clear and repeats it in an error: at once, or of any statement once it
/// has let the client in.
pub(super) async fn postgres(state: &'static str, lets_in: bool) -> SocketAddr {
    listening(move |stream| serve_postgres(stream, state, lets_in)).await
}

async fn serve_postgres(mut stream: TcpStream, state: &'static str, lets_in: bool) -> Result<()> {
    loop {
        let length = stream.read_u32().await? as usize;
        let mut asked = vec![0; length - 4];
        stream.read_exact(&mut asked).await?;
        match asked[..4] {
            // For encryption.
            [4, 210, 22, 47] => stream.write_all(b"N").await?,
            _ => break,
        }
    }
    stream.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).await?;
    let (_, password) = message(&mut stream).await?;
    let password = String::from_utf8_lossy(&password)
        .trim_end_matches('\0')
        .to_owned();
    let error = |severity: &str| {
        let told = format!("got `{password}`,\nas {password:?}");
        let fields = [
            ('S', severity),
            ('V', severity),
            ('C', state),
            ('M', told.as_str()),
            ('D', told.as_str()),
            ('H', told.as_str()),
            ('W', told.as_str()),
            ('n', password.as_str()),
            ('c', password.as_str()),
        ];
        let fields = fields.iter().map(|(key, text)| format!("{key}{text}\0"));
        framed(b'E', (fields.collect::<String>() + "\0").as_bytes())
    };
    if !lets_in {
        return stream.write_all(&error("FATAL")).await;
    }
    let ready = framed(b'Z', b"I");
    let let_in = [framed(b'R', &[0; 4]), ready.clone()].concat();
    stream.write_all(&let_in).await?;
    loop {
        match message(&mut stream).await?.0 {
            // A statement, or the end of several.
            b'Q' | b'S' => {
                stream
                    .write_all(&[error("ERROR"), ready.clone()].concat())
                    .await?
            }
            b'X' => return Ok(()),
            _ => {}
        }
    }
}

async fn message(stream: &mut TcpStream) -> Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    let mut body = vec![0; stream.read_u32().await? as usize - 4];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 4).to_be_bytes();
    [&[kind][..], &length, body].concat()
}

/// A server that answers every call over gRPC with this status. What it says a client cannot know, so it need not read
/// what was sent to repeat it.
pub(super) async fn grpc(code: u8, said: &str) -> SocketAddr {
    // Literals without an index and without Huffman's code; 0x88 is the status 200.
    let mut block = vec![0x88];
    let message = said
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect::<String>();
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("grpc-status", &code.to_string()),
        ("grpc-message", &message),
    ] {
        block.push(0);
        for text in [name, value] {
            number(&mut block, text.len());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let block = Arc::new(block);
    listening(move |stream| serve_grpc(stream, block.clone())).await
}

/// A number of HPACK with a prefix of seven bits.
fn number(block: &mut Vec<u8>, number: usize) {
    if number < 127 {
        return block.push(number as u8);
    }
    block.push(127);
    let mut rest = number - 127;
    while rest >= 128 {
        block.push((rest % 128 + 128) as u8);
        rest /= 128;
    }
    block.push(rest as u8);
}

async fn serve_grpc(mut stream: TcpStream, block: Arc<Vec<u8>>) -> Result<()> {
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const HEADERS: u8 = 1;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let mut body = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut body).await?;
        let call = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match (head[3], head[4] & 1) {
            (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, 1, 0, &[])).await?,
            (PING, 0) => stream.write_all(&frame(PING, 1, 0, &body)).await?,
            // The end of headers and of the stream.
            (HEADERS, _) => stream.write_all(&frame(HEADERS, 5, call, &block)).await?,
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, call: u32, body: &[u8]) -> Vec<u8> {
    let length = &(body.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &call.to_be_bytes(), body].concat()
}

/// How an answer over HTTP repeats a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// In the message of an error as OpenAI has them, behind so many other letters.
    Error(usize),
    /// In what is no message: the code, and the type.
    Code,
    /// As plain text.
    Text,
    /// As JSON in JSON.
    Quoted,
    /// As an address to go to.
    Location,
}

/// A server that answers every request over HTTP with this status and what it was sent.
pub(super) async fn http(status: u16, shape: Shape) -> SocketAddr {
    answering(move |head, body| repeated(head, body, status, shape)).await
}

fn repeated(head: &str, body: &[u8], status: u16, shape: Shape) -> Answer {
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let mut key = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.trim_start_matches("Bearer "));
    let key = key.next_back().unwrap_or_default();
    let sent = format!("{head}{}", String::from_utf8_lossy(body));
    let error = |error: serde_json::Value| json!({ "error": error }).to_string();
    let body = match shape {
        Shape::Error(before) => error(json!({ "message": format!("{}{key} is wrong", "x".repeat(before)) })),
        Shape::Code => error(json!({ "message": "no", "code": key, "type": key, "param": sent })),
        Shape::Text => sent,
        Shape::Quoted => error(json!({ "sent": sent }).to_string().into()),
        Shape::Location => String::new(),
    };
    let elsewhere = format!("location: http://127.0.0.1:1/?key={}\r\n", percent_encoded(key));
    let headers = match shape {
        Shape::Location => elsewhere,
        _ => String::new(),
    };
    Answer {
        status,
        headers,
        body,
    }
}

/// What is said over HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Each with its line end.
    pub(super) headers: String,
    pub(super) body: String,
}

/// A server over HTTP that answers what `answer` makes of a request's head and body.
pub(super) async fn answering(answer: impl Fn(&str, &[u8]) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let answer = Arc::new(answer);
    listening(move |stream| serve_http(stream, answer.clone())).await
}

async fn serve_http(stream: TcpStream, answer: Arc<impl Fn(&str, &[u8]) -> Answer>) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let lower = head.to_lowercase();
    let length = lower
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await?;
    let Answer {
        status,
        headers,
        body,
    } = answer(&head, &body);
    let head =
        format!("HTTP/1.1 {status} so\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}");
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
