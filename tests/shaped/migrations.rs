//! The SQL that `etl init` writes: it applies cleanly, the run fills its tables, and applied once more it changes nothing.

use super::compared::assert_same;
use super::killed::standing;
use super::source::shop;
use super::{assert_alike, ends, export, load, number};
use crate::support::{World, test};
use rehearsal::process::{Outcome, Program};
use std::path::{Path, PathBuf};

/// The files in the folder of migrations: tables first, then what comes after the load.
fn files(world: &World, folder: &str) -> [PathBuf; 2] {
    let entries = std::fs::read_dir(world.folder().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let [tables, after] = files.try_into().unwrap();
    let is = |file: &Path, name: &str| file.file_name().unwrap().to_str().unwrap().ends_with(name);
    assert!(
        is(&tables, "_etl_tables.sql") && is(&after, "_etl_after_load.sql"),
        "{tables:?} {after:?}"
    );
    [tables, after]
}

/// Applies a file as somebody at a terminal does, and stops at the first error.
async fn apply(world: &World, file: &Path) -> Outcome {
    let psql = rehearsal::parts::postgres_bin().unwrap().join("psql");
    let stop = ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"];
    ends(
        Program::new(psql)
            .args([world.url.as_str()])
            .args(stop)
            .args([file]),
        0,
        &[],
    )
    .await
}

#[test]
fn migrations_apply_the_run_fills_them_and_applied_again_they_change_nothing() {
    test(async {
        let (world, other) = (shop().await, shop().await);
        for world in [&world, &other] {
            ends(world.etl(&["init"]), 0, &["migrations/"]).await;
        }
        let [tables, after] = files(&world, "migrations");
        apply(&world, &tables).await;
        let client = world.client().await;
        let there =
            "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
        assert!(number(&client, there).await > 30);

        let (summary, without) = (load(&world).await, load(&other).await);
        for key in ["read", "loaded", "quarantined", "tables", "altered"] {
            assert_eq!(summary[key], without[key], "{key}");
        }
        assert_same(&export(&other, &[]).await, &export(&world, &[]).await);
        let made = standing(&client).await;
        assert_alike(&standing(&other.client().await).await, &made);

        // Twice, for whoever is not sure whether it was done.
        for _ in 0..2 {
            let outcome = apply(&world, &after).await;
            assert!(!outcome.stderr.contains("ERROR"), "{}", outcome.stderr);
            assert_alike(&made, &standing(&client).await);
        }
        apply(&other, &files(&other, "migrations")[1]).await;
    });
}

#[test]
fn whatever_the_run_makes_after_the_load_its_migration_makes_as_well() {
    test(async {
        let world = shop().await;
        ends(world.etl(&["init", "--migrations", "sql"]), 0, &["sql/"]).await;
        load(&world).await;
        let client = world.client().await;
        let made = standing(&client).await;
        client.batch_execute(DROP).await.unwrap();
        let left = "select (select count(*) from pg_indexes where schemaname = 'public') + (select count(*) from pg_constraint \
                    where connamespace = 'public'::regnamespace and contype in ('p', 'f'))";
        assert_eq!(number(&client, left).await, 0);
        apply(&world, &files(&world, "sql")[1]).await;
        assert_alike(&made, &standing(&client).await);
    });
}

/// Takes everything away that is made after a load.
const DROP: &str = "do $$ declare one record; begin
    for one in select conrelid::regclass as of, conname from pg_constraint
               where connamespace = 'public'::regnamespace and contype in ('f', 'p', 'u') order by contype
    loop execute format('alter table %s drop constraint %I', one.of, one.conname); end loop;
    for one in select indexname from pg_indexes where schemaname = 'public'
    loop execute format('drop index %I', one.indexname); end loop;
end $$";

#[test]
fn a_foreign_key_that_would_refuse_rows_of_the_run_is_told_before_anything_is_loaded() {
    test(async {
        let world = shop().await;
        ends(world.etl(&["init"]), 0, &[]).await;
        apply(&world, &files(&world, "migrations")[0]).await;
        let client = world.client().await;
        let mine = "alter table users add constraint mine foreign key (_path) references orders (_path)";
        let mine = format!("alter table orders add unique (_path); {mine}");
        client.batch_execute(&mine).await.unwrap();
        ends(world.run(&[]), 7, &["table users", "foreign key mine", "drop it"]).await;
        client
            .batch_execute("alter table users drop constraint mine")
            .await
            .unwrap();
        load(&world).await;
    });
}

/// Whoever applies all migrations of a folder in order, as tools do, applies both before the run.
#[test]
fn both_migrations_applied_before_the_run_make_no_difference() {
    test(async {
        let (world, other) = (shop().await, shop().await);
        for world in [&world, &other] {
            ends(world.etl(&["init"]), 0, &[]).await;
        }
        for file in files(&world, "migrations") {
            apply(&world, &file).await;
        }
        let (summary, without) = (load(&world).await, load(&other).await);
        for key in ["loaded", "quarantined", "tables"] {
            assert_eq!(summary[key], without[key], "{key}");
        }
        assert_same(&export(&other, &[]).await, &export(&world, &[]).await);
        let (made, with) = (
            standing(&other.client().await).await,
            standing(&world.client().await).await,
        );
        assert_alike(&made, &with);
    });
}

#[test]
fn a_folder_that_supabase_looks_into_is_found_and_a_schema_is_heeded() {
    test(async {
        let world = shop().await;
        std::fs::create_dir_all(world.folder().join("supabase/migrations")).unwrap();
        ends(
            world.etl(&["init", "--schema", "Shop data"]),
            0,
            &["supabase/migrations/"],
        )
        .await;
        assert!(!world.folder().join("migrations").exists());
        let [tables, _] = files(&world, "supabase/migrations");
        apply(&world, &tables).await;
        let client = world.client().await;
        let there = "select count(*) from pg_class where relkind = 'r' and relnamespace = '\"Shop data\"'::regnamespace";
        assert!(number(&client, there).await > 30);
        assert_eq!(
            number(
                &client,
                "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            )
            .await,
            0
        );
        load(&world).await;
        assert!(number(&client, "select count(*) from \"Shop data\".users").await > 0);
    });
}

#[test]
fn without_migrations_there_is_no_sql() {
    test(async {
        let world = shop().await;
        ends(
            world.etl(&["init", "--no-migration", "--write", "shop.toml"]),
            0,
            &["wrote shop.toml\n"],
        )
        .await;
        let entries = std::fs::read_dir(world.folder()).unwrap();
        let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["shop.toml"]);
        ends(
            world.etl(&["plan", "--config", "shop.toml"]),
            0,
            &["nothing was changed"],
        )
        .await;
    });
}
