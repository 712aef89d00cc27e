//! What is there already: bytes, and runs.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use tokio_postgres::types::Type;

pub(super) const DISK: &str = "target.disk";
pub(super) const ROWS: &str = "target.rows";

pub(super) async fn disk(session: &Session) -> Result<Finding, Fault> {
    let sql = "select pg_size_pretty(pg_database_size(current_database()))";
    let row = session.row("ask for the database's size", sql, &[]).await?;
    let takes: String = row.get(0);
    let why = format!(
        "the database takes {takes} now; how much room is left cannot be seen from here: have twice the documents' size"
    );
    Ok(Finding::skipped(DISK, why))
}

pub(super) async fn rows(session: &Session, schema: &str) -> Result<Finding, Fault> {
    let action = "look for an earlier run";
    let there = "select to_regclass('etl.run') is not null";
    if !session.row(action, there, &[]).await?.get::<_, bool>(0) {
        return Ok(Finding::pass(ROWS, "no run has been here"));
    }
    // Aggregates, so that there is always a row.
    let newest = "select count(*), (array_agg(run::text order by started_at desc))[1], \
                  (array_agg(source order by started_at desc))[1], \
                  (array_agg(finished_at is not null order by started_at desc))[1] \
                  from etl.run where target_schema = $1";
    let row = session.row(action, newest, &[(&schema, Type::TEXT)]).await?;
    let (Some(run), Some(source), Some(finished)) = (row.get(1), row.get(2), row.get(3)) else {
        let found = format!("the ledger holds no run into schema {schema}");
        return Ok(Finding::pass(ROWS, found));
    };
    Ok(judge_rows(row.get(0), run, source, finished))
}

fn judge_rows(runs: i64, run: String, source: String, finished: bool) -> Finding {
    let newest = if runs == 1 { "run" } else { "the newest is run" };
    let fate = if finished {
        "is finished, and a run of that source finds nothing left to do"
    } else {
        "is not finished, and a run of that source goes on with it"
    };
    Finding::pass(ROWS, format!("{newest} {run} of {source} {fate}"))
}
