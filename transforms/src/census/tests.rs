//! A census says the same however its documents were ordered and divided, and stays small whatever they hold.

#![allow(clippy::unwrap_used)]

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::arbitrary;
use crate::firestore::document;
use crate::{Timestamp, Value};

fn counted(bodies: &[Vec<u8>]) -> Census {
    let mut census = Census::default();
    bodies
        .iter()
        .for_each(|body| census.observe(&document(body).unwrap()));
    census
}

/// Whether both know the same; how often memory was given back is no knowledge.
fn same(a: &Census, b: &Census) -> bool {
    (a.documents, a.paths, a.depth) == (b.documents, b.paths, b.depth)
        && a.top == b.top
        && a.ids == b.ids
        && a.patterns == b.patterns
}

fn observe(census: &mut Census, name: &str, fields: Vec<(&str, Value<'_>)>) {
    let (created, updated) = (Timestamp::default(), Timestamp::default());
    census.observe(&Document {
        name: name.into(),
        created: Some(created),
        updated: Some(updated),
        fields,
    });
}

fn field<'c>(census: &'c Census, name: &str) -> &'c Field {
    let fields = census.top().fields.sorted();
    fields.into_iter().find(|(known, _)| *known == name).unwrap().1
}

proptest! {
    #[test]
    fn neither_order_nor_division_matters(documents in vec(arbitrary::document(), 1..20), cut: prop::sample::Index) {
        let bodies: Vec<Vec<u8>> = documents.iter().map(Message::encode_to_vec).collect();
        let all = counted(&bodies);
        let (one, other) = bodies.split_at(cut.index(bodies.len()));
        let mut other: Vec<Vec<u8>> = other.to_vec();
        other.reverse();
        let mut merged = counted(&other);
        merged.merge(&counted(one));
        prop_assert!(same(&all, &merged), "{all:?}\nis not\n{merged:?}");
        prop_assert_eq!(merged.documents(), bodies.len() as u64);
    }

    #[test]
    fn sizes_are_those_on_the_wire(document in arbitrary::document()) {
        // As prost reads it: it leaves out a degree of -0.0.
        let body = document.encode_to_vec();
        let census = counted(std::slice::from_ref(&body));
        let read = proto::Document::decode(body.as_slice()).unwrap();
        let mut all = 0;
        for (name, value) in &read.fields {
            let size = value.encoded_len() as u64;
            prop_assert_eq!(field(&census, name).size.most, size, "{:?}", value);
            all += size::entry(name, size);
        }
        prop_assert_eq!(census.sizes(), (all, all));
    }

    #[test]
    fn of_too_many_names_the_same_are_kept_whole_in_every_order(
        names in hash_set("[a-c]{1,4}|[0-9]{1,3}", 0..60), repeats in vec(any::<prop::sample::Index>(), 0..80), cut: prop::sample::Index
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let again = repeats.iter().filter(|_| !names.is_empty()).map(|index| &names[index.index(names.len())]);
        let all: Vec<&String> = names.iter().chain(again).collect();
        let count = |names: &[&String]| {
            let mut bounded = Bounded::<u64>::new(Places { chosen: 9, data: 4 });
            names.iter().for_each(|name| if let Some((count, _)) = bounded.of(name, 0) { *count += 1 });
            bounded
        };
        let forwards = count(&all);
        let (one, other) = all.split_at(if all.is_empty() { 0 } else { cut.index(all.len()) });
        let mut merged = count(&other.iter().rev().copied().collect::<Vec<_>>());
        merged.merge(&count(one), |ours, theirs| *ours += theirs);
        prop_assert_eq!(&forwards, &merged);
        prop_assert_eq!(forwards.count(), names.len() as u64);
        for (name, count) in forwards.sorted() {
            prop_assert_eq!(*count as usize, all.iter().filter(|other| **other == name).count());
        }
        let chosen = names.iter().filter(|name| !style::is_data(name)).count();
        let kept = forwards.sorted().iter().filter(|(name, _)| !style::is_data(name)).count();
        prop_assert_eq!(kept, chosen.min(9));
    }

    #[test]
    fn a_sketch_depends_on_the_set_only_and_is_close(values in 0u32..5000, rounds in 1usize..3, cut in 0u32..5000) {
        let add = |distinct: &mut Distinct, range: std::ops::Range<u32>| range.for_each(|value| distinct.add(&value.to_le_bytes()));
        let mut forwards = Distinct::default();
        (0..rounds).for_each(|_| add(&mut forwards, 0..values));
        let (mut low, mut high) = (Distinct::default(), Distinct::default());
        add(&mut low, 0..cut.min(values));
        add(&mut high, cut.min(values)..values);
        high.merge(&low);
        prop_assert_eq!(&forwards, &high);
        let count = forwards.count();
        if forwards.is_exact() {
            prop_assert_eq!(count, u64::from(values));
        } else {
            prop_assert!(count.abs_diff(u64::from(values)) * 10 <= u64::from(values), "{} for {}", count, values);
        }
    }
}

