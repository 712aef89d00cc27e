//! What cannot be: who is in the way is named, nothing is lost, and the rest is made.

use super::*;
use crate::fault::{Class, Part};
use config::mapping::{Child, Collection};

/// Orders of customers, of whom some are not there.
fn shop() -> (Vec<Table>, String) {
    let customers = table("customers", &[], vec![], vec![]);
    let orders = table(
        "orders",
        &[],
        vec![refers(text("customer"), "customers", "_path")],
        vec![],
    );
    let sql = create("customers", "")
        + &create("orders", "customer text, ")
        + "insert into customers (_path) select 'customers/c' || n from generate_series(0, 99) n; \
           insert into orders (_path, customer) select 'orders/o' || to_char(n, 'fm000'), \
           case when n % 4 = 0 then null else 'customers/c' || n end from generate_series(0, 199) n;";
    (vec![orders, customers], sql)
}

#[test]
fn rows_that_refer_to_nothing_are_named_and_new_ones_refused() {
    test(async {
        for live in [false, true] {
            let (tables, sql) = shop();
            let place = Place::with(tables, &sql).await;
            let outcome = place.run(live).await.unwrap();
            let [orphans] = &*outcome.orphans else {
                panic!("{outcome:#?}")
            };
            // Of 100 to 199, those whose number four does not divide.
            assert_eq!((orphans.count, orphans.examples.len()), (75, 20));
            assert_eq!(
                orphans.examples[..3],
                ["orders/o101", "orders/o102", "orders/o103"]
            );
            assert_eq!(
                (orphans.table.as_str(), orphans.references.as_str()),
                ("orders", "customers")
            );
            assert!(outcome.warnings.is_empty() && orphans.next().contains(&orphans.query));
            let listed = place.client.query(&orphans.query, &[]).await.unwrap();
            assert_eq!(listed.len(), 75);
            let constraint = "orders orders_customer_fkey FOREIGN KEY (customer) REFERENCES customers(_path)";
            assert!(place.catalog().await.contains(&format!("{constraint} NOT VALID")));
            let dangling = "insert into orders (_path, customer) values ('orders/new', 'customers/nobody')";
            place.client.batch_execute(dangling).await.unwrap_err();
            // Told again by every start, for as long as it is so.
            let again = place.run(live).await.unwrap();
            assert_eq!((again.made, &again.orphans), (0, &outcome.orphans));
            let mend = "insert into customers (_path) select distinct customer from orders where customer is not null \
                        and customer not in (select _path from customers)";
            place.client.batch_execute(mend).await.unwrap();
            let ended = place.run(live).await.unwrap();
            assert!(ended.is_as_asked(), "{ended:?}");
            assert!(place.catalog().await.contains(&constraint.to_owned()));
        }
    });
}

/// Workouts that are called the same below different people.
async fn workouts(columns: &str, rows: &str, key: &[&str]) -> Place {
    let tables = vec![table("workouts", key, vec![id(), text("day")], vec![])];
    let sql = create("workouts", columns)
        + "insert into workouts (_path, id, day) select 'users/' || u || '/workouts/w' || w, 'w' || w, 'd' || u \
           from generate_series(1, 9) u, generate_series(u * 10, u * 10 + 3) w;"
        + rows;
    Place::with(tables, &sql).await
}

const SAME: &str = "insert into workouts (_path, id) select 'users/' || u || '/workouts/w' || w, 'w' || w \
                    from generate_series(11, 15) u, generate_series(10, 11) w;";

#[test]
fn a_key_that_rows_share_is_a_fault_that_names_them() {
    test(async {
        for live in [false, true] {
            let place = workouts("id text, day text, ", SAME, &["id"]).await;
            let rows = place.count("select count(*) from workouts").await;
            for _ in 0..2 {
                let fault = place.run(live).await.unwrap_err();
                assert_eq!((fault.part, fault.class), (Part::Target, Class::Permanent));
                let told = fault.to_string();
                for words in [
                    "primary key of workouts (id)",
                    "2 values of (id) are there more than once",
                    "users/1/workouts/w10 and users/11/workouts/w10 and users/12/workouts/w10 and 3 more",
                    "users/1/workouts/w11 and",
                    "`key` of tables.workouts",
                ] {
                    assert!(told.contains(words), "{words:?} is not in: {told}");
                }
                // Paths are told, values are not.
                assert!(!told.contains("(w10)"), "{told}");
                assert_eq!(place.catalog().await, [""; 0]);
            }
            assert_eq!(place.count("select count(*) from workouts").await, rows);
            place
                .client
                .batch_execute("delete from workouts where _path ~ 'users/1[1-5]/'")
                .await
                .unwrap();
            assert!(place.run(live).await.unwrap().is_as_asked());
        }
    });
}

