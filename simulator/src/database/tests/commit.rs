//! What Firestore makes of writes: conditions, masks, transforms and times, as the official emulator answered.

use super::{Place, array, delete, double, fields, int, map, name, set, text};
use crate::dataset::{Collection, Dataset};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proto::document_transform::FieldTransform;
use proto::document_transform::field_transform::TransformType;
use proto::precondition::ConditionType;
use proto::{ArrayValue, DocumentMask, Precondition, Value, Write};
use tonic::Code;

pub(super) fn exists(exists: bool) -> Precondition {
    Precondition {
        condition_type: Some(ConditionType::Exists(exists)),
    }
}

fn when(condition: Precondition, mut write: Write) -> Write {
    write.current_document = Some(condition);
    write
}

fn updated_at(time: Option<Timestamp>) -> Precondition {
    Precondition {
        condition_type: time.map(ConditionType::UpdateTime),
    }
}

fn masked<const N: usize>(paths: [&str; N], mut write: Write) -> Write {
    write.update_mask = Some(DocumentMask {
        field_paths: paths.map(str::to_owned).to_vec(),
    });
    write
}

pub(super) fn transform(path: &str, what: TransformType) -> FieldTransform {
    FieldTransform {
        field_path: path.to_owned(),
        transform_type: Some(what),
    }
}

pub(super) fn values(values: impl IntoIterator<Item = Value>) -> ArrayValue {
    ArrayValue {
        values: values.into_iter().collect(),
    }
}

#[test]
fn what_changes_nothing_keeps_its_time() {
    let place = Place::new(Vec::new());
    let content = || [("x", int(1)), ("m", map([("a", int(1)), ("b", int(2))]))];
    let first = place.commit(&[set("c/a", content())]).unwrap()[0].update_time;
    let same = [
        set("c/a", content()),
        masked(["x"], set("c/a", [("x", int(1))])),
        masked([], set("c/a", [])),
        masked(["x.y", "q.r"], set("c/a", [])),
    ];
    for write in same {
        assert_eq!(place.commit(&[write]).unwrap()[0].update_time, first);
    }
    let there_and_back = [set("c/a", []), set("c/a", content())];
    let results = place.commit(&there_and_back).unwrap();
    assert!(results.iter().all(|result| result.update_time == first));
    assert_eq!(place.get("c/a").unwrap().update_time, first);
    let other = place.commit(&[set("c/a", [("x", double(1.0))])]).unwrap()[0].update_time;
    assert_ne!(other, first);
    assert_eq!(place.get("c/a").unwrap().create_time, first);
}

#[test]
fn a_document_made_again_is_a_new_one() {
    let place = Place::new(Vec::new());
    let first = place.commit(&[set("c/a", [])]).unwrap()[0].update_time;
    place
        .commit(&[delete("c/a"), when(exists(false), set("c/a", []))])
        .unwrap();
    let document = place.get("c/a").unwrap();
    assert_ne!(document.create_time, first);
    assert_eq!(document.create_time, document.update_time);
}

#[test]
fn a_generated_document_is_changed_like_any_other() {
    let dataset = Dataset::new(1, [Collection::new("c", 3)]).unwrap();
    let generated = dataset.sequences(super::ROOT);
    let path = generated[0].path(1).to_string();
    let place = Place::new(generated);
    let before = place.get(&path).unwrap();
    let same = Write {
        operation: Some(proto::write::Operation::Update(before.clone())),
        ..Default::default()
    };
    assert_eq!(place.commit(&[same]).unwrap()[0].update_time, before.update_time);
    place.refused(&[when(exists(false), set(&path, []))], Code::AlreadyExists, &path);
    let write = masked(["new"], set(&path, [("new", int(1))]));
    place
        .commit(&[when(updated_at(before.update_time), write)])
        .unwrap();
    let after = place.get(&path).unwrap();
    assert_eq!(after.create_time, before.create_time);
    assert_ne!(after.update_time, before.update_time);
    assert_eq!(after.fields.len(), before.fields.len() + 1);
}

#[test]
fn a_mask_says_what_is_changed_and_what_is_removed() {
    let place = Place::new(Vec::new());
    place
        .commit(&[set(
            "c/a",
            [("x", int(1)), ("m", map([("a", int(1)), ("b", int(2))]))],
        )])
        .unwrap();
    let nested = masked(
        ["m.a", "m.b", "m.c.d", "q.r"],
        set("c/a", [("m", map([("a", int(5))])), ("y", int(9))]),
    );
    place.commit(&[nested]).unwrap();
    assert_eq!(
        place.fields("c/a"),
        fields([("x", int(1)), ("m", map([("a", int(5))]))])
    );
    let deeper = set("c/a", [("m", map([("a", map([("z", int(9))]))]))]);
    place.commit(&[masked(["m.a.z", "x"], deeper)]).unwrap();
    assert_eq!(
        place.fields("c/a"),
        fields([("m", map([("a", map([("z", int(9))]))]))])
    );
    place
        .commit(&[masked(["`a.b\\``", "__name__"], set("c/b", [("a.b`", int(8))]))])
        .unwrap();
    assert_eq!(place.fields("c/b"), fields([("a.b`", int(8))]));
    place.commit(&[masked([], set("c/made", []))]).unwrap();
    assert_eq!(place.fields("c/made"), fields([]));
    let bad = [
        ("", "empty"),
        ("m..a", "Invalid property path"),
        ("__x__", "reserved"),
    ];
    for (path, words) in bad {
        place.refused(&[masked([path], set("c/a", []))], Code::InvalidArgument, words);
    }
}

