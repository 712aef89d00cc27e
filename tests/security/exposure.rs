//! The page of metrics under siege: it is one path and one method, it serves this machine alone unless it is told otherwise,
//! nobody who reaches it can harm the run, and it names tables and no document.

use crate::support::{Looking, World, completed, test};
use rehearsal::application::Application;
use rehearsal::process::Running;
use rehearsal::rest::Write;
use serde_json::json;
use simulator::{Options, Simulator};
use std::net::TcpListener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What documents hold, by every way: ids, names of fields, values.
const CONTENT: &str = "C0ntentOfDocuments";
const DOCUMENTS: usize = 400;

/// Documents that take some seconds, and documents that cannot be stored.
async fn world(simulator: &Simulator) -> World {
    let world = World::of(&simulator.host(), "watched", Application::small(0)).await;
    let document = |number: usize| {
        let nul = if number.is_multiple_of(50) { "\0" } else { "" };
        let fields = json!({ CONTENT: { "stringValue": format!("{CONTENT}{nul}") } });
        Write::Set(
            format!("things/{CONTENT}{number}"),
            fields.as_object().unwrap().clone(),
        )
    };
    world
        .firestore
        .commit((0..DOCUMENTS).map(document).collect::<Vec<_>>())
        .await
        .unwrap();
    world
}

fn free() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// A run that takes some seconds, with its page at `address`.
fn start(world: &World, address: &str) -> Running {
    let slow = ["--reads-per-second", "50", "--sample", "10", "--batch-rows", "10"];
    let flags = [
        &["--metrics-listen", address, "--emergency-threshold", "1"][..],
        &slow,
    ]
    .concat();
    world.run(&flags).start().unwrap()
}

/// What is answered to these bytes; nothing where the connection ends without.
async fn answer(address: &str, request: &[u8]) -> String {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return String::new();
    };
    // A server that has seen enough does not take the rest.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

const GOOD: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

/// The page, once rows are loaded.
async fn page(address: &str, running: &mut Running) -> String {
    loop {
        let page = answer(address, GOOD).await;
        if page.contains("etl_commit_seconds_bucket") {
            return page;
        }
        assert!(
            !running.has_ended().unwrap(),
            "{}",
            running.wait().await.unwrap().stderr
        );
        Looking::again().await;
    }
}

fn files_of(running: &Running) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", running.pid().unwrap()))
        .unwrap()
        .count()
}

#[test]
fn no_request_harms_the_run() {
    test(async {
        let simulator = Simulator::start(Options::default()).unwrap();
        let world = world(&simulator).await;
        let address = free();
        let mut running = start(&world, &address);
        let shown = page(&address, &mut running).await;
        assert!(shown.starts_with("HTTP/1.1 200 OK\r\n"), "{shown}");
        assert!(!shown.contains(CONTENT), "{shown}");
        assert!(
            shown.contains("etl_documents_quarantined_total{reason=\"nul_character\"}"),
            "{shown}"
        );
        let before = files_of(&running);

        for (request, status) in [
            ("GET / HTTP/1.1\r\n\r\n", "404"),
            ("GET /health HTTP/1.1\r\n\r\n", "404"),
            ("GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n", "404"),
            ("POST /metrics HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc", "405"),
            ("DELETE /metrics HTTP/1.1\r\n\r\n", "405"),
            ("nonsense\r\n\r\n", "400"),
            ("GET /metrics\r\n\r\n", "400"),
        ] {
            let answered = answer(&address, request.as_bytes()).await;
            assert!(
                answered.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request:?}: {answered}"
            );
            assert!(!answered.contains("etl_"), "{request:?}: {answered}");
        }
        // Too much of it: ten thousand lines, a line that never ends, 64 MiB of anything, the beginning of TLS.
        let lines = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000));
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
        for request in [
            lines.into_bytes(),
            long.into_bytes(),
            vec![b'x'; 64 << 20],
            vec![22, 3, 1, 0, 5],
        ] {
            if request.len() > 8 {
                let answered = answer(&address, &request).await;
                assert!(
                    answered.is_empty() || answered.starts_with("HTTP/1.1 431 "),
                    "{answered}"
                );
            }
        }
        // More than a hundred that say a few letters and wait: each would hold a file of the process, and a file is what a
        // connection to PostgreSQL is. (Still more the system does not let in: 128 may wait to be taken.)
        let mut slow = Vec::new();
        for _ in 0..120 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(b"GET /met").await.unwrap();
            slow.push(stream);
        }
        let files = files_of(&running);
        assert!(files <= before + 24, "{files} files are open, {before} before");
        let outcome = running.wait().await.unwrap();
        let summary = completed(&outcome);
        assert_eq!(summary["read"], DOCUMENTS, "{summary}");
        assert_eq!(summary["retries"], 0, "{summary}");
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    });
}

#[test]
fn whoever_hangs_up_makes_room_for_others() {
    test(async {
        let simulator = Simulator::start(Options::default()).unwrap();
        let world = world(&simulator).await;
        let address = free();
        let mut running = start(&world, &address);
        page(&address, &mut running).await;
        for _ in 0..100 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(b"GET").await.unwrap();
        }
        assert!(answer(&address, GOOD).await.contains("etl_"));
        completed(&running.wait().await.unwrap());
    });
}

#[test]
fn an_address_that_others_can_reach_is_warned_of() {
    test(async {
        let simulator = Simulator::start(Options::default()).unwrap();
        for (host, warned) in [
            ("0.0.0.0", true),
            ("[::]", true),
            ("127.0.0.1", false),
            ("127.8.8.8", false),
        ] {
            let port = free().rsplit(':').next().unwrap().to_owned();
            let world = world(&simulator).await;
            let listen = [
                "--metrics-listen",
                &format!("{host}:{port}"),
                "--emergency-threshold",
                "1",
            ];
            let outcome = world.run(&listen).run().await.unwrap();
            completed(&outcome);
            let told = outcome.stderr.contains("whoever can reach it");
            assert_eq!(told, warned, "{host}: {}", outcome.stderr);
        }
    });
}
