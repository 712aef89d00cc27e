//! Arbitrary mappings of points, and points for them: most of what the columns ask for, and noise beside it.

use transforms::json::Owned;
use transforms::mapping::{
    Child, Collection, Column, Document, FieldPath, Holds, Null, Pattern, Records, Scalar, Source, Table,
    Type, Zero,
};
use transforms::{Dictionary, Floats, Sparse};

use crate::mappings::columns::data;
use crate::mappings::documents::{Sample, put, value_for};
use crate::mappings::{Choices, noise};

/// Indices that have a number: in the opposite order.
const INDICES: [u32; 6] = [u32::MAX, 1_000_000_000, 999_999_999, 8, 1, 0];

/// A dictionary of few words.
#[derive(Debug)]
pub(crate) struct Words;

impl Dictionary for Words {
    fn numbers(&self, table: &str, column: &str, indices: &[u32]) -> Option<Vec<u32>> {
        assert!(
            table.starts_with("c_") && column.starts_with('v'),
            "{table} {column}"
        );
        let number = |index| INDICES.iter().position(|known| known == index);
        indices
            .iter()
            .map(|index| number(index).map(|number| number as u32))
            .collect()
    }

    fn indices(&self, _: &str, _: &str, numbers: &[u32]) -> Option<Vec<u32>> {
        numbers
            .iter()
            .map(|number| INDICES.get(*number as usize).copied())
            .collect()
    }
}

/// Fields of the payload that columns speak of: one inside the other, some of them odd.
const FIELDS: [&[&str]; 8] = [
    &["a"],
    &["b"],
    &["n", "x"],
    &["n", "y"],
    &["n"],
    &["geo"],
    &["é.`\\"],
    &["__value__"],
];
/// Vectors that columns speak of; the one without a name excludes the others.
const VECTORS: [&str; 3] = ["v", "w", "a b"];

fn path(names: &[&str]) -> FieldPath {
    FieldPath(names.iter().map(|name| String::from(*name)).collect())
}

/// A table of points that makes sense.
pub(crate) fn table(choices: &mut Choices) -> Table {
    let from = choices.pick(&[Pattern::root("c"), Pattern::group("c")]);
    let mut table = Table::new("c_0", from, Records::Points);
    table.nul = choices.pick(&[
        Default::default(),
        transforms::mapping::Nul::Escape,
        transforms::mapping::Nul::Strip,
    ]);
    table.columns.push(id(choices));
    if choices.below(3) > 0 {
        let whole = Column::field(
            "payload",
            path(&["payload"]),
            Type::Json,
            choices.pick(&[Holds::Any, Holds::Map]),
        );
        table.columns.push(whole);
    }
    for number in 0..choices.below(7) {
        let from = path(&["payload"])
            .0
            .into_iter()
            .chain(path(choices.pick(&FIELDS)).0)
            .collect();
        table.columns.push(data(
            format!("c{number}"),
            Source::Field(FieldPath(from)),
            choices,
        ));
    }
    let named = choices.below(3) > 0;
    for number in 0..1 + choices.below(3) {
        let from = if named {
            path(&["vector", choices.pick(&VECTORS)])
        } else {
            path(&["vector"])
        };
        table
            .columns
            .push(vector(format!("v{number}"), Source::Field(from), choices));
    }
    let shard = choices.pick(&[(Scalar::Text, Holds::Text), (Scalar::BigInt, Holds::Integer)]);
    if choices.once_in(3) {
        table.columns.push(Column::field(
            "shard",
            path(&["shard_key"]),
            Type::Scalar(shard.0),
            shard.1,
        ));
    }
    for (name, from) in [
        ("list", path(&["payload", "list"])),
        ("rows", path(&["vector", "rows"])),
    ] {
        let whole =
            |column: &Column| matches!(&column.from, Source::Field(path) if from.0.starts_with(&path.0));
        if choices.once_in(2) && !table.columns.iter().any(whole) {
            table.children.push(child(name, from, choices));
        }
    }
    table
}

