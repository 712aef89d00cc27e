//! What the server refuses, and what the operator is told of it: the reason without anybody's values, and the next step.

use super::super::super::sqlstate;
use super::*;
use crate::fault::{Class, Part};

/// What a server refuses, its SQLSTATE, and what the operator is to do about it. What cannot be provoked is raised.
const REMEDIES: [(&str, &str, &str); 12] = [
    (
        "raise 28P01",
        "28P01",
        "check user and password in DATABASE_URL (or PGPASSWORD)",
    ),
    (
        "raise 28000",
        "28000",
        "check user and password in DATABASE_URL (or PGPASSWORD)",
    ),
    ("raise 3D000", "3D000", "or create the database"),
    (
        "set role pg_monitor; create schema mine",
        "42501",
        "give the role the right that is missing",
    ),
    ("raise 53100", "53100", "make room on the server's disk"),
    (
        "select * from nothing",
        "42P01",
        "a table or a column of the run is gone",
    ),
    (
        "select nothing from pg_class",
        "42703",
        "a table or a column of the run is gone",
    ),
    (
        "create table twice (); create table twice ()",
        "42P07",
        "another run has just created these tables; start the same command again",
    ),
    (
        "raise 53300",
        "53300",
        "lower --target-connections or raise max_connections",
    ),
    (
        "begin read only; create table late ()",
        "25006",
        "the server is read-only (a replica?); name the primary in DATABASE_URL",
    ),
    (
        "create table guarded (owner text); alter table guarded enable row level security; \
         grant insert on guarded to pg_monitor; set role pg_monitor; copy guarded from stdin",
        "0A000",
        "use the table owner or a role with BYPASSRLS",
    ),
    (
        "select pg_cancel_backend(pg_backend_pid()), pg_sleep(3600)",
        "57014",
        "raise --transaction-timeout or lower --batch-rows",
    ),
];

#[test]
fn every_refusal_that_has_a_remedy_is_told_with_it() {
    test(async {
        let place = Place::with(Vec::new(), "").await;
        for (what, code, remedy) in REMEDIES {
            let client = place.another().await;
            let sql = match what.strip_prefix("raise ") {
                Some(code) => {
                    format!("do $$ begin raise exception 'as planned' using errcode = '{code}'; end $$")
                }
                None => what.to_owned(),
            };
            let refused = client.batch_execute(&sql).await.unwrap_err();
            let fault = sqlstate::fault("try it", &refused);
            assert_eq!(fault.cause, code, "{fault}");
            let told = fault.to_string();
            let (said, next) = told.split_once("\n  next: ").unwrap();
            assert!(
                said.starts_with("could not try it: ") && said.contains(code),
                "{told}"
            );
            assert!(next.contains(remedy), "{told}");
            let passes = matches!(code, "53300" | "57014");
            assert_eq!(
                (fault.part, fault.is_transient()),
                (Part::Target, passes),
                "{told}"
            );
        }
        // What nobody knows a remedy for is told as the server said it.
        let refused = place.client.batch_execute("select 1 / 0").await.unwrap_err();
        assert_eq!(
            sqlstate::fault("try it", &refused).to_string(),
            "could not try it: division by zero (SQLSTATE 22012)"
        );
    });
}

#[test]
fn doubles_beside_another_primary_key_are_named() {
    test(async {
        for live in [false, true] {
            let tables = vec![table("workouts", &["id"], vec![id()], vec![])];
            let sql = create("workouts", "id text, number serial primary key, ")
                + "insert into workouts (_path, id) select 'users/' || u || '/workouts/w' || w, 'w' || w \
                   from generate_series(1, 3) u, generate_series(u, 3) w";
            let place = Place::with(tables, &sql).await;
            let theirs = place.catalog().await;
            for _ in 0..2 {
                let fault = place.run(live).await.unwrap_err();
                assert_eq!(
                    (fault.part, fault.class, fault.cause.as_str()),
                    (Part::Target, Class::Permanent, "23505")
                );
                let told = fault.to_string();
                for words in [
                    "2 values of (id) are there more than once",
                    "users/1/workouts/w2 and users/2/workouts/w2; users/1/workouts/w3 and users/2/workouts/w3 and users/3/workouts/w3",
                    "`key` of tables.workouts",
                ] {
                    assert!(told.contains(words), "{words:?} is not in: {told}");
                }
                assert_eq!(place.catalog().await, theirs, "nothing of it is left");
            }
            let mend = "delete from workouts where _path !~ '^users/1/'";
            place.client.batch_execute(mend).await.unwrap();
            let outcome = place.run(live).await.unwrap();
            assert_eq!((outcome.made, outcome.warnings.len()), (1, 1), "{outcome:?}");
        }
    });
}

