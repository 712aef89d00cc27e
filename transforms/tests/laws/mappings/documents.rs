//! Arbitrary documents for a mapping: most of what its columns ask for, and noise of every kind beside it.

use transforms::json::Owned;
use transforms::mapping::{
    Child, Collection, Column, Document, FieldPath, Holds, Scalar, Source, Table, Type,
};
use transforms::{Timestamp, Value};

use super::values::{
    bytes, components, double, integer, map, moment, noise, point, reference, scalar, text, uuid,
};
use super::{COLLECTIONS, Choices, FIELDS, path};

/// The database the documents live in.
pub(crate) const ROOT: &str = "projects/p/databases/(default)/documents";

/// A document that owns what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) created: Option<Timestamp>,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) fields: Vec<(String, Owned)>,
}

impl Sample {
    /// The document, owned.
    pub(crate) fn of(document: &transforms::Document<'_>) -> Sample {
        let fields = document.fields.iter();
        Sample {
            name: document.name.to_string(),
            created: document.created,
            updated: document.updated,
            fields: fields
                .map(|(name, value)| (String::from(*name), owned(value)))
                .collect(),
        }
    }

    pub(crate) fn view(&self) -> transforms::Document<'_> {
        let fields = self.fields.iter();
        transforms::Document {
            name: self.name.as_str().into(),
            created: self.created,
            updated: self.updated,
            fields: fields
                .map(|(name, value)| (name.as_str(), value.view()))
                .collect(),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        Value::Map(self.view().fields)
    }
}

/// A document of the collection id `items`, mostly of one of the tables.
pub(crate) fn document(tables: &[Table], choices: &mut Choices) -> Sample {
    let table = &tables[choices.below(tables.len())];
    let parent = match choices.below(60) {
        59 => "else/where/",
        58 => "users/a\0b/",
        _ if table.from.anywhere => choices.pick(&["", "users/bob/", "a/b/c/d/"]),
        _ if table.from.segments.len() == 1 => "",
        _ => choices.pick(&["users/alice/", "users/alice/", "users/alice/", "users/bob/"]),
    };
    let id = choices.pick(&["1", "é x", "__id7__"]);
    let updated = Timestamp {
        nanos: if choices.once_in(60) { 1 } else { 5000 },
        ..moment(choices)
    };
    let mut root = Owned::Map(Vec::new());
    for column in &table.columns {
        if let Source::Field(path) = &column.from
            && !choices.once_in(7)
        {
            put(&mut root, path, value_for(column, choices));
        }
    }
    for child in &table.children {
        if !choices.once_in(8) {
            put(&mut root, &child.from, elements(child, choices));
        }
    }
    for _ in 0..choices.below(4) {
        let everywhere: Vec<&[&str]> = FIELDS.into_iter().chain(COLLECTIONS).collect();
        let name = path(choices.pick(&everywhere));
        put(&mut root, &name, noise(choices, 3));
    }
    for _ in 0..choices.below(3) {
        let name = path(&[choices.pick(&["other", "$bytes", "a.b", "c\0d", "cd", "c␀d"])]);
        let deep = choices.once_in(8);
        put(&mut root, &name, noise(choices, if deep { 20 } else { 2 }));
    }
    let Owned::Map(fields) = root else {
        unreachable!("a map was begun with")
    };
    Sample {
        name: format!("{ROOT}/{parent}items/{id}"),
        created: Timestamp::new(1_704_164_645, 123_456_000),
        updated: Some(updated),
        fields,
    }
}

/// Puts a value at a path where that is free; makes maps on the way.
pub(crate) fn put(at: &mut Owned, path: &FieldPath, value: Owned) {
    let mut at = at;
    for (depth, name) in path.0.iter().enumerate() {
        let Owned::Map(entries) = at else { return };
        let place = entries.iter().position(|(key, _)| key == name);
        if depth + 1 == path.0.len() {
            if place.is_none() {
                entries.push((name.clone(), value));
            }
            return;
        }
        let place = place.unwrap_or_else(|| {
            entries.push((name.clone(), Owned::Map(Vec::new())));
            entries.len() - 1
        });
        at = &mut entries[place].1;
    }
}

fn elements(child: &Child, choices: &mut Choices) -> Owned {
    match (choices.below(12), child.of) {
        (11, _) => noise(choices, 2),
        (10, Collection::Array) => Owned::Array(vec![]),
        (10, Collection::Map) => Owned::Map(vec![]),
        (_, Collection::Array) => Owned::Array(choices.some(4, |choices| element(child, choices))),
        (_, Collection::Map) => {
            let mut entries = Owned::Map(vec![]);
            for key in choices.some(4, |choices| choices.pick(&["k", "l", "$text", "", "m\0n", "mn"])) {
                put(&mut entries, &path(&[key]), element(child, choices));
            }
            entries
        }
    }
}

