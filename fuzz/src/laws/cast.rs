//! One column of any type and one value for it: cast or not, the row tells the document. And a default: one that settings
//! take is one that rows can hold.
//! The first byte says which type, the second what the rest is.

use transforms::json::Owned;
use transforms::mapping::{
    Column, FieldPath, Function, Holds, Literal, Mapping, Misfit, Pattern, Records, Scalar, Table, Type,
};
use transforms::{Packer, Timestamp, Tuples, relations};

use crate::judge::Judge;
use crate::mappings::documents::{ROOT, Sample};
use crate::rebuilt::rows;
use crate::sent;

const SCALARS: [Scalar; 14] = [
    Scalar::Text,
    Scalar::Boolean,
    Scalar::SmallInt,
    Scalar::Integer,
    Scalar::BigInt,
    Scalar::Numeric(None),
    Scalar::Numeric(Some((9, 2))),
    Scalar::Numeric(Some((38, 10))),
    Scalar::Real,
    Scalar::Double,
    Scalar::Timestamp,
    Scalar::Date,
    Scalar::Uuid,
    Scalar::Bytes,
];
const OTHERS: [Type; 6] = [
    Type::Json,
    Type::Point,
    Type::Geography,
    Type::Vector(2),
    Type::Halfvec(2),
    Type::Sparsevec(3),
];
const FUNCTIONS: [Option<Function>; 5] = [
    None,
    Some(Function::EpochMillis),
    Some(Function::EpochSeconds),
    Some(Function::Lower),
    Some(Function::Trim),
];

/// See the module.
pub fn law(data: &[u8]) {
    let [sql, kind, content @ ..] = data else { return };
    let sql = sql_type(*sql);
    match kind >> 4 {
        0..8 => value_is_told(sql, *kind, content),
        _ => default_is_held(sql, *kind, content),
    }
}

fn sql_type(number: u8) -> Type {
    let (number, scalars) = (usize::from(number), SCALARS.len());
    match number % (2 * scalars + OTHERS.len()) {
        number if number < scalars => Type::Scalar(SCALARS[number]),
        number if number < 2 * scalars => Type::Array(SCALARS[number - scalars]),
        number => OTHERS[number - 2 * scalars],
    }
}

fn column(sql: Type, function: Option<Function>) -> Column {
    let apply: Vec<Function> = function.into_iter().collect();
    let holds = Holds::usual(sql, &apply);
    Column {
        apply,
        ..Column::field("a", FieldPath::top("a"), sql, holds)
    }
}

/// A mapping of this column, if settings would take it.
fn tables(column: Column) -> Option<Vec<Table>> {
    let mut table = Table::new("items", Pattern::group("items"), Records::Documents);
    table.columns.push(column);
    let mapping = Mapping {
        tables: vec![table],
        ..Mapping::default()
    };
    mapping.problems().is_empty().then_some(mapping.tables)
}

fn sample(fields: Vec<(String, Owned)>) -> Sample {
    Sample {
        name: format!("{ROOT}/items/1"),
        created: Some(Timestamp::default()),
        updated: Some(Timestamp::default()),
        fields,
    }
}

fn value_is_told(sql: Type, kind: u8, content: &[u8]) {
    let Some(value) = value(kind & 15, content) else {
        return;
    };
    let mut column = column(sql, FUNCTIONS[usize::from(kind >> 4) % FUNCTIONS.len()]);
    column.misfit = Misfit::Cast;
    let overflowing = Column {
        misfit: Misfit::Overflow,
        ..column.clone()
    };
    if let Some(tables) = tables(column).or_else(|| tables(overflowing)) {
        let body = sent::bytes(&sample(vec![("a".to_owned(), value)]));
        Judge::new(&tables, true).fate(&body, false);
    }
}

