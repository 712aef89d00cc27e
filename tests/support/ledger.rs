//! What a target has committed, as a third party sees it: the ledger, the rows, and who is still connected.

use crate::support::Looking;
use rehearsal::process::{Running, Stream};
use tokio_postgres::Client;

/// The sums of `etl.lane` at one moment; all zero where there is no ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) runs: i64,
    pub(crate) read: i64,
    pub(crate) loaded: i64,
    pub(crate) quarantined: i64,
    pub(crate) lanes: i64,
    pub(crate) ended: i64,
    /// The highest fence: how often somebody took the lanes over.
    pub(crate) fence: i64,
}

impl Ledger {
    pub(crate) async fn of(client: &Client) -> Ledger {
        let there = client
            .query_one("select to_regclass('etl.lane') is not null", &[])
            .await
            .unwrap();
        if !there.get::<_, bool>(0) {
            return Ledger::default();
        }
        let sums = "select (select count(*) from etl.run), coalesce(sum(read), 0)::int8, \
                    coalesce(sum(loaded), 0)::int8, coalesce(sum(quarantined), 0)::int8, count(*), \
                    count(*) filter (where state = 'end'), coalesce(max(fence), 0) from etl.lane";
        let row = client.query_one(sums, &[]).await.unwrap();
        Ledger {
            runs: row.get(0),
            read: row.get(1),
            loaded: row.get(2),
            quarantined: row.get(3),
            lanes: row.get(4),
            ended: row.get(5),
            fence: row.get(6),
        }
    }

    /// Waits until the ledger is as wanted, and says how it was then.
    pub(crate) async fn until(client: &Client, wanted: impl Fn(&Ledger) -> bool) -> Ledger {
        loop {
            let now = Ledger::of(client).await;
            if wanted(&now) {
                return now;
            }
            Looking::again().await;
        }
    }

    /// The same of a ledger that `etl` writes; panics if it ends before.
    pub(crate) async fn written(
        client: &Client,
        etl: &mut Running,
        wanted: impl Fn(&Ledger) -> bool,
    ) -> Ledger {
        loop {
            let ended = etl.has_ended().unwrap();
            let now = Ledger::of(client).await;
            if wanted(&now) {
                return now;
            }
            assert!(!ended, "{now:?}\n{}", etl.said(Stream::Stderr));
            Looking::again().await;
        }
    }

    /// Every lane is at its end.
    pub(crate) fn all_ended(&self) -> bool {
        self.lanes > 0 && self.ended == self.lanes
    }
}

/// Rows in all tables of the target, counted.
pub(crate) async fn rows(client: &Client) -> i64 {
    let count = "select 'select ' || coalesce(string_agg(format('(select count(*) from %I.%I)', schemaname, \
                 tablename), ' + '), '0::int8') from pg_tables where schemaname = 'public'";
    let count: String = client.query_one(count, &[]).await.unwrap().get(0);
    client.query_one(&count, &[]).await.unwrap().get(0)
}

/// Waits until the server has let go of everybody but us: until then a last commit may still land.
pub(crate) async fn released(client: &Client) {
    let others = "select count(*) from pg_stat_activity where datname = current_database() \
                  and backend_type = 'client backend' and pid <> pg_backend_pid()";
    while client.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        Looking::again().await;
    }
}

/// Asserts that rows and quarantine are what the ledger says: no batch is half there.
pub(crate) async fn assert_whole_batches(client: &Client) -> Ledger {
    let ledger = Ledger::of(client).await;
    let rows = if ledger.runs > 0 { rows(client).await } else { 0 };
    assert_eq!(
        rows, ledger.loaded,
        "rows in the tables and rows in the ledger: {ledger:?}"
    );
    let aside: i64 = match ledger.runs {
        0 => 0,
        _ => client
            .query_one("select count(*) from etl.quarantine", &[])
            .await
            .unwrap()
            .get(0),
    };
    assert_eq!(
        aside, ledger.quarantined,
        "the quarantine and the ledger: {ledger:?}"
    );
    ledger
}
