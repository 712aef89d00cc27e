//! Arbitrary columns: everything that a column may say, in combinations that can hold something.

use transforms::mapping::{
    Collection, Column, ColumnRef, Document, Fill, Function, Holds, Literal, Misfit, Null, Pattern, Piece,
    Scalar, Source, Template, Type,
};

use super::{Choices, FIELDS, PARTS, TEXT, path};

const MOMENT: Type = Type::Scalar(Scalar::Timestamp);

/// After a column of a point's one half, mostly one of the other.
pub(super) fn point_by_halves(columns: &mut Vec<Column>, choices: &mut Choices) {
    let Some(last) = columns.last().cloned() else {
        return;
    };
    let other = match last.apply.as_slice() {
        [Function::Latitude] => Function::Longitude,
        [Function::Longitude] => Function::Latitude,
        _ => return,
    };
    if !choices.once_in(6) {
        columns.push(Column {
            name: format!("{}_half", last.name),
            apply: vec![other],
            ..last
        });
    }
}

/// A column of a table of documents, or of elements.
pub(super) fn column(
    name: String,
    pattern: &Pattern,
    of: Option<Collection>,
    choices: &mut Choices,
) -> Column {
    let fields: &[&[&str]] = if of.is_some() { &PARTS } else { &FIELDS };
    match choices.below(12) {
        9 => about_the_document(name, pattern, of, choices),
        10 => derived(name, fields, choices),
        11 if of.is_some() => data(name, Source::Document(Document::Value), choices),
        _ => {
            let from = path(choices.pick(fields));
            data(name, Source::Field(from), choices)
        }
    }
}

fn about_the_document(
    name: String,
    pattern: &Pattern,
    of: Option<Collection>,
    choices: &mut Choices,
) -> Column {
    let mut known_things = vec![
        (Document::Id, TEXT),
        (Document::Path, TEXT),
        (Document::Created, MOMENT),
        (Document::Updated, Type::Scalar(Scalar::Date)),
    ];
    known_things.extend((pattern.wildcards() > 0).then_some((Document::Wildcard(1), TEXT)));
    let below = pattern.anywhere || pattern.segments.len() > 1;
    known_things.extend(below.then_some((Document::Parent, TEXT)));
    known_things.extend(of.map(|of| match of {
        Collection::Array => (Document::Ordinal, Type::Scalar(Scalar::Integer)),
        Collection::Map => (Document::Key, TEXT),
    }));
    let (document, sql) = choices.pick(&known_things);
    let mut column = known(name, Source::Document(document), sql);
    if document == Document::Path && choices.once_in(2) {
        column.apply = vec![Function::Uuid5];
        column.sql = Type::Scalar(Scalar::Uuid);
    }
    column
}

fn derived(name: String, fields: &[&[&str]], choices: &mut Choices) -> Column {
    let template = |choices: &mut Choices| {
        Template(vec![
            Piece::Text("{of} ".into()),
            Piece::Field(path(choices.pick(fields))),
            Piece::Document(Document::Id),
        ])
    };
    match choices.below(4) {
        0 => known(name, Source::Constant(Literal::Text("acme".into())), TEXT),
        1 => known(name, Source::Template(template(choices)), TEXT),
        2 => known(name, Source::Generated("'a'::text".into()), TEXT),
        _ => known(name, Source::Embedding(template(choices)), Type::Vector(2)),
    }
}

/// A column about which only source and type are worth saying.
pub(super) fn known(name: String, from: Source, sql: Type) -> Column {
    let holds = match sql {
        Type::Vector(_) => Holds::Vector,
        Type::Scalar(Scalar::Timestamp | Scalar::Date) => Holds::Timestamp,
        Type::Scalar(Scalar::Integer) => Holds::Integer,
        _ => Holds::Text,
    };
    let mut column = Column::field(name, path(&["a"]), sql, holds);
    column.from = from;
    column
}

/// Whether anything can be cast to the type; settings refuse the policy elsewhere.
fn is_cast_to(sql: Type) -> bool {
    match sql {
        Type::Scalar(scalar) | Type::Array(scalar) => !matches!(scalar, Scalar::Bytes | Scalar::Uuid),
        Type::Json => true,
        _ => false,
    }
}

/// A column that holds the document's own data, with every policy there is.
pub(crate) fn data(name: String, from: Source, choices: &mut Choices) -> Column {
    let (sql, holds, apply) = shape(choices);
    let mut column = Column::field(name, path(&["a"]), sql, holds);
    column.from = from;
    column.apply = apply;
    if column.apply.contains(&Function::Id) {
        column.references = (!choices.once_in(4)).then(|| ColumnRef {
            table: choices.pick(&["people", "people", "things"]).into(),
            column: "id".into(),
        });
    }
    column.misfit = match choices.below(16) {
        0..9 => Misfit::Overflow,
        9..13 if is_cast_to(sql) => Misfit::Cast,
        9..13 => Misfit::Overflow,
        13 | 14 => Misfit::Null,
        _ => Misfit::Quarantine,
    };
    column.null = choices.pick(&[Null::Keep, Null::Keep, Null::Forget]);
    if choices.once_in(5) {
        column.default = default(sql);
    }
    if column.default.is_some() {
        column.fill = choices.pick(&[Fill::Missing, Fill::MissingOrNull]);
    }
    column.required = column.misfit != Misfit::Null && choices.once_in(50);
    column
}

