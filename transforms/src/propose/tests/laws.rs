//! What holds of every proposal.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;

use super::super::Evidence;
use super::*;
use crate::arbitrary;
use crate::mapping::{Column, FieldPath, Misfit, Null, RESERVED_COLUMNS, Source};

/// Documents of several collections, at several places.
fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let place = select(vec![
        "items",
        "users",
        "users/u/items",
        "users/v/orders",
        "users/u/orders/o/lines",
        "Users",
        "*",
        "\\x",
        "🧾",
        "a/b/a/b/a",
        "select",
    ]);
    let renamed = (arbitrary::document(), place, "[a-z]{1,3}").prop_map(|(mut document, place, id)| {
        document.name = format!("{}/{place}/{id}", arbitrary::ROOT);
        // Few names, so that they recur and some types agree.
        let fields = document
            .fields
            .into_iter()
            .zip(["id", "parent", "a.b", "aB", "a b", "_path", "user", "x"]);
        document.fields = fields
            .map(|((_, value), name)| (name.to_owned(), value))
            .collect();
        document.encode_to_vec()
    });
    vec(renamed, 0..24)
}

fn counted<'b>(bodies: impl Iterator<Item = &'b Vec<u8>>) -> BTreeMap<String, Census> {
    let mut censuses: BTreeMap<String, Census> = BTreeMap::new();
    for body in bodies {
        let document = crate::firestore::document(body).unwrap();
        let collection = document.name.rsplit('/').nth(1).unwrap();
        censuses.entry(collection.into()).or_default().observe(&document);
    }
    censuses
}

/// Every field that something in a table holds, and the columns that could lose a part of one.
fn held<'t>(columns: &'t [Column], lossy: &mut Vec<&'t str>) -> Vec<&'t FieldPath> {
    let mut held = Vec::new();
    for column in columns {
        let careful = column.misfit == Misfit::Overflow && column.null == Null::Keep;
        if !careful || column.required || column.default.is_some() {
            lossy.push(&column.name);
        }
        if let Source::Field(path) = &column.from {
            held.push(path);
        }
    }
    held
}

fn is_said(evidence: &Evidence, columns: &[Column]) -> bool {
    let named: BTreeSet<&String> = columns.iter().map(|column| &column.name).collect();
    named == evidence.columns.keys().collect()
}

proptest! {
    #[test]
    fn every_proposal_is_valid_loses_nothing_and_is_explained(bodies in bodies()) {
        let censuses = counted(bodies.iter());
        let proposal = propose(&censuses, &BTreeMap::new());
        prop_assert_eq!(proposal.mapping.problems(), Vec::<String>::new());
        prop_assert_eq!(proposal.mapping.tables.len(), censuses.len());
        for table in &proposal.mapping.tables {
            prop_assert!(table.drop.is_empty());
            let mut lossy = Vec::new();
            let mut paths = held(&table.columns, &mut lossy);
            prop_assert!(is_said(&proposal.evidence[&table.name], &table.columns));
            for child in &table.children {
                paths.push(&child.from);
                held(&child.columns, &mut lossy);
                prop_assert!(is_said(&proposal.evidence[&child.name], &child.columns));
                prop_assert!(child.columns.iter().all(|column| !RESERVED_COLUMNS.contains(&column.name.as_str())));
            }
            prop_assert_eq!(lossy, Vec::<&str>::new());
            for (at, path) in paths.iter().enumerate() {
                let overlaps = |other: &&&FieldPath| other.contains(path) || path.contains(other);
                prop_assert!(!paths[..at].iter().any(|other| overlaps(&other)), "{path} twice in {}", table.name);
            }
        }
    }

    #[test]
    fn the_same_documents_in_any_order_give_the_same_proposal(bodies in bodies()) {
        let counts = BTreeMap::from([("items".to_owned(), 1_000)]);
        let forwards = propose(&counted(bodies.iter()), &counts);
        let backwards = propose(&counted(bodies.iter().rev()), &counts);
        prop_assert_eq!(forwards, backwards);
    }

    #[test]
    fn a_proposal_printed_for_the_settings_file_reads_back_the_same(bodies in bodies()) {
        let mapping = propose(&counted(bodies.iter()), &BTreeMap::new()).mapping;
        let json = serde_json::to_string(&mapping).unwrap();
        prop_assert_eq!(serde_json::from_str::<crate::mapping::Mapping>(&json).unwrap(), mapping);
    }
}
