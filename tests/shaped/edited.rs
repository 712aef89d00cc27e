//! A mapping written by hand: rows, keys and constraints as it says; and everything but what it gives away comes back.

mod expected; // what rows, constraints and indexes are to be

use super::compared::{Documents, assert_same, differences};
use super::source::{documents, shop};
use super::{SHOP, aside, ends, export, lines, load, number, settle};
use crate::support::{World, test};
use expected::{CONSTRAINTS, INDEXES, VALUES};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OnceCell;

/// A target that the mapping was loaded into; nobody changes it.
async fn loaded() -> &'static (World, Value) {
    static LOADED: OnceCell<(World, Value)> = OnceCell::const_new();
    let fill = || async {
        let world = shop().await;
        settle(&world, SHOP);
        let summary = load(&world).await;
        (world, summary)
    };
    LOADED.get_or_init(fill).await
}

/// The collections of a path, as patterns are written.
fn pattern(path: &str) -> String {
    path.split('/').step_by(2).collect::<Vec<_>>().join("/*/")
}

/// Why the mapping cannot store a document, as its words say.
fn obstacle(world: &World, path: &str, fields: &serde_json::Map<String, Value>) -> Option<&'static str> {
    let is = |name: &str, kind: &str| fields.get(name).is_some_and(|value| value.get(kind).is_some());
    match pattern(path).as_str() {
        _ if path.contains('\0') => Some("nul_character"),
        "users" if !is("displayName", "stringValue") => Some("required"),
        "users/*/addresses" if is("postalCode", "integerValue") => Some("misfit"),
        "conversations/*/messages" if !is("sender", "referenceValue") => Some("required"),
        "licences" if fields["serial"]["stringValue"] == "lost" => Some("required"),
        "products" => match world.application.expected_quarantine(path)? {
            "vector dimension" => Some("vector_dimension"),
            _ => Some("vector_not_finite"),
        },
        _ => None,
    }
}

/// The documents that have rows.
async fn stored(world: &World) -> Documents {
    let mut all = documents().await;
    all.retain(|path, document| obstacle(world, path, &document.fields).is_none());
    all
}

#[test]
fn what_the_mapping_cannot_store_is_in_quarantine_with_the_reason() {
    test(async {
        let (world, summary) = loaded().await;
        let found = aside(&world.client().await).await;
        let all = documents().await;
        let because = |(path, document): (&String, &super::compared::Document)| {
            let why = obstacle(world, path, &document.fields)?;
            Some((path.clone(), why.to_owned()))
        };
        let expected: BTreeMap<String, String> = all.iter().filter_map(because).collect();
        assert_eq!(found, expected);
        assert_eq!(summary["quarantined"], found.len());
        assert_eq!(summary["read"], all.len());
        for reason in ["required", "misfit", "vector_dimension", "nul_character"] {
            assert!(found.values().any(|found| found == reason), "no {reason}");
        }
    });
}

#[test]
fn every_table_has_a_row_for_each_document_and_each_element() {
    test(async {
        let (world, summary) = loaded().await;
        let (client, stored) = (world.client().await, stored(world).await);
        let documents = |wanted: &str| stored.keys().filter(|path| pattern(path) == wanted).count();
        let elements = |wanted: &str, field: &str| -> usize {
            let of = stored.iter().filter(|(path, _)| pattern(path) == wanted);
            of.filter_map(|(_, document)| document.fields.get(field))
                .map(|value| {
                    let array = value["arrayValue"]["values"].as_array().map_or(0, Vec::len);
                    array
                        + value["mapValue"]["fields"]
                            .as_object()
                            .map_or(0, serde_json::Map::len)
                })
                .sum()
        };
        let expected = [
            ("users", documents("users")),
            ("addresses", documents("users/*/addresses")),
            ("devices", documents("users/*/devices")),
            ("orders", documents("users/*/orders")),
            ("shop_orders", documents("shops/*/orders")),
            ("items", documents("users/*/orders/*/items")),
            ("item_options", elements("users/*/orders/*/items", "options")),
            ("products", documents("products")),
            ("cart_lines", elements("carts", "lines")),
            ("conversation_members", elements("conversations", "members")),
            ("conversation_unread", elements("conversations", "unread")),
            ("shipment_stops", elements("shipments", "stops")),
            ("messages", documents("conversations/*/messages")),
            (
                "entries",
                stored
                    .keys()
                    .filter(|path| path.rsplit('/').nth(1) == Some("entries"))
                    .count(),
            ),
            ("measurements", documents("measurements")),
        ];
        for (table, rows) in expected {
            assert!(rows > 0, "{table} should have rows");
            let found = number(&client, &format!("select count(*) from {table}")).await;
            assert_eq!(found, rows as i64, "{table}");
            assert_eq!(summary["tables"][table]["rows"], rows, "{table}");
        }
    });
}

