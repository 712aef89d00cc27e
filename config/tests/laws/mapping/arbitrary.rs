//! Mappings as wild as they can be: parts are made without asking whether they fit, and kept if they do.

use config::mapping::{
    Child, Collection, Column, ColumnRef, Distance, FieldPath, Fill, ForeignKey, Function, Holds, Index,
    IndexColumn, Literal, Mapping, Method, Misfit, Nul, Null, Partition, Pattern, Records, Source, Table,
    Type, Unmapped, Zero,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{document, holds, path, pattern, sql, template, text};

fn literal() -> impl Strategy<Value = Literal> {
    let known = [
        "{}",
        "[1]",
        "2020-01-31T00:00:00Z",
        "2020-01-31",
        "00000000-0000-0000-0000-000000000000",
        "\\x00",
    ];
    prop_oneof![
        any::<bool>().prop_map(Literal::Boolean),
        any::<i64>().prop_map(Literal::Integer),
        (-9..9i64).prop_map(Literal::Integer),
        any::<f64>().prop_map(Literal::Double),
        select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]).prop_map(Literal::Double),
        text(9).prop_map(Literal::Text),
        select(known.to_vec()).prop_map(|text| Literal::Text(text.to_owned())),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        4 => path().prop_map(Source::Field),
        2 => document().prop_map(Source::Document),
        1 => literal().prop_map(Source::Constant),
        1 => template().prop_map(Source::Template),
        1 => text(9).prop_map(Source::Generated),
        1 => template().prop_map(Source::Embedding),
    ]
}

const FUNCTIONS: [Function; 11] = [
    Function::Lower,
    Function::Upper,
    Function::Trim,
    Function::Sha256,
    Function::Uuid5,
    Function::EpochSeconds,
    Function::EpochMillis,
    Function::EpochMicros,
    Function::Latitude,
    Function::Longitude,
    Function::Id,
];

fn column() -> impl Strategy<Value = Column> {
    let usual = |value: Misfit, other: Vec<Misfit>| prop_oneof![3 => Just(value), 1 => select(other)];
    let policies = (
        usual(
            Misfit::Overflow,
            vec![Misfit::Quarantine, Misfit::Null, Misfit::Cast],
        ),
        prop_oneof![3 => Just(Null::Keep), 1 => Just(Null::Forget)],
        prop_oneof![3 => Just(None), 1 => literal().prop_map(Some)],
        prop_oneof![3 => Just(Fill::Missing), 1 => Just(Fill::MissingOrNull)],
        prop::bool::weighted(0.2),
        prop_oneof![3 => Just(Zero::Keep), 1 => select(vec![Zero::Null, Zero::Quarantine])],
        prop::bool::weighted(0.2),
    );
    let apply =
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(select(FUNCTIONS.to_vec()), 1..3)];
    let holds = prop_oneof![3 => Just(None), 1 => holds().prop_map(Some)];
    (text(12), source(), apply, sql(), holds, policies).prop_map(
        |(name, from, apply, sql, holds, (misfit, null, default, fill, required, zero, remap))| Column {
            name,
            from,
            holds: holds.unwrap_or(Holds::usual(sql, &apply)),
            apply,
            sql,
            misfit,
            // Elsewhere nothing is said with them.
            zero: if sql.dimension().is_some() {
                zero
            } else {
                Zero::Keep
            },
            remap: remap && matches!(sql, Type::Sparsevec(_)),
            null,
            default,
            fill,
            required,
            references: None,
        },
    )
}

fn method() -> impl Strategy<Value = Method> {
    let distance = || select(vec![Distance::Cosine, Distance::L2, Distance::Ip, Distance::L1]);
    prop_oneof![
        4 => Just(Method::Btree),
        2 => select(vec![Method::Hash, Method::Gin, Method::Gist]),
        1 => (distance(), 2..=100u16, 4..=1000u16)
            .prop_map(|(distance, m, ef_construction)| Method::Hnsw { distance, m, ef_construction }),
        1 => (distance(), 1..=32_768u32).prop_map(|(distance, lists)| Method::Ivfflat { distance, lists }),
    ]
}

/// Which columns are meant is drawn as numbers, and becomes names when there are columns.
type Drawn<T> = (Vec<(prop::sample::Index, bool)>, T);

fn drawn<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Drawn<T>> {
    (
        prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..3),
        of,
    )
}

type Parts = (
    (String, Pattern, Nul, Records, Option<u16>),
    Vec<Column>,
    Vec<FieldPath>,
    Vec<Drawn<(bool, Method, Option<String>)>>,
    Vec<(String, FieldPath, bool, Vec<Column>)>,
    (Vec<Drawn<()>>, Vec<(prop::sample::Index, Option<Literal>)>),
);

fn parts() -> impl Strategy<Value = Parts> {
    let nul = select(vec![Nul::Quarantine, Nul::Escape, Nul::Strip]);
    let index = (any::<bool>(), method(), prop::option::of(text(9)));
    let child = (
        text(9),
        path(),
        any::<bool>(),
        prop::collection::vec(column(), 0..6),
    );
    (
        (
            text(9),
            pattern(),
            nul,
            select(vec![Records::Documents, Records::Documents, Records::Points]),
            prop::option::of(128..=8160u16),
        ),
        prop::collection::vec(column(), 0..16),
        prop::collection::vec(path(), 0..3),
        prop::collection::vec(drawn(index), 0..6),
        prop::collection::vec(child, 0..3),
        (
            prop::collection::vec(drawn(Just(())), 0..4),
            prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(literal())), 0..4),
        ),
    )
}

