//! What is there already: bytes, and runs.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use tokio_postgres::types::Type;

pub(super) const DISK: &str = "target.disk";
pub(super) const ROWS: &str = "target.rows";

pub(super) async fn disk(session: &Session) -> Result<Finding, Fault> {
    // Extensions that are there to look at the server's machine; PostgreSQL itself says nothing of its disks.
    let sql = "select pg_size_pretty(pg_database_size(current_database())), \
               (select min(extname::text) from pg_extension where extname in ('system_stats', 'pg_stat_sysinfo', 'pgnodemx'))";
    let row = session.row("ask for the database's size", sql, &[]).await?;
    Ok(Finding::pass(DISK, room(row.get(0), row.get(1))))
}

fn room(takes: String, extension: Option<String>) -> String {
    let left = match extension {
        Some(extension) => format!(
            "how much room is left, the extension {extension} tells those who may ask it, and `etl plan` how much a run fills"
        ),
        None => "how much room is left cannot be seen over SQL; `etl plan` forecasts how much a run fills"
            .to_owned(),
    };
    format!("the database takes {takes} now; {left}")
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
