//! The gauges, kept up to date while a run moves.

use super::Progress;
use crate::forecast::Price;
use crate::metrics::{self, Moment};
use crate::quota::ReadQuota;
use crate::room::Rooms;
use checkpoints::CheckpointStore;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often the gauges are brought up to date.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps the gauges up to date.
#[derive(Debug)]
pub(crate) struct Board<C> {
    pub(crate) progress: Arc<Progress>,
    pub(crate) rooms: Rooms,
    pub(crate) quota: Arc<ReadQuota>,
    pub(crate) checkpoints: Arc<C>,
    /// What a read costs, where reads are billed.
    pub(crate) price: Option<Price>,
}

/// A board that is kept up to date.
#[derive(Debug)]
pub(crate) struct Shown<C> {
    board: Arc<Board<C>>,
    task: JoinHandle<()>,
}

impl<C: CheckpointStore> Shown<C> {
    pub(crate) fn begin(board: Board<C>) -> Self {
        if board.price.is_some() {
            metrics::billing_begins();
        }
        let board = Arc::new(board);
        let task = tokio::spawn(board.clone().keep());
        Shown { board, task }
    }

    /// It shows how things stand now, and goes on to show it.
    pub(crate) fn end(self) {
        self.task.abort();
        self.board.show();
    }
}

impl<C: CheckpointStore> Board<C> {
    /// Until dropped with its task.
    async fn keep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tick.tick().await;
            self.show();
        }
    }

    fn show(&self) {
        let (lanes_active, lane_quiet) = self.progress.under_way();
        let now = self.progress.snapshot();
        let run = self.progress.plan().map(|plan| plan.run.to_string());
        metrics::show(&Moment {
            run: run.unwrap_or_default(),
            in_flight: self.rooms.taken(),
            in_flight_limit: self.rooms.bound(),
            rate_limit: self.quota.ceiling(),
            rate_allowed: self.quota.allowed(),
            lanes: now.lanes,
            lanes_done: now.lanes_done,
            lanes_failed: now.lanes_failed,
            lanes_active,
            lane_quiet,
            planned: now.planned,
            done: now.total.read,
            quarantined: now.total.quarantined,
            eta: now.eta,
            cost: self.price.as_ref().map(|price| {
                let (so_far, at_the_end) = self.progress.reads();
                (price.cost(so_far), price.cost(at_the_end))
            }),
            checkpoints: self.checkpoints.bytes(),
        });
    }
}