/// A mapping about which nothing is wrong.
pub(super) fn valid() -> impl Strategy<Value = Mapping> {
    let unmapped = select(vec![Unmapped::Infer, Unmapped::Refuse, Unmapped::Skip]);
    let nul = select(vec![Nul::Quarantine, Nul::Escape, Nul::Strip]);
    (unmapped, nul, prop::collection::vec(parts(), 0..4)).prop_map(|(unmapped, nul, all)| {
        let mut mapping = Mapping {
            tables: Vec::new(),
            unmapped,
            nul,
        };
        for parts in all {
            add(&mut mapping, parts);
        }
        if mapping.tables.is_empty() {
            mapping.unmapped = Unmapped::Infer;
        }
        mapping
    })
}

/// Makes a change if nothing is wrong with it.
fn change(mapping: &mut Mapping, change: impl FnOnce(&mut Mapping)) -> bool {
    let mut changed = mapping.clone();
    change(&mut changed);
    let fits = changed.problems().is_empty();
    if fits {
        *mapping = changed;
    }
    fits
}

fn add(
    mapping: &mut Mapping,
    ((name, from, nul, of, toast_tuple_target), mut columns, drop, indexes, children, (keys, partitions)): Parts,
) {
    if of == Records::Points {
        // Of points most fields lie in the payload.
        for column in &mut columns {
            if let Source::Field(path) = &mut column.from {
                path.0.insert(0, "payload".to_owned());
            }
        }
    }
    let table = Table {
        name,
        from,
        key: Vec::new(),
        nul,
        columns: Vec::new(),
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of,
        partition: None,
        toast_tuple_target,
        load: Default::default(),
    };
    if !change(mapping, |mapping| mapping.tables.push(table)) {
        return;
    }
    let number = mapping.tables.len() - 1;
    for column in columns {
        change(mapping, |mapping| mapping.tables[number].columns.push(column));
    }
    for path in drop {
        change(mapping, |mapping| mapping.tables[number].drop.push(path));
    }
    for (name, from, array, columns) in children {
        let of = if array { Collection::Array } else { Collection::Map };
        let child = Child {
            name,
            from,
            of,
            columns: Vec::new(),
            indexes: Vec::new(),
        };
        if change(mapping, |mapping| mapping.tables[number].children.push(child)) {
            for column in columns {
                let push = |mapping: &mut Mapping| {
                    if let Some(child) = mapping.tables[number].children.last_mut() {
                        child.columns.push(column);
                    }
                };
                change(mapping, push);
            }
        }
    }
    if mapping.tables[number].columns.is_empty() {
        return;
    }
    related(mapping, number, indexes, keys, partitions);
}

/// Indexes, keys and references.
fn related(
    mapping: &mut Mapping,
    number: usize,
    indexes: Vec<Drawn<(bool, Method, Option<String>)>>,
    keys: Vec<Drawn<()>>,
    partitions: Vec<(prop::sample::Index, Option<Literal>)>,
) {
    let names: Vec<String> = mapping.tables[number]
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    for (on, (unique, method, filter)) in indexes {
        let on = on.iter().map(|(at, descending)| IndexColumn {
            name: at.get(&names).clone(),
            descending: *descending,
        });
        let index = Index {
            on: on.collect(),
            unique,
            method,
            filter,
        };
        // Most methods take few types: the first column that this one takes is searched.
        let others = names.iter().map(|name| Index {
            on: vec![IndexColumn {
                name: name.clone(),
                descending: false,
            }],
            unique: false,
            ..index.clone()
        });
        let push = |mapping: &mut Mapping, index: Index| {
            change(mapping, |mapping| mapping.tables[number].indexes.push(index))
        };
        if !push(mapping, index.clone()) {
            let _ = others.into_iter().any(|index| push(mapping, index));
        }
    }
    for (at, _) in keys {
        let key: Vec<String> = at.iter().map(|(at, _)| at.get(&names).clone()).collect();
        let table = mapping.tables[number].name.clone();
        let same = key.clone();
        change(mapping, |mapping| mapping.tables[number].key = same);
        let column = ColumnRef {
            table: table.clone(),
            column: key[0].clone(),
        };
        change(mapping, |mapping| {
            let last = key
                .last()
                .and_then(|name| names.iter().position(|known| known == name));
            mapping.tables[number].columns[last.unwrap_or(0)].references = Some(column);
        });
        let foreign = ForeignKey {
            columns: key.clone(),
            table,
            to: key,
        };
        change(mapping, |mapping| {
            mapping.tables[number].foreign_keys.push(foreign)
        });
    }
    for (at, value) in partitions {
        // Mostly the value is none of the column's, and then there are no values.
        for values in [Vec::new(), value.into_iter().collect()] {
            let by = at.get(&names).clone();
            let part = |mapping: &mut Mapping| {
                mapping.tables[number].partition = Some(Partition { by, values });
            };
            change(mapping, part);
        }
    }
}
