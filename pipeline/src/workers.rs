//! One of several processes that share a run.
//!
//! A worker says a few times within its lease that it lives, and is told with each answer what part of the quota is its
//! own until then. One that was not heard of for that long has lost its lanes to the others, whether it knows or not: what
//! it still commits is refused by the fences, and what it still reads is bounded by the moment up to which its part was
//! lent, which it counts from before it asked.

use crate::fault::Fault;
use crate::load::postgres::{Ledger, Renewal, Task, Worker};
use crate::metrics;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::quota::ReadQuota;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// So many times within its lease a worker says that it lives, and at least so often: the quota is shared out by it.
const BEATS: u32 = 8;
const OFTEN: Duration = Duration::from_secs(2);
/// And where a part of it can soon be another one's.
const SOON: Duration = Duration::from_millis(250);
const SECOND: Duration = Duration::from_secs(1);
/// How often it looks how the others get on.
const LOOK: Duration = Duration::from_secs(5);

/// This process among the workers of a run.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) worker: Worker,
    /// On connections of its own: a renewal does not wait behind batches.
    pub(crate) ledger: Ledger,
    pub(crate) quota: Arc<ReadQuota>,
    pub(crate) progress: Arc<Progress>,
    /// Whether it reads, or is about to: who does not leaves the quota to the others.
    reading: AtomicBool,
    /// That has changed.
    changed: Notify,
}

impl Member {
    pub(crate) fn new(
        worker: Worker,
        ledger: Ledger,
        quota: Arc<ReadQuota>,
        progress: Arc<Progress>,
    ) -> Member {
        Member {
            worker,
            ledger,
            quota,
            progress,
            reading: AtomicBool::new(true),
            changed: Notify::new(),
        }
    }

    /// From here on it reads, and is lent a part of the quota at once; or it does not.
    pub(crate) fn reads(&self, reads: bool) {
        if self.reading.swap(reads, Ordering::Relaxed) != reads {
            self.changed.notify_one();
        }
    }

    /// Becomes one of the workers; says how many reads a second are its own at first.
    pub(crate) async fn enter(&self) -> Result<f64, Fault> {
        self.ledger.enter(&self.worker).await?;
        self.renew(0.0).await
    }

    /// Stays one of them until dropped with its task.
    pub(crate) async fn stay(self: Arc<Self>, mut using: f64) {
        let mut looked = Instant::now();
        loop {
            // What is not the others' yet though it is no longer needed is theirs soon.
            let settled = self.quota.held() as f64 <= using;
            let beat = if settled {
                self.beat()
            } else {
                self.beat().min(SOON)
            };
            tokio::select! {
                () = tokio::time::sleep(beat) => {}
                () = self.changed.notified() => {}
            }
            match self.renew(using).await {
                Ok(reads) => using = reads,
                Err(fault) => self.tell(&fault),
            }
            if looked.elapsed() >= LOOK {
                if let Err(fault) = self.look().await {
                    self.tell(&fault);
                }
                looked = Instant::now();
            }
        }
    }

    fn beat(&self) -> Duration {
        (self.worker.lease / BEATS).min(OFTEN)
    }

    /// Renews the row, and goes by what is lent with it: so many reads a second.
    async fn renew(&self, using: f64) -> Result<f64, Fault> {
        let asked = Instant::now();
        let lanes = self.progress.under_way().0 as usize;
        let renewal = Renewal {
            lanes,
            limit: self.quota.bound(),
            reading: lanes > 0 || self.reading.load(Ordering::Relaxed),
            using: using.max(self.quota.held() as f64),
        };
        let renewed = match self.ledger.renew(&self.worker, renewal).await {
            Err(fault) if fault.cause == "gone" => {
                self.ledger.enter(&self.worker).await?;
                self.ledger.renew(&self.worker, renewal).await?
            }
            renewed => renewed?,
        };
        self.quota.lend(renewed.reads, asked + self.worker.lease);
        metrics::workers(renewed.alive);
        Ok(renewed.reads)
    }

    /// What the others have moved, and lanes that they have cut, are part of how the run stands.
    pub(crate) async fn look(&self) -> Result<(), Fault> {
        match self.progress.plan() {
            Some(plan) => self.look_by(&plan).await.map(drop),
            None => Ok(()),
        }
    }

    /// The same; returns the plan with lanes that were cut since.
    pub(crate) async fn look_by(&self, plan: &Arc<Plan>) -> Result<Arc<Plan>, Fault> {
        let (plan, standings) = self.ledger.standings_now(plan).await?;
        self.progress.begin(&plan, &standings);
        Ok(plan)
    }

    /// Takes up what one worker does for all; false while another one is at it.
    pub(crate) async fn take_up(&self, task: Task) -> Result<bool, Fault> {
        let is_ours = self.ledger.take_up(&self.worker, task).await?;
        if is_ours {
            // Who was at it before, and is gone, may have left half of it running.
            self.ledger.end_sessions_of_the_gone(&self.worker).await?;
        }
        Ok(is_ours)
    }

    /// Returns once another worker does `task`, because this one was not heard of for too long.
    pub(crate) async fn loses(&self, task: Task) {
        loop {
            tokio::time::sleep(self.beat()).await;
            if matches!(self.ledger.is_at(&self.worker, task).await, Ok(false)) {
                return;
            }
        }
    }

    /// Whether it is still the one that does `task`; where nobody can be asked, it is.
    pub(crate) async fn still_does(&self, task: Task) -> bool {
        self.ledger.is_at(&self.worker, task).await.unwrap_or(true)
    }

    /// Leaves its lanes, its part of the quota and its tasks to the others, who need not wait for the end of its lease.
    pub(crate) async fn depart(&self) {
        if let Err(fault) = self.ledger.leave_lanes(&self.worker).await {
            self.tell(&fault);
        }
        if self.quota.bound().is_some() && self.quota.held() > 0 {
            // Its last reads fill the second that they were made in.
            tokio::time::sleep(SECOND).await;
        }
        if let Err(fault) = self.ledger.depart(&self.worker).await {
            self.tell(&fault);
        }
    }

    fn tell(&self, fault: &Fault) {
        tracing::warn!(
            cause = fault.cause,
            "could not {}: {}",
            fault.action,
            fault.message
        );
    }
}
