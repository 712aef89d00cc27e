//! Tables a person would draw, from what the sample holds.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::{Document, Timestamp, Value};

fn census(documents: &[&[(&'static str, Value<'static>)]]) -> Census {
    let mut census = Census::default();
    for fields in documents {
        let (created, updated) = (Timestamp::default(), Timestamp::default());
        census.observe(&Document {
            name: "n".into(),
            created: Some(created),
            updated: Some(updated),
            fields: fields.to_vec(),
        });
    }
    census
}

fn one(documents: &[&[(&'static str, Value<'static>)]]) -> (Table, Vec<String>) {
    let mut shape = infer(&BTreeMap::from([("orders".into(), census(documents))]));
    let mut tables = shape.collections.remove("orders").unwrap();
    (tables.remove(0), shape.remarks)
}

fn kind_of(values: &[Value<'static>]) -> Kind {
    let documents: Vec<Vec<_>> = values.iter().map(|value| vec![("f", value.clone())]).collect();
    let column = &one(&documents.iter().map(Vec::as_slice).collect::<Vec<_>>())
        .0
        .columns[0];
    (column.sql, column.holds)
}

/// The field that a column takes.
fn field(column: &Column) -> &str {
    match &column.from {
        crate::mapping::Source::Field(path) => &path.0[0],
        other => panic!("{other:?}"),
    }
}

const INTEGER: Kind = (Type::Scalar(Scalar::BigInt), Holds::Integer);
const DOUBLE: Kind = (Type::Scalar(Scalar::Double), Holds::Double);
const NUMBER: Kind = (Type::Scalar(Scalar::Double), Holds::Number);
const TEXT: Kind = (Type::Scalar(Scalar::Text), Holds::Text);

#[test]
fn integers_and_doubles_are_one_family() {
    let (integer, double, text) = (Value::Integer(1), Value::Double(1.5), Value::Text("t"));
    assert_eq!(kind_of(&[integer.clone(), Value::Null, integer.clone()]), INTEGER);
    assert_eq!(kind_of(std::slice::from_ref(&double)), DOUBLE);
    assert_eq!(kind_of(&[integer.clone(), double.clone(), text.clone()]), NUMBER);
    assert_eq!(kind_of(&[integer, text.clone(), text]), TEXT);
}

#[test]
fn arrays_and_maps_are_one_family_and_vectors_are_not() {
    let (array, map, text) = (Value::Array(vec![]), Value::Map(vec![]), Value::Text("t"));
    assert_eq!(kind_of(&[array.clone(), map, text.clone()]), JSON);
    assert_eq!(
        kind_of(&[Value::Vector(vec![0.0; 3]), Value::Vector(vec![0.0; 3]), array]),
        (Type::Vector(3), Holds::Vector)
    );
    let two = Value::Vector(vec![0.0; 2]);
    assert_eq!(
        kind_of(&[Value::Vector(vec![0.0; 3]), two.clone(), two, text]),
        (Type::Vector(2), Holds::Vector)
    );
}

#[test]
fn without_a_majority_the_column_takes_everything() {
    let (integer, text, map) = (Value::Integer(1), Value::Text("t"), Value::Map(vec![]));
    let json = (Type::Json, Holds::Any);
    assert_eq!(kind_of(&[integer.clone(), text.clone()]), json);
    assert_eq!(kind_of(&[integer.clone(), text.clone(), map.clone()]), json);
    let (_, remarks) = one(&[
        &[("f", integer)],
        &[("f", text.clone())],
        &[("f", Value::Boolean(true))],
    ]);
    assert_eq!(
        remarks,
        [
            r#"field "f" of "orders": no type has more than half of 3 sampled values; the column is jsonb and takes all"#
        ]
    );
    // Strangers beside a majority of maps are in the column too: there is nothing to doubt.
    let (table, remarks) = one(&[&[("f", map.clone())], &[("f", map)], &[("f", text)]]);
    assert_eq!((table.columns[0].sql, remarks), (Type::Json, vec![]));
}

#[test]
fn columns_stand_in_the_order_of_fields_and_nulls_give_none() {
    let (table, remarks) = one(&[&[
        ("zeta", Value::Boolean(true)),
        ("alpha", Value::Bytes(b"")),
        ("void", Value::Null),
    ]]);
    let fields: Vec<&str> = table.columns.iter().map(field).collect();
    assert_eq!(fields, ["alpha", "zeta"]);
    assert_eq!(
        remarks,
        [r#"fields "void" of "orders" stay in _extra: the sample knows them as null only"#]
    );
}

#[test]
fn one_document_in_fifty_is_enough_and_one_in_fifty_one_is_not() {
    let with: &[(&str, Value<'static>)] = &[("rare", Value::Integer(1))];
    let mut documents: Vec<&[(&str, Value<'static>)]> = vec![&[]; 49];
    documents.push(with);
    assert_eq!(one(&documents).0.columns.len(), 1);
    documents.push(&[]);
    let (table, remarks) = one(&documents);
    assert!(table.columns.is_empty());
    assert_eq!(
        remarks,
        [r#"fields "rare" of "orders" stay in _extra: fewer than one sampled document in 50 has them"#]
    );
}

#[test]
fn the_most_frequent_fields_win_the_places_there_are() {
    let names: Vec<&'static str> = (0..300).map(|n| &*format!("f{n:03}").leak()).collect();
    let all: Vec<_> = names.iter().map(|name| (*name, Value::Integer(1))).collect();
    let last: Vec<_> = all[290..].to_vec();
    let (table, remarks) = one(&[&all, &last]);
    assert_eq!(table.columns.len(), 250);
    assert_eq!(field(&table.columns[239]), "f239");
    assert_eq!(field(&table.columns[240]), "f290");
    assert!(
        remarks[0].contains("\"f240\"") && remarks[0].contains("and 40 more"),
        "{remarks:?}"
    );
}

#[test]
fn renames_beyond_snake_case_are_remarked() {
    let value = || Value::Integer(1);
    let (table, remarks) = one(&[&[
        ("userId", value()),
        ("user_id", value()),
        ("2fa", value()),
        ("xmin", value()),
    ]]);
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["_2fa", "user_id_2", "user_id", "xmin_2"]);
    assert_eq!(remarks.len(), 3, "{remarks:?}");
}

#[test]
fn tables_keep_apart_too_and_stand_in_the_order_of_collections() {
    let samples = ["lineItems", "line_items", "Übung"].map(|id| (id.into(), census(&[&[]])));
    let shape = infer(&BTreeMap::from(samples));
    let names: Vec<&str> = shape
        .collections
        .values()
        .map(|tables| tables[0].name.as_str())
        .collect();
    assert_eq!(names, ["line_items_2", "line_items", "übung"]);
    assert_eq!(
        shape.remarks,
        [r#"collection "lineItems" becomes table "line_items_2""#]
    );
}

#[test]
fn a_field_with_nul_in_its_name_gets_no_column() {
    let (table, remarks) = one(&[&[("a\0b", Value::Integer(1))]]);
    assert!(table.columns.is_empty());
    assert!(remarks[0].contains("quarantine"), "{remarks:?}");
}

#[test]
fn strangers_in_the_sample_are_remarked() {
    let (text, vector) = (Value::Text("t"), |n| Value::Vector(vec![0.0; n]));
    let (_, remarks) = one(&[
        &[("f", text.clone())],
        &[("f", text)],
        &[("f", Value::Integer(1))],
    ]);
    assert!(
        remarks[0].contains("1 of 3 sampled values are of another type than text"),
        "{remarks:?}"
    );
    let (_, remarks) = one(&[&[("f", vector(2))], &[("f", vector(3))]]);
    assert!(remarks[0].contains("vectors of 2, 3 components"), "{remarks:?}");
}
