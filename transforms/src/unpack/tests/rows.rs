//! Whole rows, with their `_extra` and the rows of child tables.

use super::super::{Row, Unpacker};
use super::{ROOT, column, fields, hex, jsonb, table};
use crate::json::Owned;
use crate::mapping::{
    Child, Collection, Column, Document, FieldPath, Function, Holds, Misfit, Scalar, Source, Type,
};

fn elements(of: Collection, columns: Vec<Column>) -> Child {
    Child {
        name: "children".into(),
        from: FieldPath(vec!["a".into(), "c".into()]),
        of,
        columns,
        indexes: Vec::new(),
    }
}

#[test]
fn extra_wins_and_columns_and_elements_add_what_it_does_not_say() {
    let text = Type::Scalar(Scalar::Text);
    let double = Type::Scalar(Scalar::Double);
    let columns = vec![
        column(&["a", "lower"], text, Holds::Text, &[Function::Lower]),
        column(&["a", "lower"], text, Holds::Text, &[]),
        column(&["a"], Type::Json, Holds::Map, &[]),
        column(&["beside"], text, Holds::Text, &[]),
        column(&["filled"], text, Holds::Text, &[]),
        column(&["at"], double, Holds::Point, &[Function::Latitude]),
        column(&["at"], double, Holds::Point, &[Function::Longitude]),
    ];
    let mut value = column(&["x"], text, Holds::Text, &[]);
    value.from = Source::Document(Document::Value);
    let child = elements(
        Collection::Map,
        vec![value, column(&["k"], text, Holds::Text, &[])],
    );
    let table = table("docs", columns, vec![child]);
    let some = |text: &str| Some(text.as_bytes().to_vec());
    let row = |key: &str, value: Option<Vec<u8>>, k: Option<Vec<u8>>, extra: Option<&str>| {
        vec![some("docs/d"), some(key), value, k, extra.map(jsonb)]
    };
    let cells = [
        some("as"),
        some("As"),
        Some(jsonb(r#"{"b":1,"lower":"AS"}"#)),
        some("b"),
        some("default"),
        Some(1f64.to_be_bytes().to_vec()),
        Some(2f64.to_be_bytes().to_vec()),
        Some(jsonb(
            r#"{"a":{"b":2,"c":{"first":null}},"beside":"B","__missing__":["filled"],"__entries__":[[{"$text":"AA=="},0]]}"#,
        )),
    ];
    let rows = vec![
        row("first", some("never"), None, None),
        row("text", some("t"), None, None),
        row("null", None, None, None),
        row("empty", None, None, Some("{}")),
        row("number", some("5"), None, Some(r#"{"__value__":5}"#)),
        row(
            "map",
            None,
            some("k"),
            Some(r#"{"__entries__":[["__value__",1]],"m":2}"#),
        ),
        row(
            "missing",
            some("filled"),
            None,
            Some(r#"{"__missing__":["$value"]}"#),
        ),
    ];
    assert_eq!(
        fields(&table, &cells, &[rows]).unwrap(),
        concat!(
            r#"{"\u0000":0,"a":{"b":2,"c":{"first":null,"empty":{},"map":{"__value__":1,"m":2,"k":"k"},"missing":null,"#,
            r#""null":null,"number":5,"text":"t"},"lower":"AS"},"at":{"$geopoint":[1.0,2.0]},"beside":"B"}"#
        )
    );
}

#[test]
fn elements_come_back_in_their_order_and_none_may_be_missing() {
    let child = elements(Collection::Array, vec![]);
    let table = table("docs", vec![], vec![child]);
    let row = |path: &str, ordinal: i32| {
        let value = jsonb(&format!("{{\"__value__\":{ordinal}}}"));
        vec![
            Some(path.as_bytes().to_vec()),
            Some(ordinal.to_be_bytes().to_vec()),
            Some(value),
        ]
    };
    let read = |ordinals: &[i32], path| {
        let rows = ordinals.iter().map(|ordinal| row(path, *ordinal)).collect();
        fields(&table, &[None], &[rows])
    };
    assert_eq!(read(&[2, 0, 1], "docs/d").unwrap(), r#"{"a":{"c":[0,1,2]}}"#);
    assert_eq!(read(&[], "docs/d").unwrap(), "{}");
    for ordinals in [&[1][..], &[0, 0], &[0, 2], &[-1]] {
        assert!(
            read(ordinals, "docs/d")
                .unwrap_err()
                .contains("\"children\", \"_ordinal\"")
        );
    }
    assert!(
        read(&[0], "docs/e")
            .unwrap_err()
            .contains("\"children\", \"_path\"")
    );
}

#[test]
fn a_converted_value_that_cannot_be_undone_is_left_to_its_amendment() {
    let mut column = column(&["f"], Type::Scalar(Scalar::Text), Holds::Integer, &[]);
    let cells = [Some(b"5".to_vec()), None];
    assert!(fields(&table("docs", vec![column.clone()], vec![]), &cells, &[]).is_err());
    column.misfit = Misfit::Cast;
    assert_eq!(
        fields(&table("docs", vec![column], vec![]), &cells, &[]).unwrap(),
        "{}"
    );
}

#[test]
fn what_another_column_makes_of_a_converted_value_is_left_to_the_amendment_too() {
    let number = Column {
        misfit: Misfit::Cast,
        ..column(&["f"], Type::Scalar(Scalar::Integer), Holds::Text, &[])
    };
    // Takes texts that it can read, and a boolean as well; which it was, its cell does not tell.
    let boolean = column(&["f"], Type::Scalar(Scalar::Boolean), Holds::Text, &[]);
    let table = table("docs", vec![number, boolean], vec![]);
    let cells = [Some(vec![0, 0, 0, 1]), Some(vec![1]), None];
    assert_eq!(fields(&table, &cells, &[]).unwrap(), "{}");
}

#[test]
fn a_half_point_tells_nothing() {
    let double = Type::Scalar(Scalar::Double);
    let halves = vec![
        column(&["at"], double, Holds::Point, &[Function::Latitude]),
        column(&["at"], double, Holds::Point, &[Function::Longitude]),
    ];
    let table = table("docs", halves, vec![]);
    let half = Some(1f64.to_be_bytes().to_vec());
    assert_eq!(fields(&table, &[half, None, None], &[]).unwrap(), "{}");
}

#[test]
fn an_embedding_of_a_plain_array_is_an_array_of_doubles() {
    let column = column(&["e"], Type::Vector(1), Holds::Array, &[]);
    let table = table("docs", vec![column], vec![]);
    let (path, moment, cell) = (b"docs/d".as_slice(), [0; 8], hex("0001 0000 3fc00000"));
    let row: Row<'_> = vec![Some(path), Some(&moment), Some(&moment), Some(&cell), None];
    let document = Unpacker::new(&table, ROOT).document(&row, &[]).unwrap();
    let expected = Owned::Array(vec![Owned::Double(1.5)]);
    assert_eq!(document.fields, [("e".to_owned(), expected)]);
}
