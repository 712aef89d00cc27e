//! What is not to be moved, and what cannot be meant: told before anything is done, in words that name the place.

use super::source::{document, shop, text};
use super::{SHOP, aside, ends, load, number, object, settle};
use crate::support::shop::Shop;
use crate::support::{World, emulator, test};
use rehearsal::application::Application;
use rehearsal::postgres::connect;
use serde_json::json;
use simulator::dataset::Dataset;
use simulator::{Options, Simulator};

const DOCUMENTS: u64 = 3_000;
const ONLY_PEOPLE: &str =
    "[tables.people]\nfrom = \"people\"\n\n[tables.people.columns]\nname = { type = \"text\" }\n";

/// Five people, three notes below two of them, two teams.
async fn few() -> World {
    let project = emulator().await.fresh_project();
    let named = |path: String| document(&path, json!({ "name": text("Ada") }));
    let people = (0..5).map(|n| format!("people/p{n}"));
    let notes = (0..3).map(|n| format!("people/p{}/notes/n{n}", n % 2));
    let teams = (0..2).map(|n| format!("teams/t{n}"));
    let all = people.chain(notes).chain(teams).map(named).collect();
    Shop::of(project, all, Vec::new()).await.target().await
}

/// Nobody created anything in this database.
async fn assert_untouched(world: &World) {
    let client = connect(&world.url).await.unwrap();
    let made = "select (select count(*) from pg_namespace where nspname = 'etl') + (select count(*) from pg_class \
                where relnamespace = 'public'::regnamespace and relkind = 'r')";
    assert_eq!(number(&client, made).await, 0);
}

#[test]
fn what_is_skipped_is_counted_in_plan_and_summary() {
    test(async {
        let world = few().await;
        settle(
            &world,
            &format!("[mapping]\nunmapped = \"skip\"\n\n{ONLY_PEOPLE}"),
        );
        ends(world.etl(&["plan"]), 0, &["notes", "teams", "5 documents"]).await;
        let plan = object(world.etl(&["plan", "--output", "json"])).await;
        let left = json!([{ "id": "notes", "documents": 3 }, { "id": "teams", "documents": 2 }]);
        assert_eq!(plan["plan"]["left_behind"], left);
        let summary = load(&world).await;
        assert_eq!(summary["read"], 5);
        assert_eq!(summary["left_behind"], left, "{summary:#}");
        let client = world.client().await;
        assert_eq!(number(&client, "select count(*) from people").await, 5);
        let others = "select count(*) from pg_class where relname in ('notes', 'teams')";
        assert_eq!(number(&client, others).await, 0);
        let page = world.etl(&["run", "--metrics-listen", "off"]);
        ends(
            page,
            0,
            &[
                "leaves where they are",
                "notes (3 documents)",
                "teams (2 documents)",
            ],
        )
        .await;
    });
}

#[test]
fn what_is_refused_is_named_before_a_document_is_read() {
    test(async {
        let options = Options::default().with_dataset("shop", "(default)", Dataset::shop(7, DOCUMENTS));
        let simulator = Simulator::start(options).unwrap();
        let world = World::of(&simulator.host(), "shop", Application::small(0)).await;
        let mapping = "[mapping]\nunmapped = \"refuse\"\n\n[tables.users]\nfrom = \"users\"\n";
        settle(&world, mapping);
        let said = ends(
            world.run(&[]),
            7,
            &["no table is made of", "orders (", "unmapped = "],
        )
        .await;
        assert!(!said.stdout.contains("users ("), "{}", said.stdout);
        ends(world.etl(&["plan"]), 7, &["orders ("]).await;
        assert_untouched(&world).await;
        // Finding the collections takes looks here and there, at each of two starts; nothing was read to be moved.
        let bill = simulator.bill("shop", "(default)");
        assert!(bill.reads() < DOCUMENTS / 2, "{bill:?}");
    });
}

#[test]
fn an_index_that_cannot_be_is_told_before_a_document_is_read() {
    test(async {
        let world = few().await;
        let mapping = "[tables.people]\nfrom = \"people\"\nindexes = [ { on = [\"name\"], where = \"town <> ''\" } ]\n\n\
                       [tables.people.columns]\nname = { type = \"text\" }\n\n[mapping]\nunmapped = \"skip\"\n";
        settle(&world, mapping);
        let said = ends(world.run(&[]), 0, &[]).await.stderr;
        let told = said.find("would not make the index of people (name)");
        let without = said.find("goes without it");
        assert!(
            told.is_some_and(|told| without.is_none_or(|without| told < without)),
            "{said}"
        );
        let client = world.client().await;
        assert_eq!(number(&client, "select count(*) from people").await, 5);
    });
}