fn id(choices: &mut Choices) -> Column {
    let types = [
        Scalar::Text,
        Scalar::Numeric(Some((20, 0))),
        Scalar::BigInt,
        Scalar::Uuid,
    ];
    let mut column = Column::field(
        "id",
        path(&["id"]),
        Type::Scalar(choices.pick(&types)),
        Holds::Text,
    );
    column.holds = Holds::usual(column.sql, &[]);
    column.from = Source::Document(Document::Id);
    column
}

fn vector(name: String, from: Source, choices: &mut Choices) -> Column {
    let types = [
        Type::Vector(3),
        Type::Vector(3),
        Type::Halfvec(3),
        Type::Sparsevec(1_000_000_000),
        Type::Sparsevec(10),
        Type::Array(Scalar::Real),
        Type::Json,
    ];
    let sql = choices.pick(&types);
    let holds = if sql == Type::Json {
        Holds::Any
    } else {
        Holds::Vector
    };
    let mut column = data(name, from, choices);
    (column.sql, column.holds, column.apply) = (sql, holds, Vec::new());
    (column.default, column.references) = (None, None);
    column.fill = Default::default();
    if sql.dimension().is_some() {
        let zero = choices.pick(&[Zero::Keep, Zero::Keep, Zero::Null, Zero::Quarantine]);
        column.zero = if column.required && zero == Zero::Null {
            Zero::Keep
        } else {
            zero
        };
    }
    column.remap = matches!(sql, Type::Sparsevec(_)) && choices.once_in(2);
    if column.misfit == transforms::mapping::Misfit::Cast
        && sql != Type::Json
        && sql != Type::Array(Scalar::Real)
    {
        column.misfit = Default::default();
    }
    column
}

fn child(name: &str, from: FieldPath, choices: &mut Choices) -> Child {
    let mut columns = Vec::new();
    if name == "rows" {
        columns.push(vector("v0".into(), Source::Document(Document::Value), choices));
        columns[0].null = Null::Keep;
    } else {
        for number in 0..choices.below(3) {
            let from = Source::Field(path(&[choices.pick(&["x", "__value__", "__missing__"])]));
            columns.push(data(format!("e{number}"), from, choices));
        }
    }
    Child {
        name: format!("c_{name}"),
        from,
        of: Collection::Array,
        columns,
        indexes: Vec::new(),
    }
}

