//! What a document may hold, and that it comes back as it was given.

use crate::ask::collection;
use crate::expect::{Problems, invalid, same};
use crate::law::{Law, law};
use crate::make::{
    array, boolean, bytes, double, fields, int, map, null, point, reference, text, time, value, vector,
};
use crate::place::Place;
use anyhow::{Context, bail, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::value::ValueType;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(every_type_of_value_comes_back_as_it_was),
        law!(doubles_come_back_to_the_bit),
        law!(not_a_number_stays_not_a_number),
        law!(times_are_cut_to_microseconds),
        law!(text_of_every_kind_comes_back),
        law!(a_reference_may_point_into_another_database),
        law!(any_field_name_that_is_not_reserved_is_kept),
        law!(arrays_directly_in_arrays_are_refused),
        law!(values_out_of_range_are_refused),
        law!(references_that_are_none_are_refused),
        law!(vectors_are_doubles_and_not_too_many),
        law!(reserved_keys_are_refused),
    ]
}

/// Writes the value and reads it back in both ways.
async fn back(place: &Place, what: &str, given: proto::Value) -> anyhow::Result<proto::Value> {
    let written = vec![place.set("c/a", fields([("v", given)]))];
    place.change(written).await.with_context(|| what.to_owned())?;
    let mut got = place.document("c/a").await?;
    let queried = place.documents(&collection("c")).await?;
    let found = got
        .fields
        .remove("v")
        .with_context(|| format!("{what} is gone"))?;
    let of_query = queried[0]
        .fields
        .get("v")
        .with_context(|| format!("{what} is gone from a query"))?;
    ensure!(
        alike(&found, of_query),
        "{what} was got as {found:?} and queried as {of_query:?}"
    );
    Ok(found)
}

/// The same, or NaN both.
fn alike(one: &proto::Value, other: &proto::Value) -> bool {
    let not_a_number =
        |value: &proto::Value| matches!(value.value_type, Some(ValueType::DoubleValue(n)) if n.is_nan());
    one == other || not_a_number(one) && not_a_number(other)
}

async fn kept(place: &Place, what: &str, given: proto::Value) -> anyhow::Result<()> {
    let found = back(place, what, given.clone()).await?;
    same(what, found, given)
}

async fn every_type_of_value_comes_back_as_it_was(place: &Place) -> anyhow::Result<()> {
    let nested = map([
        ("a", array([map([("b", array([null()]))]), map([])])),
        ("e", array([])),
    ]);
    for (what, given) in [
        ("null", null()),
        ("true", boolean(true)),
        ("false", boolean(false)),
        ("zero", int(0)),
        ("the smallest integer", int(i64::MIN)),
        ("the largest integer", int(i64::MAX)),
        ("an integer above 2^53", int((1 << 53) + 1)),
        ("1970", time(0, 0)),
        ("a microsecond", time(1_700_000_000, 123_456_000)),
        ("the first time", time(-62_135_596_800, 0)),
        ("the last time", time(253_402_300_799, 999_999_000)),
        ("bytes", bytes([0, 255, 128, 10])),
        ("no bytes", bytes([])),
        ("a reference", reference(place.name("c/a"))),
        (
            "a reference below a document",
            reference(place.name("c/a/d/__id7__")),
        ),
        ("a point", point(48.2, 16.4)),
        ("the corner of the world", point(-90.0, 180.0)),
        (
            "an array of everything",
            array([null(), int(1), text("x"), map([]), double(0.5)]),
        ),
        ("an empty array", array([])),
        ("an empty map", map([])),
        ("arrays in maps in arrays", array([nested.clone()])),
        ("maps in arrays in maps", nested),
        ("a vector", vector([double(1.0), double(-0.5)])),
    ] {
        kept(place, what, given).await?;
    }
    Ok(())
}

async fn doubles_come_back_to_the_bit(place: &Place) -> anyhow::Result<()> {
    for given in [
        0.0,
        -0.0,
        3.0,
        0.1,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        9_007_199_254_740_993.0,
    ] {
        let found = back(place, "a double", double(given)).await?;
        let Some(ValueType::DoubleValue(found)) = found.value_type else {
            bail!("{given} came back as {found:?}")
        };
        same(&format!("the bits of {given}"), found.to_bits(), given.to_bits())?;
    }
    Ok(())
}

async fn not_a_number_stays_not_a_number(place: &Place) -> anyhow::Result<()> {
    for bits in [f64::NAN.to_bits(), 0xfff8_0000_0000_0001, 0x7ff0_0000_0000_0001] {
        let found = back(place, "NaN", double(f64::from_bits(bits))).await?;
        match found.value_type {
            Some(ValueType::DoubleValue(found)) if found.is_nan() => {}
            other => bail!("NaN came back as {other:?}"),
        }
    }
    Ok(())
}

async fn times_are_cut_to_microseconds(place: &Place) -> anyhow::Result<()> {
    for (seconds, given, expected) in [
        (1_700_000_000, 123_456_789, 123_456_000),
        (-1, 999_999_999, 999_999_000),
        (253_402_300_799, 999_999_999, 999_999_000),
        (0, 1, 0),
    ] {
        let found = back(place, "a time", time(seconds, given)).await?;
        same("the time", found, time(seconds, expected))?;
        let inside = back(
            place,
            "a time inside",
            array([map([("t", time(seconds, given))])]),
        )
        .await?;
        same(
            "the time inside",
            inside,
            array([map([("t", time(seconds, expected))])]),
        )?;
    }
    Ok(())
}