#[test]
fn values_that_an_index_refuses_are_not_told_and_the_rest_is_made() {
    test(async {
        for live in [false, true] {
            let strict = Index {
                filter: Some("label::integer > 0".to_owned()),
                ..index(&["label"], Method::Btree)
            };
            let indexes = vec![strict, index(&["label"], Method::Hash)];
            let tables = vec![table("goods", &[], vec![text("label")], indexes)];
            let sql = create("goods", "label text, ")
                + "insert into goods (_path, label) values ('goods/1', '7'), ('goods/2', 'a secret')";
            let place = Place::with(tables, &sql).await;
            for made in [2, 0] {
                let outcome = place.run(live).await.unwrap();
                assert_eq!(outcome.made, made, "{outcome:?}");
                let [warning] = &*outcome.warnings else {
                    panic!("{outcome:?}")
                };
                assert_eq!(warning.step, "index of goods (label) where label::integer > 0");
                assert_eq!(
                    warning.reason,
                    "a value in some row does not allow it (SQLSTATE 22P02)"
                );
                assert!(!format!("{outcome:?}").contains("a secret"), "{outcome:?}");
                assert_eq!(
                    place.catalog().await.len(),
                    3,
                    "the key twice, and the other index"
                );
            }
            // A row that was only updated may be indexed in its old form, as long as anybody could still see that.
            let mend =
                "truncate goods; insert into goods (_path, label) values ('goods/1', '7'), ('goods/2', '8')";
            place.client.batch_execute(mend).await.unwrap();
            assert!(place.run(live).await.unwrap().is_as_asked());
        }
    });
}

#[test]
fn a_build_that_somebody_cancels_ends_the_start_and_the_next_one_goes_on() {
    test(async {
        for live in [false, true] {
            let tables = vec![table(
                "goods",
                &[],
                vec![text("label")],
                vec![index(&["label"], Method::Btree)],
            )];
            let sql = create("goods", "label text, ") + "alter table goods add primary key (_path)";
            let place = Place::with(tables, &sql).await;
            // Whoever builds waits for this one.
            let writer = place.another().await;
            let hold = "begin; insert into goods (_path) values ('goods/1')";
            writer.batch_execute(hold).await.unwrap();
            let building = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
                            and query like 'create index%'";
            let cancel = async {
                place.until(&format!("select exists (select {building})")).await;
                let cancel = format!("select bool_and(pg_cancel_backend(pid)) {building}");
                assert!(
                    place
                        .client
                        .query_one(&cancel, &[])
                        .await
                        .unwrap()
                        .get::<_, bool>(0)
                );
                // What is left is dropped, which waits for the writer as well.
                if live {
                    let dropping = building.replace("create index", "drop index");
                    place.until(&format!("select exists (select {dropping})")).await;
                    writer.batch_execute("commit").await.unwrap();
                }
            };
            let (outcome, ()) = tokio::join!(place.run(live), cancel);
            let fault = outcome.unwrap_err();
            assert_eq!(
                (fault.part, fault.class, fault.cause.as_str()),
                (Part::Target, Class::Permanent, "57014")
            );
            let told = fault.to_string();
            assert!(
                told.contains("make the index of goods (label)")
                    && told.contains("\n  next: somebody cancelled it"),
                "{told}"
            );
            assert!(!told.contains("--transaction-timeout"), "{told}");
            if !live {
                writer.batch_execute("commit").await.unwrap();
            }
            let outcome = place.run(live).await.unwrap();
            assert_eq!((outcome.made, outcome.is_as_asked()), (1, true), "{outcome:?}");
        }
    });
}

#[test]
fn a_server_is_told_by_its_place_and_without_its_password() {
    test(async {
        let url = server().await.database("after").await.unwrap();
        let (scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let user = user.split(':').next().unwrap();
        let postgres = reached(&format!("{scheme}://{user}:hunter2@{rest}"), 1);
        let told = format!("{postgres:?}");
        assert_eq!(told, format!("Postgres {{ place: {:?}, .. }}", postgres.place()));
        let database = rest.rsplit('/').next().unwrap().split('?').next().unwrap();
        assert!(told.contains(database) && !told.contains("hunter2"), "{told}");
    });
}
