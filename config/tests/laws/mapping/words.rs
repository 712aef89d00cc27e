//! Words and phrases of the language, as wild as they can be.

use config::mapping::{Document, FieldPath, Holds, Pattern, Piece, Scalar, Segment, Template, Type};
use proptest::prelude::*;
use proptest::sample::select;

/// Any text without U+0000, rich in what means something somewhere.
pub(super) fn text(longest: usize) -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        3 => select("abcxyz019_-".chars().collect::<Vec<_>>()),
        2 => select(".`'\"\\{}()[],$*/#= \n\t\r\u{1}\u{7f}\u{85}äß東😀".chars().collect::<Vec<_>>()),
        1 => any::<char>().prop_filter("not U+0000", |letter| *letter != '\0'),
    ];
    let tail = select(vec!["", "", "", " desc", " asc", " DESC", "desc"]);
    (prop::collection::vec(letter, 1..=longest), tail)
        .prop_map(|(letters, tail)| letters.into_iter().collect::<String>() + tail)
}

pub(super) fn path() -> impl Strategy<Value = FieldPath> {
    let special = select(vec!["", "$id", "a.b", "`", "\\", "zip code", "__x", "a"]).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![3 => text(8), 1 => special], 1..4).prop_map(FieldPath)
}

pub(super) fn pattern() -> impl Strategy<Value = Pattern> {
    let name =
        prop_oneof![3 => text(8), 1 => select(vec!["*", "**", "\\", "\\*", "a*"]).prop_map(str::to_owned)]
            .prop_map(|name| name.replace('/', "|"));
    let step = (prop::option::of(name.clone()), name.clone());
    (any::<bool>(), name, prop::collection::vec(step, 0..3)).prop_map(|(anywhere, first, steps)| {
        let mut segments = vec![Segment::Named(first)];
        for (document, collection) in steps {
            segments.push(document.map_or(Segment::Any, Segment::Named));
            segments.push(Segment::Named(collection));
        }
        Pattern { anywhere, segments }
    })
}

pub(super) fn document() -> impl Strategy<Value = Document> {
    use Document::*;
    prop_oneof![
        select(vec![Id, Path, Parent, Created, Updated, Value, Ordinal, Key]),
        (1..=255u8).prop_map(Wildcard),
    ]
}

pub(super) fn template() -> impl Strategy<Value = Template> {
    let piece = prop_oneof![
        text(6).prop_map(Piece::Text),
        path().prop_map(Piece::Field),
        document().prop_map(Piece::Document),
    ];
    // Two texts side by side are one.
    prop::collection::vec(piece, 0..5).prop_map(|pieces| {
        let mut merged: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (merged.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
                (_, piece) => merged.push(piece),
            }
        }
        Template(merged)
    })
}

pub(super) fn sql() -> impl Strategy<Value = Type> {
    let scalar = prop_oneof![
        4 => select(vec![
            Scalar::Text, Scalar::Boolean, Scalar::SmallInt, Scalar::Integer, Scalar::BigInt, Scalar::Numeric(None),
            Scalar::Real, Scalar::Double, Scalar::Timestamp, Scalar::Date, Scalar::Uuid, Scalar::Bytes,
        ]),
        1 => (1..=1000u16)
            .prop_flat_map(|precision| (Just(precision), 0..=precision))
            .prop_map(|size| Scalar::Numeric(Some(size))),
    ];
    prop_oneof![
        6 => scalar.clone().prop_map(Type::Scalar),
        1 => scalar.prop_map(Type::Array),
        1 => select(vec![Type::Json, Type::Point, Type::Geography, Type::Tsvector]),
        1 => prop_oneof![1..=2000u16, 1..=16_000u16].prop_map(Type::Vector),
        1 => prop_oneof![1..=2000u16, 1..=16_000u16].prop_map(Type::Halfvec),
        1 => (1..=1_000_000_000u32).prop_map(Type::Sparsevec),
    ]
}

pub(super) fn holds() -> impl Strategy<Value = Holds> {
    use Holds::*;
    let all = [
        Boolean, Integer, Double, Number, Timestamp, Text, Bytes, Reference, Point, Vector, Array, Map, Any,
    ];
    select(all.to_vec())
}
