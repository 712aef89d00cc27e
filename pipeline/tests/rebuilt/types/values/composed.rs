//! Values that are made of others, and texts of values in the spellings that people and programs use.

use super::{digits, double, integer, moment, narrow, scalar, text};
use crate::Dice;
use crate::types::Spelled;
use config::mapping::{Scalar, Type};
use transforms::json::Owned;

pub(in crate::types) fn array(of: Scalar, dice: &mut Dice) -> Spelled {
    let elements: Vec<Spelled> = (0..dice.below(6))
        .map(|_| match dice.below(6) {
            0 => (Owned::Null, "NULL".to_owned()),
            _ => {
                let (value, text) = scalar(of, dice);
                (
                    value,
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
                )
            }
        })
        .collect();
    let (values, texts): (Vec<Owned>, Vec<String>) = elements.into_iter().unzip();
    (Owned::Array(values), format!("{{{}}}", texts.join(",")))
}

pub(in crate::types) fn point(dice: &mut Dice) -> Spelled {
    let (latitude, longitude) = (double(dice), double(dice));
    let value = Owned::GeoPoint { latitude, longitude };
    (value, format!("({longitude:e},{latitude:e})"))
}

/// Nested values, and JSON that says them. Only what JSON itself has: tags are told by laws without PostgreSQL.
pub(in crate::types) fn tree(dice: &mut Dice) -> Spelled {
    let value = branch(3, dice);
    let text = spelled(&value).to_string();
    (value, text)
}

fn branch(depth: usize, dice: &mut Dice) -> Owned {
    match dice.below(if depth == 0 { 4 } else { 6 }) {
        0 => Owned::Boolean(dice.below(2) == 0),
        1 => integer(i64::MIN, i64::MAX, dice).0,
        2 => Owned::Text(text(dice)),
        3 if depth < 3 => Owned::Null,
        3 => Owned::Double((dice.next() as i32) as f64 / 64.0),
        4 => Owned::Array((0..dice.below(5)).map(|_| branch(depth - 1, dice)).collect()),
        _ => {
            let mut entries: Vec<(String, Owned)> = Vec::new();
            for _ in 0..dice.below(5) {
                let key = text(dice);
                if !entries.iter().any(|(other, _)| *other == key) {
                    entries.push((key, branch(depth - 1, dice)));
                }
            }
            Owned::Map(entries)
        }
    }
}

fn spelled(value: &Owned) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Owned::Boolean(boolean) => Json::from(*boolean),
        Owned::Integer(integer) => Json::from(*integer),
        Owned::Double(double) => Json::from(*double),
        Owned::Text(text) => Json::from(text.as_str()),
        Owned::Array(values) => values.iter().map(spelled).collect(),
        Owned::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), spelled(value)));
            Json::Object(entries.collect())
        }
        _ => Json::Null,
    }
}

pub(in crate::types) fn vector(sql: Type, dice: &mut Dice) -> Spelled {
    let component = |dice: &mut Dice| match sql {
        Type::Halfvec(_) => {
            let edges = [
                65_504.0, 65_519.0, 6e-5, 6.1e-5, 5.97e-8, 2048.5, 1024.5, -0.0, 0.0, 0.1, 3.0,
            ];
            match dice.below(3) {
                0 => edges[dice.below(edges.len())],
                1 => (dice.next() as i16) as f64 / 16.0,
                _ => (dice.next() as i32) as f64 * 2f64.powi(-31 - dice.below(16) as i32),
            }
        }
        Type::Sparsevec(_) if dice.below(3) == 0 => 0.0,
        _ => narrow(dice),
    };
    let components: Vec<f64> = (0..sql.dimension().unwrap()).map(|_| component(dice)).collect();
    // A text so close to zero that 32 bits have nothing for it is refused; what is packed is zero then.
    let shown = |component: &f64| match *component as f32 {
        0.0 => digits(f64::from(*component as f32)),
        _ => digits(*component),
    };
    let text = match sql {
        Type::Sparsevec(dimension) => {
            let there = components
                .iter()
                .enumerate()
                .filter(|(_, component)| **component as f32 != 0.0);
            let there = there.map(|(at, component)| format!("{}:{}", at + 1, shown(component)));
            format!("{{{}}}/{dimension}", there.collect::<Vec<_>>().join(","))
        }
        _ => format!("[{}]", components.iter().map(shown).collect::<Vec<_>>().join(",")),
    };
    (Owned::Vector(components), text)
}

/// Texts that mean a value of the type, in the spellings that people and programs use.
pub(in crate::types) fn text_of(of: Scalar, dice: &mut Dice) -> Spelled {
    let text = match of {
        Scalar::Timestamp => {
            let (_, text) = moment(dice);
            let (day, rest) = text.split_once(' ').unwrap();
            let of_day = rest.split_once('+').unwrap().0;
            let offsets = ["Z", "+00", "+01:30", "-0800", "+14:00", "-11"];
            let digits = [8, 10, 12, 15][dice.below(4)];
            let between = ["T", " "][dice.below(2)];
            format!("{day}{between}{}{}", &of_day[..digits], dice.pick(&offsets))
        }
        Scalar::Date => scalar(of, dice).1,
        Scalar::Boolean => ["true", "false"][dice.below(2)].to_owned(),
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => {
            let text = scalar(of, dice).1;
            match dice.below(4) {
                0 if !text.starts_with('-') => format!("+{text}"),
                1 if !text.starts_with('-') => format!("000{text}"),
                _ => text,
            }
        }
        _ => {
            // With room for the exponent in whatever precision the type has.
            let whole = (dice.next() >> dice.below(64)) % 10_000;
            let part = dice.next() >> dice.below(64);
            let exponent = dice.below(9) as i64 - 4;
            match dice.below(6) {
                0 => format!("{whole}"),
                1 => format!("-{whole}.{part}"),
                2 => format!("{whole}.{part}e{exponent}"),
                3 => format!(".{part}"),
                4 => format!("{whole}."),
                _ => format!("+{whole}.50E{exponent}"),
            }
        }
    };
    (Owned::Text(text.clone()), text)
}