/// A point of the collection, mostly such that it fits the table.
pub(crate) fn point(table: &Table, choices: &mut Choices) -> Sample {
    let ids = [
        "7",
        "01234567-89ab-cdef-0123-456789abcdef",
        "18446744073709551615",
    ];
    let id = match table.columns[0].sql {
        _ if choices.once_in(12) => choices.pick(&ids),
        Type::Scalar(Scalar::BigInt) => ids[0],
        Type::Scalar(Scalar::Uuid) => ids[1],
        Type::Scalar(Scalar::Numeric(_)) => ids[2],
        _ => choices.pick(&ids),
    };
    let shard = choices.pick(&[None, Some(Owned::Text("eu".into())), Some(Owned::Integer(5))]);
    let mut root = Owned::Map(Vec::new());
    let suffix = match &shard {
        Some(Owned::Text(key)) => format!("@{key}"),
        Some(Owned::Integer(key)) => format!("@{key}"),
        _ => String::new(),
    };
    if let Some(shard) = shard {
        put(&mut root, &path(&["shard_key"]), shard);
    }
    let named = table.columns.iter().any(
        |column| matches!(&column.from, Source::Field(path) if path.0.len() == 2 && path.0[0] == "vector"),
    );
    for column in &table.columns {
        if let Source::Field(path) = &column.from
            && path.0[0] == "vector"
            && !choices.once_in(8)
        {
            let is_sparse = matches!(column.sql, Type::Sparsevec(_)) != choices.once_in(8);
            put(&mut root, path, embedding(is_sparse, choices));
        }
    }
    if named || choices.once_in(2) {
        let is_sparse = choices.once_in(2);
        put(
            &mut root,
            &path(&["vector", "other"]),
            embedding(is_sparse, choices),
        );
        let rows = choices.some(3, |choices| Owned::Floats(floats(choices)));
        put(&mut root, &path(&["vector", "rows"]), Owned::Array(rows));
    }
    for column in &table.columns {
        if let Source::Field(path) = &column.from
            && path.0.len() > 1
            && path.0[0] == "payload"
            && !choices.once_in(7)
        {
            put(&mut root, path, sent(value_for(column, choices)));
        }
    }
    let elements = choices.some(3, |choices| {
        let mut element = Owned::Map(Vec::new());
        for name in choices.some(3, |choices| {
            choices.pick(&["x", "__value__", "__missing__", "__entries__", "y"])
        }) {
            put(&mut element, &path(&[name]), sent(noise(choices, 2)));
        }
        if choices.once_in(5) {
            sent(noise(choices, 2))
        } else {
            element
        }
    });
    put(&mut root, &path(&["payload", "list"]), Owned::Array(elements));
    for _ in 0..choices.below(4) {
        let name = choices.pick(&["a", "geo", "rest", "__missing__", "z\0"]);
        put(&mut root, &path(&["payload", name]), sent(noise(choices, 3)));
    }
    let Owned::Map(fields) = root else {
        unreachable!("a map was begun with")
    };
    Sample {
        name: format!("points/c/{id}{suffix}"),
        created: None,
        updated: None,
        fields,
    }
}

/// What a payload can hold in place of it: texts for moments, bytes and references, maps for points.
fn sent(value: Owned) -> Owned {
    match value {
        Owned::Timestamp(_) => Owned::Text("2024-01-02T03:04:05.5+01:00".into()),
        Owned::Bytes(_) => Owned::Text("2024-01-02T03:04".into()),
        Owned::Reference(name) => Owned::Text(name),
        Owned::GeoPoint { latitude, longitude } => Owned::Map(vec![
            ("lon".into(), Owned::Double(longitude)),
            (
                "lat".into(),
                if latitude == 90.0 {
                    Owned::Integer(90)
                } else {
                    Owned::Double(latitude)
                },
            ),
        ]),
        Owned::Vector(components) => Owned::Array(components.into_iter().map(Owned::Double).collect()),
        Owned::Array(values) => Owned::Array(values.into_iter().map(sent).collect()),
        Owned::Map(entries) => Owned::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, sent(value)))
                .collect(),
        ),
        other => other,
    }
}

fn float(choices: &mut Choices) -> f32 {
    let odd = [
        f32::NAN,
        f32::INFINITY,
        -0.0,
        1e-45,
        f32::MAX,
        65_520.0,
        f32::from_bits(0xff80_0001),
    ];
    match choices.below(24) {
        23.. => choices.pick(&odd),
        16..23 => f32::from_bits((choices.below(65_536) as u32) << 15 | 0x3f00_0000),
        _ => choices.pick(&[0.0, 1.0, -0.5, 0.25]),
    }
}

fn floats(choices: &mut Choices) -> Floats<'static> {
    let length = if choices.once_in(12) { 2 } else { 3 };
    (0..length).map(|_| float(choices)).collect()
}

fn embedding(is_sparse: bool, choices: &mut Choices) -> Owned {
    if is_sparse {
        let mut indices: Vec<u32> = INDICES.into_iter().filter(|_| choices.once_in(2)).collect();
        if choices.once_in(8) {
            indices.push(12_345);
        }
        if !choices.once_in(8) {
            indices.sort_unstable();
        }
        let values = indices.iter().map(|_| float(choices)).collect();
        return Owned::Sparse(Box::new(Sparse::new(indices, values).unwrap()));
    }
    Owned::Floats(floats(choices))
}
