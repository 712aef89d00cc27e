//! A mapping with everything in it, killed half-way: the same rows, children, amendments and constraints as without.

use super::source::shop;
use super::{SHOP, assert_alike, lines, settle};
use crate::support::ledger::{Ledger, released};
use crate::support::{World, completed, test};
use rehearsal::process::Signal;
use std::os::unix::process::ExitStatusExt;
use tokio_postgres::Client;

/// So many documents are committed before each kill; then the end is awaited and made by one more kill.
const COMMITTED: [i64; 5] = [1, 130, 400, 700, 950];

async fn target() -> World {
    let world = shop().await;
    settle(&world, SHOP);
    world
}

fn small(world: &World) -> rehearsal::process::Program {
    let arguments = [
        "--batch-rows",
        "20",
        "--lane-documents",
        "60",
        "--lanes",
        "3",
        "--emergency-threshold",
        "1",
    ];
    world.run(&arguments)
}

/// Every row of every table, what was put aside and what was altered, and all that stands on the tables: as text.
async fn contents(client: &Client) -> Vec<String> {
    let tables = lines(client, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1").await;
    let mut contents = Vec::new();
    for table in tables {
        let table = format!("public.\"{}\"", table.replace('"', "\"\""));
        let sum = format!(
            "select count(*), md5(coalesce(string_agg(t::text, E'\\n' order by t::text collate \"C\"), '')) from {table} t"
        );
        contents.push(format!("{table}: {}", lines(client, &sum).await.concat()));
    }
    for query in [
        "select encode(path, 'escape'), table_name, column_name, field, policy, original from etl.amendment order by 1, 2, 3, 4, 5",
        "select encode(path, 'escape'), reason, column_name, detail from etl.quarantine order by 1",
    ] {
        contents.extend(lines(client, query).await);
    }
    contents.extend(standing(client).await);
    contents
}

/// Every constraint and every index. Names of NOT NULL are PostgreSQL's own choice, by which of two was made first.
pub(super) async fn standing(client: &Client) -> Vec<String> {
    let constraints = "select conrelid::regclass::text, case contype when 'n' then '' else conname::text end, \
                       pg_get_constraintdef(oid) from pg_constraint \
                       where connamespace = 'public'::regnamespace order by 1, 2, 3";
    let indexes = "select indexdef from pg_indexes where schemaname = 'public' order by 1";
    [lines(client, constraints).await, lines(client, indexes).await].concat()
}

#[test]
fn kills_change_nothing_of_what_a_mapping_makes() {
    test(async {
        let (undisturbed, killed) = (target().await, target().await);
        completed(&small(&undisturbed).run().await.unwrap());
        let client = killed.client().await;
        let mut kills = 0;
        for committed in COMMITTED {
            let mut etl = small(&killed).start().unwrap();
            Ledger::written(&client, &mut etl, |now| now.read >= committed).await;
            etl.signal(Signal::Kill).unwrap();
            kills += i32::from(etl.wait().await.unwrap().status.signal() == Some(9));
            released(&client).await;
        }
        // What is left is keys, indexes and references: the last kill is in the middle of these.
        let mut etl = small(&killed).start().unwrap();
        let key = "select from pg_constraint where contype = 'p' and connamespace = 'public'::regnamespace";
        while client.query(key, &[]).await.unwrap().is_empty() {
            crate::support::Looking::again().await;
        }
        etl.signal(Signal::Kill).unwrap();
        kills += i32::from(etl.wait().await.unwrap().status.signal() == Some(9));
        released(&client).await;
        assert!(kills >= 5, "only {kills} of the kills met a run under way");
        completed(&small(&killed).run().await.unwrap());
        let (without, with) = (
            contents(&undisturbed.client().await).await,
            contents(&client).await,
        );
        assert!(without.len() > 100, "{without:#?}");
        assert_alike(&without, &with);
    });
}