#[test]
fn conditions_are_kept() {
    let place = Place::new(Vec::new());
    let first = place.commit(&[set("c/a", [])]).unwrap()[0].update_time;
    let old = updated_at(Some(Timestamp { seconds: 1, nanos: 0 }));
    for write in [set("c/none", []), delete("c/none")] {
        place.refused(
            &[when(exists(true), write.clone())],
            Code::NotFound,
            "no entity to update",
        );
        place.refused(
            &[when(old, write)],
            Code::FailedPrecondition,
            "version (0) does not match",
        );
    }
    for write in [set("c/a", []), delete("c/a")] {
        place.refused(
            &[when(exists(false), write.clone())],
            Code::AlreadyExists,
            "already exists",
        );
        place.refused(
            &[when(old, write)],
            Code::FailedPrecondition,
            "required base version (1000000)",
        );
    }
    let fine = updated_at(Some(Timestamp { seconds: 1, nanos: 1 }));
    place.refused(
        &[when(fine, set("c/a", []))],
        Code::InvalidArgument,
        "microseconds",
    );
    let nothing = place
        .commit(&[when(exists(false), delete("c/none")), delete("c/never")])
        .unwrap();
    assert!(
        nothing
            .iter()
            .all(|result| *result == proto::WriteResult::default())
    );
    place
        .commit(&[when(updated_at(first), set("c/a", [("n", int(1))]))])
        .unwrap();
    place.refused(
        &[when(updated_at(first), delete("c/a"))],
        Code::FailedPrecondition,
        "stored version",
    );
}

#[test]
fn writes_of_one_commit_see_each_other_but_must_not_contradict() {
    let place = Place::new(Vec::new());
    let writes = [
        set("c/a", [("n", int(1))]),
        delete("c/a"),
        set("c/a", [("n", int(3))]),
    ];
    let results = place.commit(&writes).unwrap();
    assert!(
        results
            .iter()
            .all(|result| result.update_time == place.get("c/a").unwrap().update_time)
    );
    assert_eq!(place.fields("c/a"), fields([("n", int(3))]));
    let gone = place.commit(&[set("c/b", []), delete("c/b")]).unwrap();
    assert!(gone.iter().all(|result| result.update_time.is_none()));
    place
        .commit(&[set("c/b", []), when(exists(true), set("c/b", [("n", int(1))]))])
        .unwrap();
    let twice = [set("c/d", []), when(exists(false), set("c/d", []))];
    place.refused(
        &twice,
        Code::InvalidArgument,
        "Cannot upsert then insert an entity",
    );
    let gone = [set("c/d", []), delete("c/d"), when(exists(true), delete("c/d"))];
    place.refused(
        &gone,
        Code::InvalidArgument,
        "Cannot delete then delete an entity",
    );
    let time = place.get("c/a").unwrap().update_time;
    let versions = [
        set("c/a", []),
        when(updated_at(time), set("c/a", [("n", int(1))])),
    ];
    place.refused(&versions, Code::InvalidArgument, "Cannot collapse mutations");
}

#[test]
fn writes_that_make_no_sense_are_refused() {
    use TransformType::{AppendMissingElements, Increment, SetToServerValue};
    let place = Place::new(Vec::new());
    let refuse = |write: Write, words: &str| place.refused(&[write], Code::InvalidArgument, words);
    refuse(Write::default(), "empty write operation");
    refuse(
        masked(["x"], delete("c/a")),
        "a delete must not specify a document mask.",
    );
    let with = |what| {
        let mut write = set("c/a", []);
        write.update_transforms = vec![what];
        write
    };
    let no_operation = FieldTransform {
        field_path: "x".to_owned(),
        transform_type: None,
    };
    refuse(with(no_operation), "Operation type must be specified");
    refuse(
        with(transform("x", SetToServerValue(0))),
        "ServerValue type must be specified",
    );
    refuse(
        with(transform("x", Increment(text("1")))),
        "Input must be int64 or double.",
    );
    refuse(with(transform("x", Increment(Value::default()))), "type unset");
    refuse(with(transform("", Increment(int(1)))), "empty");
    refuse(with(transform("__x__", Increment(int(1)))), "reserved");
    refuse(
        with(transform("x", AppendMissingElements(values([array([])])))),
        "an array value in an array value",
    );
    let mut empty = set("c/a", []);
    empty.operation = Some(proto::write::Operation::Transform(proto::DocumentTransform {
        document: name("c/a"),
        field_transforms: Vec::new(),
    }));
    refuse(empty, "must not be empty");
}
