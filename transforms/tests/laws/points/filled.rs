//! Points for a mapping: most of what its columns ask for, and noise beside it.

use transforms::json::Owned;
use transforms::mapping::{Scalar, Source, Table, Type};
use transforms::{Floats, Sparse};

use super::mappings::{INDICES, path};
use crate::mappings::documents::{Sample, put, value_for};
use crate::mappings::{Choices, noise};

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
        16..23 => f32::from_bits((choices.below(65_536) as u32) << 7 | 0x3f00_0000),
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
