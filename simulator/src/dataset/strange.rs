//! Values and names of fields that are legal and seldom thought of.

use super::dice::Dice;
use super::scribe::{Leaf, Nest, Scribe, Slot};
use crate::clock::Moment;
use std::borrow::Cow;

/// A value that a schema does not expect.
#[derive(Debug, Clone, Copy)]
pub(super) enum Strange {
    Leaf(Leaf<'static>),
    /// A reference into another database.
    Stranger,
    EmptyMap,
    EmptyArray,
    /// One of each, with a map in it.
    MixedArray,
    /// Names that are no names elsewhere.
    AwkwardMap,
    /// With fewer dimensions than any other.
    ShortVector,
}

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: no timestamp lies before or after.
const EARLIEST: Moment = Moment(-62_135_596_800_000_000);
const LATEST: Moment = Moment(253_402_300_799_999_999);

const STRANGER: &[u8] = b"projects/other/databases/second/documents/a b/__id7__/c/%2F";

const ALL: [Strange; 42] = [
    Strange::Leaf(Leaf::Null),
    Strange::Leaf(Leaf::Boolean(true)),
    Strange::Leaf(Leaf::Integer(0)),
    Strange::Leaf(Leaf::Integer(-1)),
    Strange::Leaf(Leaf::Integer(i64::MIN)),
    Strange::Leaf(Leaf::Integer(i64::MAX)),
    // One more than doubles can tell apart from its neighbour.
    Strange::Leaf(Leaf::Integer((1 << 53) + 1)),
    Strange::Leaf(Leaf::Double(3.0)),
    Strange::Leaf(Leaf::Double(-0.0)),
    Strange::Leaf(Leaf::Double(f64::NAN)),
    Strange::Leaf(Leaf::Double(f64::INFINITY)),
    Strange::Leaf(Leaf::Double(f64::NEG_INFINITY)),
    Strange::Leaf(Leaf::Double(f64::MAX)),
    Strange::Leaf(Leaf::Double(5e-324)),
    Strange::Leaf(Leaf::Double(0.1)),
    Strange::Leaf(Leaf::Moment(EARLIEST)),
    Strange::Leaf(Leaf::Moment(LATEST)),
    Strange::Leaf(Leaf::Moment(Moment(-1))),
    Strange::Leaf(Leaf::Moment(Moment(0))),
    Strange::Leaf(Leaf::Text("")),
    Strange::Leaf(Leaf::Text("12")),
    Strange::Leaf(Leaf::Text("true")),
    Strange::Leaf(Leaf::Text("null")),
    Strange::Leaf(Leaf::Text("2020-02-30T25:00:00Z")),
    Strange::Leaf(Leaf::Text("\\N\t\\.\r\n\u{1}\u{7f}\"'`;--")),
    Strange::Leaf(Leaf::Text("\u{feff}e\u{301} 👩‍👩‍👧 \u{202e}عربي \u{ffff}\u{10ffff}")),
    Strange::Leaf(Leaf::Text("{\"a\": [1, \\u0000]}")),
    Strange::Leaf(Leaf::Bytes(b"")),
    Strange::Leaf(Leaf::Bytes(b"\0\\x00\xff\xfe")),
    Strange::Stranger,
    Strange::Leaf(Leaf::Point(0.0, 0.0)),
    Strange::Leaf(Leaf::Point(90.0, -180.0)),
    Strange::Leaf(Leaf::Point(-90.0, 180.0)),
    Strange::EmptyMap,
    Strange::EmptyMap,
    Strange::EmptyArray,
    Strange::EmptyArray,
    Strange::MixedArray,
    Strange::MixedArray,
    Strange::AwkwardMap,
    Strange::AwkwardMap,
    Strange::ShortVector,
];

impl Strange {
    pub(super) fn any(dice: &mut Dice) -> Strange {
        dice.pick(&ALL)
    }

    pub(super) fn write<S: Scribe>(self, slot: Slot<'_>, scribe: &mut S) {
        match self {
            Strange::Leaf(leaf) => return scribe.put(slot, leaf),
            Strange::Stranger => return scribe.refer(slot, |name| name.extend_from_slice(STRANGER)),
            Strange::EmptyMap => scribe.open(slot, Nest::Map),
            Strange::EmptyArray => scribe.open(slot, Nest::Array),
            Strange::MixedArray => {
                scribe.open(slot, Nest::Array);
                for strange in ALL.iter().step_by(2) {
                    if let Strange::Leaf(leaf) = strange {
                        scribe.put(Slot::Element, *leaf);
                    }
                }
                Strange::AwkwardMap.write(Slot::Element, scribe);
            }
            Strange::AwkwardMap => {
                scribe.open(slot, Nest::Map);
                for (number, name) in (1..).zip(NAMES) {
                    scribe.put(Slot::Field(name), Leaf::Integer(number));
                }
            }
            Strange::ShortVector => {
                scribe.open(slot, Nest::Map);
                scribe.put(Slot::Field("__type__"), Leaf::Text("__vector__"));
                scribe.open(Slot::Field("value"), Nest::Array);
                [0.5, -0.0, 1.0]
                    .into_iter()
                    .for_each(|part| scribe.put(Slot::Element, Leaf::Double(part)));
                scribe.close();
            }
        }
        scribe.close();
    }
}

/// Legal names of fields, in the order of their bytes.
const NAMES: [&str; 19] = [
    "\n",
    " ",
    "\"quoted\"",
    "$1",
    "%2F",
    "'; --",
    "1",
    "CreatedAt",
    "__",
    "__proto",
    "_id",
    "a.b",
    "a/b",
    "back\\slash",
    "back`tick",
    "select",
    "tableoid",
    "é",
    "😀",
];

/// A name that other documents of the collection do not have.
pub(super) fn name(dice: &mut Dice) -> Cow<'static, str> {
    match dice.below(4) {
        0 => format!("extra{}", dice.below(10)).into(),
        // The same where the name of a column has at most 63 bytes.
        1 => format!("{}{}", "long_".repeat(14), dice.below(3)).into(),
        // The names down to a value in nested maps have at most 1,500 bytes together.
        2 if dice.below(4) == 0 => "n".repeat(1_480).into(),
        _ => dice.pick(&NAMES).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_so_that_a_map_of_them_is_in_order() {
        assert!(NAMES.is_sorted_by(|one, next| one < next));
        assert!(
            NAMES
                .iter()
                .all(|name| !(name.len() > 3 && name.starts_with("__") && name.ends_with("__")))
        );
    }
}
