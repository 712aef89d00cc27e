//! While others use the tables, they wait for nothing, and the progress says what the build waits for.

use super::kinds::{CATALOG, everything};
use super::*;

#[test]
fn writers_do_not_wait_for_a_live_build() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        let (holder, writer) = (place.another().await, place.another().await);
        // Whoever waits for a build is refused at once.
        writer.batch_execute("set lock_timeout = '1ms'").await.unwrap();
        let hold = "begin; update users set city = city where id = 'u7'; update orders set sku = sku; \
                    update stock set sku = sku; update items set sku = sku; update rooms set sku = sku";
        holder.batch_execute(hold).await.unwrap();
        let others = async {
            // As many keys as are built at once wait for the one who holds a row of each table.
            place
                .until(
                    "select count(*) = 3 from pg_stat_activity where query ~ '^(create|alter)' \
                     and wait_event_type = 'Lock' and datname = current_database()",
                )
                .await;
            for n in 10..30 {
                let write = format!(
                    "insert into users (_path, id) values ('users/new{n}', 'new{n}'); \
                     update users set city = 'x{n}' where id = 'u{n}'; delete from users where id = 'u2{n}'; \
                     insert into orders (_path) values ('orders/new{n}'); \
                     insert into items (_path, _ordinal) values ('users/new{n}', 0); \
                     insert into items (_path, _ordinal) values ('users/nobody', {n});"
                );
                writer.batch_execute(&write).await.unwrap();
            }
            while !format!("{:?}", place.progress.snapshot().phase).contains("waiting for writers") {
                looking().await;
            }
        };
        let mut run = std::pin::pin!(place.run(true));
        tokio::select! {
            outcome = &mut run => panic!("it ended before the transaction it had to wait for: {outcome:?}"),
            () = others => {}
        }
        holder.batch_execute("commit").await.unwrap();
        let outcome = run.await.unwrap();
        let orphans: Vec<u64> = outcome.orphans.iter().map(|orphans| orphans.count).collect();
        assert_eq!(orphans, [20]);
        let mend = "delete from items where _path = 'users/nobody'";
        place.client.batch_execute(mend).await.unwrap();
        assert!(place.run(true).await.unwrap().is_as_asked());
        assert_eq!(place.catalog().await, CATALOG);
        assert_eq!(place.count("select count(*) from users").await, 300);
        let by_index = "set enable_seqscan = off";
        place.client.batch_execute(by_index).await.unwrap();
        assert_eq!(
            place
                .count("select count(*) from users where id like 'new%'")
                .await,
            20
        );
    });
}

#[test]
fn a_plain_build_keeps_writers_out() {
    test(async {
        // The contrary, so that the test above can fail.
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        let holder = place.another().await;
        let hold = "begin; lock table users in share mode";
        holder.batch_execute(hold).await.unwrap();
        let others = async {
            let waits =
                "select exists (select 1 from pg_locks where relation = 'users'::regclass and not granted)";
            place.until(waits).await;
            let write = "set lock_timeout = '1ms'; insert into users (_path, id) values ('users/new', 'new')";
            place.another().await.batch_execute(write).await.unwrap_err();
            holder.batch_execute("commit").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(place.run(false), others);
        assert!(outcome.unwrap().is_as_asked());
        assert_eq!(place.catalog().await, CATALOG);
    });
}
