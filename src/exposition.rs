//! The page that Prometheus reads, and what supervisors of processes ask: four paths, one method, and nothing that a
//! stranger could make of it.
//!
//! Whoever reaches the port may be slow, loud or many, and the run does not notice: a connection gets so many bytes and
//! so much time, there are never more than a few, and whatever is more waits outside. What the page costs a run is
//! bounded by this, whoever asks for it and however.

use crate::health::{Health, PATHS, Probe};
use crate::watched::Watched;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use std::sync::Arc;
use std::time::{Duration, Instant};
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

/// What there is to tell.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) metrics: PrometheusHandle,
    /// What this process takes of its machine, looked up when it is asked for.
    pub(crate) process: Collector,
    pub(crate) health: Health,
    pub(crate) watched: Watched,
}

/// Answers on `listener` for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, told: Told) {
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
                    let told = told.clone();
                    tokio::spawn(async move {
                        let _place = place;
                        // Whoever hangs up, or does not come to the point, has no claim to an answer.
                        let _ = timeout(PATIENCE, answer(stream, &told)).await;
                    });
                }
                // The machine or the process has no file left: asking at once would only keep a core busy.
                Err(_) => sleep(Duration::from_secs(1)).await,
            },
            _ = upkeep.tick() => told.metrics.run_upkeep(),
        }
    }
}

async fn answer(mut stream: TcpStream, told: &Told) -> std::io::Result<()> {
    let head = head(&mut stream).await?;
    let (status, body) = match head.as_deref().map(asked) {
        Some(Asked::Page) => {
            told.watched.note(Instant::now());
            told.process.collect();
            ("200 OK", told.metrics.render())
        }
        Some(Asked::Health(probe)) => match told.health.ails(probe) {
            None => ("200 OK", "ok\n".to_owned()),
            Some(ailment) => ("503 Service Unavailable", format!("{ailment}\n")),
        },
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
    Health(Probe),
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
        b"GET" => {
            let probe = PATHS.iter().find(|(known, _)| known.as_bytes() == path);
            probe.map_or(Asked::Elsewhere, |(_, probe)| Asked::Health(*probe))
        }
        _ => Asked::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_method_and_four_paths_are_answered() {
        for (line, means) in [
            ("GET /metrics HTTP/1.1", Asked::Page),
            ("GET /metrics?name=x HTTP/1.0", Asked::Page),
            ("GET /livez HTTP/1.1", Asked::Health(Probe::Alive)),
            ("GET /readyz?verbose HTTP/1.1", Asked::Health(Probe::Ready)),
            ("GET /startupz HTTP/1.1", Asked::Health(Probe::Started)),
            ("GET /livez/ HTTP/1.1", Asked::Elsewhere),
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
