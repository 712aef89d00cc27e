//! No text is paid for twice, whatever ends the process: it is in the directory before anybody sees its vector.

use crate::server::{DIMENSION, Reply, Server};
use crate::{honest, many, policy, settings, texts};
use checkpoints::{Memory, VectorCache, Vectors};
use pipeline::embed::Embedder;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// Where a process that is to be killed finds its directory and its endpoint.
const DIRECTORY: &str = "ETL_TEST_EMBED_DIRECTORY";
const URL: &str = "ETL_TEST_EMBED_URL";
/// Texts that process wants vectors for; four go in a request.
const TEXTS: usize = 40;

fn through(cache: Arc<dyn VectorCache>, url: &str) -> Embedder {
    Embedder::new(&settings(url), cache, policy()).unwrap()
}

#[tokio::test]
async fn what_is_known_is_not_asked_for() {
    let server = Server::honest().await;
    let cache = Arc::new(Memory::default());
    let texts = many(10);
    let embedder = through(cache.clone(), &server.url());
    embedder.vectors(&texts[..4], DIMENSION).await.unwrap();
    assert_eq!(embedder.vectors(&texts, DIMENSION).await.unwrap(), honest(&texts));
    // Another address of the same model knows it too.
    let elsewhere = through(cache.clone(), "http://127.0.0.1:9");
    assert_eq!(
        elsewhere.vectors(&texts, DIMENSION).await.unwrap(),
        honest(&texts)
    );
    assert_eq!(server.texts().len(), 10);
}

#[tokio::test]
async fn another_model_or_dimension_is_another_vector() {
    let server = Server::honest().await;
    let cache = Arc::new(Memory::default());
    let (mut one, text) = (settings(&server.url()), texts(["x"]));
    for (number, (model, dimensions)) in [("m", None), ("mx", None), ("m", Some(3)), ("m", Some(4))]
        .into_iter()
        .enumerate()
    {
        one.model = model.to_owned();
        one.dimensions = dimensions.map(|number: u32| number.try_into().unwrap());
        let embedder = Embedder::new(&one, cache.clone(), policy()).unwrap();
        embedder.vectors(&text, DIMENSION).await.unwrap();
        embedder.vectors(&text, DIMENSION).await.unwrap();
        assert_eq!(server.asked().len(), number + 1, "{model} {dimensions:?}");
    }
}

#[tokio::test]
async fn letting_go_at_any_request_keeps_what_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let cache: Arc<dyn VectorCache> = Arc::new(Vectors::open(dir.path()).unwrap());
    let texts = many(TEXTS);
    let server = Server::start(|asked| match asked.number % 3 {
        2 => Reply::Silence,
        _ => Reply::honest(asked),
    })
    .await;
    let mut lives = 0;
    loop {
        lives += 1;
        assert!(lives <= TEXTS, "no life gets further than the one before");
        let embedder = through(cache.clone(), &server.url());
        let before = server.asked().len();
        tokio::select! {
            done = embedder.vectors(&texts, DIMENSION) => {
                assert_eq!(done.unwrap(), honest(&texts));
                break;
            }
            // Aborted as soon as a request hangs.
            () = async { while server.asked().len() < before / 3 * 3 + 3 { tokio::task::yield_now().await } } => {}
        }
    }
    assert_each_was_answered_once(
        &server
            .asked()
            .iter()
            .filter(|asked| asked.number % 3 != 2)
            .map(|asked| asked.texts.clone())
            .collect::<Vec<_>>(),
    );
}

fn assert_each_was_answered_once(answered: &[Vec<String>]) {
    let all: Vec<&String> = answered.iter().flatten().collect();
    let different: BTreeSet<&String> = all.iter().copied().collect();
    assert_eq!((all.len(), different.len()), (TEXTS, TEXTS), "{answered:?}");
}

/// No test of its own: what the killed process does. Started by the tests below and in `trust`, under their settings.
#[test]
fn a_process_of_its_own() {
    let (Ok(directory), Ok(url)) = (std::env::var(DIRECTORY), std::env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let cache = Arc::new(Vectors::open(Path::new(&directory)).unwrap());
        let texts = many(TEXTS);
        let mut settings = settings(&url);
        // A proxy of this machine has no part in the test.
        settings.timeout = std::time::Duration::from_secs(60);
        let embedder = Embedder::new(&settings, cache, policy()).unwrap();
        assert_eq!(embedder.vectors(&texts, DIMENSION).await.unwrap(), honest(&texts));
    });
}

pub(crate) fn process(directory: &Path, url: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "cache::a_process_of_its_own"])
        .env(DIRECTORY, directory)
        .env(URL, url)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_and_restarted_process_asks_only_for_what_is_missing() {
    for killed_at in [0, 1, 4, 9] {
        let dir = tempfile::tempdir().unwrap();
        let victim: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
        let condemned = victim.clone();
        let server = Server::start(move |asked| {
            if asked.number == killed_at
                && let Some(victim) = condemned.lock().unwrap().as_mut()
            {
                // SIGKILL: it gets no chance to put anything in order.
                victim.kill().unwrap();
                return Reply::Silence;
            }
            Reply::honest(asked)
        })
        .await;
        {
            let mut place = victim.lock().unwrap();
            *place = Some(process(dir.path(), &server.url()).spawn().unwrap());
        }
        let waited = tokio::task::spawn_blocking(move || {
            loop {
                if let Some(status) = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                    return status;
                }
                std::thread::yield_now();
            }
        });
        assert!(!waited.await.unwrap().success(), "it was killed");
        let mut second = process(dir.path(), &server.url());
        let second = tokio::task::spawn_blocking(move || second.status().unwrap())
            .await
            .unwrap();
        assert!(second.success());
        let answered: Vec<Vec<String>> = server
            .asked()
            .iter()
            .filter(|asked| asked.number != killed_at)
            .map(|asked| asked.texts.clone())
            .collect();
        assert_each_was_answered_once(&answered);
    }
}
