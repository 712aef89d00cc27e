//! One end of the run in trouble: whoever tries again does so one at a time, and when one gets through all go on.
//!
//! A server that comes back is not met by all lanes at once, and nobody sleeps out a wait of a minute after it has. What
//! kind of trouble it is need not be known: a lane that is in trouble alone waits for nobody.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Shared by all who talk to one end; clones are the same one.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// Who may try.
    turn: Arc<Semaphore>,
    /// How often somebody got through who had been in trouble.
    recoveries: watch::Sender<u64>,
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker {
            turn: Arc::new(Semaphore::new(1)),
            recoveries: watch::Sender::new(0),
        }
    }
}

/// The turn of one who tries again; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not looked at")] OwnedSemaphorePermit);

impl Breaker {
    /// Recoveries from now on.
    pub(crate) fn watch(&self) -> Recovery {
        Recovery(self.recoveries.subscribe())
    }

    /// Waits for a turn. There is none to wait for, and none is given, once somebody got through.
    pub(crate) async fn turn(&self, recovery: &Recovery) -> Option<Turn> {
        tokio::select! {
            biased;
            () = recovery.comes() => None,
            // It is never closed.
            turn = self.turn.clone().acquire_owned() => turn.ok().map(Turn),
        }
    }

    /// Somebody who was in trouble got through.
    pub(crate) fn recovered(&self) {
        self.recoveries.send_modify(|times| *times += 1);
    }
}

/// The next recovery.
#[derive(Debug)]
pub(crate) struct Recovery(watch::Receiver<u64>);

impl Recovery {
    /// Returns once somebody got through since this was made.
    pub(crate) async fn comes(&self) {
        // What a clone sees, this one has not seen: it may be asked again.
        let mut unseen = self.0.clone();
        if unseen.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
