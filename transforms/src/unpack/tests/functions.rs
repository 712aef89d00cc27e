//! Cells of columns that changed the value on its way in.

use super::told;
use crate::mapping::{Function, Holds, Scalar, Type};

#[test]
fn what_was_done_to_a_value_is_undone() {
    use Scalar::*;
    // 2000-01-01T00:00:01.5Z
    let moment = "000000000016e360";
    for (sql, holds, apply, cell, value) in [
        (
            Timestamp,
            Holds::Integer,
            Function::EpochMillis,
            moment,
            "946684801500",
        ),
        (
            Timestamp,
            Holds::Number,
            Function::EpochMillis,
            moment,
            "946684801500",
        ),
        (
            Timestamp,
            Holds::Double,
            Function::EpochSeconds,
            moment,
            "946684801.5",
        ),
        (
            Timestamp,
            Holds::Number,
            Function::EpochSeconds,
            moment,
            "946684801.5",
        ),
        (
            Timestamp,
            Holds::Integer,
            Function::EpochMicros,
            moment,
            "946684801500000",
        ),
        (
            Date,
            Holds::Integer,
            Function::EpochSeconds,
            "00000001",
            "946771200",
        ),
        (
            BigInt,
            Holds::Timestamp,
            Function::EpochMillis,
            "0000000000000001",
            r#"{"$timestamp":"1970-01-01T00:00:00.001000Z"}"#,
        ),
        (
            Double,
            Holds::Timestamp,
            Function::EpochSeconds,
            "3ff8000000000000",
            r#"{"$timestamp":"1970-01-01T00:00:01.500000Z"}"#,
        ),
        (
            Numeric(None),
            Holds::Timestamp,
            Function::EpochSeconds,
            "0002 0000 0000 0001 0001 1388",
            r#"{"$timestamp":"1970-01-01T00:00:01.500000Z"}"#,
        ),
        (
            Text,
            Holds::Reference,
            Function::Id,
            "61",
            r#"{"$reference":"users/a"}"#,
        ),
        (Text, Holds::Text, Function::Id, "61", "\"a\""),
        (Text, Holds::Text, Function::Lower, "61", "\"a\""),
        (Text, Holds::Text, Function::Sha256, "61", ""),
    ] {
        let sql = Type::Scalar(sql);
        assert_eq!(
            told(sql, holds, &[apply], cell),
            Ok(value.into()),
            "{sql} {holds:?} {apply:?}"
        );
    }
    assert!(
        told(
            Type::Scalar(Timestamp),
            Holds::Integer,
            &[Function::EpochSeconds],
            moment
        )
        .is_err()
    );
}