/// What a column may be, such that it can hold something.
fn shape(choices: &mut Choices) -> (Type, Holds, Vec<Function>) {
    use Function::{Id, Lower, Sha256, Trim, Upper, Uuid5};
    let numeric = choices.pick(&[Scalar::Numeric(None), Scalar::Numeric(Some((9, 2)))]);
    let integer = choices.pick(&[Scalar::BigInt, Scalar::Integer, Scalar::SmallInt]);
    let float = choices.pick(&[Scalar::Double, Scalar::Double, Scalar::Real]);
    let number = choices.pick(&[integer, float, numeric]);
    let moment = choices.pick(&[Scalar::Timestamp, Scalar::Timestamp, Scalar::Date]);
    let numbers = choices.pick(&[Holds::Integer, Holds::Double, Holds::Number]);
    let epoch = choices.pick(&[
        Function::EpochMillis,
        Function::EpochSeconds,
        Function::EpochMicros,
    ]);
    let vector = choices.pick(&[
        Type::Vector(2),
        Type::Vector(3),
        Type::Halfvec(2),
        Type::Sparsevec(3),
    ]);
    let half = choices.pick(&[Function::Latitude, Function::Longitude]);
    let half_type = choices.pick(&[Scalar::Double, Scalar::Double, Scalar::Double, Scalar::Real]);
    let element = choices.pick(&[
        Scalar::Text,
        Scalar::Boolean,
        integer,
        float,
        numeric,
        moment,
        Scalar::Uuid,
        Scalar::Bytes,
    ]);
    let case = choices.pick(&[vec![Lower], vec![Trim, Upper], vec![Trim]]);
    let scalar = |scalar, holds, apply: &[Function]| (Type::Scalar(scalar), holds, apply.to_vec());
    let shapes = [
        scalar(Scalar::Text, Holds::Text, &[]),
        scalar(integer, Holds::Integer, &[]),
        scalar(Scalar::Boolean, Holds::Boolean, &[]),
        scalar(float, Holds::Double, &[]),
        scalar(number, numbers, &[]),
        scalar(numeric, Holds::Number, &[]),
        scalar(moment, Holds::Timestamp, &[]),
        scalar(moment, numbers, &[epoch]),
        scalar(number, Holds::Timestamp, &[epoch]),
        scalar(Scalar::Uuid, Holds::Text, &[]),
        scalar(Scalar::Bytes, Holds::Bytes, &[]),
        (Type::Array(element), Holds::Array, vec![]),
        (
            Type::Json,
            choices.pick(&[Holds::Any, Holds::Map, Holds::Array, Holds::Text]),
            vec![],
        ),
        (
            choices.pick(&[Type::Point, Type::Geography]),
            Holds::Point,
            vec![],
        ),
        scalar(half_type, Holds::Point, &[half]),
        (vector, choices.pick(&[Holds::Vector, Holds::Array]), vec![]),
        scalar(Scalar::Text, Holds::Text, &case),
        scalar(Scalar::Text, Holds::Reference, &[]),
        scalar(Scalar::Text, Holds::Reference, &[Id]),
        scalar(Scalar::Text, Holds::Text, &[Id]),
        scalar(
            choices.pick(&[Scalar::Text, Scalar::Bytes]),
            Holds::Text,
            &[Sha256],
        ),
        scalar(choices.pick(&[Scalar::Text, Scalar::Uuid]), Holds::Text, &[Uuid5]),
    ];
    choices.pick(&shapes)
}

/// A value of the type, as a mapping spells it, if it can.
fn default(sql: Type) -> Option<Literal> {
    let text = |text: &str| Some(Literal::Text(text.into()));
    match sql {
        Type::Scalar(scalar) => match scalar {
            Scalar::Text => text("default"),
            Scalar::Boolean => Some(Literal::Boolean(true)),
            Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => Some(Literal::Integer(7)),
            Scalar::Numeric(_) => text("0.10"),
            Scalar::Real | Scalar::Double => Some(Literal::Double(0.5)),
            Scalar::Timestamp => text("2020-01-31T00:00:00Z"),
            Scalar::Date => text("2020-01-31"),
            Scalar::Uuid => text("00000000-0000-0000-0000-00000000000A"),
            Scalar::Bytes => text("\\x00ff"),
        },
        Type::Array(_) => text("{}"),
        Type::Json => text("{\"a\": 1}"),
        _ => None,
    }
}