fn element(child: &Child, choices: &mut Choices) -> Owned {
    let whole = |column: &&Column| column.from == Source::Document(Document::Value);
    let column = child.columns.iter().find(whole);
    if let Some(column) = column.filter(|_| choices.once_in(2)) {
        return value_for(column, choices);
    }
    if choices.once_in(8) {
        return noise(choices, 2);
    }
    let mut element = Owned::Map(vec![]);
    for column in &child.columns {
        if let Source::Field(path) = &column.from
            && !choices.once_in(5)
        {
            put(&mut element, path, value_for(column, choices));
        }
    }
    for name in choices.some(2, |choices| choices.pick(&["rest", "x", "o\0o", "$map", "oo"])) {
        put(&mut element, &path(&[name]), noise(choices, 2));
    }
    element
}

/// Mostly what the column holds; now and then null, or anything.
pub(crate) fn value_for(column: &Column, choices: &mut Choices) -> Owned {
    match choices.below(16) {
        0..13 => fitting(column, choices),
        13 => scalar(choices),
        14 => Owned::Null,
        _ => noise(choices, 3),
    }
}

fn fitting(column: &Column, choices: &mut Choices) -> Owned {
    match column.holds {
        Holds::Boolean => Owned::Boolean(choices.once_in(2)),
        Holds::Integer => Owned::Integer(integer(column, choices)),
        Holds::Double => Owned::Double(double(choices)),
        Holds::Number if choices.once_in(2) => Owned::Double(double(choices)),
        Holds::Number => Owned::Integer(integer(column, choices)),
        Holds::Timestamp => Owned::Timestamp(match column.sql {
            Type::Scalar(Scalar::Date) if !choices.once_in(4) => {
                Timestamp::new(86_400 * (choices.below(60_000) as i64 - 20_000), 0).unwrap()
            }
            _ => moment(choices),
        }),
        Holds::Text if column.sql == Type::Scalar(Scalar::Uuid) => Owned::Text(uuid(choices)),
        Holds::Text => Owned::Text(text(choices)),
        Holds::Bytes => Owned::Bytes(bytes(choices)),
        Holds::Reference => Owned::Reference(reference(choices)),
        Holds::Point => point(choices),
        Holds::Vector => Owned::Vector(components(column.sql, choices)),
        Holds::Array => match column.sql {
            Type::Array(scalar) => {
                let element = element_column(scalar);
                Owned::Array(choices.some(3, |choices| match choices.below(16) {
                    15 => Owned::Null,
                    14 => self::scalar(choices),
                    _ => fitting(&element, choices),
                }))
            }
            Type::Json => Owned::Array(choices.some(3, |choices| noise(choices, 2))),
            sql => Owned::Array(components(sql, choices).into_iter().map(Owned::Double).collect()),
        },
        Holds::Map => map(choices, 2),
        Holds::Any => noise(choices, 3),
    }
}

/// A column such that what fits into it fits into an array of its type.
fn element_column(scalar: Scalar) -> Column {
    let holds = match scalar {
        Scalar::Text | Scalar::Uuid => Holds::Text,
        Scalar::Boolean => Holds::Boolean,
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => Holds::Integer,
        Scalar::Numeric(_) => Holds::Number,
        Scalar::Real | Scalar::Double => Holds::Double,
        Scalar::Timestamp | Scalar::Date => Holds::Timestamp,
        Scalar::Bytes => Holds::Bytes,
    };
    Column::field("element", path(&["element"]), Type::Scalar(scalar), holds)
}

fn owned(value: &Value<'_>) -> Owned {
    match value {
        Value::Null => Owned::Null,
        Value::Boolean(boolean) => Owned::Boolean(*boolean),
        Value::Integer(integer) => Owned::Integer(*integer),
        Value::Double(double) => Owned::Double(*double),
        Value::Timestamp(moment) => Owned::Timestamp(*moment),
        Value::Text(text) => Owned::Text(String::from(*text)),
        Value::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
        Value::Reference(name) => Owned::Reference(String::from(*name)),
        Value::GeoPoint { latitude, longitude } => Owned::GeoPoint {
            latitude: *latitude,
            longitude: *longitude,
        },
        Value::Array(values) => Owned::Array(values.iter().map(owned).collect()),
        Value::Map(entries) => Owned::Map(
            entries
                .iter()
                .map(|(key, value)| (String::from(*key), owned(value)))
                .collect(),
        ),
        Value::Vector(components) => Owned::Vector(components.clone()),
        Value::Floats(floats) => Owned::Floats(floats.clone().into_owned()),
        Value::Sparse(sparse) => Owned::Sparse(Box::new((**sparse).clone().into_owned())),
    }
}
