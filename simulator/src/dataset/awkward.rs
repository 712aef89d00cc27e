//! Ids that are legal and easily get lost: between quotes, in URLs, in CSV, in orders, in columns that are too short.
//!
//! The first of them are numbers, the others begin with something awkward, a class after the other in byte order.

use super::dice::{mix, scaled};
use super::ids::ordered;
use super::spread::Spread;

/// How awkward ids begin, and how they end. No beginning is the beginning of another, and they ascend.
const CLASSES: [(&str, &str); 26] = [
    ("\t", "\t"),
    ("\n", "\r\n"),
    (" ", " "),
    ("!", ".."),
    ("\"", "\""),
    ("#", "?a=b&c"),
    ("%2F", "%2F..%2F"),
    ("'", "'; --"),
    ("(default)", ","),
    ("+", "+"),
    ("--", "--"),
    (".", "."),
    ("00", ""),
    (":", ":"),
    ("<b>", "&lt;"),
    ("?", "\u{7f}"),
    ("\\.", "\\"),
    ("\\N", "\\n"),
    ("__", "_"),
    ("null", "é"),
    ("{\"", "\":[]}"),
    ("~", "\u{301}"),
    ("ä", "Ä"),
    ("日本", "語"),
    ("\u{ffee}", "\u{feff}"),
    ("😀", "👩‍👩‍👧"),
];

/// Letters and digits for the place within a class: enough for 5 * 10^10.
const WIDTH: usize = 6;
/// As long as an id may be.
const LONGEST: usize = 1_500;

/// Appends the id at `place` of `count`.
pub(super) fn write(seed: u64, place: u64, count: u64, to: &mut Vec<u8>) {
    let classes = CLASSES.len() as u64 + 1;
    let spread = Spread {
        parents: classes,
        children: count,
    };
    let class = spread.parent(place);
    let members = spread.of(class);
    let number = place - members.start;
    match class.checked_sub(1).and_then(|class| CLASSES.get(class as usize)) {
        None => numeric(seed, number, members.end - members.start, to),
        Some((before, after)) => {
            let from = to.len();
            to.extend_from_slice(before.as_bytes());
            ordered(number, WIDTH, to);
            if mix(seed, place).is_multiple_of(16) {
                let spent = to.len() - from + after.len();
                to.resize(to.len() + LONGEST - spent, b'x');
            }
            to.extend_from_slice(after.as_bytes());
        }
    }
}

/// A numeric id; the numbers of a collection spread over all that there are.
fn numeric(seed: u64, number: u64, count: u64, to: &mut Vec<u8>) {
    let step = u64::MAX / count.max(1);
    let value = number * step + scaled(mix(seed, number), step);
    // The sign bit flipped: 0 is the lowest number, in the order of unsigned ones.
    let value = (value ^ 1 << 63) as i64;
    to.extend_from_slice(format!("__id{value}__").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Id;

    #[test]
    fn no_beginning_is_the_beginning_of_another() {
        for (number, (one, _)) in CLASSES.iter().enumerate() {
            for (other, _) in &CLASSES[number + 1..] {
                assert!(one < other && !other.starts_with(one), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_thousand_hold_every_class_and_the_longest_id_there_may_be() {
        let ids: Vec<Id> = (0..1_000)
            .map(|place| {
                let mut text = Vec::new();
                write(1, place, 1_000, &mut text);
                let text = std::str::from_utf8(&text).unwrap();
                assert!(!text.contains('/'), "{text}");
                Id::parse(text).unwrap()
            })
            .collect();
        assert!(
            ids.iter()
                .any(|id| matches!(id, Id::Number(number) if *number < 0))
        );
        assert!(ids.iter().any(|id| id.to_string().len() == LONGEST));
        for (before, after) in CLASSES {
            let of_class = |id: &&Id| id.to_string().starts_with(before) && id.to_string().ends_with(after);
            assert!(ids.iter().filter(of_class).count() > 20, "{before:?}");
        }
    }
}
