//! What Firestore makes of transforms, as the official emulator answered.

use super::commit::{transform, values};
use super::{Place, array, double, int, map, name, set, text, value};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::document_transform::field_transform::TransformType;
use proto::value::ValueType;

#[test]
fn transforms_follow_the_update_and_tell_their_results() {
    use TransformType::{
        AppendMissingElements, Increment, Maximum, Minimum, RemoveAllFromArray, SetToServerValue,
    };
    let place = Place::new(Vec::new());
    let members = [int(1), double(2.0), text("x")];
    let start = [
        ("n", int(1)),
        ("d", double(1.5)),
        ("arr", array(members)),
        ("s", text("q")),
        ("top", int(i64::MAX)),
    ];
    let mut write = set("t/a", start);
    let null = || value(ValueType::NullValue(0));
    let cases = [
        ("n", Increment(int(5)), int(6)),
        ("d", Increment(int(1)), double(2.5)),
        ("s", Increment(int(7)), int(7)),
        ("new", Increment(double(1.5)), double(1.5)),
        ("top", Increment(int(5)), int(i64::MAX)),
        (
            "arr",
            AppendMissingElements(values([double(1.0), int(2), int(3), int(3), text("y")])),
            null(),
        ),
        ("arr2", RemoveAllFromArray(values([int(3)])), null()),
        ("mx", Maximum(int(3)), int(3)),
        ("n", Maximum(double(6.0)), int(6)),
        ("n", Minimum(double(2.5)), double(2.5)),
        ("o.p.q", Increment(int(1)), int(1)),
        (
            "top",
            Maximum(double(9_223_372_036_854_775_808.0)),
            double(9_223_372_036_854_775_808.0),
        ),
    ];
    write.update_transforms = cases
        .iter()
        .map(|(path, what, _)| transform(path, what.clone()))
        .collect();
    write
        .update_transforms
        .push(transform("time", SetToServerValue(1)));
    let result = place.commit(&[write]).unwrap().remove(0);
    for ((path, what, expected), found) in cases.iter().zip(&result.transform_results) {
        assert_eq!(found, expected, "{path} {what:?}");
    }
    let found = place.fields("t/a");
    assert_eq!(
        found["arr"],
        array([int(1), double(2.0), text("x"), int(3), text("y")])
    );
    assert_eq!(found["arr2"], array([]));
    assert_eq!(found["o"], map([("p", map([("q", int(1))]))]));
    let Some(ValueType::TimestampValue(time)) = found["time"].value_type else {
        panic!("{found:?}")
    };
    let committed = result.update_time.unwrap();
    assert_eq!(time.nanos, committed.nanos / 1_000_000 * 1_000_000);
    let mut remove = set("t/a", []);
    remove.operation = Some(proto::write::Operation::Transform(proto::DocumentTransform {
        document: name("t/a"),
        field_transforms: vec![transform(
            "arr",
            RemoveAllFromArray(values([double(1.0), text("x")])),
        )],
    }));
    place.commit(&[remove]).unwrap();
    assert_eq!(
        place.fields("t/a")["arr"],
        array([double(2.0), int(3), text("y")])
    );
}

#[test]
fn numbers_are_compared_by_their_worth_and_nan_wins() {
    use TransformType::{AppendMissingElements, Maximum, Minimum};
    let place = Place::new(Vec::new());
    let precise = (1 << 53) + 1;
    let mut write = set(
        "t/a",
        [
            ("p", int(precise)),
            ("z", double(-0.0)),
            ("e", int(3)),
            ("nan", double(f64::NAN)),
        ],
    );
    write.update_transforms = vec![
        transform("p", Maximum(double(9_007_199_254_740_992.0))),
        transform("z", Maximum(int(0))),
        transform("e", Minimum(double(3.0))),
        transform("nan", Minimum(int(1))),
        transform("e", Maximum(double(f64::NAN))),
        transform(
            "list",
            AppendMissingElements(values([double(f64::NAN), double(f64::NAN), double(0.0), int(0)])),
        ),
    ];
    let results = place.commit(&[write]).unwrap().remove(0).transform_results;
    assert_eq!(results[0], int(precise));
    assert!(matches!(results[1].value_type, Some(ValueType::DoubleValue(zero)) if zero.is_sign_negative()));
    assert_eq!(results[2], int(3));
    for nan in &results[3..5] {
        assert!(matches!(nan.value_type, Some(ValueType::DoubleValue(number)) if number.is_nan()));
    }
    let fields = place.fields("t/a");
    assert!(
        matches!(&fields["list"].value_type, Some(ValueType::ArrayValue(list)) if list.values.len() == 2)
    );
}
