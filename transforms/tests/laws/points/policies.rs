//! What becomes of points that do not fit, spelled out.

use transforms::json::{self, Owned};
use transforms::mapping::{
    Column, Document, FieldPath, Holds, Misfit, Pattern, Records, Scalar, Source, Table, Type, Zero,
};
use transforms::{Floats, Notes, Packer, Reason, Reject, Sparse, Tuples, Value, qdrant};

use super::mappings::Words;
use crate::rebuilt::rows;

fn column(path: &[&str], sql: Type, holds: Holds) -> Column {
    let path = FieldPath(path.iter().map(|name| String::from(*name)).collect());
    Column::field("v", path, sql, holds)
}

fn vector(sql: Type, misfit: Misfit, zero: Zero) -> Column {
    Column {
        misfit,
        zero,
        ..column(&["vector"], sql, Holds::Vector)
    }
}

/// The cell of the only column, and `_extra`.
fn packed(
    column: Column,
    name: &str,
    field: &str,
    value: Value<'_>,
) -> Result<(Notes, Option<Vec<u8>>, String), Reject> {
    let mut table = Table::new("c_0", Pattern::root("c"), Records::Points);
    table.columns = vec![column];
    let fields = vec![(field, value)];
    let point = transforms::Document {
        name: name.into(),
        created: None,
        updated: None,
        fields,
    };
    let mut out = [Tuples::default()];
    let tables = [table];
    let notes = Packer::new(&tables, qdrant::ROOT, false)
        .with_dictionary(&Words)
        .pack(&point, &[], &mut out)?;
    let row = &rows(&out[0])[0];
    assert_eq!(row.len(), 3);
    let extra = row[2].map(|cell| String::from_utf8_lossy(&cell[1..]).into_owned());
    Ok((notes, row[1].map(<[u8]>::to_vec), extra.unwrap_or_default()))
}

fn floats(components: &[f32]) -> Value<'static> {
    Value::Floats(components.iter().copied().collect::<Floats<'_>>())
}

fn sparse(indices: &[u32], values: &[f32]) -> Value<'static> {
    let values = values.iter().copied().collect();
    Value::Sparse(Box::new(Sparse::new(indices.to_vec(), values).unwrap()))
}