#[test]
fn a_key_that_cannot_be_does_not_stop_other_tables() {
    test(async {
        let place = workouts("id text, day text, ", SAME, &["id"]).await;
        place.client.batch_execute(&create("zoo", "")).await.unwrap();
        let mut tables = place.tables.clone();
        tables.push(table(
            "zoo",
            &[],
            vec![],
            vec![index(&["_created_at"], Method::Btree)],
        ));
        let place = Place { tables, ..place };
        place.run(true).await.unwrap_err();
        let zoo = [
            "CREATE INDEX zoo__created_at_idx ON public.zoo USING btree (_created_at)",
            "CREATE UNIQUE INDEX zoo_pkey ON public.zoo USING btree (_path)",
            "zoo zoo_pkey PRIMARY KEY (_path)",
        ];
        assert_eq!(place.catalog().await, zoo);
    });
}

#[test]
fn a_key_that_rows_do_not_have_is_a_fault_that_names_them() {
    test(async {
        for live in [false, true] {
            let none = "insert into workouts (_path) values ('users/x/workouts/b'), ('users/x/workouts/a');";
            let place = workouts("id text, day text, ", none, &["day", "id"]).await;
            for _ in 0..2 {
                let fault = place.run(live).await.unwrap_err();
                let told = fault.to_string();
                let words = "2 rows have no value for (day, id), the first are users/x/workouts/a, users/x/workouts/b";
                assert!(told.contains(words), "{told}");
            }
            let mend = "update workouts set id = _path, day = _path where id is null";
            place.client.batch_execute(mend).await.unwrap();
            assert!(place.run(live).await.unwrap().is_as_asked());
            let catalog = place.catalog().await;
            assert_eq!(
                catalog,
                [
                    "CREATE UNIQUE INDEX workouts_pkey ON public.workouts USING btree (day, id)",
                    "workouts workouts_pkey PRIMARY KEY (day, id)",
                ]
            );
        }
    });
}

#[test]
fn a_path_twice_means_that_the_load_is_wrong() {
    test(async {
        for live in [false, true] {
            let twice = "insert into workouts (_path) values ('users/1/workouts/w10');";
            let place = workouts("id text, day text, ", twice, &[]).await;
            let fault = place.run(live).await.unwrap_err();
            assert_eq!((fault.part, fault.cause.as_str()), (Part::Sums, "doubled"));
            assert!(
                fault
                    .to_string()
                    .contains("users/1/workouts/w10 and users/1/workouts/w10"),
                "{fault}"
            );
        }
    });
}

#[test]
fn a_unique_index_that_cannot_be_is_gone_without() {
    test(async {
        for live in [false, true] {
            let place = workouts("id text, day text, ", SAME, &[]).await;
            let mut tables = place.tables.clone();
            let here = Index {
                filter: Some("_path like 'users/%'".to_owned()),
                ..unique(&["id"])
            };
            tables[0].indexes = vec![here, index(&["day"], Method::Btree)];
            let place = Place { tables, ..place };
            for made in [2, 0] {
                let outcome = place.run(live).await.unwrap();
                assert_eq!(outcome.made, made);
                let [warning] = &*outcome.warnings else {
                    panic!("{outcome:#?}")
                };
                assert_eq!(
                    warning.step,
                    "unique index of workouts (id) where _path like 'users/%'"
                );
                assert!(
                    warning
                        .reason
                        .contains("2 values of (id) are there more than once"),
                    "{warning:?}"
                );
                // Nothing of it is left, and the statement is the one to run when the rows are mended.
                assert_eq!(place.catalog().await.len(), 3);
            }
            let sql = place.run(live).await.unwrap().warnings[0].sql.clone();
            place
                .client
                .batch_execute("delete from workouts where _path ~ 'users/1[1-5]/'")
                .await
                .unwrap();
            place.client.batch_execute(&sql).await.unwrap();
            assert!(place.run(live).await.unwrap().is_as_asked());
        }
    });
}

