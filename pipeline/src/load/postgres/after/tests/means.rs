//! With little shared memory, one connection, or a pooler in between, it is slower and the end is the same.

use super::kinds::{CATALOG, everything};
use super::*;
use rehearsal::pooler::Pooler;
use rehearsal::postgres::Options;
use tokio_postgres::SimpleQueryMessage;

#[test]
fn through_a_transaction_pooler_and_with_one_connection_the_end_is_the_same() {
    test(async {
        let (tables, sql) = everything();
        for live in [false, true] {
            for connections in [1, 4] {
                let place = Place::on(server().await, tables.clone(), &sql, connections).await;
                let pooler = Pooler::start(&place.url).await.unwrap();
                let place = Place {
                    postgres: reached(pooler.url(), connections),
                    ..place
                };
                assert!(place.run(live).await.unwrap().is_as_asked());
                assert_eq!(place.catalog().await, CATALOG);
                assert_eq!(place.run(live).await.unwrap(), Outcome::default());
                // Nobody else is left with our settings.
                let through = connect(pooler.url().trim_end_matches("?pgbouncer=true"))
                    .await
                    .unwrap();
                for (setting, own) in [("statement_timeout", "0"), ("maintenance_work_mem", "64MB")] {
                    let shown = through.simple_query(&format!("show {setting}")).await.unwrap();
                    let shown = shown.iter().find_map(|message| match message {
                        SimpleQueryMessage::Row(row) => row.get(0),
                        _ => None,
                    });
                    assert_eq!(shown, Some(own), "{setting}");
                }
            }
        }
    });
}

#[test]
fn where_shared_memory_is_too_small_a_graph_is_built_by_one_process() {
    test(async {
        // Shared memory is kept in files of the data directory, on a disk too small for it.
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let small = Server::start_with(Options {
            settings: vec![
                setting("dynamic_shared_memory_type", "mmap"),
                setting("min_parallel_table_scan_size", "0"),
                setting("maintenance_work_mem", "1GB"),
            ],
            tmpfs_bytes: Some(220 << 20),
            durable: false,
        })
        .await
        .unwrap();
        let vectors = table(
            "vectors",
            &[],
            vec![column("v", Type::Vector(64), Holds::Vector)],
            vec![hnsw("v", Distance::L2)],
        );
        let sql = create("vectors", "v vector(64), ")
            + "insert into vectors (_path, v) select 'vectors/' || n, (select array_agg(sin(n * m)) from generate_series(1, 64) m) \
               from generate_series(1, 2000) n; alter table vectors set (parallel_workers = 2);";
        for live in [false, true] {
            let place = Place::on(&small, vec![vectors.clone()], &sql, 3).await;
            let outcome = place.run(live).await.unwrap();
            assert!(outcome.is_as_asked(), "{outcome:?}");
            assert_eq!(place.catalog().await.len(), 3);
        }
        let log = small.log().unwrap();
        let refused = log
            .lines()
            .filter(|line| line.contains("could not resize shared memory"));
        assert_eq!(refused.count(), 2, "{log}");
    });
}

#[test]
fn graphs_that_are_built_at_once_share_the_memory() {
    test(async {
        let names = ["a", "b", "c"];
        let tables = names.map(|name| {
            let vectors = vec![column("v", Type::Vector(4), Holds::Vector)];
            table(name, &[], vectors, vec![hnsw("v", Distance::L2)])
        });
        let place = Place {
            memory: Some(900 << 20),
            ..Place::with(tables.into(), "").await
        };
        // One connection looks at how far they are, where there is one to spare.
        for (connections, each) in [(1, 900), (2, 900), (3, 450), (4, 300), (9, 300)] {
            let most = place.after().most_memory(connections).await.unwrap();
            assert_eq!(most, each << 20, "{connections} connections");
        }
        let plain = Place {
            tables: vec![table("d", &[], vec![scalar("n", Scalar::BigInt)], Vec::new())],
            ..place
        };
        assert_eq!(plain.after().most_memory(4).await.unwrap(), 900 << 20);
    });
}
