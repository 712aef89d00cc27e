//! Killed between any two steps and in the middle of one: the next start goes on, and the end is the same.

use super::super::build::{Builder, Server};
use super::super::session::Session;
use super::super::watch::Board;
use super::kinds::{CATALOG, everything};
use super::*;

/// The first steps alone, as a start makes them that is killed after the last of them.
pub(super) async fn make_some(place: &Place, steps: usize, live: bool) {
    let session = Session(&place.postgres);
    let builder = Builder {
        after: &place.after(),
        session,
        server: &Server::ask(session).await.unwrap(),
        board: &Board::new(&place.progress),
        live,
        share: 1 << 20,
    };
    for step in &place.after().steps()[..steps] {
        builder.chain(std::slice::from_ref(step)).await.unwrap();
    }
}

#[test]
fn a_start_goes_on_after_any_step_of_another() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables.clone(), &sql).await;
        let count = place.after().steps().len();
        for steps in 0..=count {
            // What one kind of start began, the other ends.
            let live = steps % 2 == 0;
            let place = Place::with(tables.clone(), &sql).await;
            make_some(&place, steps, live).await;
            let outcome = place.run(!live).await.unwrap();
            assert_eq!(outcome.made as usize, count - steps);
            assert_eq!(place.catalog().await, CATALOG, "after {steps} steps");
        }
    });
}

/// Whether the server at `place` has an index called `name` that is not whole.
fn is_left(name: &str) -> String {
    format!(
        "select exists (select 1 from pg_index where indexrelid = to_regclass('{name}') and not indisvalid)"
    )
}

/// Runs until the build of `name` waits for a transaction that never ends, and is gone.
async fn kill_in_the_middle_of(place: &Place, name: &str) {
    let is_left = is_left(name);
    tokio::select! {
        outcome = place.run(true) => panic!("it waited for nobody: {outcome:?}"),
        () = place.until(&is_left) => {}
    }
}

pub(super) const BUILDERS_ARE_GONE: &str = "select not exists (select 1 from pg_stat_activity where query like 'create%index concurrently%' \
     and datname = current_database() and state = 'active')";

#[test]
fn an_index_left_half_built_is_built_again() {
    test(async {
        let (tables, sql) = everything();
        for name in [
            "users_pkey",
            "users_city_born_idx",
            "users_v_idx",
            "users_tags_idx",
        ] {
            for live in [false, true] {
                // One for looking and one for building: no table is ahead of another.
                let place = Place::on(server().await, tables.clone(), &sql, 2).await;
                let steps = place.after().steps();
                let at = steps.iter().position(|step| step.name == name).unwrap();
                make_some(&place, at, false).await;
                let writer = place.another().await;
                let hold = "begin; update users set city = city where id = 'u7'";
                writer.batch_execute(hold).await.unwrap();
                kill_in_the_middle_of(&place, name).await;
                // The server finds out that nobody waits for this build any more.
                place.until(BUILDERS_ARE_GONE).await;
                writer.batch_execute("commit").await.unwrap();
                place.until(&is_left(name)).await;
                let outcome = place.run(live).await.unwrap();
                assert_eq!(outcome.made as usize, steps.len() - at, "{name}");
                assert_eq!(place.catalog().await, CATALOG, "{name}");
            }
        }
    });
}

#[test]
fn a_build_that_outlives_its_process_is_waited_for() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        let writer = place.another().await;
        let hold = "begin; update users set city = city where id = 'u7'";
        writer.batch_execute(hold).await.unwrap();
        // An operator's own, which is at work when the run comes to its table.
        let builder = place.another().await;
        let theirs = tokio::spawn(async move {
            let sql = "create index concurrently theirs on users (city)";
            builder.batch_execute(sql).await.unwrap();
        });
        place.until(&is_left("theirs")).await;
        let waits = async {
            loop {
                let phase = format!("{:?}", place.progress.snapshot().phase);
                if phase.contains("waiting for another index of users to be built") {
                    return;
                }
                looking().await;
            }
        };
        let ends = async {
            waits.await;
            writer.batch_execute("commit").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(place.run(false), ends);
        theirs.await.unwrap();
        assert!(outcome.unwrap().is_as_asked());
        let catalog = place.catalog().await;
        let same = catalog
            .iter()
            .filter(|line| line.ends_with("ON public.users USING btree (city)"));
        assert_eq!(
            same.collect::<Vec<_>>(),
            ["CREATE INDEX theirs ON public.users USING btree (city)"]
        );
    });
}

#[test]
fn a_connection_that_breaks_costs_another_try() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        let writer = place.another().await;
        let hold = "begin; update users set city = city where id = 'u7'";
        writer.batch_execute(hold).await.unwrap();
        let breaks = async {
            place.until(&is_left("users_pkey")).await;
            let kill = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() \
                        and datname = current_database() and query like 'create%index concurrently%'";
            place.client.batch_execute(kill).await.unwrap();
            writer.batch_execute("commit").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(place.run(true), breaks);
        assert_eq!(outcome.unwrap().made as usize, place.after().steps().len());
        assert_eq!(place.catalog().await, CATALOG);
    });
}
