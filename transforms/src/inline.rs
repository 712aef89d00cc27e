//! Whether rows keep their vectors inside, or PostgreSQL moves them elsewhere (TOAST).
//!
//! What PostgreSQL moves it cuts into pieces of 1,996 bytes, four to a page, each with an entry in an index of their
//! own. Measured on PostgreSQL 18 with vectors of 384 to 1,536 components, rows that stay whole are copied with a third
//! less work of the server, and take less room too wherever whole rows fill their pages well: 14, 10 and 6 % less at 512,
//! 768 and 1,536 components, but 38 % more at 1,024, of which a single one goes on a page.

use crate::mapping::{Column, Type};

/// Bytes of a page that rows can have.
const PAGE: u64 = 8192 - 24;
/// Longer rows are taken apart by themselves.
const WHOLE: u64 = 2032;
/// What a row has beside its values.
const HEADER: u64 = 24 + 4;
/// The most that PostgreSQL lets a row be whole.
const TARGET: u16 = 8160;

/// The `toast_tuple_target` of a table whose rows have `rest` bytes on average beside the vectors in these columns; none
/// where PostgreSQL's own does as well.
pub(crate) fn toast_tuple_target(columns: &[Column], rest: u64) -> Option<u16> {
    let vectors: u64 = columns.iter().map(|column| bytes(column.sql)).sum();
    let row = HEADER + rest + vectors;
    // Of rows a little shorter than that on average many are longer.
    let is_taken_apart = vectors > 0 && row * 5 / 4 > WHOLE;
    let rows = PAGE / row;
    let fills_pages = rows * row * 4 >= PAGE * 3;
    (is_taken_apart && fills_pages).then_some(TARGET)
}

/// Bytes of a vector in a row.
fn bytes(sql: Type) -> u64 {
    match sql {
        Type::Vector(size) => 8 + 4 * u64::from(size),
        Type::Halfvec(size) => 8 + 2 * u64::from(size),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{FieldPath, Holds};

    #[test]
    fn vectors_stay_in_rows_that_fill_their_pages() {
        let target = |sql, rest| {
            let column = Column::field("v", FieldPath::top("v"), sql, Holds::Vector);
            toast_tuple_target(&[column], rest)
        };
        // Two short ones stay whole by themselves; a single one of 1,024 leaves nearly half of its page empty.
        for (size, rest, wanted) in [
            (64, 300, None),
            (384, 300, Some(TARGET)),
            (512, 400, Some(TARGET)),
            (768, 400, Some(TARGET)),
            (1024, 400, None),
            (1536, 400, Some(TARGET)),
            (1536, 3000, None),
            (2048, 400, None),
            (16_000, 400, None),
        ] {
            assert_eq!(
                target(Type::Vector(size), rest),
                wanted,
                "vector({size}) and {rest} bytes"
            );
            assert_eq!(
                target(Type::Halfvec(2 * size.min(8000)), rest),
                wanted,
                "halfvec of twice {size}"
            );
        }
        assert_eq!(
            toast_tuple_target(&[], 3000),
            None,
            "without a vector PostgreSQL compresses"
        );
    }
}
