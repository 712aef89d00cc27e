//! A mapping that is written: whether its tables, keys, indexes and foreign keys can be made, and what its graphs take.

use super::{RIGHTS, administer, ends, golden, looked, of, role, world};
use crate::support::{World, complete, test};
use rehearsal::postgres::{Options, Server};

/// Writes a table of people with these columns, and what else is to be said of it.
fn settle(world: &World, table: &str, columns: &str) {
    let settings =
        format!("[tables.people]\nfrom = \"users\"\n{table}\n[tables.people.columns]\n{columns}\n");
    std::fs::write(world.folder().join("etl.toml"), settings).unwrap();
}

async fn says(world: &World, url: &str, code: i32, name: &str, text: &str) {
    let outcome = looked(world, url, code).await;
    golden(&format!("target-{text}"), &of(world, &outcome, &[name]));
}

const MAPPING: &str = "target.mapping";

#[test]
fn a_mapping_that_can_be_made_passes_and_leaves_nothing_behind() {
    test(async {
        let world = world().await;
        let table = "key = [\"id\"]\nindexes = [ { on = [\"name\"], where = \"name <> ''\" } ]";
        let columns = "id = { from = \"$id\", type = \"text\" }\nname = { type = \"text\" }\n\
                       boss = { from = \"boss\", type = \"text\", holds = \"reference\", references = \"people\" }\n\
                       half = { from = \"vec\", type = \"halfvec(8)\" }\n\
                       low = { generated = \"lower(name)\", type = \"text\" }";
        settle(&world, table, columns);
        says(&world, &world.url, 0, MAPPING, "mapping-good").await;
        let there = "select count(*) from pg_class where relname like 'people%'";
        let row = world.client().await.query_one(there, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0);
        let url = role(&world, "select 1").await;
        says(&world, &url, 3, MAPPING, "mapping-forbidden").await;
    });
}

#[test]
fn types_that_the_server_lacks_are_told_with_how_to_get_them() {
    test(async {
        let world = world().await;
        settle(&world, "", "home = { type = \"geography(Point,4326)\" }");
        let outcome = looked(&world, &world.url, 3).await;
        let said = of(&world, &outcome, &[MAPPING]);
        assert!(
            said.contains("column home is geography") && said.contains("PostGIS"),
            "{said}"
        );

        settle(&world, "", "half = { from = \"vec\", type = \"halfvec(8)\" }");
        administer(
            &world,
            "update pg_extension set extversion = '0.6.2' where extname = 'vector'",
        )
        .await;
        says(&world, &world.url, 3, MAPPING, "mapping-pgvector-old").await;
        let settings = vec![("extension_control_path".to_owned(), "/nowhere".to_owned())];
        let without = Server::start_with(Options {
            settings,
            ..Options::default()
        })
        .await
        .unwrap();
        let url = without.plain_database("without").await.unwrap();
        says(&world, &url, 3, MAPPING, "mapping-pgvector-absent").await;
        settle(&world, "", "home = { type = \"geography(Point,4326)\" }");
        says(&world, &url, 3, MAPPING, "mapping-postgis-absent").await;
    });
}

#[test]
fn tables_that_are_in_the_way_are_named() {
    test(async {
        let world = world().await;
        settle(&world, "", "name = { type = \"text\" }");
        let client = world.client().await;
        let make = "create table people (_path text not null, _created_at timestamptz not null, \
                    _updated_at timestamptz not null, name text, _extra jsonb)";
        client.batch_execute(make).await.unwrap();
        says(&world, &world.url, 0, MAPPING, "mapping-empty-table").await;
        let fill = "insert into people values ('users/1', now(), now(), null, null)";
        client.batch_execute(fill).await.unwrap();
        says(&world, &world.url, 3, MAPPING, "mapping-rows").await;
        client
            .batch_execute("truncate people; alter table people alter name type integer using 0")
            .await
            .unwrap();
        says(&world, &world.url, 3, MAPPING, "mapping-column").await;
        client
            .batch_execute("alter table people alter name type text")
            .await
            .unwrap();
        // Rows may go into the table of somebody else; keys may not be made on it.
        let grants = format!("{RIGHTS}; grant all on people to ROLE");
        let url = role(&world, &grants).await;
        says(&world, &url, 3, MAPPING, "mapping-of-another-role").await;
        let run = ends(world.run(&[]).env("DATABASE_URL", &url), 3).await;
        assert!(
            run.stdout.contains("must be owner of table people"),
            "{}",
            run.stdout
        );
        let there = "select count(*) from people";
        assert_eq!(client.query_one(there, &[]).await.unwrap().get::<_, i64>(0), 0);
        let ledger = "select to_regnamespace('etl') is null";
        assert!(client.query_one(ledger, &[]).await.unwrap().get::<_, bool>(0));
    });
}

#[test]
fn what_postgres_refuses_of_a_mapping_is_told_in_its_words() {
    test(async {
        let world = world().await;
        let wrong = "name = { type = \"text\" }\nlow = { generated = \"lowest(name)\", type = \"text\" }";
        settle(&world, "", wrong);
        says(&world, &world.url, 3, MAPPING, "mapping-expression").await;
        let index = "indexes = [ { on = [\"name\"], where = \"city = 'Rome'\" } ]";
        settle(&world, index, "name = { type = \"text\" }");
        says(&world, &world.url, 0, MAPPING, "mapping-condition").await;
    });
}

#[test]
fn tables_of_a_run_are_its_own() {
    test(async {
        let world = World::with(40).await;
        settle(&world, "", "name = { type = \"text\" }");
        complete(world.run(&[])).await;
        says(&world, &world.url, 0, MAPPING, "mapping-of-a-run").await;
    });
}

#[test]
fn the_memory_for_a_graph_is_compared_with_what_a_run_gives() {
    test(async {
        let world = World::with(40).await;
        let index = "indexes = [ { on = [\"vec\"], using = \"hnsw\", distance = \"cosine\" } ]";
        settle(
            &world,
            index,
            "vec = { type = \"vector(1536)\", holds = \"array\" }",
        );
        let counted = looked(&world, &world.url, 0).await;
        let said = of(&world, &counted, &["target.memory"]);
        assert!(
            said.starts_with("pass target.memory the hnsw index of people (vec) takes"),
            "{said}"
        );
        assert!(said.contains(" documents, and a run may give it "), "{said}");
        // Less than any graph takes.
        let little = super::check(&world, &["--maintenance-memory", "1MiB"]);
        let outcome = super::ends(little, 0).await;
        golden("target-memory-graph", &of(&world, &outcome, &["target.memory"]));
        // Of elements nobody knows how many there are.
        let child = "[tables.people.children.faces]\nfrom = \"faces\"\nof = \"array\"\n\
                     indexes = [ { on = [\"vec\"], using = \"hnsw\", distance = \"cosine\" } ]\n\
                     [tables.people.children.faces.columns]\nvec = { type = \"vector(1536)\", holds = \"array\" }\n";
        settle(&world, "", &format!("name = {{ type = \"text\" }}\n\n{child}"));
        let few = super::check(&world, &["--maintenance-memory", "2GiB"]);
        let outcome = super::ends(few, 0).await;
        golden("target-memory-unknown", &of(&world, &outcome, &["target.memory"]));
    });
}