/// A text that no compression makes short enough for a btree.
const LONG: &str = "(select string_agg(md5(n::text), '') from generate_series(1, 180) n)";

#[test]
fn texts_too_long_for_an_index_leave_a_hash_or_a_warning() {
    test(async {
        for live in [false, true] {
            let mut notes = table(
                "notes",
                &[],
                vec![text("body")],
                vec![index(&["body"], Method::Btree), index(&["body"], Method::Hash)],
            );
            notes.children = vec![Child {
                name: "lines".to_owned(),
                from: FieldPath::top("lines"),
                of: Collection::Array,
                columns: vec![],
                indexes: vec![],
            }];
            let sql = create("notes", "body text, ")
                + "create table lines (_path text not null, _ordinal integer not null, _extra jsonb);"
                + &format!(
                    "insert into notes (_path, body) select 'notes/' || n, 'short' from generate_series(1, 9) n; \
                     insert into notes (_path, body) values ('notes/' || {LONG}, {LONG}); \
                     insert into lines (_path, _ordinal) values ('notes/1', 0);"
                );
            let place = Place::with(vec![notes], &sql).await;
            for made in [3, 0] {
                let outcome = place.run(live).await.unwrap();
                let told: Vec<&str> = outcome.warnings.iter().map(|warning| &*warning.step).collect();
                assert_eq!(
                    told,
                    [
                        "primary key of notes (_path)",
                        "index of notes (body)",
                        "foreign key of lines (_path) to notes (_path)",
                    ]
                );
                assert!(outcome.warnings.iter().all(|warning| !warning.sql.is_empty()));
                let [key, body, lines] = outcome.warnings.as_slice() else {
                    panic!("{outcome:#?}");
                };
                assert!(key.reason.contains("a hash index finds rows by it"), "{key:?}");
                assert!(key.next.starts_with("a shorter key"), "{key:?}");
                assert!(body.next.contains("left(body, 200)"), "{body:?}");
                assert!(
                    lines.next.starts_with("what it refers to has no unique index"),
                    "{lines:?}"
                );
                assert_eq!(outcome.made, made, "{outcome:#?}");
                let catalog = place.catalog().await;
                // The key's name is left to the key.
                assert!(
                    !catalog.iter().any(|line| line.contains("INDEX notes_pkey ")),
                    "{catalog:#?}"
                );
                let hashes = catalog
                    .iter()
                    .filter(|line| line.contains("ON public.notes USING hash"));
                assert_eq!((hashes.count(), catalog.len()), (2, 4), "{catalog:#?}");
            }
        }
    });
}

#[test]
fn a_key_of_two_columns_that_is_too_long_is_none() {
    test(async {
        let notes = table("notes", &["id", "body"], vec![text("id"), text("body")], vec![]);
        let sql = create("notes", "id text, body text, ")
            + &format!("insert into notes (_path, id, body) values ('notes/1', '1', {LONG});");
        let place = Place::with(vec![notes], &sql).await;
        let outcome = place.run(false).await.unwrap();
        assert_eq!((outcome.made, outcome.warnings.len()), (0, 1), "{outcome:#?}");
        let warning = &outcome.warnings[0];
        assert!(warning.reason.ends_with("the table has no key"), "{warning:?}");
        assert_eq!(place.catalog().await.len(), 0);
    });
}

#[test]
fn a_table_with_a_key_of_its_own_keeps_it() {
    test(async {
        let columns = "id text, day text, number serial primary key, ";
        let place = workouts(columns, "", &["id"]).await;
        for made in [1, 0] {
            let outcome = place.run(false).await.unwrap();
            assert_eq!((outcome.made, outcome.warnings.len()), (made, 1), "{outcome:?}");
            assert!(outcome.warnings[0].reason.contains("primary key (number)"));
            let catalog = place.catalog().await;
            assert!(
                catalog
                    .iter()
                    .any(|line| line.contains("UNIQUE") && line.ends_with("btree (id)"))
            );
        }
    });
}