/// A value of the kind, out of the bytes.
fn value(kind: u8, content: &[u8]) -> Option<Owned> {
    let text = || std::str::from_utf8(content).ok();
    let number = |at: usize| Some(i64::from_le_bytes(*content.get(at..)?.first_chunk()?));
    let double = |at| number(at).map(|bits| f64::from_bits(bits.cast_unsigned()));
    Some(match kind {
        0 => Owned::Integer(number(0)?),
        1 => Owned::Double(double(0)?),
        2 => Owned::Double(text()?.parse().ok()?),
        3 => Owned::Timestamp(Timestamp::new(number(0)?, (number(8)? as u32) % 1_000_000_000)?),
        4 => Owned::Bytes(content.to_vec()),
        5 => Owned::GeoPoint {
            latitude: double(0)?,
            longitude: double(8)?,
        },
        6 => Owned::Array(text()?.split(',').map(|each| Owned::Text(each.into())).collect()),
        7 => {
            let doubles = text()?.split(',').map(|each| each.parse().ok());
            Owned::Array(
                doubles
                    .map(|each| each.map(Owned::Double))
                    .collect::<Option<_>>()?,
            )
        }
        8 => {
            let doubles = text()?.split(',').map(|each| each.parse().ok());
            Owned::Vector(doubles.collect::<Option<_>>()?)
        }
        9 => Owned::Boolean(content.first()? % 2 == 0),
        10 => Owned::Reference(format!("{ROOT}/{}", text()?)),
        11 => Owned::Map(vec![(text()?.to_owned(), Owned::Text(text()?.to_owned()))]),
        _ => Owned::Text(text()?.to_owned()),
    })
}

fn default_is_held(sql: Type, kind: u8, content: &[u8]) {
    let Ok(text) = std::str::from_utf8(content) else {
        return;
    };
    let literal = match kind & 3 {
        0 => text.parse().ok().map(Literal::Integer),
        1 => text.parse().ok().map(Literal::Double),
        _ => Some(Literal::Text(text.to_owned())),
    };
    let Some(literal) = literal else { return };
    let column = Column {
        default: Some(literal.clone()),
        ..column(sql, None)
    };
    let Some(tables) = tables(column) else { return };
    let sample = sample(Vec::new());
    let mut out = vec![Tuples::default(); relations(&tables).len()];
    let packed = Packer::new(&tables, ROOT, true).pack(&sample.view(), &[], &mut out);
    assert!(packed.is_ok(), "{packed:?} of {literal:?} in {sql}");
    let filled = rows(&out[0])[0][3].is_some();
    assert!(filled, "settings take {literal:?} for {sql}, rows do not");
    Judge::new(&tables, true).fate(&sent::bytes(&sample), false);
}

/// Values in the spelling of their types, for every type.
pub fn seeds() -> Vec<Vec<u8>> {
    const SPELLED: [&str; 16] = [
        "true",
        "-32768",
        "9223372036854775807",
        "12345.67",
        "0.00001",
        "1e-7",
        "2020-01-31T23:59:59.999999Z",
        "2020-01-31",
        "0001-01-01T00:00:00Z",
        "01234567-89ab-cdef-0123-456789abcdef",
        "\\x00ff",
        "{a,b}",
        "{\"a\": [1, null]}",
        "1.5,NaN",
        "-Infinity",
        "1704067200000",
    ];
    let types = (2 * SCALARS.len() + OTHERS.len()) as u8;
    let mut seeds = Vec::new();
    for (at, text) in SPELLED.iter().enumerate() {
        for sql in (0..types).filter(|sql| usize::from(*sql) % 5 == at % 5) {
            seeds.push([&[sql, 15], text.as_bytes()].concat());
            seeds.push([&[sql, 0x82], text.as_bytes()].concat());
        }
    }
    let numbers = (0..types).flat_map(|sql| [(sql, 0x80, "7"), (sql, 0x81, "1e-300"), (sql, 0x81, "1e300")]);
    seeds.extend(numbers.map(|(sql, kind, text)| [&[sql, kind], text.as_bytes()].concat()));
    seeds.extend((0..types).map(|sql| [&[sql, sql % 12][..], &[7; 16]].concat()));
    seeds
}
