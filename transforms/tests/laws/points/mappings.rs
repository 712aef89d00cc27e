//! Arbitrary mappings of points, such as make sense.

use transforms::Dictionary;
use transforms::mapping::{
    Child, Collection, Column, Document, FieldPath, Holds, Null, Pattern, Records, Scalar, Source, Table,
    Type, Zero,
};

use crate::mappings::Choices;
use crate::mappings::columns::data;

/// Indices that have a number: in the opposite order.
pub(super) const INDICES: [u32; 6] = [u32::MAX, 1_000_000_000, 999_999_999, 8, 1, 0];

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

pub(super) fn path(names: &[&str]) -> FieldPath {
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
