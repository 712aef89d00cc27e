//! Ids of points: numbers of 64 bits and UUIDs, in the one order in which Qdrant scrolls them.
//! An id has one spelling that everything relies on (paths, positions, keys): decimal, or hyphenated lower case.

use std::fmt;
use std::str::FromStr;

use crate::uuid::spell;
use crate::wire::{Malformed, Reader};

/// An id. Numbers come before UUIDs; among their own kind both are ordered by their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointId {
    /// A number.
    Number(u64),
    /// A UUID, most significant byte first.
    Uuid([u8; 16]),
}

impl PointId {
    /// The smallest UUID, which comes right after every number.
    pub const FIRST_UUID: PointId = PointId::Uuid([0; 16]);

    /// The id right after this one; none after the last. A scroll's offset is inclusive, so reading goes on here.
    pub fn successor(self) -> Option<PointId> {
        match self {
            PointId::Number(number) => {
                Some(number.checked_add(1).map_or(PointId::FIRST_UUID, PointId::Number))
            }
            PointId::Uuid(bytes) => {
                let next = u128::from_be_bytes(bytes).checked_add(1)?;
                Some(PointId::Uuid(next.to_be_bytes()))
            }
        }
    }

    /// Decodes the fields of a `PointId`.
    pub(super) fn read(mut reader: Reader<'_>) -> Result<PointId, Malformed> {
        let mut found = None;
        while let Some(field) = reader.next_field()? {
            found = match field.number {
                1 => Some(PointId::Number(field.varint()?)),
                2 => {
                    let uuid = uuid(field.text()?).map(PointId::Uuid);
                    Some(uuid.ok_or_else(|| reader.malformed("an id that is no UUID"))?)
                }
                _ => found,
            };
        }
        found.ok_or_else(|| reader.malformed("an id that is neither a number nor a UUID"))
    }
}

/// The canonical spelling.
impl fmt::Display for PointId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointId::Number(number) => write!(out, "{number}"),
            PointId::Uuid(bytes) => out.write_str(spell(*bytes, &mut [0; 36])),
        }
    }
}

/// A text that is no id of a point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id of a point: those are numbers of 64 bits and UUIDs")]
pub struct NoPointId(String);

/// Reads what Qdrant reads: a decimal number, or a UUID in its hyphenated, simple, braced or `urn:uuid:` form.
impl FromStr for PointId {
    type Err = NoPointId;

    fn from_str(text: &str) -> Result<PointId, NoPointId> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // The simple form of a UUID may be all digits, but then it is too long for a number.
        let number = digits.then(|| text.parse().ok()).flatten().map(PointId::Number);
        number
            .or_else(|| uuid(text).map(PointId::Uuid))
            .ok_or_else(|| NoPointId(crate::visible(text).into_owned()))
    }
}

/// The bytes of a UUID in any of the forms that Qdrant takes.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let bare = match text.as_bytes() {
        [b'{', bare @ .., b'}'] => bare,
        bare => bare.strip_prefix(b"urn:uuid:").unwrap_or(bare),
    };
    let mut digits = [0; 32];
    match bare.len() {
        32 => digits.copy_from_slice(bare),
        36 => {
            let mut place = digits.iter_mut();
            for (at, byte) in bare.iter().enumerate() {
                match (at, byte) {
                    (8 | 13 | 18 | 23, b'-') => {}
                    (8 | 13 | 18 | 23, _) => return None,
                    (_, byte) => *place.next()? = *byte,
                }
            }
        }
        _ => return None,
    }
    let mut uuid = [0; 16];
    for (byte, [high, low]) in uuid.iter_mut().zip(digits.as_chunks::<2>().0) {
        let digit = |letter: u8| char::from(letter).to_digit(16);
        *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
    }
    Some(uuid)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn ids() -> impl Strategy<Value = PointId> {
        prop_oneof![
            any::<u64>().prop_map(PointId::Number),
            prop_oneof![Just(0), Just(u64::MAX), Just(i64::MAX as u64 + 1)].prop_map(PointId::Number),
            any::<[u8; 16]>().prop_map(PointId::Uuid),
            prop_oneof![Just([0; 16]), Just([0xff; 16])].prop_map(PointId::Uuid),
        ]
    }

    proptest! {
        #[test]
        fn every_id_is_read_back_from_its_spelling(id in ids()) {
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn nothing_lies_between_an_id_and_its_successor(id in ids(), other in ids()) {
            match id.successor() {
                Some(next) => prop_assert!(id < next && (other <= id || other >= next)),
                None => prop_assert!(id == PointId::Uuid([0xff; 16]) && other <= id),
            }
        }

        #[test]
        fn every_form_of_a_uuid_is_the_same_id(bytes: [u8; 16]) {
            let hyphenated = PointId::Uuid(bytes).to_string();
            let simple = hyphenated.replace('-', "");
            for form in [format!("urn:uuid:{hyphenated}"), format!("{{{hyphenated}}}"), simple.to_uppercase(), simple] {
                prop_assert_eq!(form.parse(), Ok(PointId::Uuid(bytes)));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[0-9a-f-]{30,40}|[é0-9]{16,36}") {
            let _ = text.parse::<PointId>();
        }
    }

    #[test]
    fn spellings_are_canonical() {
        assert_eq!(PointId::Number(u64::MAX).to_string(), "18446744073709551615");
        let uuid: PointId = "A0EEBC999C0B4EF8BB6D6BB9BD380A11".parse().unwrap();
        assert_eq!(uuid.to_string(), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
        for text in [
            "",
            "+1",
            "-1",
            " 1",
            "18446744073709551616",
            "a0eebc99-9c0b4ef8-bb6d-6bb9-bd380a11",
            "{1}",
        ] {
            assert!(text.parse::<PointId>().is_err(), "{text}");
        }
    }
}
