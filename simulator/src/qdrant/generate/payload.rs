//! Payloads: none, the plain ones of a catalogue, and rich ones with everything that a migration could lose.

use super::hits;
use crate::dataset::corpus::corpus;
use crate::dataset::dice::Dice;
use crate::qdrant::collection::Odds;
use crate::qdrant::value::{Payload, Value};
use serde::Deserialize;
use std::borrow::Cow;

/// Which keys a payload has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// None.
    #[default]
    None,
    /// Five: texts, a keyword, a price, a moment; about 400 bytes.
    Plain,
    /// Fifteen: nested, arrays, a place, dotted keys, other scripts, integers and doubles at their ends; about 700.
    Rich,
}

const CATEGORIES: [&str; 8] = ["books", "music", "garden", "toys", "tools", "café", "本", "other"];
const TENANTS: [&str; 5] = ["acme", "globex", "initech", "umbrella", "wayne"];
const TAGS: [&str; 6] = ["new", "sale", "used", "\"quoted\"", "größe", "😀"];
/// 2024-01-01T00:00:00Z.
const EPOCH: i64 = 1_704_067_200;
/// Two years.
const SECONDS: u64 = 2 * 365 * 86_400;

/// The payload of the point at `place`.
pub(super) fn make(mix: Mix, odds: &Odds, place: u64, dice: &mut Dice) -> Payload {
    if mix == Mix::None || hits(odds.bare, dice) {
        return Payload::new();
    }
    let mut payload: Payload = Vec::with_capacity(16);
    let mut put = |key: &'static str, value: Value| payload.push((Cow::Borrowed(key), value));
    let nul = hits(odds.nul, dice);
    put("title", title(place, nul, dice));
    put("text", text(300, dice));
    put("category", dice.pick(&CATEGORIES).into());
    put("price", price(dice));
    put("updated_at", moment(dice));
    if mix == Mix::Rich {
        put("org_id", dice.pick(&TENANTS).into());
        put("stock", Value::Integer(dice.below(1_000) as i64));
        put("active", Value::Bool(dice.below(2) == 0));
        put("location", location(dice));
        put("sku", sku(dice));
        put("tags", tags(dice));
        put("seller", seller(dice));
        put("variants", variants(dice));
        put("a.dotted key", Value::Integer(place as i64));
        let unsigned = hits(odds.unsigned, dice);
        put("odd", odd(unsigned, dice));
    }
    payload
}

fn title(place: u64, nul: bool, dice: &mut Dice) -> Value {
    let nul = if nul { "\0" } else { "" };
    let mut room = String::new();
    Value::from(format!("{place} {nul}{}", corpus().cut(24, dice, &mut room)))
}

fn text(length: usize, dice: &mut Dice) -> Value {
    let mut room = String::new();
    Value::from(corpus().cut(length, dice, &mut room).to_owned())
}

/// Every fourth is a whole number of euros, and a double all the same.
fn price(dice: &mut Dice) -> Value {
    let cents = dice.below(100_000);
    let cents = if cents.is_multiple_of(4) {
        cents / 100 * 100
    } else {
        cents
    };
    Value::Double(cents as f64 / 100.0)
}

/// A moment in one of the forms that Qdrant's datetime index takes.
fn moment(dice: &mut Dice) -> Value {
    let second = EPOCH + dice.below(SECONDS) as i64;
    let micros = dice.pick(&[0, 0, 250_000, 123_456]);
    let moment = jiff::Timestamp::new(second, micros * 1_000).unwrap_or_default();
    Value::from(moment.to_string())
}

fn location(dice: &mut Dice) -> Value {
    let degrees = |range: u64, dice: &mut Dice| {
        let millionths = dice.below(range * 2_000_000).cast_signed() - (range * 1_000_000).cast_signed();
        millionths as f64 / 1e6
    };
    let fields = [
        ("lat", Value::Double(degrees(90, dice))),
        ("lon", Value::Double(degrees(180, dice))),
    ];
    structure(fields)
}

fn structure<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::Struct(
        fields
            .into_iter()
            .map(|(key, value)| (Cow::Borrowed(key), value))
            .collect(),
    )
}

fn sku(dice: &mut Dice) -> Value {
    let bits = u128::from(dice.throw()) << 64 | u128::from(dice.throw());
    Value::from(crate::qdrant::PointId::Uuid(bits).to_string())
}

fn tags(dice: &mut Dice) -> Value {
    Value::List((0..dice.below(4)).map(|_| dice.pick(&TAGS).into()).collect())
}

fn seller(dice: &mut Dice) -> Value {
    let address = structure([("street", text(16, dice)), ("zip", "01234".into())]);
    structure([("name", text(12, dice)), ("address", address)])
}

fn variants(dice: &mut Dice) -> Value {
    let one = |dice: &mut Dice| {
        let size = Value::Integer(dice.below(10) as i64);
        structure([("size", size), ("price", price(dice))])
    };
    Value::List((0..dice.below(3)).map(|_| one(dice)).collect())
}

/// Values that easily get lost or change.
fn odd(unsigned: bool, dice: &mut Dice) -> Value {
    if unsigned {
        return Value::Unsigned(u64::MAX - dice.below(1_000));
    }
    match dice.below(14) {
        0 => Value::Null,
        1 => Value::Double(-0.0),
        2 => Value::Integer(i64::MIN),
        3 => Value::Integer(i64::MAX),
        4 => Value::Double(1.0),
        5 => Value::Double(f64::MAX),
        6 => Value::Double(5e-324),
        7 => Value::List(Vec::new()),
        8 => Value::Struct(Vec::new()),
        9 => "".into(),
        10 => "\u{1}\\\"\n\u{2028}\u{fffd}𝔘".into(),
        11 => Value::List(vec![
            Value::Null,
            Value::List(vec![Value::Null]),
            Value::Integer(1),
        ]),
        12 => structure([("$vector", Value::Null), ("", "empty key".into())]),
        _ => Value::Integer((1 << 53) + 1),
    }
}
