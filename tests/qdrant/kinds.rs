//! Every kind of id, vector and payload arrives, to the last bit.

use super::judge::{assert_same, exported};
use super::world::{World, complete};
use crate::support::test;
use simulator::qdrant::{
    Collection, Datatype, Distance, Ids, Index, Mix, Odds, Options, SparseParams, VectorParams, Version,
};

/// Vectors of every kind, some missing, and payloads of every kind.
fn everything(name: &str, points: u64, ids: Ids) -> Collection {
    let dense = |size, distance| VectorParams::new(size, distance);
    Collection::new(name, points)
        .ids(ids)
        .named("title", dense(7, Distance::Cosine))
        .named("body", dense(5, Distance::Dot))
        .named("half", dense(6, Distance::Euclid).datatype(Datatype::Float16))
        .named("byte", dense(4, Distance::Manhattan).datatype(Datatype::Uint8))
        .named("rows", dense(3, Distance::Cosine).multi())
        .sparse(
            "words",
            SparseParams {
                max_index: Some(30_000),
                ..SparseParams::default()
            },
        )
        .payload(Mix::Rich)
        .index("category", Index::Keyword)
        .odds(Odds {
            missing: 0.1,
            zero: 0.02,
            bare: 0.05,
            ..Odds::default()
        })
}

/// Loads all collections without any mapping, and asserts that each came over whole.
async fn whole(world: &World, names: &[&str]) {
    let summary = complete(world.run(&[])).await;
    assert_eq!(summary["quarantined"], 0, "{summary:#}");
    let exported = exported(world).await;
    for name in names {
        assert_same(world, name, &exported);
    }
}

#[test]
fn every_kind_of_id_and_vector_comes_back_bit_for_bit() {
    test(async {
        let kinds = [
            ("dense", Ids::Dense),
            ("gaps", Ids::Gaps),
            ("around", Ids::AroundI64Max),
            ("spread", Ids::Spread),
            ("uuids", Ids::Uuid),
            ("mixed", Ids::Mixed),
        ];
        let world = World::of(kinds.map(|(name, ids)| everything(name, 700, ids))).await;
        whole(&world, &kinds.map(|(name, _)| name)).await;
    });
}

#[test]
fn every_version_of_the_server_is_read_alike() {
    test(async {
        for version in ["1.13.6", "1.15.5", "1.16.3", "1.18.3"] {
            let options = Options::default()
                .version(version.parse::<Version>().unwrap())
                .with(everything("all", 400, Ids::Mixed));
            whole(&World::with(options).await, &["all"]).await;
        }
    });
}

#[test]
fn an_unnamed_vector_or_none_at_all() {
    test(async {
        let one = Collection::new("one", 500)
            .vector(VectorParams::new(16, Distance::Dot))
            .payload(Mix::Plain)
            .odds(Odds {
                missing: 0.2,
                ..Odds::default()
            });
        let none = Collection::new("none", 300).payload(Mix::Rich);
        let world = World::of([one, none]).await;
        whole(&world, &["one", "none"]).await;
    });
}

#[test]
fn the_same_id_under_several_shard_keys_is_several_points() {
    test(async {
        let keyed = everything("keyed", 600, Ids::Gaps).shard_keys(["eu", "us@west", "a%b"]);
        let numbered = Collection::new("numbered", 300)
            .vector(VectorParams::new(3, Distance::Cosine))
            .shard_keys([7u64, 9]);
        let world = World::of([keyed, numbered]).await;
        whole(&world, &["keyed", "numbered"]).await;
    });
}

#[test]
fn what_postgres_cannot_hold_goes_to_quarantine_with_the_reason() {
    test(async {
        let odd = Collection::new("odd", 1_000)
            .vector(VectorParams::new(4, Distance::Euclid))
            .payload(Mix::Plain)
            .odds(Odds {
                not_finite: 0.02,
                nul: 0.03,
                ..Odds::default()
            });
        let world = World::of([odd]).await;
        let summary = complete(world.run(&[])).await;
        let client = world.client().await;
        let reasons = "select reason, count(*) from etl.quarantine group by 1 order by 1";
        let rows = client.query(reasons, &[]).await.unwrap();
        let found: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert!(
            found.iter().any(|(reason, _)| reason == "nul_character"),
            "{found:?}"
        );
        let aside: i64 = found.iter().map(|(_, count)| count).sum();
        assert_eq!(summary["read"], 1_000, "{summary:#}");
        assert_eq!(summary["quarantined"], aside);
        assert_eq!(summary["loaded"], 1_000 - aside);
        let quarantined = "select path from etl.quarantine";
        let aside = client.query(quarantined, &[]).await.unwrap();
        let exported = exported(&world).await;
        assert_eq!(exported.len() + aside.len(), 1_000);
    });
}

#[test]
fn an_alias_becomes_a_view_and_a_tenant_a_part_of_the_table() {
    test(async {
        let memory = Collection::new("memory", 400)
            .vector(VectorParams::new(4, Distance::Cosine))
            .payload(Mix::Plain)
            .alias("current");
        let world = World::of([memory]).await;
        complete(world.run(&[])).await;
        let client = world.client().await;
        let count = async |sql: &str| client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
        assert_eq!(count("select count(*) from current").await, 400);

        let world = world.again().await;
        world.settle(
            "[tables.memory]\nfrom = \"memory\"\nkey = [\"half\", \"id\"]\npartition_by = \"half\"\npartitions = [\"a\"]\n\
             [tables.memory.columns]\nid = { from = \"$id\", type = \"bigint\" }\n\
             half = { value = \"a\", type = \"text\", required = true }\n\
             embedding = { from = \"vector\", type = \"vector(4)\" }\npayload = { type = \"jsonb\" }\n",
        );
        let summary = complete(world.run(&[])).await;
        assert_eq!(summary["loaded"], 400, "{summary:#}");
        let client = world.client().await;
        let parts = "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhparent where c.relname = 'memory'";
        assert_eq!(client.query_one(parts, &[]).await.unwrap().get::<_, i64>(0), 2);
        assert_same(&world, "memory", &exported(&world).await);
    });
}
