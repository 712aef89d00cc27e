//! Where columns come from: elements, texts put together, paths, embeddings; and which table takes a document.

use transforms::mapping::{
    Child, Collection, Column, ColumnRef, Document as About, FieldPath, Function, Holds, Literal, Misfit,
    Pattern, Piece, Segment, Source, Table, Template, Type,
};
use transforms::{Document, Packer, Reason, Timestamp, Tuples, Value};

use super::{DOUBLE, TEXT, amendments, column, from, map, row, rows, table, tuples_of};
use crate::arbitrary::ROOT;
use crate::rules;

#[test]
fn elements_become_rows_of_their_own() {
    let child = |name: &str, of, columns| Child {
        name: name.into(),
        from: FieldPath::top(name),
        of,
        columns,
        indexes: Vec::new(),
    };
    let text = |name| column(name, name, TEXT, Holds::Text);
    let value = from("v", Source::Document(About::Value), TEXT);
    let table = Table {
        children: vec![
            child("list", Collection::Array, vec![text("a"), value.clone()]),
            child(
                "byKey",
                Collection::Map,
                vec![from("k", Source::Document(About::Key), TEXT), text("a")],
            ),
        ],
        ..table(vec![])
    };
    let list = Value::Array(vec![
        Value::Text("t"),
        map(&[("a", Value::Text("x")), ("b", Value::Integer(1))]),
        map(&[]),
        Value::Null,
        Value::Integer(5),
    ]);
    let by_key = map(&[
        ("one", map(&[("a", Value::Text("x"))])),
        ("two", Value::Boolean(true)),
    ]);
    let (notes, rows) = rows(&table, vec![("list", list), ("byKey", by_key)]).unwrap();
    assert!(notes.overflowed);
    assert_eq!(rows[0], ["NULL"]);
    assert_eq!(
        rows[1],
        [
            "0 | NULL | t | NULL",
            r#"1 | x | NULL | {"b":1}"#,
            "2 | NULL | NULL | {}",
            r#"3 | NULL | NULL | {"__value__":null}"#,
            r#"4 | NULL | NULL | {"__value__":5}"#,
        ]
    );
    assert_eq!(
        rows[2],
        ["one | one | x | NULL", r#"two | two | NULL | {"__value__":true}"#]
    );

    let empty = vec![("list", Value::Array(vec![])), ("byKey", Value::Integer(1))];
    let (_, rows) = self::rows(&table, empty).unwrap();
    assert_eq!(
        rows,
        [vec![r#"{"list":[],"byKey":1}"#.to_owned()], vec![], vec![]]
    );

    let mut strict = table.clone();
    strict.children[0].columns[0].required = true;
    let reject = self::rows(&strict, vec![("list", Value::Array(vec![Value::Null]))]).unwrap_err();
    assert_eq!(
        (reject.reason, reject.column.as_deref()),
        (Reason::Required, Some("list[].a"))
    );
    let mut casting = table;
    casting.children[0].columns[1].misfit = Misfit::Cast;
    let numbers = vec![("list", Value::Array(vec![Value::Integer(1), Value::Integer(2)]))];
    assert_eq!(
        amendments(&casting, numbers),
        ["v list: cast [1,2]"],
        "once for all"
    );
}

#[test]
fn what_is_derived_holds_nothing() {
    let hash = Column {
        apply: vec![Function::Sha256],
        ..column("hash", "email", TEXT, Holds::Text)
    };
    let half = |name, function, sql| Column {
        apply: vec![function],
        ..column(name, "home", sql, Holds::Point)
    };
    let template = Template(vec![
        Piece::Field(FieldPath::top("n")),
        Piece::Text(" of ".into()),
        Piece::Document(About::Id),
    ]);
    let mut table = table(vec![
        hash,
        from("full", Source::Template(template), TEXT),
        from("org", Source::Constant(Literal::Text("acme".into())), TEXT),
        from("parent", Source::Document(About::Parent), TEXT),
    ]);
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let fields = || vec![("email", Value::Text("abc")), ("n", Value::Double(3.0))];
    assert_eq!(
        row(&table, fields()),
        format!(r#"{digest} | 3.0 of i1 | acme | users/alice | {{"email":"abc","n":3.0}}"#)
    );
    table.drop = vec![FieldPath::top("email"), FieldPath::top("gone")];
    assert_eq!(
        row(&table, fields()),
        format!(r#"{digest} | 3.0 of i1 | acme | users/alice | {{"n":3.0}}"#)
    );
    assert_eq!(rows(&table, fields()).unwrap().0.dropped, 1);

    let home = Value::GeoPoint {
        latitude: 48.5,
        longitude: 10.0,
    };
    let (lat, lng) = (
        half("lat", Function::Latitude, DOUBLE),
        half("lng", Function::Longitude, DOUBLE),
    );
    let both = self::table(vec![lat.clone(), lng]);
    assert_eq!(row(&both, vec![("home", home.clone())]), "48.5 | 10 | NULL");
    let one = self::table(vec![lat]);
    assert_eq!(
        row(&one, vec![("home", home)]),
        r#"48.5 | {"home":{"$geopoint":[48.5,10.0]}}"#
    );
}

#[test]
fn a_reference_is_a_path_and_an_id() {
    let boss = |name: &str, apply: Vec<Function>| Column {
        apply,
        references: Some(ColumnRef {
            table: "users".into(),
            column: "id".into(),
        }),
        ..column(name, "boss", TEXT, Holds::Reference)
    };
    let name = format!("{ROOT}/users/bob");
    let reference = || vec![("boss", Value::Reference(&name))];
    let both = table(vec![boss("boss", vec![]), boss("id", vec![Function::Id])]);
    assert_eq!(row(&both, reference()), "users/bob | bob | NULL");
    let id = table(vec![boss("id", vec![Function::Id])]);
    assert_eq!(
        row(&id, reference()),
        r#"bob | {"boss":{"$reference":"users/bob"}}"#
    );

    let users = Table {
        from: Pattern::root("users"),
        ..rules::table("users", vec![])
    };
    let tables = [id];
    let path = format!("{ROOT}/items/1");
    let mut out = [Tuples::default()];
    let document = Document {
        name: path.as_str().into(),
        created: Some(Timestamp::default()),
        updated: Some(Timestamp::default()),
        fields: reference(),
    };
    let packer = Packer::new(&tables, ROOT, false).among([&users]);
    assert!(!packer.pack(&document, &[], &mut out).unwrap().overflowed);
}

#[test]
fn embeddings_are_asked_for_and_put_in_their_columns() {
    let template = |field: &str| Template(vec![Piece::Field(FieldPath::top(field))]);
    let embedding = |name, field| from(name, Source::Embedding(template(field)), Type::Vector(1));
    let tables = [table(vec![
        embedding("a", "x"),
        embedding("b", "y"),
        embedding("c", "z"),
    ])];
    let packer = Packer::new(&tables, ROOT, false);
    let name = format!("{ROOT}/items/1");
    let document = Document {
        name: name.as_str().into(),
        created: Some(Timestamp::default()),
        updated: Some(Timestamp::default()),
        fields: vec![("x", Value::Text("word")), ("y", Value::Text(" "))],
    };
    assert!(packer.embeds());
    assert_eq!(packer.texts(&document), [Some("word".into()), None, None]);
    let mut out = [Tuples::default()];
    packer
        .pack(&document, &[Some(vec![1.0]), None, None], &mut out)
        .unwrap();
    let cells = &tuples_of(&out[0])[0][3..6];
    assert_eq!(cells, [Some(vec![0, 1, 0, 0, 0x3f, 0x80, 0, 0]), None, None]);
    let refused = packer
        .pack(&document, &[Some(vec![1.0, 2.0])], &mut out)
        .unwrap_err();
    assert_eq!(refused.reason, Reason::VectorDimension);
    assert_eq!(out[0].starts, [0]);
}

#[test]
fn the_first_pattern_that_matches_takes_the_document() {
    let named = |name: &str, from| Table {
        name: name.into(),
        from,
        ..table(vec![])
    };
    let below = Pattern {
        anywhere: false,
        segments: vec![
            Segment::Named("users".into()),
            Segment::Any,
            Segment::Named("items".into()),
        ],
    };
    let mut tables = [named("below", below), named("root", Pattern::root("items"))];
    tables[0].columns = vec![from("owner", Source::Document(About::Wildcard(1)), TEXT)];
    let packer = Packer::new(&tables, ROOT, false);
    let mut out = [Tuples::default(), Tuples::default()];
    let mut pack = |path: &str| {
        let name = format!("{ROOT}/{path}");
        let document = Document {
            name: name.as_str().into(),
            created: Some(Timestamp::default()),
            updated: Some(Timestamp::default()),
            fields: vec![],
        };
        let packed = packer.pack(&document, &[], &mut out).map(|_| ());
        (packed, out.each_ref().map(|tuples| tuples.starts.len()))
    };
    assert_eq!(pack("users/alice/items/1"), (Ok(()), [1, 0]));
    assert_eq!(pack("items/1"), (Ok(()), [1, 1]));
    let (refused, lengths) = pack("teams/t/items/1");
    assert_eq!((refused.unwrap_err().reason, lengths), (Reason::NoTable, [1, 1]));
    assert_eq!(tuples_of(&out[0])[0][3].as_deref(), Some(b"alice".as_slice()));
}
