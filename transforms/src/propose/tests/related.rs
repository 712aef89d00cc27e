//! Keys, references, and what is said of them.

use super::*;
use crate::mapping::{Function, Method};

fn reference(path: String) -> Value<'static> {
    Value::Reference(leaked(format!("{ROOT}/{path}")))
}

/// Something in each of the collections of these paths, all documents called alike.
fn places(paths: &[&str]) -> Proposal {
    let documents: Vec<_> = paths
        .iter()
        .map(|path| ((*path).to_owned(), vec![("n", Value::Integer(1))]))
        .collect();
    proposed(&documents)
}

#[test]
fn a_document_is_known_by_the_ids_on_its_path() {
    let proposal = places(&[
        "users/u",
        "users/u/orders/o",
        "users/u/orders/o/items/i",
        "users/v/orders/o/items/j",
    ]);
    let (orders, items) = (table(&proposal, "orders"), table(&proposal, "items"));
    assert_eq!(table(&proposal, "users").key, ["id"]);
    assert_eq!(orders.from.to_string(), "users/*/orders");
    assert_eq!(orders.key, ["user_id", "id"]);
    let to = orders.columns[0].references.as_ref().unwrap();
    assert_eq!((to.table.as_str(), to.column.as_str()), ("users", "id"));
    assert_eq!(items.key, ["user_id", "order_id", "id"]);
    assert_eq!(items.columns[0].references, None);
    let above = &items.foreign_keys[0];
    assert_eq!(
        (above.columns.join(","), above.to.join(",")),
        ("user_id,order_id".into(), "user_id,id".into())
    );
    let order: Vec<_> = proposal
        .mapping
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(order, ["users", "orders", "items"]);
}

#[test]
fn a_collection_under_several_kinds_of_parents_is_known_by_its_path() {
    let proposal = places(&["users/u/orders/o", "shops/s/orders/o", "shops/t/orders/p"]);
    let orders = table(&proposal, "orders");
    assert_eq!(orders.from.to_string(), "**/orders");
    assert_eq!(orders.key, Vec::<String>::new());
    assert_eq!(said(&orders.columns)[..2], ["id text text", "parent text text"]);
    assert_eq!(orders.indexes[0].on[0].name, "parent");
    assert_eq!(
        proposal.evidence["orders"].lines[1],
        "66.7 % shops/*/orders, 33.3 % users/*/orders"
    );
}

#[test]
fn references_refer() {
    let mut documents = items(4, |n| {
        let elsewhere = "projects/q/databases/(default)/documents/users/u";
        vec![
            ("boss", reference(format!("users/u{n}"))),
            (
                "either",
                reference(format!("{}/u{n}", if n == 0 { "users" } else { "items" })),
            ),
            ("last_order", reference(format!("users/u{n}/orders/o"))),
            ("members", Value::Array(vec![reference("users/u1".into())])),
            ("other", Value::Reference(elsewhere)),
        ]
    });
    documents.push(("users/u1".into(), vec![]));
    documents.push((
        "users/u1/orders/o".into(),
        vec![("user", reference("users/u1".into()))],
    ));
    let proposal = proposed(&documents);
    let items = table(&proposal, "items");
    let refers = |columns: &[Column]| -> Vec<String> {
        let to = |column: &Column| {
            column
                .references
                .as_ref()
                .map(|to| format!("{}({})", to.table, to.column))
        };
        columns
            .iter()
            .map(|column| format!("{} {}", column.name, to(column).unwrap_or_default()))
            .collect()
    };
    assert_eq!(
        refers(&items.columns),
        [
            "id ",
            "boss_id users(id)",
            "either ",
            "last_order orders(_path)",
            "other "
        ]
    );
    assert_eq!(items.columns[1].apply, [Function::Id]);
    assert_eq!(
        refers(&items.children[0].columns),
        ["item_id ", "user_id users(id)"]
    );
    let indexed: Vec<_> = items
        .indexes
        .iter()
        .map(|index| (index.on[0].name.as_str(), index.method))
        .collect();
    assert_eq!(indexed[0], ("boss_id", Method::Btree));
    assert_eq!(
        proposal.evidence["items"].columns["either"][1],
        "points to items, users"
    );
    assert!(proposal.evidence["items"].columns["other"][1].starts_with("100 % point to another database"));
    // The field that says what the path says does not take its name.
    let orders = table(&proposal, "orders");
    assert_eq!(
        refers(&orders.columns),
        ["user_id users(id)", "id ", "user users(id)"]
    );
    assert_eq!(
        proposal.evidence["orders"].columns["user"][1],
        "always the document that it lies below"
    );
}

#[test]
fn what_only_a_person_can_know_is_a_hint() {
    let ids = ["4fT7sB1kQz09LmXy2WaR", "Rz09LmXy2WaR4fT7sB1k"];
    let mut documents = items(40, |n| {
        vec![
            ("age", if n == 0 { text("17") } else { Value::Integer(17) }),
            ("bornMs", Value::Integer(1_700_000_000_000 + n as i64)),
            ("ownerId", text(ids[n % 2])),
        ]
    });
    documents.extend(ids.map(|id| (format!("owners/{id}"), vec![])));
    let censuses = censuses(&documents);
    let proposal = propose(&censuses, &BTreeMap::from([("items".into(), 12_345)]));
    let said = &proposal.evidence["items"];
    assert_eq!(
        said.lines[0].split(';').next(),
        Some("a sample of 40 of 12,345 documents")
    );
    assert!(
        said.columns["born_ms"][1].contains("apply = [\"epoch_millis\"]"),
        "{said:?}"
    );
    assert!(said.columns["age"][1].contains("misfit = \"cast\""), "{said:?}");
    assert_eq!(
        said.columns["owner_id"][1],
        "looks like ids of owners: references = \"owners(id)\" would say so"
    );
    assert!(
        table(&proposal, "items")
            .columns
            .iter()
            .all(|column| column.apply.is_empty())
    );
}

#[test]
fn ids_that_no_index_takes_together_are_no_key() {
    let id = "x".repeat(1_400);
    let proposal = places(&[
        "users/u",
        &format!("users/{id}/orders/{id}"),
        &format!("users/{id}/orders/{id}/items/i"),
    ]);
    let (orders, items) = (table(&proposal, "orders"), table(&proposal, "items"));
    assert_eq!(
        (orders.from.to_string(), orders.key.len()),
        ("users/*/orders".into(), 0)
    );
    assert_eq!(said(&items.columns)[..2], ["id text text", "parent text text"]);
    assert_eq!(items.indexes[0].method, Method::Hash);
}