#[test]
fn what_pgvector_cannot_hold_goes_where_the_mapping_says() {
    let nan = || floats(&[1.0, f32::NAN]);
    let (_, cell, extra) = packed(
        vector(Type::Vector(2), Misfit::Overflow, Zero::Keep),
        "points/c/1",
        "vector",
        nan(),
    )
    .unwrap();
    assert_eq!(
        (cell, extra.as_str()),
        (None, r#"{"vector":{"$floats":[1,"NaN"]}}"#)
    );
    let (notes, cell, extra) = packed(
        vector(Type::Vector(2), Misfit::Null, Zero::Keep),
        "points/c/1",
        "vector",
        nan(),
    )
    .unwrap();
    assert_eq!((cell, extra.as_str()), (None, ""));
    assert_eq!(notes.amendments[0].original, r#"{"$floats":[1,"NaN"]}"#);
    for (sql, value, reason) in [
        (Type::Vector(2), nan(), Reason::VectorNotFinite),
        (Type::Vector(3), nan(), Reason::VectorDimension),
        (
            Type::Halfvec(2),
            floats(&[1.0, 70_000.0]),
            Reason::VectorNotFinite,
        ),
        (Type::Sparsevec(9), sparse(&[9], &[1.0]), Reason::VectorDimension),
        (
            Type::Sparsevec(9),
            sparse(&[1], &[f32::INFINITY]),
            Reason::VectorNotFinite,
        ),
        (
            Type::Sparsevec(20_000),
            sparse(&(0..16_001).collect::<Vec<_>>(), &[1.0; 16_001]),
            Reason::VectorDimension,
        ),
    ] {
        let refused = packed(
            vector(sql, Misfit::Quarantine, Zero::Keep),
            "points/c/1",
            "vector",
            value,
        )
        .unwrap_err();
        assert_eq!(refused.reason, reason, "{sql}");
    }
    let (_, cell, extra) = packed(
        column(&["vector"], Type::Array(Scalar::Real), Holds::Vector),
        "points/c/1",
        "vector",
        nan(),
    )
    .unwrap();
    assert_eq!(
        (cell.map(|cell| cell.len()), extra.as_str()),
        (Some(20 + 2 * 8), "")
    );
}

#[test]
fn vectors_of_zeros_are_kept_and_counted_or_not_as_asked() {
    for value in [floats(&[0.0, -0.0]), sparse(&[], &[]), sparse(&[1], &[0.0])] {
        let sql = if matches!(value, Value::Floats(_)) {
            Type::Vector(2)
        } else {
            Type::Sparsevec(2)
        };
        let zero = |zero| {
            packed(
                vector(sql, Misfit::Overflow, zero),
                "points/c/1",
                "vector",
                value.clone(),
            )
        };
        let (notes, cell, _) = zero(Zero::Keep).unwrap();
        assert_eq!((notes.zeros, cell.is_some()), (1, true));
        let (notes, cell, extra) = zero(Zero::Null).unwrap();
        assert_eq!((notes.zeros, cell, extra.as_str()), (0, None, ""));
        assert_eq!(notes.amendments[0].original, json::text(&value, "points"));
        assert_eq!(zero(Zero::Quarantine).unwrap_err().reason, Reason::VectorZero);
    }
    let (notes, ..) = packed(
        vector(Type::Vector(2), Misfit::Overflow, Zero::Null),
        "points/c/1",
        "vector",
        floats(&[0.0, 1e-45]),
    )
    .unwrap();
    assert_eq!(notes, Notes::default());
}

#[test]
fn sparse_vectors_are_cells_such_as_pgvector_receives_them() {
    let column = |remap| Column {
        remap,
        ..vector(Type::Sparsevec(1_000_000_000), Misfit::Overflow, Zero::Keep)
    };
    let pack = |remap, value| {
        let (_, cell, extra) = packed(column(remap), "points/c/1", "vector", value).unwrap();
        (cell.map(|cell| cell[4..].to_vec()), extra)
    };
    let cell = |pairs: &[(u32, f32)]| {
        let places = pairs.iter().flat_map(|(place, _)| place.to_be_bytes());
        let values = pairs.iter().flat_map(|(_, value)| value.to_be_bytes());
        let head = [(pairs.len() as u32).to_be_bytes(), [0; 4]].concat();
        Some(head.into_iter().chain(places).chain(values).collect::<Vec<u8>>())
    };
    assert_eq!(
        pack(false, sparse(&[1, 8], &[0.5, 2.0])),
        (cell(&[(1, 0.5), (8, 2.0)]), String::new())
    );
    // A zero that is spelled out has no place in the type.
    let (zero, extra) = pack(false, sparse(&[1, 8], &[0.0, 2.0]));
    assert_eq!(zero, cell(&[(8, 2.0)]));
    assert_eq!(
        extra,
        r#"{"vector":{"$sparse":{"indices":[1,8],"values":[0,2]}}}"#
    );
    let (beyond, extra) = pack(false, sparse(&[1, u32::MAX], &[0.5, 2.0]));
    assert_eq!((beyond, extra.contains("4294967295")), (None, true));
    // The dictionary numbers them the other way round.
    assert_eq!(
        pack(true, sparse(&[1, u32::MAX], &[0.5, 2.0])),
        (cell(&[(0, 2.0), (4, 0.5)]), String::new())
    );
    assert_eq!(pack(true, sparse(&[77], &[0.5])).0, None);
}

#[test]
fn an_id_has_a_place_in_its_column_or_the_point_has_none() {
    let id = |scalar, name: &str| {
        let mut column = column(
            &["id"],
            Type::Scalar(scalar),
            Holds::usual(Type::Scalar(scalar), &[]),
        );
        column.from = Source::Document(Document::Id);
        packed(column, name, "payload", Value::Map(vec![])).map(|(_, cell, _)| cell.unwrap())
    };
    let uuid = "points/c/01234567-89ab-cdef-0123-456789abcdef@eu@west";
    assert_eq!(id(Scalar::BigInt, "points/c/7@eu").unwrap(), 7i64.to_be_bytes());
    assert_eq!(id(Scalar::Text, "points/c/7@eu").unwrap(), b"7");
    assert_eq!(
        id(Scalar::Uuid, uuid).unwrap(),
        0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes()
    );
    assert!(id(Scalar::Numeric(Some((20, 0))), "points/c/18446744073709551615").is_ok());
    for (scalar, name) in [
        (Scalar::BigInt, "points/c/9223372036854775808"),
        (Scalar::BigInt, uuid),
        (Scalar::Uuid, "points/c/7"),
        (Scalar::Numeric(Some((20, 0))), uuid),
    ] {
        assert_eq!(id(scalar, name).unwrap_err().reason, Reason::Misfit, "{name}");
    }
}

#[test]
fn payloads_go_into_the_columns_that_their_indexes_speak_of() {
    let promoted = |sql, holds, value: Value<'static>| {
        let payload = Value::Map(vec![("x", value)]);
        let (_, cell, extra) = packed(
            column(&["payload", "x"], sql, holds),
            "points/c/1",
            "payload",
            payload,
        )
        .unwrap();
        (cell, extra.is_empty())
    };
    let moment = |text| promoted(Type::Scalar(Scalar::Timestamp), Holds::Text, Value::Text(text));
    // 2000-01-01T00:00:00Z is where PostgreSQL's time begins. The text itself stays in `_extra`.
    for text in [
        "2000-01-01T00:00:00Z",
        "2000-01-01T01:00:00+01:00",
        "2000-01-01T00:00:00",
        "2000-01-01 00:00",
        "2000-01-01",
    ] {
        assert_eq!(moment(text), (Some(vec![0; 8]), false), "{text}");
    }
    assert_eq!(moment("yesterday"), (None, false));
    let place = |lat: Value<'static>| {
        let degrees = Value::Map(vec![("lon", Value::Double(1.0)), ("lat", lat)]);
        promoted(Type::Point, Holds::Point, degrees)
    };
    let cell = Some([1f64.to_be_bytes(), 2f64.to_be_bytes()].concat());
    assert_eq!(place(Value::Double(2.0)), (cell.clone(), true));
    // That it was an integer is not told by the column.
    assert_eq!(place(Value::Integer(2)), (cell, false));
    assert_eq!(place(Value::Null).0, None);
    let (one, many) = (Value::Text("a"), Value::Array(vec![Value::Text("a")]));
    let list = |value| promoted(Type::Array(Scalar::Text), Holds::Array, value);
    assert_eq!(list(one).0, list(many).0);
}

#[test]
fn what_is_no_point_goes_into_no_table_of_points() {
    let mut table = Table::new("c_0", Pattern::root("c"), Records::Documents);
    let point = qdrant::point(b"\x0a\x02\x08\x07", "c").unwrap();
    let refused = |table: &Table| {
        let packer = Packer::new(std::slice::from_ref(table), qdrant::ROOT, false);
        packer
            .pack(&point, &[], &mut [Tuples::default()])
            .map_err(|reject| reject.reason)
    };
    assert_eq!(refused(&table).unwrap_err(), Reason::NoTable);
    table.of = Records::Points;
    assert!(refused(&table).is_ok());
    assert_eq!(Owned::Floats(Floats::default()).view(), floats(&[]));
}
