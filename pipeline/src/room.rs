//! Memory for documents in flight, one budget for all lanes.
//!
//! A batch takes room for the largest it can become before its first document is read, gives back what it did
//! not need once it is full, and gives back the rest when it is durable. A lane never waits for room while it
//! holds a half-read batch, so lanes cannot wait for one another in a circle.

use crate::metrics::{Wait, waiting_for};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest a legal document can be on the wire: 4.42 MB were produced from a document under Firestore's
/// limit of 1 MiB, whose stored size counts a null as one byte.
pub const LARGEST_DOCUMENT: usize = 5 << 20;

/// Memory a batch may hold for each byte that came over the wire: the wire bytes, the packed rows, and the
/// JSON of what overflows (base64 and tags included).
const HELD_PER_BYTE: usize = 3;

/// Bytes on the wire that a document's bookkeeping is worth: handles of the document and of its row, and what a row has
/// that its document has not. Half of what a document of 200 bytes takes.
const BESIDE: usize = 64;

const UNIT: usize = 1024;

/// The budget.
#[derive(Debug, Clone)]
pub struct Rooms {
    free: Arc<Semaphore>,
    total: usize,
    batch: u32,
}

/// Room taken; it is given back on drop.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Rooms {
    /// `memory` bytes for batches of at most `batch_bytes` on the wire. There is always room for one batch.
    pub fn new(memory: u64, batch_bytes: usize) -> Self {
        let batch = units((batch_bytes + LARGEST_DOCUMENT) * HELD_PER_BYTE);
        let total = usize::try_from(memory).unwrap_or(usize::MAX) / UNIT;
        let total = total.clamp(batch as usize, Semaphore::MAX_PERMITS);
        Rooms {
            free: Arc::new(Semaphore::new(total)),
            total,
            batch,
        }
    }

    /// Waits for room for one batch of any size.
    pub async fn take(&self) -> Room {
        let free = self.free.clone().acquire_many_owned(self.batch);
        match waiting_for(Wait::Memory, free).await {
            Ok(permit) => Room(permit),
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Bytes taken at this moment.
    pub fn taken(&self) -> usize {
        (self.total - self.free.available_permits()) * UNIT
    }

    /// Bytes that can ever be taken at once.
    pub fn bound(&self) -> usize {
        self.total * UNIT
    }
}

impl Room {
    /// Gives back all but what a batch of so many documents holds, of `bytes` on the wire.
    pub fn shrink(&mut self, documents: usize, bytes: usize) {
        let keep = units((bytes + documents * BESIDE) * HELD_PER_BYTE) as usize;
        let surplus = self.0.num_permits().saturating_sub(keep.max(1));
        drop(self.0.split(surplus));
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn taken_room_never_exceeds_the_bound_and_comes_back() {
        let rooms = Rooms::new(100 << 20, 8 << 20);
        let mut first = rooms.take().await;
        let second = rooms.take().await;
        assert!(rooms.taken() <= rooms.bound());
        assert!(
            futures::FutureExt::now_or_never(rooms.take()).is_none(),
            "a third batch does not fit"
        );
        first.shrink(10, 1000);
        drop(second);
        assert_eq!(rooms.taken(), (3 * (1000 + 10 * BESIDE)).next_multiple_of(UNIT));
        drop(first);
        assert_eq!(rooms.taken(), 0);
    }

    #[tokio::test]
    async fn there_is_always_room_for_one_batch() {
        let rooms = Rooms::new(1, 64 << 20);
        let _room = rooms.take().await;
        assert_eq!(rooms.taken(), rooms.bound());
    }
}
