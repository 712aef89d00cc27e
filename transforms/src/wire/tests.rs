//! Numbers and fields, however they are written.

use super::*;
use proptest::prelude::*;

/// A number as any encoder writes it, or in more bytes than it needs.
fn varint(mut number: u64, more: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    for _ in 0..more.min(10 - bytes.len()) {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
    bytes
}

proptest! {
    /// Whatever follows a number, and however many bytes it is in.
    #[test]
    fn a_number_is_read_whole_and_no_further(
        bits in 0..=64u32, number: u64, more in 0..10usize, rest in proptest::collection::vec(any::<u8>(), 0..12),
    ) {
        let number = number.checked_shr(64 - bits).unwrap_or(0);
        let bytes = [varint(number, more), rest.clone()].concat();
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.varint(), Ok(number));
        prop_assert_eq!(reader.bytes(), rest.as_slice());
        prop_assert_eq!(reader.range(), bytes.len() - rest.len()..bytes.len());
    }

    /// The short way and the long one read the same fields in the same places, and stumble over the same bytes.
    #[test]
    fn both_ways_to_read_a_field_agree(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0..24u8], 0..40),
    ) {
        let told = |field: Result<Option<Field<'_>>, Malformed>| {
            field.map(|field| field.map(|field| {
                let inner = field.message().map(|inner| (inner.bytes().to_vec(), inner.range()));
                (field.number, field.at, field.varint(), inner)
            }))
        };
        let (mut short, mut long) = (Reader::new(&bytes), Reader::new(&bytes));
        loop {
            let one = told(short.next_field());
            let other = match long.bytes() {
                [] => Ok(None),
                _ => told(long.any_field().map(Some)),
            };
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(short.range(), long.range());
            if !matches!(one, Ok(Some(_))) {
                break;
            }
        }
    }
}
