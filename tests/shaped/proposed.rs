//! What `etl init` proposes, taken as it is: everything arrives, comes back as it was, and what dangles is told.

use super::compared::{assert_same, round_vectors};
use super::source::{documents, shop};
use super::{aside, ends, export, lines, load, number, object};
use crate::support::test;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_proposal_untouched_loads_everything_and_export_gives_it_back() {
    test(async {
        let world = shop().await;
        let proposal = object(world.etl(&["init", "--output", "json"])).await;
        assert!(world.folder().join("etl.toml").exists());
        let mut source = documents().await;
        assert_eq!(proposal["documents"], source.len());
        let summary = load(&world).await;
        let client = world.client().await;

        let (mut exported, aside) = (export(&world, &[]).await, aside(&client).await);
        assert_eq!(summary["read"], source.len());
        assert_eq!(summary["loaded"], exported.len());
        assert_eq!(summary["quarantined"], aside.len());
        let back: BTreeSet<&String> = exported.keys().chain(aside.keys()).collect();
        assert_eq!(back.len(), exported.len() + aside.len());
        assert_eq!(back, source.keys().collect());
        // The proposal saw every U+0000 and asks to keep it, but for those in names of documents.
        let expected = world.application.quarantined();
        for (path, reason) in &aside {
            let why = expected.get(path).unwrap_or_else(|| panic!("{path}: {reason}"));
            assert!(*why != "U+0000" || path.contains('\0'), "{path}: {reason}");
        }
        source.retain(|path, _| !aside.contains_key(path));
        round_vectors(&mut source);
        round_vectors(&mut exported);
        assert_same(&source, &exported);
    });
}

#[test]
fn what_dangles_is_told_and_its_constraint_is_not_validated() {
    test(async {
        let world = shop().await;
        let page = ends(world.etl(&["init"]), 0, &["do not exist", "next: "]).await;
        assert!(page.stdout.contains("users"), "{}", page.stdout);
        let summary = load(&world).await;
        let client = world.client().await;
        let orphans = summary["after"]["orphans"].as_array().unwrap();
        assert!(!orphans.is_empty(), "{summary:#}");
        let told: BTreeSet<String> = orphans
            .iter()
            .map(|orphans| {
                format!(
                    "{} | {}",
                    orphans["table"].as_str().unwrap(),
                    orphans["constraint"].as_str().unwrap()
                )
            })
            .collect();
        let open = "select conrelid::regclass::text, conname from pg_constraint where contype = 'f' and not convalidated \
                    and connamespace = 'public'::regnamespace";
        assert_eq!(told, lines(&client, open).await.into_iter().collect());
        let proved = "select count(*) from pg_constraint where contype = 'f' and convalidated \
                      and connamespace = 'public'::regnamespace";
        assert!(number(&client, proved).await > 0);
        for orphans in orphans {
            let rows = client
                .query(orphans["query"].as_str().unwrap(), &[])
                .await
                .unwrap();
            assert_eq!(orphans["count"], rows.len(), "{orphans}");
            let first = orphans["examples"][0].as_str().unwrap();
            assert!(rows.iter().any(|row| row.get::<_, &str>(0) == first), "{orphans}");
        }
        assert_referrers(orphans).await;

        // The same command again finds the same, and tells it to a person.
        let page = world.etl(&["run", "--metrics-listen", "off", "--emergency-threshold", "1"]);
        let page = ends(
            page,
            0,
            &["orphans: ", "hold for new rows and are not validated", "complete"],
        )
        .await;
        for orphans in orphans {
            let table = orphans["table"].as_str().unwrap();
            let line = match orphans["count"].as_u64().unwrap() {
                1 => format!("orphans: 1 row of {table} refers to nothing in"),
                count => format!("orphans: {count} rows of {table} refer to nothing in"),
            };
            assert!(page.stdout.contains(&line), "{line}\n{}", page.stdout);
            let constraint = format!("({})\n", orphans["constraint"].as_str().unwrap());
            assert!(page.stdout.contains(&constraint), "{constraint}\n{}", page.stdout);
        }
    });
}

/// Whoever was referred by somebody who is not there is an orphan, by the source's own word.
async fn assert_referrers(orphans: &[Value]) {
    let source = documents().await;
    let referrer = |fields: &serde_json::Map<String, Value>| {
        let name = fields.get("referredBy")?["referenceValue"].as_str()?;
        Some(name.split_once("/documents/")?.1.to_owned())
    };
    let dangling = source
        .iter()
        .filter(|(path, _)| path.starts_with("users/") && path.matches('/').count() == 1)
        .filter_map(|(path, document)| Some((path, referrer(&document.fields)?)))
        .filter(|(_, to)| !source.contains_key(to))
        .count();
    let told = orphans
        .iter()
        .find(|orphans| orphans["table"] == "users")
        .unwrap();
    assert!(dangling > 0);
    assert_eq!(told["count"], dangling, "{told}");
}
