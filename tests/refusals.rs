//! What cannot be stored is put aside with its reason; too much of it stops the run.

use crate::support::ledger::{assert_whole_batches, released};
use crate::support::shop::Shop;
use crate::support::{code, complete, emulator, test};
use rehearsal::rest::Write;
use serde_json::{Value, json};

/// People `p000`, `p001` and so on, the same mail address for 100 and 200; every `nul`th name cannot be stored.
async fn people(count: usize, nul: usize) -> Shop {
    let person = |number: usize| {
        let mail = if number == 200 { 100 } else { number };
        let name = if number % nul == nul - 1 { "\0" } else { "Ada" };
        let fields = json!({
            "mail": {"stringValue": format!("p{mail}@example.org")},
            "name": {"stringValue": name},
        });
        Write::Set(
            format!("people/p{number:03}"),
            fields.as_object().unwrap().clone(),
        )
    };
    let unstorable = (0..count).filter(|number| number % nul == nul - 1);
    let unstorable = unstorable.map(|number| format!("people/p{number:03}")).collect();
    Shop::of(
        emulator().await.fresh_project(),
        (0..count).map(person).collect(),
        unstorable,
    )
    .await
}

#[test]
fn too_many_failed_documents_stop_the_run_and_keep_its_state() {
    test(async {
        let shop = people(400, 5).await;
        let target = shop.target().await;
        let client = target.client().await;
        for _ in 0..2 {
            let outcome = target.run(&[]).run().await.unwrap();
            assert_eq!(code(&outcome), 5, "{}\n{}", outcome.stdout, outcome.stderr);
            released(&client).await;
            let ledger = assert_whole_batches(&client).await;
            assert!(ledger.quarantined * 10 > ledger.read, "{ledger:?}");
            assert_eq!(target.status().await["read"].as_i64(), Some(ledger.read));
        }
        let summary = complete(target.run(&["--emergency-threshold", "1"])).await;
        shop.assert_exact(&target, &summary, "with the threshold raised")
            .await;
    });
}

/// What makes PostgreSQL refuse a person, and with which SQLSTATE.
const OBSTACLES: [(&str, &str, &str); 5] = [
    (
        "people/p123",
        "23514",
        "alter table people add check (_path <> 'people/p123')",
    ),
    ("people/p200", "23505", "create unique index on people (mail)"),
    (
        "people/p200",
        "23505",
        "alter table people add unique (mail) deferrable initially deferred",
    ),
    (
        "people/p077",
        "23503",
        "create schema town; create table town.people as select 'people/p' || to_char(n, 'fm000') as path \
         from generate_series(0, 299) n where n <> 77; alter table town.people add primary key (path); \
         alter table people add foreign key (_path) references town.people (path)",
    ),
    (
        "people/p077",
        "23503",
        "create schema town; create table town.people as select 'people/p' || to_char(n, 'fm000') as path \
         from generate_series(0, 299) n where n <> 77; alter table town.people add primary key (path); \
         alter table people add foreign key (_path) references town.people (path) initially deferred",
    ),
];

#[test]
fn a_row_postgres_refuses_goes_to_quarantine_and_the_others_arrive() {
    test(async {
        let shop = people(300, usize::MAX).await;
        for (path, sqlstate, obstacle) in OBSTACLES {
            let target = shop.target().await;
            let client = target.client().await;
            let planned = target.run(&["--dry-run"]).run().await.unwrap();
            assert_eq!(code(&planned), 0, "{}", planned.stderr);
            let planned: Value = serde_json::from_str(&planned.stdout).unwrap();
            client
                .batch_execute(planned["sql"].as_str().unwrap())
                .await
                .unwrap();
            client.batch_execute(obstacle).await.unwrap();
            let summary = complete(target.run(&[])).await;
            let verdict = target.verdict(&summary).await;
            assert!(verdict.is_exact(), "{obstacle}: {verdict}");
            assert_eq!(
                verdict.quarantined.keys().collect::<Vec<_>>(),
                [path],
                "{obstacle}"
            );
            let aside = "select reason, sqlstate, detail from etl.quarantine";
            let aside = client.query_one(aside, &[]).await.unwrap();
            assert_eq!(aside.get::<_, &str>(0), "refused_by_postgres");
            assert_eq!(
                aside.get::<_, Option<&str>>(1),
                Some(sqlstate),
                "{}",
                aside.get::<_, &str>(2)
            );
            assert_eq!(summary["quarantined"], 1);
        }
    });
}

#[test]
fn a_copy_that_is_malformed_is_no_rows_fault_and_ends_the_run() {
    test(async {
        let shop = people(300, usize::MAX).await;
        let target = shop.target().await;
        let client = target.client().await;
        let planned = target.run(&["--dry-run"]).run().await.unwrap();
        let planned: Value = serde_json::from_str(&planned.stdout).unwrap();
        client
            .batch_execute(planned["sql"].as_str().unwrap())
            .await
            .unwrap();
        // All that is sent is well formed, so somebody else has to say that it is not.
        let malformed = "create function malformed() returns trigger language plpgsql as $$ begin \
             if new._path = 'people/p077' then raise exception 'row field count is 3, expected 4' using errcode = '22P04'; \
             end if; return new; end $$; \
             create trigger malformed before insert on people for each row execute function malformed()";
        client.batch_execute(malformed).await.unwrap();
        let outcome = target.run(&[]).run().await.unwrap();
        let told = format!("{}\n{}", outcome.stdout, outcome.stderr);
        assert_ne!(code(&outcome), 0, "{told}");
        assert!(told.contains("(SQLSTATE 22P04)"), "{told}");
        released(&client).await;
        assert_eq!(assert_whole_batches(&client).await.quarantined, 0, "{told}");
        client
            .batch_execute("drop trigger malformed on people")
            .await
            .unwrap();
        let summary = complete(target.run(&[])).await;
        shop.assert_exact(&target, &summary, "with the table mended")
            .await;
    });
}