#[test]
fn documents_that_match_no_pattern_are_put_aside_with_that_reason() {
    test(async {
        let world = few().await;
        let elsewhere = "[tables.notes]\nfrom = \"people/p0/notes\"\n\n[tables.notes.columns]\nname = { type = \"text\" }\n";
        settle(&world, elsewhere);
        let summary = load(&world).await;
        assert_eq!(
            (&summary["loaded"], &summary["quarantined"]),
            (&json!(9), &json!(1))
        );
        let client = world.client().await;
        let aside = aside(&client).await;
        assert_eq!(
            aside.into_iter().collect::<Vec<_>>(),
            [("people/p1/notes/n1".to_owned(), "no_table".to_owned())]
        );
        assert_eq!(number(&client, "select count(*) from notes").await, 2);
        let list = world.etl(&["quarantine", "list", "--reason", "no_table"]);
        ends(list, 0, &["people/p1/notes/n1"]).await;
    });
}

#[test]
fn a_mapping_that_differs_from_the_runs_is_refused_by_the_name_of_its_table() {
    test(async {
        let world = shop().await;
        settle(&world, SHOP);
        load(&world).await;
        let (rows, client) = ("select count(*) from users", world.client().await);
        let before = number(&client, rows).await;
        for (was, is, word) in [
            (
                "type = \"halfvec(64)\"",
                "type = \"vector(64)\"",
                "table products is written differently",
            ),
            (
                "[tables.devices]",
                "[tables.gadgets]",
                "table gadgets was not in it",
            ),
            (
                "sent            = { from = \"sentAt\", type",
                "sent            = { from = \"seenAt\", type",
                "table messages is written differently",
            ),
            (
                "unmapped = \"infer\"",
                "unmapped = \"skip\"",
                "what holds for all of them",
            ),
        ] {
            let changed = SHOP.replace(was, is).replace(
                "[tables.devices.columns]",
                match is {
                    "[tables.gadgets]" => "[tables.gadgets.columns]",
                    _ => "[tables.devices.columns]",
                },
            );
            assert_ne!(changed, SHOP);
            settle(&world, &changed);
            ends(world.run(&[]), 7, &[word]).await;
            assert_eq!(number(&client, rows).await, before);
        }
        settle(&world, SHOP);
        load(&world).await;
    });
}

#[test]
fn mistakes_of_a_mapping_are_told_at_once_with_their_lines() {
    test(async {
        let world = shop().await;
        let mapping = "[mapping]\nunmapped = \"ignore\"\n\n[tables.users]\nfrom = \"users\"\nkey = [\"idd\"]\n\n\
                       [tables.users.columns]\nid = { from = \"$id\", type = \"text\" }\nage = { type = \"int\" }\n\
                       boss = { type = \"text\", holds = \"reference\", references = \"usrs\" }\n\
                       vec = { from = \"embedding\", type = \"vector(64)\", misfit = \"drop\" }\n\n\
                       [tables.all]\nfrom = \"**/users\"\n\n[tables.never]\nfrom = \"teams/*/users\"\n";
        settle(&world, mapping);
        let words = [
            "etl.toml line 2",
            "ignore",
            "etl.toml line 6",
            "idd",
            "etl.toml line 10",
            "write integer",
            "etl.toml line 11",
            "did you mean `users`",
            "etl.toml line 12",
            "drop",
            "etl.toml line 18",
            "already goes to table `all`",
            "6 things",
        ];
        for verb in ["run", "plan", "check"] {
            ends(world.etl(&[verb]), 2, &words).await;
        }
        assert_untouched(&world).await;
        assert!(!world.checkpoint_dir().exists());
    });
}

#[test]
fn init_writes_over_nothing_unless_told_to() {
    test(async {
        let world = few().await;
        let mine = "# my own work\n[source]\nsample = 7\n";
        settle(&world, mine);
        let there = || std::fs::read_to_string(world.folder().join("etl.toml")).unwrap();
        ends(
            world.etl(&["init"]),
            2,
            &["etl.toml is there already", "--write", "--force"],
        )
        .await;
        assert_eq!(there(), mine);
        assert!(!world.folder().join("migrations").exists());
        ends(
            world.etl(&["init", "--write", "other.toml"]),
            0,
            &["wrote other.toml"],
        )
        .await;
        assert_eq!(there(), mine);
        ends(world.etl(&["init", "--force"]), 0, &["wrote etl.toml"]).await;
        assert!(there().contains("[tables.people]"), "{}", there());
        assert_untouched(&world).await;
        ends(world.etl(&["plan"]), 0, &["people", "notes", "teams"]).await;
    });
}

#[test]
fn an_empty_source_proposes_nothing_and_writes_nothing() {
    test(async {
        let project = emulator().await.fresh_project();
        let world = Shop::of(project, Vec::new(), Vec::new()).await.target().await;
        ends(world.etl(&["init"]), 3, &["there is no document", "--project"]).await;
        assert!(!world.folder().join("etl.toml").exists());
    });
}
