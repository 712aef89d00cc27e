//! Values of every type with its edges, and texts that mean them, spelled here by nothing that is under test.

mod composed;

use super::Spelled;
use crate::Dice;
use config::mapping::Scalar;
use transforms::Timestamp;
use transforms::json::Owned;

pub(super) use composed::{array, point, text_of, tree, vector};

pub(super) fn scalar(of: Scalar, dice: &mut Dice) -> Spelled {
    match of {
        Scalar::Text => {
            let text = text(dice);
            (Owned::Text(text.clone()), text)
        }
        Scalar::Boolean => {
            let boolean = dice.below(2) == 0;
            (Owned::Boolean(boolean), boolean.to_string())
        }
        Scalar::SmallInt => integer(i16::MIN.into(), i16::MAX.into(), dice),
        Scalar::Integer => integer(i32::MIN.into(), i32::MAX.into(), dice),
        Scalar::BigInt => integer(i64::MIN, i64::MAX, dice),
        Scalar::Numeric(within) => numeric(within, dice),
        Scalar::Real => real(dice),
        Scalar::Double => {
            let double = double(dice);
            (Owned::Double(double), format!("{double:e}"))
        }
        Scalar::Timestamp => moment(dice),
        Scalar::Date => date(dice),
        Scalar::Uuid => uuid(dice),
        Scalar::Bytes => {
            let bytes: Vec<u8> = (0..dice.below(40)).map(|_| dice.next() as u8).collect();
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            (Owned::Bytes(bytes), format!("\\x{digits}"))
        }
    }
}

fn text(dice: &mut Dice) -> String {
    let letters = [
        "a",
        "Z",
        "é",
        "😀",
        "\"",
        "\\",
        "\n",
        "\t",
        "{",
        "}",
        ",",
        " ",
        "\u{1}",
        "\u{7f}",
        "\u{10ffff}",
        "NULL",
        "'",
        "\u{301}",
    ];
    (0..dice.below(9)).map(|_| dice.pick(&letters)).collect()
}

fn integer(least: i64, most: i64, dice: &mut Dice) -> Spelled {
    let integer = match dice.below(8) {
        0 => least,
        1 => most,
        2 => [0, 1, -1, 9, 10, 9999, 10_000, -10_000][dice.below(8)],
        _ => (dice.next() as i64 >> dice.below(64)).clamp(least, most),
    };
    (Owned::Integer(integer), integer.to_string())
}

fn double(dice: &mut Dice) -> f64 {
    let edges = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        0.1,
        1e23,
        9_007_199_254_740_993.0,
    ];
    match dice.below(4) {
        0 => edges[dice.below(edges.len())],
        1 => (dice.next() as i64 >> dice.below(64)) as f64 / 1000.0,
        // There are many kinds of NaN, and PostgreSQL reads one of them.
        _ => Some(f64::from_bits(dice.next()))
            .filter(|double| !double.is_nan())
            .unwrap_or(0.5),
    }
}

/// All digits of a double, so that whoever reads them rounds once.
fn digits(double: f64) -> String {
    if double.is_finite() {
        format!("{double:.780e}")
    } else {
        double.to_string()
    }
}

/// A double that 32 bits have room for.
fn narrow(dice: &mut Dice) -> f64 {
    let edges = [
        f64::from(f32::MAX),
        1.2e-38,
        1e-45,
        7e-46,
        -0.0,
        16_777_217.0,
        0.1,
        33_554_435.0,
    ];
    match dice.below(5) {
        0 => edges[dice.below(edges.len())],
        1 => (dice.next() as i64 >> dice.below(64)) as f64 / 1000.0,
        // Half-way between two neighbours, a little more, a little less.
        2 => {
            let single = f32::from_bits((dice.next() as u32 & 0x7eff_ffff).max(1));
            let middle = (f64::from(single) + f64::from(single.next_up())) / 2.0;
            [middle, middle.next_up(), middle.next_down()][dice.below(3)]
        }
        _ => f64::from(f32::from_bits(dice.next() as u32 & 0xff7f_ffff & !0x0080_0000)),
    }
}

fn real(dice: &mut Dice) -> Spelled {
    let double = match dice.below(9) {
        0 => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][dice.below(3)],
        _ => narrow(dice),
    };
    // PostgreSQL refuses a text so close to zero that nothing is left of it; what is packed is zero then.
    let text = if double as f32 == 0.0 {
        f64::from(double as f32)
    } else {
        double
    };
    (Owned::Double(double), digits(text))
}

fn numeric(within: Option<(u16, u16)>, dice: &mut Dice) -> Spelled {
    let Some(_) = within else {
        return match dice.below(3) {
            0 => integer(i64::MIN, i64::MAX, dice),
            _ => {
                let double = double(dice);
                if double.is_infinite() {
                    return (Owned::Double(0.5), "0.5".to_owned());
                }
                // The fewest digits that mean the double, which is what is packed; `numeric` shows them all.
                (Owned::Double(double), plain(double))
            }
        };
    };
    match dice.below(3) {
        0 => integer(-999_999_999, 999_999_999, dice),
        1 => (Owned::Double(f64::NAN), "NaN".to_owned()),
        _ => {
            let unit = [1.0, 10.0, 1000.0, 8000.0, 16_384.0, 1e9][dice.below(6)];
            let double = (dice.next() as i32) as f64 / unit;
            let double = if double.abs() > 9e8 { 0.0005 } else { double };
            (Owned::Double(double), plain(double))
        }
    }
}

/// A double in digits without an exponent; -0.0 as `numeric` has it.
fn plain(double: f64) -> String {
    if double == 0.0 {
        "0".to_owned()
    } else {
        double.to_string()
    }
}

const DAY: i64 = 86_400;

/// Seconds since 1970 in Firestore's years.
fn seconds(dice: &mut Dice) -> i64 {
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    let edges = [
        first,
        last,
        -1,
        0,
        951_782_399,
        951_782_400,
        946_684_800,
        946_684_799,
        -2_208_988_800,
    ];
    match dice.below(6) {
        0 => edges[dice.below(edges.len())],
        _ => first + (dice.next() % (last - first) as u64) as i64,
    }
}

/// Year, month and day of a day counted from 1970.
fn civil(day: i64) -> String {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let before = |year: i64| 365 * (year - 1) + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let day = day + 719_162;
    let mut year = day / 366 + 1;
    while before(year + 1) <= day {
        year += 1;
    }
    let mut rest = day - before(year);
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < days {
            break;
        }
        rest -= days;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", rest + 1)
}

fn moment(dice: &mut Dice) -> Spelled {
    let (seconds, micros) = (
        seconds(dice),
        [0, 1, 999_999, dice.below(1_000_000)][dice.below(4)],
    );
    let moment = Timestamp::new(seconds, micros as u32 * 1000).unwrap();
    let of_day = seconds.rem_euclid(DAY);
    let text = format!(
        "{} {:02}:{:02}:{:02}.{micros:06}+00",
        civil(seconds.div_euclid(DAY)),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    );
    (Owned::Timestamp(moment), text)
}

fn date(dice: &mut Dice) -> Spelled {
    let seconds = seconds(dice);
    let moment = Timestamp::new(seconds, dice.below(1000) as u32).unwrap();
    (Owned::Timestamp(moment), civil(seconds.div_euclid(DAY)))
}

fn uuid(dice: &mut Dice) -> Spelled {
    let digits = format!("{:016x}{:016x}", dice.next(), dice.next());
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    let text = parts.join("-");
    let text = match dice.below(4) {
        0 => text.to_uppercase(),
        _ => text,
    };
    (Owned::Text(text.clone()), text)
}
