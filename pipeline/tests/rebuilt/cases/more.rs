//! What a random mapping does not have by itself: odd names, columns of kinds that nobody would write, keys, indexes,
//! foreign keys, generated columns. Whatever settings do not allow is left out.

use super::problems;
use crate::Dice;
use config::mapping::{
    Column, ColumnRef, Distance, Document, FieldPath, ForeignKey, Function, Holds, Index, IndexColumn,
    Literal, Method, Misfit, Scalar, Source, Table, Type,
};

pub(super) fn make(tables: &mut Vec<Table>, dice: &mut Dice) {
    leave_what_is_allowed(tables);
    call_oddly(tables, dice);
    roam(tables, dice);
    adorn(tables, dice);
}

pub(super) fn columns_of(table: &mut Table) -> impl Iterator<Item = &mut Column> {
    let of_children = table.children.iter_mut().flat_map(|child| &mut child.columns);
    table.columns.iter_mut().chain(of_children)
}

/// Takes out the columns that settings do not allow.
fn leave_what_is_allowed(tables: &mut Vec<Table>) {
    if problems(tables).is_empty() {
        return;
    }
    for place in 0..tables.len() {
        let columns = std::mem::take(&mut tables[place].columns);
        let mut children = std::mem::take(&mut tables[place].children);
        for column in columns {
            change(tables, &|table| table.columns.push(column.clone()), place);
        }
        for (at, child) in children.iter_mut().enumerate() {
            let columns = std::mem::take(&mut child.columns);
            tables[place].children.push(child.clone());
            for column in columns {
                let push = |table: &mut Table| table.children[at].columns.push(column.clone());
                change(tables, &push, place);
            }
        }
    }
}

/// Names that have to be quoted, with all that quoting can get wrong.
fn call_oddly(tables: &mut Vec<Table>, dice: &mut Dice) {
    let mut odd = |name: &mut String| {
        let odd = [
            "",
            "",
            "",
            "select ",
            "A\"B ",
            "it's ",
            "é😀",
            "back\\slash ",
            "%s $1 ",
            "a,b ",
            "(x) ",
            "--",
            "\t",
        ];
        let long = "n".repeat(63 - name.len());
        let before = if dice.below(30) == 0 {
            &long
        } else {
            dice.pick(&odd)
        };
        name.insert_str(0, before);
    };
    let mut renamed = tables.clone();
    for table in &mut renamed {
        odd(&mut table.name);
        table.children.iter_mut().for_each(|child| odd(&mut child.name));
        columns_of(table).for_each(|column| odd(&mut column.name));
    }
    if problems(&renamed).is_empty() {
        *tables = renamed;
    }
}

/// Any type with any functions holding anything, as far as settings allow it: more than anybody would write.
fn roam(tables: &mut Vec<Table>, dice: &mut Dice) {
    for place in 0..tables.len() {
        for number in 0..columns_of(&mut tables[place]).count() {
            for _ in 0..[0, 0, 0, 6][dice.below(4)] {
                let (sql, holds, misfit) = (any_type(dice), HOLDS[dice.below(HOLDS.len())], any_misfit(dice));
                let apply: Vec<Function> = (0..[0, 0, 0, 1, 1, 2, 3][dice.below(7)])
                    .map(|_| FUNCTIONS[dice.below(FUNCTIONS.len())])
                    .collect();
                let default = any_literal(dice);
                let other = |table: &mut Table| {
                    let column = columns_of(table).nth(number).unwrap();
                    let is_data = matches!(column.from, Source::Field(_) | Source::Document(Document::Value));
                    if is_data {
                        (column.sql, column.holds, column.misfit) = (sql, holds, misfit);
                        column.apply.clone_from(&apply);
                        column.default.clone_from(&default);
                    }
                };
                change(tables, &other, place);
            }
        }
    }
}

fn any_type(dice: &mut Dice) -> Type {
    let scalars = [
        Scalar::Text,
        Scalar::Boolean,
        Scalar::SmallInt,
        Scalar::Integer,
        Scalar::BigInt,
        Scalar::Numeric(None),
        Scalar::Numeric(Some((38, 0))),
        Scalar::Numeric(Some((5, 5))),
        Scalar::Numeric(Some((300, 150))),
        Scalar::Real,
        Scalar::Double,
        Scalar::Timestamp,
        Scalar::Date,
        Scalar::Uuid,
        Scalar::Bytes,
    ];
    let scalar = scalars[dice.below(scalars.len())];
    match dice.below(12) {
        0..8 => Type::Scalar(scalar),
        8 | 9 => Type::Array(scalar),
        10 => Type::Json,
        _ => [Type::Point, Type::Vector(2), Type::Halfvec(2), Type::Sparsevec(2)][dice.below(4)],
    }
}

