//! The bytes: those of the obvious way, in the order a server sends them.

use super::*;
use crate::clock::Moment;
use proto::value::ValueType;

/// Whether two documents are the same, NaN and -0.0 included.
pub(super) fn same(one: &proto::Document, other: &proto::Document) -> bool {
    one.name == other.name
        && one.create_time == other.create_time
        && one.update_time == other.update_time
        && same_fields(&one.fields, &other.fields)
}

fn same_fields(
    one: &std::collections::HashMap<String, proto::Value>,
    other: &std::collections::HashMap<String, proto::Value>,
) -> bool {
    let alike = |(name, value): (&String, &proto::Value)| {
        other.get(name).is_some_and(|other| same_value(value, other))
    };
    one.len() == other.len() && one.iter().all(alike)
}

fn same_value(one: &proto::Value, other: &proto::Value) -> bool {
    match (&one.value_type, &other.value_type) {
        (Some(ValueType::DoubleValue(one)), Some(ValueType::DoubleValue(other))) => {
            one.to_bits() == other.to_bits()
        }
        (Some(ValueType::MapValue(one)), Some(ValueType::MapValue(other))) => {
            same_fields(&one.fields, &other.fields)
        }
        (Some(ValueType::ArrayValue(one)), Some(ValueType::ArrayValue(other))) => {
            let (one, other) = (&one.values, &other.values);
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (one, other) => one.is_some() && one == other,
    }
}

/// The names of a message's fields under `tag` in the order of their bytes, and those bytes.
fn fields(message: &[u8], tag: u64) -> Vec<(String, Vec<u8>)> {
    let mut rest = message;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = prost::encoding::decode_varint(&mut rest).unwrap();
        assert_eq!(key & 7, 2, "only lengths are expected here");
        let length = prost::encoding::decode_varint(&mut rest).unwrap() as usize;
        let (content, after) = rest.split_at(length);
        rest = after;
        if key >> 3 == tag {
            let mut entry = &content[1..];
            let length = prost::encoding::decode_varint(&mut entry).unwrap() as usize;
            let (name, value) = entry.split_at(length);
            let mut value = &value[1..];
            prost::encoding::decode_varint(&mut value).unwrap();
            fields.push((String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
        }
    }
    fields
}

/// Fields come by name, here and in every map below.
fn in_order(message: &[u8], tag: u64) {
    let fields = fields(message, tag);
    assert!(
        fields.is_sorted_by(|(one, _), (next, _)| one < next),
        "{fields:?}"
    );
    for (_, value) in fields {
        if value[0] == 0x32 {
            let mut map = &value[1..];
            prost::encoding::decode_varint(&mut map).unwrap();
            in_order(map, 1);
        }
    }
}

proptest! {
    #[test]
    fn the_fast_way_says_what_the_slow_one_does((sequence, index) in any_place(1_000_000_000)) {
        let mut walk = sequence.walk(index);
        let mut bytes = b"what was there before".to_vec();
        let before = bytes.len();
        for index in index..sequence.len().min(index + 12) {
            bytes.truncate(before);
            prop_assert_eq!(walk.index(), index);
            prop_assert!(walk.append(&mut bytes));
            let written = proto::Document::decode(&bytes[before..]).unwrap();
            let document = sequence.document(index);
            prop_assert!(same(&written, &document), "{:?}\n{:?}", written, document);
            prop_assert_eq!(bytes.len() - before, document.encoded_len());
            prop_assert_eq!(&document.name, &sequence.path(index).name(ROOT));
            let (created, updated) = sequence.times(index);
            prop_assert_eq!(document.create_time, Some(created.timestamp()));
            prop_assert_eq!(document.update_time, Some(updated.timestamp()));
            in_order(&bytes[before..], 2);
        }
        prop_assert_eq!(walk.append(&mut bytes), walk.index() < sequence.len());
    }

    #[test]
    fn times_lie_years_back((sequence, index) in any_place(1_000_000)) {
        let (created, updated) = sequence.times(index);
        prop_assert!(created <= updated);
        let year = |year: i64| Moment((year - 1970) * 31_557_600 * 1_000_000);
        prop_assert!(year(2015) < created && updated < year(2023));
    }
}

#[test]
fn a_walk_ends_with_the_last_document() {
    let sequence = &Dataset::flat(1, 3).sequences(ROOT)[0];
    let mut bytes = Vec::new();
    let mut walk = sequence.walk(1);
    assert!(walk.append(&mut bytes) && walk.append(&mut bytes));
    let length = bytes.len();
    assert!(!walk.append(&mut bytes) && !sequence.walk(9).append(&mut bytes));
    assert_eq!((walk.index(), bytes.len()), (3, length));
}
