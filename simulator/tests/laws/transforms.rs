//! Commit: values that the server works out.

use crate::expect::{Problems, invalid, moment, same};
use crate::law::{Law, law};
use crate::make::{
    Fields, Transform, WriteExt, array, boolean, double, elements, exists, fields, int, map, null, text,
};
use crate::place::Place;
use anyhow::{Context, bail};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::document_transform::field_transform::ServerValue;
use proto::value::ValueType;
use simulator::Moment;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(the_request_time_is_about_the_commit_time),
        law!(an_increment_adds_as_numbers_do),
        law!(an_increment_stops_at_the_largest_number),
        law!(an_increment_of_what_is_no_number_sets_it),
        law!(a_maximum_and_a_minimum_keep_one_of_two),
        law!(elements_are_appended_once),
        law!(elements_are_removed_everywhere),
        law!(transforms_see_the_write_and_each_other),
        law!(a_transform_reaches_into_maps),
        law!(a_transform_creates_a_document),
        law!(a_transform_may_be_a_write_of_its_own),
        law!(a_transform_that_makes_no_sense_is_refused),
    ]
}

/// Writes `before`, then transforms `f` of it; the new value of `f`, and what the commit said it was.
async fn transformed(
    place: &Place,
    before: Fields,
    transform: Transform,
) -> anyhow::Result<(Option<proto::Value>, proto::Value)> {
    place.change(vec![place.set("c/a", before)]).await?;
    let write = place.set("c/a", fields([])).only_fields([]).with("f", transform);
    let answer = place.commit(vec![write]).await.context("transform")?;
    let told = answer.write_results[0]
        .transform_results
        .first()
        .cloned()
        .context("no result")?;
    let document = place.document("c/a").await?;
    Ok((document.fields.get("f").cloned(), told))
}

async fn becomes(
    place: &Place,
    before: Option<proto::Value>,
    transform: Transform,
    after: proto::Value,
) -> anyhow::Result<()> {
    let what = format!("{before:?} with {transform:?}");
    let before = before.map(|value| fields([("f", value)])).unwrap_or_default();
    let array_transform = matches!(
        transform,
        Transform::AppendMissingElements(_) | Transform::RemoveAllFromArray(_)
    );
    let (found, told) = transformed(place, before, transform).await?;
    same(&what, found, Some(after.clone()))?;
    // Array transforms do not tell what came of them.
    same(
        &format!("result of {what}"),
        told,
        if array_transform { null() } else { after },
    )
}

async fn the_request_time_is_about_the_commit_time(place: &Place) -> anyhow::Result<()> {
    let now = Transform::SetToServerValue(ServerValue::RequestTime as i32);
    place.put(&["c/a"]).await?;
    let before = place.now().await?;
    let write = place
        .set("c/a", fields([]))
        .only_fields([])
        .with("f", now.clone())
        .with("g", now);
    let answer = place.commit(vec![write]).await?;
    let committed = moment(answer.commit_time)?;
    let document = place.document("c/a").await?;
    let Some(ValueType::TimestampValue(time)) = document.fields["f"].value_type else {
        bail!("no time: {document:?}")
    };
    // Milliseconds: it is the time at which the request arrived.
    let time = moment(Some(time))?;
    let near = Moment(before.0 - 1_000)..=committed;
    anyhow::ensure!(near.contains(&time), "{time:?} is not within {near:?}");
    same("both fields", &document.fields["f"], &document.fields["g"])?;
    same(
        "both results",
        &answer.write_results[0].transform_results,
        &vec![document.fields["f"].clone(); 2],
    )
}

async fn an_increment_adds_as_numbers_do(place: &Place) -> anyhow::Result<()> {
    let add = |value| Transform::Increment(value);
    becomes(place, Some(int(5)), add(int(3)), int(8)).await?;
    becomes(place, Some(int(5)), add(int(-8)), int(-3)).await?;
    becomes(place, Some(int(5)), add(double(0.5)), double(5.5)).await?;
    becomes(place, Some(double(0.5)), add(int(1)), double(1.5)).await?;
    becomes(place, Some(double(1.5)), add(double(1.5)), double(3.0)).await
}

async fn an_increment_stops_at_the_largest_number(place: &Place) -> anyhow::Result<()> {
    let add = |value| Transform::Increment(value);
    becomes(place, Some(int(i64::MAX)), add(int(1)), int(i64::MAX)).await?;
    becomes(place, Some(int(i64::MIN)), add(int(-1)), int(i64::MIN)).await?;
    becomes(
        place,
        Some(double(f64::MAX)),
        add(double(f64::MAX)),
        double(f64::INFINITY),
    )
    .await
}

async fn an_increment_of_what_is_no_number_sets_it(place: &Place) -> anyhow::Result<()> {
    let add = |value| Transform::Increment(value);
    becomes(place, None, add(int(3)), int(3)).await?;
    becomes(place, Some(text("x")), add(int(3)), int(3)).await?;
    becomes(place, Some(null()), add(double(0.5)), double(0.5)).await
}

