//! Reads are granted by the page and billed by the document: what an answer did not bring is free again at once, whoever
//! asked. The clock stands still meanwhile, so nothing comes back by waiting.

use config::{Needs, Written};
use pipeline::plan::{Lane, ReadTime};
use pipeline::quota::ReadQuota;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::firestore::{BatchLimits, Firestore};
use pipeline::source::{Range, Reader, Source, Standing};
use pipeline::stop::Stop;
use simulator::dataset::{Collection, Dataset};
use simulator::{Options, Simulator};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Reads a second, and the eighth of them that are granted at once.
const RATE: u32 = 100;
const PAGE: u32 = 12;

/// Does it in no time: the clock does not go on by itself as long as a thread works for the runtime.
async fn at_once<T>(work: impl Future<Output = T>) -> T {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = tokio::task::spawn_blocking(move || ended.recv().is_err());
    let began = Instant::now();
    let done = work.await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    drop(end);
    assert!(thread.await.unwrap());
    done
}

/// A database with one document in `notes`.
fn simulator() -> Simulator {
    let dataset = Dataset::new(1, [Collection::new("notes", 1)]).unwrap();
    Simulator::start(Options::default().with_dataset("p", "(default)", dataset)).unwrap()
}

async fn reached(simulator: &Simulator, quota: &Arc<ReadQuota>) -> Firestore {
    let mut written = Written::new();
    written.environment(|name| match name {
        "GOOGLE_CLOUD_PROJECT" => Some("p".to_owned()),
        "FIRESTORE_EMULATOR_HOST" => Some(simulator.host()),
        "DATABASE_URL" => Some("postgres://nobody@localhost/nowhere".to_owned()),
        _ => None,
    });
    let config = written.relied_on(Needs::BOTH).unwrap();
    let Some(config::Source::Firestore(source)) = &config.source else {
        panic!("another source was asked for")
    };
    let limits = BatchLimits {
        rows: 50,
        bytes: 1 << 20,
    };
    let policy = Policy {
        attempts: 1,
        delay: Duration::from_millis(1),
        longest: Duration::from_millis(1),
        budget: Duration::from_secs(1),
    };
    let rooms = Rooms::new(64 << 20, limits.bytes);
    Firestore::connect(source, quota.clone(), rooms, limits, policy, Stop::default())
        .await
        .unwrap()
}

/// Whoever asks for a page.
#[derive(Debug, Clone, Copy)]
enum Caller {
    Sample,
    Reader,
}

impl Caller {
    /// How many documents of `notes` came, or nothing where they were refused.
    async fn asks(self, source: &Firestore) -> Option<usize> {
        let at = ReadTime(jiff::Timestamp::now().as_microsecond());
        match self {
            Caller::Sample => {
                let everything = [Range {
                    from: None,
                    to: None,
                    documents: 1,
                }];
                let mut came = 0;
                let glimpse = source.glimpse("notes", &everything, 50, at, |_| came += 1);
                glimpse.await.ok().map(|()| came)
            }
            Caller::Reader => {
                let lane = Lane {
                    id: 0,
                    collection: 0,
                    shard: None,
                    from: None,
                    to: None,
                    documents: 1,
                };
                let standing = Standing {
                    progress: checkpoints::Progress::default(),
                    read_at: at,
                    expected: 1,
                    rows: Vec::new(),
                };
                let mut reader = source.reader(&lane, "notes", standing);
                let mut came = 0;
                while let Some(batch) = reader.next().await.ok()? {
                    came += batch.documents.len();
                }
                Some(came)
            }
        }
    }
}

/// Asserts that so many reads are granted to a page that is asked for now.
async fn assert_granted(quota: &ReadQuota, reads: u32, what: &str) {
    let began = Instant::now();
    let granted = quota.take_page(u32::MAX).await;
    assert_eq!(
        (granted.reads(), began.elapsed()),
        (Some(reads), Duration::ZERO),
        "{what}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_did_not_bring_is_granted_to_the_next_who_asks() {
    let simulator = simulator();
    for caller in [Caller::Sample, Caller::Reader] {
        let quota = Arc::new(ReadQuota::new(NonZeroU32::new(RATE), 1.0, false));
        let came = at_once(async {
            let source = reached(&simulator, &quota).await;
            caller.asks(&source).await
        });
        assert_eq!(came.await, Some(1), "{caller:?}");
        // All but the one that came.
        assert_granted(&quota, PAGE - 1, &format!("{caller:?}")).await;
    }
}