#[test]
fn columns_hold_what_the_mapping_says() {
    test(async {
        let (world, _) = loaded().await;
        let client = world.client().await;
        client.batch_execute("set timezone = 'UTC'").await.unwrap();
        let mut otherwise = Vec::new();
        for (query, expected) in VALUES {
            let found = lines(&client, query).await;
            if found != *expected {
                otherwise.push(format!("{query}\n  expected {expected:#?}\n  found {found:#?}"));
            }
        }
        assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    });
}

#[test]
fn keys_indexes_and_constraints_are_those_of_the_mapping() {
    test(async {
        let (world, summary) = loaded().await;
        let client = world.client().await;
        let warnings = summary["after"]["warnings"].as_array().unwrap();
        assert!(warnings.is_empty(), "{warnings:#?}");
        let constraints = "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint \
                           where connamespace = 'public'::regnamespace";
        let constraints = lines(&client, constraints).await;
        for constraint in CONSTRAINTS {
            assert!(
                constraints.iter().any(|there| there == constraint),
                "{constraint} is not in {constraints:#?}"
            );
        }
        let indexes = lines(
            &client,
            "select indexdef from pg_indexes where schemaname = 'public'",
        )
        .await;
        for index in INDEXES {
            assert!(
                indexes.iter().any(|there| there.contains(index)),
                "{index} is not in {indexes:#?}"
            );
        }
        let nullable = "select count(*) from information_schema.columns where is_nullable = 'YES' and table_schema = 'public' \
                        and (table_name, column_name) in (('users', 'name'), ('messages', 'sender'), ('licences', 'serial'))";
        assert_eq!(number(&client, nullable).await, 0);
    });
}

/// Takes a field out, if it is there and (unless `always`) null.
fn take(document: &mut super::compared::Document, path: &[&str], always: bool) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let mut fields = &mut document.fields;
    for name in above {
        let inner = fields
            .get_mut(*name)
            .and_then(|value| value["mapValue"]["fields"].as_object_mut());
        let Some(inner) = inner else { return };
        fields = inner;
    }
    if always
        || fields
            .get(*last)
            .is_some_and(|value| value.get("nullValue").is_some())
    {
        fields.remove(*last);
    }
}

#[test]
fn everything_comes_back_but_what_the_mapping_gives_away() {
    test(async {
        let (world, _) = loaded().await;
        let mut expected = stored(world).await;
        for (path, document) in &mut expected {
            match pattern(path).as_str() {
                "users" => {
                    take(document, &["preferences", "notify", "email"], true);
                    take(document, &["created_at"], true);
                    take(document, &["lastLoginAt"], false);
                }
                "users/*/devices" => take(document, &["pushToken"], true),
                "users/*/orders" => take(document, &["shippedAt"], false),
                _ => {}
            }
        }
        assert_same(&expected, &export(world, &[]).await);
    });
}

#[test]
fn export_as_loaded_differs_exactly_where_the_mapping_altered_something() {
    test(async {
        let (world, summary) = loaded().await;
        let (originals, loaded) = (export(world, &[]).await, export(world, &["--as-loaded"]).await);
        let client = world.client().await;
        let amended = "select convert_from(path, 'UTF8'), field from etl.amendment";
        let amended: BTreeSet<(String, String)> = client
            .query(amended, &[])
            .await
            .unwrap()
            .iter()
            .map(|row| {
                (
                    row.get(0),
                    row.get::<_, &str>(1).split('.').next().unwrap().to_owned(),
                )
            })
            .collect();
        assert_eq!(differences(&originals, &loaded), amended);
        for policy in ["cast", "null", "strip"] {
            let counted = format!("select count(*) from etl.amendment where policy = '{policy}'");
            let counted = number(&client, &counted).await;
            assert!(counted > 0, "no {policy}");
            assert_eq!(summary["altered"]["amended"][policy], counted, "{summary:#}");
        }
        let age = &loaded["users/old-1"].fields["age"];
        assert_eq!(age["integerValue"], "41", "{age}");
        assert!(!loaded["events/open"].fields.contains_key("capacity"));
        assert_eq!(
            loaded["conversations/c2/messages/cut"].fields["text"]["stringValue"],
            "C string"
        );
        assert!(summary["altered"]["dropped"].as_u64().unwrap() > 0, "{summary:#}");
        ends(
            world.etl(&["run", "--metrics-listen", "off", "--emergency-threshold", "1"]),
            0,
            &[
                "values were left behind",
                "values were altered (cast)",
                "orphans: ",
            ],
        )
        .await;
    });
}
