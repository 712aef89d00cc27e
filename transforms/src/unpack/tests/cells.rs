//! Single cells, of every type.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Row, Unpacker};
use super::{ROOT, column, fields, table, told};
use crate::mapping::{Holds, Scalar, Type};

#[test]
fn every_type_is_read_as_postgres_writes_it() {
    use Scalar::*;
    for (sql, holds, cell, value) in [
        (Type::Scalar(Text), Holds::Text, "c3a9", "\"é\""),
        (
            Type::Scalar(Text),
            Holds::Reference,
            "61 2f 62",
            r#"{"$reference":"a/b"}"#,
        ),
        (Type::Scalar(Boolean), Holds::Boolean, "01", "true"),
        (Type::Scalar(SmallInt), Holds::Integer, "fffe", "-2"),
        (Type::Scalar(Integer), Holds::Integer, "80000000", "-2147483648"),
        (Type::Scalar(Integer), Holds::Double, "00000002", "2.0"),
        (
            Type::Scalar(BigInt),
            Holds::Integer,
            "7fffffffffffffff",
            "9223372036854775807",
        ),
        (
            Type::Scalar(Numeric(None)),
            Holds::Number,
            "0001 0000 4000 0000 0007",
            "-7",
        ),
        (
            Type::Scalar(Numeric(Some((9, 2)))),
            Holds::Number,
            "0001 ffff 0000 0002 1388",
            "0.5",
        ),
        (
            Type::Scalar(Numeric(None)),
            Holds::Double,
            "0001 0000 4000 0000 0007",
            "-7.0",
        ),
        (
            Type::Scalar(Numeric(None)),
            Holds::Double,
            "0000 0000 c000 0000",
            r#"{"$double":"NaN"}"#,
        ),
        (Type::Scalar(Real), Holds::Double, "3fc00000", "1.5"),
        (Type::Scalar(Real), Holds::Number, "40000000", "2"),
        (
            Type::Scalar(Double),
            Holds::Double,
            "8000000000000000",
            r#"{"$double":"-0.0"}"#,
        ),
        (
            Type::Scalar(Double),
            Holds::Number,
            "4340000000000000",
            "9007199254740992",
        ),
        (
            Type::Scalar(Double),
            Holds::Number,
            "4340000000000001",
            "9007199254740994.0",
        ),
        (Type::Scalar(Double), Holds::Integer, "4000000000000000", "2"),
        (
            Type::Scalar(Timestamp),
            Holds::Timestamp,
            "0000000000000001",
            r#"{"$timestamp":"2000-01-01T00:00:00.000001Z"}"#,
        ),
        (
            Type::Scalar(Date),
            Holds::Timestamp,
            "ffffffff",
            r#"{"$timestamp":"1999-12-31T00:00:00Z"}"#,
        ),
        (
            Type::Scalar(Uuid),
            Holds::Text,
            "000102030405060708090a0b0c0d0e0f",
            "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"",
        ),
        (Type::Scalar(Bytes), Holds::Bytes, "00ff", r#"{"$bytes":"AP8="}"#),
        (Type::Json, Holds::Any, "01 5b 31 5d", "[1]"),
        (
            Type::Point,
            Holds::Point,
            "c000000000000000 3ff8000000000000",
            r#"{"$geopoint":[1.5,-2.0]}"#,
        ),
        (
            Type::Geography,
            Holds::Point,
            "01 01000020 e6100000 00000000000000c0 000000000000f83f",
            r#"{"$geopoint":[1.5,-2.0]}"#,
        ),
        (
            Type::Geography,
            Holds::Point,
            "00 20000001 000010e6 c000000000000000 3ff8000000000000",
            r#"{"$geopoint":[1.5,-2.0]}"#,
        ),
        (
            Type::Vector(2),
            Holds::Vector,
            "0002 0000 3fc00000 80000000",
            r#"{"$vector":[1.5,{"$double":"-0.0"}]}"#,
        ),
        (Type::Vector(1), Holds::Array, "0001 0000 3fc00000", "[1.5]"),
        (
            Type::Halfvec(5),
            Holds::Vector,
            "0005 0000 3c00 c000 3555 0001 fbff",
            r#"{"$vector":[1.0,-2.0,0.333251953125,{"$double":"5.960464477539063e-8"},-65504.0]}"#,
        ),
        (
            Type::Sparsevec(4),
            Holds::Vector,
            "00000004 00000002 00000000 00000001 00000003 3fc00000 bf800000",
            r#"{"$vector":[0.0,1.5,0.0,-1.0]}"#,
        ),
        (
            Type::Array(Text),
            Holds::Array,
            "00000000 00000000 00000019",
            "[]",
        ),
        (
            Type::Array(Text),
            Holds::Array,
            "00000001 00000001 00000019 00000002 00000001 00000001 61 ffffffff",
            "[\"a\",null]",
        ),
        (
            Type::Array(Numeric(None)),
            Holds::Array,
            "00000001 00000000 000006a4 00000001 00000001 0000000a 0001 0000 0000 0000 0007",
            "[7]",
        ),
    ] {
        assert_eq!(told(sql, holds, &[], cell), Ok(value.into()), "{sql} {holds:?}");
    }
}

#[test]
fn cells_that_nobody_wrote_are_refused_by_table_and_column() {
    use Scalar::*;
    for (sql, cell) in [
        (Type::Scalar(Text), "ff"),
        (Type::Scalar(Boolean), "02"),
        (Type::Scalar(Integer), "000000"),
        (Type::Scalar(BigInt), "000000000000000000"),
        (Type::Scalar(Timestamp), "7fffffffffffffff"),
        (Type::Scalar(Timestamp), "7ffffffffffffffe"),
        (Type::Scalar(Date), "80000000"),
        (Type::Scalar(Date), "7ffffffe"),
        (Type::Scalar(Numeric(None)), "0001 0000 0000 0000 2710"),
        (Type::Scalar(Uuid), "00"),
        (Type::Json, "02 31"),
        (Type::Json, "01 5b"),
        (Type::Geography, "01 02000020 e6100000"),
        (Type::Vector(2), "0001 0000 3fc00000"),
        (Type::Sparsevec(1), "00000001 00000001 00000000 00000001 3fc00000"),
        (Type::Array(Text), "00000002 00000000 00000019"),
        (Type::Array(Text), "00000001 00000000 00000019 7fffffff 00000001"),
        (Type::Tsvector, "00"),
    ] {
        let holds = if sql == Type::Scalar(Timestamp) || sql == Type::Scalar(Date) {
            Holds::Timestamp
        } else {
            Holds::Any
        };
        let said = told(sql, holds, &[], cell).unwrap_err();
        assert!(
            said.starts_with("cannot read \"users\", \"f\": "),
            "{sql}: {said}"
        );
    }
}

fn any_type() -> impl Strategy<Value = Type> {
    let scalar = select(vec![
        Scalar::Text,
        Scalar::Boolean,
        Scalar::SmallInt,
        Scalar::Integer,
        Scalar::BigInt,
        Scalar::Numeric(None),
        Scalar::Real,
        Scalar::Double,
        Scalar::Timestamp,
        Scalar::Date,
        Scalar::Uuid,
        Scalar::Bytes,
    ]);
    let other = [
        Type::Json,
        Type::Point,
        Type::Geography,
        Type::Vector(2),
        Type::Halfvec(2),
        Type::Sparsevec(u32::MAX),
    ];
    prop_oneof![
        scalar.clone().prop_map(Type::Scalar),
        scalar.prop_map(Type::Array),
        select(other.to_vec())
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        sql in any_type(),
        cell in prop_oneof![vec(any::<u8>(), 0..40), vec(select(vec![0, 1, 2, 0xff]), 0..40)],
        extra in prop_oneof!["\u{1}[{}\\[\\]\":,_a-z$0-9]{0,20}", "\u{1}\\{\"__(missing|entries|value)__\":[\\[\\]\"a,1]{0,8}\\}"]
    ) {
        let holds = if matches!(sql, Type::Array(_)) { Holds::Array } else { Holds::Any };
        let table = table("docs", vec![column(&["f"], sql, holds, &[])], vec![]);
        let _ = fields(&table, &[Some(cell.clone()), Some(extra.into_bytes())], &[]);
        let row: Row<'_> = vec![Some(&cell); 5];
        let _ = Unpacker::new(&table, ROOT).document(&row, &[]);
    }
}
