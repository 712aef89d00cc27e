//! What a document holds is not lost, whatever the mapping: proved by loading documents into a real PostgreSQL with
//! the statements of a run, and turning its rows back into documents.
//!
//! Every failure names the seed of its mapping. `REBUILT_SEED=<seed> REBUILT_MAPPINGS=1` does that one again;
//! `REBUILT_MAPPINGS` and `REBUILT_DOCUMENTS` say how many mappings there are, and documents for each.
#![allow(clippy::unwrap_used)]

mod campaign; // documents that mean harm
mod cases; // a mapping that settings allow, and documents for it: odd ids, all sizes
mod covered; // what the documents met on their way, counted
mod judge; // what came back is what was sent, but for what the mapping says
mod law; // everything together, for many mappings
mod points; // points of Qdrant, by way of the tables of a real server
mod target; // tables, loading, the steps after it and turning back, as a run does them
mod told; // what such mappings found once
mod types; // every type of a column: packed cells are what PostgreSQL reads from text
mod wire; // documents as Firestore sends them

// Shared with the laws of the pure functions, which know no PostgreSQL.
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/expectations.rs"]
mod expectations;
#[path = "../../../transforms/tests/laws/campaign/hostile/mod.rs"]
mod hostile;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/mappings/mod.rs"]
mod mappings;

use rehearsal::postgres::Server;
use std::sync::{LazyLock, OnceLock};
use tokio::runtime::Runtime;

/// The server outlives any one test's runtime, so all tests share this one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn test(body: impl Future<Output = ()>) {
    RUNTIME.block_on(body);
}

async fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start().await.unwrap());
    }
    SERVER.get().unwrap()
}

/// Numbers that look random and follow from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn pick<'l, T: ?Sized>(&mut self, list: &[&'l T]) -> &'l T {
        list[self.below(list.len())]
    }

    /// So many decisions for a mapping or a document.
    fn choices(&mut self, count: usize) -> mappings::Choices {
        mappings::Choices::new((0..count).map(|_| (self.next() >> 48) as u16).collect())
    }
}
