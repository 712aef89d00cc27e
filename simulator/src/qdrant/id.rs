//! Ids of points: what they are, in which order they stand, and how they are written.

use ::qdrant_client::qdrant::{self as proto, point_id::PointIdOptions};
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;
use tonic::Status;

/// An id: a number or a UUID, in one collection as the writer likes.
///
/// The order is the one a scroll goes by: numbers ascending, then UUIDs by their 128 bits (observed on 1.18.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointId {
    /// Any number of 64 bits without a sign.
    Number(u64),
    /// The 128 bits of a UUID, the first one highest.
    Uuid(u128),
}

/// Text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a number of 64 bits nor a UUID")]
pub struct BadId(String);

impl fmt::Display for PointId {
    /// A decimal number, or hexadecimal digits in lower case with hyphens: how Qdrant answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointId::Number(number) => write!(f, "{number}"),
            PointId::Uuid(bits) => write!(
                f,
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                bits >> 96,
                bits >> 80 & 0xffff,
                bits >> 64 & 0xffff,
                bits >> 48 & 0xffff,
                bits & 0xffff_ffff_ffff,
            ),
        }
    }
}

impl FromStr for PointId {
    type Err = BadId;

    /// Reads a decimal number, or a UUID in any of the forms that Qdrant takes: hyphenated, simple, URN.
    fn from_str(text: &str) -> Result<PointId, BadId> {
        let number = text.parse().ok().map(PointId::Number);
        // Thirty-two digits may be a UUID whose digits happen to be decimal; no number of 64 bits has so many.
        number
            .or_else(|| uuid(text))
            .ok_or_else(|| BadId(text.to_owned()))
    }
}

/// The UUID that a text spells.
fn uuid(text: &str) -> Option<PointId> {
    let plain = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let hyphenated = plain.len() == 36 && [8, 13, 18, 23].iter().all(|at| plain.as_bytes()[*at] == b'-');
    let digits: String = match hyphenated {
        true => plain.chars().filter(|letter| *letter != '-').collect(),
        false => plain.to_owned(),
    };
    let all = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u128::from_str_radix(&digits, 16).ok().map(PointId::Uuid))?
}

impl PointId {
    /// What a request says; an id that is none is refused in Qdrant's words.
    pub(super) fn read(id: &proto::PointId) -> Result<PointId, Status> {
        match &id.point_id_options {
            Some(PointIdOptions::Num(number)) => Ok(PointId::Number(*number)),
            Some(PointIdOptions::Uuid(text)) => {
                uuid(text).ok_or_else(|| Status::invalid_argument(format!("Unable to parse UUID: {text}")))
            }
            None => Err(Status::invalid_argument("No ID options provided")),
        }
    }

    /// As messages have it.
    pub fn proto(self) -> proto::PointId {
        let id = match self {
            PointId::Number(number) => PointIdOptions::Num(number),
            PointId::Uuid(_) => PointIdOptions::Uuid(self.to_string()),
        };
        proto::PointId {
            point_id_options: Some(id),
        }
    }

    /// As JSON has it: a number, or a text.
    pub(super) fn json(self) -> Value {
        match self {
            PointId::Number(number) => json!(number),
            PointId::Uuid(_) => json!(self.to_string()),
        }
    }

    /// What JSON says.
    pub(super) fn of_json(value: &Value) -> Option<PointId> {
        match value {
            Value::Number(number) => number.as_u64().map(PointId::Number),
            Value::String(text) => uuid(text),
            _ => None,
        }
    }

    /// 64 bits that have nothing to do with its neighbours': where it lies among shards and slices.
    pub(super) fn hash(self) -> u64 {
        match self {
            PointId::Number(number) => crate::dataset::dice::mix(0, number),
            PointId::Uuid(bits) => {
                crate::dataset::dice::mix(crate::dataset::dice::mix(1, (bits >> 64) as u64), bits as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_id() -> impl Strategy<Value = PointId> {
        prop_oneof![
            any::<u64>().prop_map(PointId::Number),
            any::<u128>().prop_map(PointId::Uuid)
        ]
    }

    proptest! {
        #[test]
        fn every_id_is_read_back_as_it_was_written(id in any_id()) {
            prop_assert_eq!(id.to_string().parse::<PointId>(), Ok(id));
            prop_assert_eq!(PointId::read(&id.proto()).ok(), Some(id));
            prop_assert_eq!(PointId::of_json(&id.json()), Some(id));
        }

        #[test]
        fn the_other_forms_of_a_uuid_are_the_same_id(bits: u128) {
            let id = PointId::Uuid(bits);
            prop_assert_eq!(format!("urn:uuid:{id}").parse::<PointId>(), Ok(id));
            prop_assert_eq!(format!("{bits:032X}").parse::<PointId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9a-fé:urnid-]{0,40}") {
            let _ = text.parse::<PointId>();
        }

        #[test]
        fn numbers_come_before_uuids_and_each_ascends(a: u64, b: u64, c: u128, d: u128) {
            prop_assert!(PointId::Number(a) < PointId::Uuid(c));
            prop_assert_eq!(PointId::Number(a).cmp(&PointId::Number(b)), a.cmp(&b));
            let texts = (PointId::Uuid(c).to_string(), PointId::Uuid(d).to_string());
            prop_assert_eq!(PointId::Uuid(c).cmp(&PointId::Uuid(d)), texts.0.cmp(&texts.1));
        }
    }
}
