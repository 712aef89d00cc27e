//! What one of the workers that share a run does for all of them: making the plan, and what comes after the lanes.

use super::Ledger;
use super::workers::{IN_TURN, Worker, milliseconds};
use crate::fault::Fault;
use tokio_postgres::types::{ToSql, Type};

/// What one worker does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Making the plan.
    Plan,
    /// Keys, indexes and sums.
    Finish,
}

impl Task {
    fn word(self) -> &'static str {
        match self {
            Task::Plan => "plan",
            Task::Finish => "finish",
        }
    }
}

impl Ledger {
    /// Takes a task up that one worker does for all; false where another one is at it.
    pub(crate) async fn take_up(&self, worker: &Worker, task: Task) -> Result<bool, Fault> {
        let (id, task) = (worker.id, task.word());
        let wait = milliseconds(worker.lease);
        let sql = format!(
            "begin; set local lock_timeout = {wait}; set local statement_timeout = {wait}; {IN_TURN}; \
             update etl.worker o set task = null from etl.worker me where me.worker = '{id}' and o.source = me.source \
             and o.target_schema = me.target_schema and o.task is not null and o.until < clock_timestamp(); \
             update etl.worker me set task = '{task}' where me.worker = '{id}' and me.until > clock_timestamp() \
             and not exists (select from etl.worker o where o.source = me.source and o.target_schema = me.target_schema \
             and o.worker <> me.worker and o.task = '{task}') returning me.task; commit"
        );
        Ok(self
            .in_turn("take up what one worker does for all", &sql)
            .await?
            .is_some())
    }

    /// Whether `worker` is still the one that does `task`.
    pub(crate) async fn is_at(&self, worker: &Worker, task: Task) -> Result<bool, Fault> {
        let sql = "select 1 from etl.worker where worker = $1::text::uuid and task = $2";
        let (id, task) = (worker.id.to_string(), task.word());
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&id, Type::TEXT), (&task, Type::TEXT)];
        let rows = self
            .rows("look who does what one worker does for all", sql, &values)
            .await?;
        Ok(!rows.is_empty())
    }
}