async fn a_maximum_and_a_minimum_keep_one_of_two(place: &Place) -> anyhow::Result<()> {
    let maximum = |value| Transform::Maximum(value);
    let minimum = |value| Transform::Minimum(value);
    becomes(place, Some(int(5)), maximum(int(7)), int(7)).await?;
    becomes(place, Some(int(5)), maximum(double(4.5)), int(5)).await?;
    becomes(place, Some(int(5)), minimum(double(4.5)), double(4.5)).await?;
    becomes(place, Some(int(5)), minimum(int(7)), int(5)).await?;
    becomes(place, None, maximum(int(1)), int(1)).await?;
    becomes(place, Some(text("x")), minimum(int(1)), int(1)).await?;
    // Equal numbers of two types: what is there stays.
    becomes(place, Some(int(3)), maximum(double(3.0)), int(3)).await
}

async fn elements_are_appended_once(place: &Place) -> anyhow::Result<()> {
    let append = |values: Vec<proto::Value>| Transform::AppendMissingElements(elements(values));
    let before = array([int(1), text("x")]);
    let after = array([int(1), text("x"), int(2), null()]);
    let given = vec![text("x"), int(2), int(2), null(), double(1.0)];
    becomes(place, Some(before), append(given), after).await?;
    becomes(place, None, append(vec![int(1), int(1)]), array([int(1)])).await?;
    becomes(
        place,
        Some(text("no array")),
        append(vec![int(1)]),
        array([int(1)]),
    )
    .await
}

async fn elements_are_removed_everywhere(place: &Place) -> anyhow::Result<()> {
    let remove = |values: Vec<proto::Value>| Transform::RemoveAllFromArray(elements(values));
    let before = array([int(1), text("x"), int(1), double(1.0), null(), boolean(true)]);
    let after = array([text("x"), boolean(true)]);
    becomes(
        place,
        Some(before),
        remove(vec![int(1), null(), text("y")]),
        after,
    )
    .await?;
    becomes(place, None, remove(vec![int(1)]), array([])).await?;
    becomes(place, Some(text("no array")), remove(vec![int(1)]), array([])).await
}

async fn transforms_see_the_write_and_each_other(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![place.set("c/a", fields([("f", int(100)), ("g", int(1))]))])
        .await?;
    let write = place
        .set("c/a", fields([("f", int(1))]))
        .with("f", Transform::Increment(int(1)))
        .with("f", Transform::Maximum(int(10)))
        .with("g", Transform::Increment(int(5)));
    let answer = place.commit(vec![write]).await?;
    let results = &answer.write_results[0].transform_results;
    same("results", results, &vec![int(2), int(10), int(5)])?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("f", int(10)), ("g", int(5))]),
    )
}

async fn a_transform_reaches_into_maps(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![
            place.set("c/a", fields([("m", map([("x", int(1)), ("y", int(2))]))])),
        ])
        .await?;
    let write = place
        .set("c/a", fields([]))
        .only_fields([])
        .with("m.x", Transform::Increment(int(1)))
        .with("m.`a b`.z", Transform::Increment(int(7)));
    place.change(vec![write]).await?;
    let inner = map([("x", int(2)), ("y", int(2)), ("a b", map([("z", int(7))]))]);
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("m", inner)]),
    )
}

async fn a_transform_creates_a_document(place: &Place) -> anyhow::Result<()> {
    let write = place
        .set("c/a", fields([]))
        .only_fields([])
        .with("n", Transform::Increment(int(1)));
    let committed = place.change(vec![write.clone()]).await?;
    let document = place.document("c/a").await?;
    same("c/a", &document.fields, &fields([("n", int(1))]))?;
    same("create time", moment(document.create_time)?, committed)?;
    let stern = write.only_if(exists(true));
    place.change(vec![stern]).await?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("n", int(2))]),
    )
}

async fn a_transform_that_makes_no_sense_is_refused(place: &Place) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for (what, field, transform) in [
        ("an increment by a text", "f", Transform::Increment(text("1"))),
        ("a maximum of a text", "f", Transform::Maximum(text("1"))),
        ("a minimum of a truth", "f", Transform::Minimum(boolean(true))),
        ("an unknown server value", "f", Transform::SetToServerValue(0)),
        ("a reserved name", "__x__", Transform::Increment(int(1))),
        ("no field path", "a..b", Transform::Increment(int(1))),
        ("no value", "f", Transform::Increment(proto::Value::default())),
    ] {
        let write = place.set("c/a", fields([])).with(field, transform);
        problems.note(invalid(what, place.commit(vec![write]).await));
    }
    problems.none()
}

async fn a_transform_may_be_a_write_of_its_own(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let write = proto::Write {
        operation: Some(proto::write::Operation::Transform(proto::DocumentTransform {
            document: place.name("c/a"),
            field_transforms: vec![proto::document_transform::FieldTransform {
                field_path: "x".to_owned(),
                transform_type: Some(Transform::Increment(int(2))),
            }],
        })),
        ..Default::default()
    };
    let answer = place.commit(vec![write]).await?;
    same(
        "result",
        &answer.write_results[0].transform_results,
        &vec![int(2)],
    )?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("n", int(0)), ("x", int(2))]),
    )
}