#[test]
fn the_estimate_is_the_same_on_every_machine_and_in_every_release() {
    let mut distinct = Distinct::default();
    (0..12_400u32).for_each(|value| distinct.add(&value.to_le_bytes()));
    assert_eq!(distinct.count(), 12_403, "change this only with the hash");
    assert_eq!(distinct::hash(b"users"), 12_871_134_492_906_069_161);
}

#[test]
fn what_stood_where_is_counted_by_path() {
    let mut census = Census::default();
    let root = "projects/p/databases/(default)/documents";
    let place = |city| Value::Map(vec![("city", Value::Text(city)), ("zip", Value::Integer(1))]);
    let boss = format!("{root}/users/ada");
    let elsewhere = "projects/q/databases/(default)/documents/users/ada";
    observe(
        &mut census,
        &format!("{root}/teams/t/users/4fT7sB1kQz09LmXy2WaR"),
        vec![
            ("address", place("Oslo")),
            ("boss", Value::Reference(&boss)),
            ("tags", Value::Array(vec![Value::Text("a"), Value::Null])),
        ],
    );
    observe(
        &mut census,
        &format!("{root}/teams/t/users/Rz09LmXy2WaR4fT7sB1k"),
        vec![
            ("address", place("Rom")),
            ("boss", Value::Reference(elsewhere)),
            ("tags", Value::Null),
        ],
    );
    assert_eq!(census.patterns(), [("teams/*/users", 2)]);
    assert_eq!(census.ids().look(), (Style::Auto, 2));
    let address = field(&census, "address").maps.as_ref().unwrap();
    let city = address.fields.sorted()[0];
    assert_eq!(
        (city.0, city.1.count(Kind::Text), city.1.distinct.count()),
        ("city", 2, 2)
    );
    let boss = field(&census, "boss").references.as_ref().unwrap();
    assert_eq!((boss.targets.sorted(), boss.elsewhere), (vec![("users", &1)], 1));
    let tags = field(&census, "tags");
    assert_eq!((tags.seen(), tags.present()), (2, 1));
    let tags = tags.arrays.as_ref().unwrap();
    assert_eq!((tags.length.most, tags.elements.count(Kind::Null)), (2, 1));
}

#[test]
fn whatever_documents_hold_the_census_stays_small() {
    let mut census = Census::default();
    let words: Vec<String> = (0..300u32)
        .map(|n| {
            n.to_string()
                .chars()
                .map(|digit| char::from(b'a' + digit as u8 - b'0'))
                .collect()
        })
        .collect();
    for round in 0..30 {
        let inner = |from: usize| -> Vec<(&str, Value<'_>)> {
            let number = |word| (word, Value::Integer(1));
            words[from..from + 20]
                .iter()
                .map(|word| number(word.as_str()))
                .collect()
        };
        let middle = |at: usize| {
            let maps = (0..20).map(|n| (words[at + n].as_str(), Value::Map(inner(n * 10))));
            Value::Map(maps.collect())
        };
        let fields = (0..40).map(|n| (words[(n + round * 7) % 280].as_str(), middle(n * 5)));
        let mut fields: Vec<_> = fields.collect();
        fields.push(("always", Value::Integer(1)));
        observe(&mut census, "users/ada", fields);
        assert!(census.top.nodes() <= 2 * NODES, "{}", census.top.nodes());
    }
    assert!(census.cut()[0].contains("maps more than"), "{:?}", census.cut());
    assert_eq!(field(&census, "always").count(Kind::Integer), 30);
}

#[test]
fn ids_for_names_leave_the_fields_that_people_named() {
    let mut census = Census::default();
    for n in 0..3_000u32 {
        let id = format!("{n:08x}{:012}", u64::from(n) * 7_919);
        observe(
            &mut census,
            "users/ada",
            vec![(&id, Value::Integer(1)), ("updatedAt", Value::Integer(1))],
        );
    }
    assert_eq!(field(&census, "updatedAt").count(Kind::Integer), 3_000);
    assert!(census.cut()[0].starts_with("about "), "{:?}", census.cut());
}
