//! The page that Prometheus reads: one path, one method, and nothing that a stranger could make of it.
//!
//! Whoever reaches the port may be slow, loud or many, and the run does not notice: a connection gets so many bytes and
//! so much time, there are never more than a few, and whatever is more waits outside. What the page costs a run is
//! bounded by this, whoever asks for it and however.

use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The path that Prometheus asks for by default.
pub(crate) const PATH: &str = "/metrics";

/// Connections at the same time: a few Prometheus, and whoever else looks. Each is a file of this process.
const CONNECTIONS: usize = 16;
/// The longest a connection may last. Prometheus itself gives up after ten seconds by default.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of a request; Prometheus sends a few hundred bytes.
const LARGEST_HEAD: usize = 8 << 10;
/// How often histograms are emptied of what nobody asked for, as the exporter itself does it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Answers on `listener` for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, page: PrometheusHandle) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut upkeep = interval(UPKEEP);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let come = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            (place, come) = come => match come {
                Ok((stream, _)) => {
                    let page = page.clone();
                    tokio::spawn(async move {
                        let _place = place;
                        // Whoever hangs up, or does not come to the point, has no claim to an answer.
                        let _ = timeout(PATIENCE, answer(stream, &page)).await;
                    });
                }
                // The machine or the process has no file left: asking at once would only keep a core busy.
                Err(_) => sleep(Duration::from_secs(1)).await,
            },
            _ = upkeep.tick() => page.run_upkeep(),
        }
    }
}

async fn answer(mut stream: TcpStream, page: &PrometheusHandle) -> std::io::Result<()> {
    let head = head(&mut stream).await?;
    let (status, body) = match head.as_deref().map(asked) {
        Some(Asked::Page) => ("200 OK", page.render()),
        Some(Asked::Elsewhere) => ("404 Not Found", format!("metrics are at {PATH}\n")),
        Some(Asked::Otherwise) => ("405 Method Not Allowed\r\nallow: GET", String::new()),
        Some(Asked::Nothing) => ("400 Bad Request", String::new()),
        None => ("431 Request Header Fields Too Large", String::new()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The first lines of a request up to the empty one, or nothing where they are too long.
async fn head(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LARGEST_HEAD {
            return Ok(None);
        }
        match stream.read(&mut piece).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => head.extend_from_slice(&piece[..read]),
        }
    }
    Ok(Some(head))
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Page,
    Elsewhere,
    Otherwise,
    Nothing,
}

/// What a request line asks for: `GET /metrics HTTP/1.1`.
fn asked(head: &[u8]) -> Asked {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(target), Some(version)) = (method, target, version) else {
        return Asked::Nothing;
    };
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    match method {
        _ if !version.starts_with(b"HTTP/1.") || words.next().is_some() => Asked::Nothing,
        b"GET" if path == PATH.as_bytes() => Asked::Page,
        b"GET" => Asked::Elsewhere,
        _ => Asked::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_method_and_one_path_are_answered() {
        for (line, means) in [
            ("GET /metrics HTTP/1.1", Asked::Page),
            ("GET /metrics?name=x HTTP/1.0", Asked::Page),
            ("GET / HTTP/1.1", Asked::Elsewhere),
            ("GET /metrics/.. HTTP/1.1", Asked::Elsewhere),
            ("GET //metrics HTTP/1.1", Asked::Elsewhere),
            ("get /metrics HTTP/1.1", Asked::Otherwise),
            ("POST /metrics HTTP/1.1", Asked::Otherwise),
            ("GET /metrics", Asked::Nothing),
            ("GET /metrics HTTP/2", Asked::Nothing),
            ("GET  /metrics HTTP/1.1", Asked::Nothing),
            ("GET /metrics HTTP/1.1 and more", Asked::Nothing),
            ("", Asked::Nothing),
            ("\u{16}\u{3}\u{1}", Asked::Nothing),
        ] {
            let head = format!("{line}\r\nhost: x\r\n\r\n");
            assert_eq!(asked(head.as_bytes()), means, "{line:?}");
        }
    }
}
