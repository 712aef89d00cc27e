//! What is there under the names of tables: nothing, tables that fit, or what is in the way, told with what to do.

use super::super::{Existing, ServerFacts};
use super::*;
use crate::fault::Class;

impl Registered {
    async fn stands(&self) -> Existing {
        self.ledger.existing(&self.plan).await.unwrap().remove(0)
    }

    async fn sql(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

fn facts(vector_schema: Option<&str>, vector_offered: bool) -> ServerFacts {
    ServerFacts {
        version: "17".to_owned(),
        vector_schema: vector_schema.map(str::to_owned),
        vector_offered,
    }
}

fn in_the_way(found: Existing) -> String {
    match found {
        Existing::InTheWay(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_fits_when_it_is_empty_and_has_the_planned_columns() {
    test(async {
        let run = Registered::over(2).await;
        assert_eq!(run.stands().await, Existing::EmptyAndFitting);
        run.sql("alter table c add column mine int").await;
        assert_eq!(run.stands().await, Existing::EmptyAndFitting);
        run.sql("insert into c (_path, _created_at, _updated_at) values ('c/1', now(), now())")
            .await;
        assert_eq!(in_the_way(run.stands().await), "it already has rows");
        run.sql("truncate c; alter table c alter id type int using 0")
            .await;
        let why = in_the_way(run.stands().await);
        assert_eq!(why, "its column id is integer, the plan needs text");
        run.sql("alter table c drop column id").await;
        assert_eq!(in_the_way(run.stands().await), "it has no column id text");
        run.sql("drop table c").await;
        assert_eq!(run.stands().await, Existing::Absent);
    });
}

#[test]
fn a_key_to_a_table_of_the_plan_is_in_the_way_and_one_to_another_is_not() {
    test(async {
        let run = Registered::over(2).await;
        run.sql(
            "create table mine (id text primary key); alter table c add foreign key (id) references mine",
        )
        .await;
        assert_eq!(run.stands().await, Existing::EmptyAndFitting);
        run.sql("alter table c add unique (_path); alter table c add constraint own foreign key (id) references c (_path)")
            .await;
        let why = in_the_way(run.stands().await);
        assert!(why.starts_with("its foreign key own would refuse"), "{why}");
    });
}

#[test]
fn rows_are_merged_where_a_unique_index_has_the_key_and_nothing_else() {
    test(async {
        let run = Registered::loaded_by(Load::Merge, 2).await;
        for index in [
            "create unique index on c (id) where id > 'a'",
            "create unique index on c (lower(id))",
            "create index on c (id)",
            "alter table c add mine int; create unique index on c (id, mine)",
        ] {
            run.sql(index).await;
            let why = in_the_way(run.stands().await);
            assert!(
                why.ends_with("CREATE UNIQUE INDEX ON \"public\".\"c\" (\"id\")"),
                "{why}"
            );
        }
        run.sql("create unique index on c (id) include (mine); insert into c values ('a')")
            .await;
        assert_eq!(run.stands().await, Existing::Merged);
        run.sql("drop table c").await;
        assert!(in_the_way(run.stands().await).starts_with("it is not there"));
    });
}

#[test]
fn what_is_absent_is_created_and_what_is_in_the_way_is_named() {
    test(async {
        let run = Registered::over(2).await;
        let none = facts(None, false);
        let there = run.ledger.creation(&run.plan, &none).await.unwrap();
        assert!(!there.contains("CREATE TABLE"), "{there}");
        run.sql("drop table c").await;
        let created = run.ledger.creation(&run.plan, &none).await.unwrap();
        run.sql(&created).await;
        assert_eq!(run.stands().await, Existing::EmptyAndFitting);
        run.sql("alter table c drop column id").await;
        let fault = run.ledger.creation(&run.plan, &none).await.unwrap_err();
        assert_eq!(
            (fault.class, fault.cause.as_str()),
            (Class::Permanent, "in_the_way")
        );
        assert!(
            fault.message.ends_with("table c: it has no column id text"),
            "{}",
            fault.message
        );
    });
}

#[test]
fn pgvector_is_asked_for_where_a_column_needs_it_and_taken_from_where_it_lies() {
    test(async {
        let run = Registered::over(2).await;
        run.sql("drop table c").await;
        for sql in [Type::Vector(3), Type::Halfvec(3), Type::Sparsevec(3)] {
            let mut plan = (*run.plan).clone();
            plan.collections[0].tables[0].columns[0].sql = sql;
            let fault = run.ledger.creation(&plan, &facts(None, false)).await.unwrap_err();
            assert_eq!(
                (fault.class, fault.cause.as_str()),
                (Class::Permanent, "no_pgvector")
            );
            assert!(
                fault.message.starts_with("the documents hold vectors"),
                "{}",
                fault.message
            );
            let made = run.ledger.creation(&plan, &facts(None, true)).await.unwrap();
            assert!(
                made.starts_with("create extension if not exists vector with schema public;"),
                "{made}"
            );
            let found = run
                .ledger
                .creation(&plan, &facts(Some("ext"), true))
                .await
                .unwrap();
            assert!(
                found.starts_with("set local search_path = \"ext\", pg_catalog;"),
                "{found}"
            );
        }
    });
}

#[test]
fn rows_are_counted_by_the_server() {
    test(async {
        let run = Registered::over(2).await;
        let relation = run.plan.relations().next().unwrap();
        let count = async || run.ledger.count(&relation, "public").await.unwrap();
        assert_eq!(count().await, 0);
        run.sql("insert into c (_path, _created_at, _updated_at) select n::text, now(), now() from generate_series(1, 3) n")
            .await;
        assert_eq!(count().await, 3);
        assert_eq!(
            run.count("select reltuples::int8 from pg_class where relname = 'c'")
                .await,
            3
        );
    });
}