async fn text_of_every_kind_comes_back(place: &Place) -> anyhow::Result<()> {
    for given in [
        "",
        "\0",
        "a\0b",
        "\u{1}\u{7f}",
        "\r\n\t",
        "😀",
        "e\u{301}",
        "é",
        "\u{fffd}",
        "\u{10ffff}",
        "'\"\\",
    ] {
        kept(place, &format!("{given:?}"), text(given)).await?;
    }
    kept(place, "a long text", text("ä".repeat(50_000))).await
}

async fn a_reference_may_point_into_another_database(place: &Place) -> anyhow::Result<()> {
    let elsewhere = "projects/elsewhere/databases/other/documents/c/a";
    kept(place, "elsewhere", reference(elsewhere)).await?;
    kept(
        place,
        "a document that does not exist",
        reference(place.name("x/y")),
    )
    .await
}

async fn any_field_name_that_is_not_reserved_is_kept(place: &Place) -> anyhow::Result<()> {
    let names = [
        "a.b", "a b", "`", "'\"", "\\", "a/b", "\0", "😀", "__", "___", "_", "__a", "a__", "1", "*", "~",
        "[]",
    ];
    let all = fields(names.iter().map(|name| (*name, int(1))));
    place.change(vec![place.set("c/a", all.clone())]).await?;
    same("fields", &place.document("c/a").await?.fields, &all)?;
    let mut problems = Problems::default();
    for name in names {
        problems.note(kept(place, &format!("a map of {name:?}"), map([(name, int(1))])).await);
    }
    problems.none()
}

async fn refuse(place: &Place, values: impl IntoIterator<Item = (&str, proto::Value)>) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for (what, value) in values {
        let write = place.set("c/a", fields([("v", value.clone())]));
        problems.note(invalid(what, place.commit(vec![write]).await));
        let write = place.set("c/a", fields([("v", map([("inside", value)]))]));
        problems.note(invalid(
            &format!("{what}, in a map"),
            place.commit(vec![write]).await,
        ));
    }
    problems.none()
}

async fn arrays_directly_in_arrays_are_refused(place: &Place) -> anyhow::Result<()> {
    let values = [
        ("an array in an array", array([array([])])),
        (
            "further inside",
            array([int(1), map([("a", array([array([int(1)])]))])]),
        ),
    ];
    refuse(place, values).await
}

async fn values_out_of_range_are_refused(place: &Place) -> anyhow::Result<()> {
    let values = [
        ("a time before year 1", time(-62_135_596_801, 0)),
        ("a time after year 9999", time(253_402_300_800, 0)),
        ("a time of negative nanoseconds", time(0, -1)),
        ("a time of too many nanoseconds", time(0, 1_000_000_000)),
        ("a latitude above 90", point(90.1, 0.0)),
        ("a longitude above 180", point(0.0, 180.1)),
        ("a latitude that is no number", point(f64::NAN, 0.0)),
        ("a value of no type", proto::Value::default()),
    ];
    refuse(place, values).await
}

async fn references_that_are_none_are_refused(place: &Place) -> anyhow::Result<()> {
    let values = [
        ("nothing", reference("")),
        ("a word", reference("c/a")),
        ("a collection", reference(place.name("c"))),
        ("the root", reference(place.root())),
        ("an empty id", reference(place.name("c//d/e"))),
        ("a reserved id", reference(place.name("c/__x__"))),
    ];
    refuse(place, values).await
}

async fn vectors_are_doubles_and_not_too_many(place: &Place) -> anyhow::Result<()> {
    let most: Vec<proto::Value> = (0..2_048).map(|n| double(f64::from(n))).collect();
    kept(place, "a vector of 2,048", vector(most.clone())).await?;
    let values = [
        ("a vector of 2,049", vector(most.into_iter().chain([double(0.5)]))),
        ("a vector of integers", vector([int(1), int(2)])),
        ("a vector of nothing", vector([])),
        (
            "a vector without its value",
            map([("__type__", text("__vector__"))]),
        ),
        (
            "a vector that is no array",
            map([("__type__", text("__vector__")), ("value", int(1))]),
        ),
        (
            "another type",
            map([("__type__", text("__other__")), ("value", array([double(1.0)]))]),
        ),
        ("a type that is no text", map([("__type__", int(1))])),
        ("a vector of texts", vector([text("x")])),
        ("a vector with something else", {
            let entries = [
                ("__type__", text("__vector__")),
                ("value", array([double(1.0)])),
                ("x", int(1)),
            ];
            map(entries)
        }),
    ];
    refuse(place, values).await
}

async fn reserved_keys_are_refused(place: &Place) -> anyhow::Result<()> {
    let values = [
        ("the key of a type", map([("__x__", int(1))])),
        ("an empty key", map([("", int(1))])),
    ];
    let mut problems = Problems::default();
    problems.note(refuse(place, values).await);
    for name in ["__x__", "_____", "", "__name__"] {
        let write = place.set("c/a", fields([(name, int(1))]));
        problems.note(invalid(
            &format!("the field {name:?}"),
            place.commit(vec![write]).await,
        ));
    }
    let unknown = value(ValueType::FieldReferenceValue("x".to_owned()));
    let write = place.set("c/a", fields([("v", unknown)]));
    problems.note(invalid(
        "a value only pipelines have",
        place.commit(vec![write]).await,
    ));
    problems.none()
}