fn any_literal(dice: &mut Dice) -> Option<Literal> {
    let text = |text: &str| Some(Literal::Text(text.to_owned()));
    match dice.below(24) {
        0 => Some(Literal::Boolean(false)),
        1 => Some(Literal::Integer(-7)),
        2 => Some(Literal::Double(-1.5e-7)),
        3 => text("it's \\ \"␀\""),
        4 => text("-0.00"),
        5 => text("2020-01-31T23:59:59.999999+01:00"),
        6 => text("9999-12-31"),
        7 => text("\\x"),
        8 => text("{1,2}"),
        9 => text("[{\"$map\": null}, 1e5]"),
        _ => None,
    }
}

fn any_misfit(dice: &mut Dice) -> Misfit {
    match dice.below(20) {
        0..9 => Misfit::Overflow,
        9..15 => Misfit::Cast,
        15..19 => Misfit::Null,
        _ => Misfit::Quarantine,
    }
}

const HOLDS: [Holds; 13] = [
    Holds::Boolean,
    Holds::Integer,
    Holds::Double,
    Holds::Number,
    Holds::Timestamp,
    Holds::Text,
    Holds::Bytes,
    Holds::Reference,
    Holds::Point,
    Holds::Vector,
    Holds::Array,
    Holds::Map,
    Holds::Any,
];

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

/// Changes one of the tables, if settings allow it.
fn change(tables: &mut Vec<Table>, change: &dyn Fn(&mut Table), place: usize) {
    let mut changed = tables.clone();
    change(&mut changed[place]);
    if problems(&changed).is_empty() {
        *tables = changed;
    }
}

/// Keys, indexes, foreign keys and generated columns, wherever settings allow them.
fn adorn(tables: &mut Vec<Table>, dice: &mut Dice) {
    for place in 0..tables.len() {
        let columns = tables[place].columns.clone();
        for column in &columns {
            let name = column.name.clone();
            if dice.below(12) == 0 {
                let key = vec![name.clone()];
                change(tables, &|table| table.key = key.clone(), place);
            }
            if dice.below(3) == 0 {
                let index = index(column, dice);
                change(tables, &|table| table.indexes.push(index.clone()), place);
            }
            if dice.below(8) == 0 {
                let key = ForeignKey {
                    columns: vec![name.clone()],
                    table: "people".to_owned(),
                    to: vec!["id".to_owned()],
                };
                change(tables, &|table| table.foreign_keys.push(key.clone()), place);
            }
            if dice.below(8) == 0 && column.sql == Type::Scalar(Scalar::Text) && column.is_loaded() {
                let expression = format!("to_tsvector('simple', {})", transforms::quote(&name));
                let mut search = Column::field(
                    format!("{name}_search"),
                    FieldPath::top("a"),
                    Type::Tsvector,
                    Holds::Text,
                );
                search.from = Source::Generated(expression);
                change(tables, &|table| table.columns.push(search.clone()), place);
            }
            if dice.below(12) == 0 {
                let to = ColumnRef {
                    table: "things".to_owned(),
                    column: "_path".to_owned(),
                };
                let refer = |table: &mut Table| {
                    let column = table.columns.iter_mut().find(|column| column.name == name);
                    column.unwrap().references.get_or_insert(to.clone());
                };
                change(tables, &refer, place);
            }
        }
        for child in 0..tables[place].children.len() {
            for column in &tables[place].children[child].columns.clone() {
                if dice.below(3) == 0 {
                    let index = index(column, dice);
                    let push = |table: &mut Table| table.children[child].indexes.push(index.clone());
                    change(tables, &push, place);
                }
            }
        }
    }
}

fn index(column: &Column, dice: &mut Dice) -> Index {
    let distance = [Distance::Cosine, Distance::L2, Distance::Ip, Distance::L1][dice.below(4)];
    let hnsw = Method::Hnsw {
        distance,
        m: 4,
        ef_construction: 16,
    };
    let lists = Method::Ivfflat { distance, lists: 4 };
    let method = match column.sql {
        Type::Vector(_) | Type::Halfvec(_) => [hnsw, lists][dice.below(2)],
        Type::Sparsevec(_) => hnsw,
        Type::Json | Type::Array(_) | Type::Tsvector => Method::Gin,
        Type::Point => Method::Gist,
        _ => [Method::Btree, Method::Btree, Method::Btree, Method::Hash][dice.below(4)],
    };
    let by_order = method == Method::Btree;
    Index {
        on: vec![IndexColumn {
            name: column.name.clone(),
            descending: by_order && dice.below(2) == 0,
        }],
        unique: by_order && dice.below(4) == 0,
        method,
        filter: (dice.below(4) == 0).then(|| format!("{} is not null", transforms::quote(&column.name))),
    }
}
