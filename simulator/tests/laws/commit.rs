//! Commit: what writes do to documents and their times.

use crate::ask::everything;
use crate::expect::{Problems, invalid, moment, same};
use crate::law::{Law, law};
use crate::make::{WriteExt, fields, int, map, text};
use crate::place::Place;
use anyhow::ensure;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use simulator::Moment;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_write_without_a_mask_replaces_the_document),
        law!(a_mask_writes_what_it_names_and_deletes_what_is_not_given),
        law!(a_mask_reaches_into_maps),
        law!(a_mask_creates_a_document_that_was_not_there),
        law!(an_empty_mask_touches_no_field),
        law!(a_document_keeps_its_create_time_until_it_is_deleted),
        law!(every_document_of_a_commit_has_its_time),
        law!(a_write_that_changes_nothing_keeps_the_update_time),
        law!(deleting_what_is_not_there_is_no_error),
        law!(writes_to_one_document_apply_in_order),
        law!(a_commit_of_nothing_has_no_time),
        law!(commits_follow_one_another_in_time),
        law!(five_hundred_and_one_writes_are_one_commit),
        law!(an_empty_document_is_a_document),
        law!(a_deletion_has_no_update_time),
        law!(times_that_a_writer_gives_are_ignored),
        law!(a_mask_that_is_no_field_path_is_refused),
    ]
}

async fn holds(place: &Place, path: &str, expected: &crate::make::Fields) -> anyhow::Result<()> {
    same(path, &place.document(path).await?.fields, expected)
}

async fn a_write_without_a_mask_replaces_the_document(place: &Place) -> anyhow::Result<()> {
    let before = fields([("a", int(1)), ("b", int(2)), ("m", map([("x", int(1))]))]);
    place.change(vec![place.set("c/a", before)]).await?;
    let after = fields([("b", text("new")), ("m", map([("y", int(1))]))]);
    place.change(vec![place.set("c/a", after.clone())]).await?;
    holds(place, "c/a", &after).await
}

async fn a_mask_writes_what_it_names_and_deletes_what_is_not_given(place: &Place) -> anyhow::Result<()> {
    let before = fields([("a", int(1)), ("b", int(2)), ("d", int(4))]);
    place.change(vec![place.set("c/a", before)]).await?;
    let given = fields([("a", int(10)), ("d", int(40)), ("c", int(30))]);
    place
        .change(vec![
            place.set("c/a", given).only_fields(["a", "b", "c", "absent"]),
        ])
        .await?;
    holds(
        place,
        "c/a",
        &fields([("a", int(10)), ("c", int(30)), ("d", int(4))]),
    )
    .await
}

async fn a_mask_reaches_into_maps(place: &Place) -> anyhow::Result<()> {
    let inner = map([("x", int(1)), ("y", int(2)), ("z.z", int(3))]);
    place
        .change(vec![place.set("c/a", fields([("m", inner), ("n", int(1))]))])
        .await?;
    let given = fields([
        ("m", map([("x", int(10)), ("y", int(20))])),
        ("new", map([("deep", int(1))])),
    ]);
    let write = place
        .set("c/a", given)
        .only_fields(["m.x", "m.`z.z`", "new.deep", "n.inside"]);
    place.change(vec![write]).await?;
    let expected = fields([
        ("m", map([("x", int(10)), ("y", int(2))])),
        ("n", int(1)),
        ("new", map([("deep", int(1))])),
    ]);
    holds(place, "c/a", &expected).await
}

async fn a_mask_creates_a_document_that_was_not_there(place: &Place) -> anyhow::Result<()> {
    let given = fields([("a", int(1)), ("b", int(2))]);
    place
        .change(vec![place.set("c/a", given).only_fields(["a"])])
        .await?;
    holds(place, "c/a", &fields([("a", int(1))])).await
}

async fn an_empty_mask_touches_no_field(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![place.set("c/a", fields([("a", int(1))]))])
        .await?;
    place
        .change(vec![place.set("c/a", fields([("b", int(1))])).only_fields([])])
        .await?;
    holds(place, "c/a", &fields([("a", int(1))])).await?;
    place
        .change(vec![place.set("c/b", fields([("b", int(1))])).only_fields([])])
        .await?;
    holds(place, "c/b", &fields([])).await
}

async fn a_document_keeps_its_create_time_until_it_is_deleted(place: &Place) -> anyhow::Result<()> {
    let created = place.put(&["c/a"]).await?;
    let updated = place
        .change(vec![place.set("c/a", fields([("n", int(2))]))])
        .await?;
    let document = place.document("c/a").await?;
    same("create time", moment(document.create_time)?, created)?;
    same("update time", moment(document.update_time)?, updated)?;
    place.drop(&["c/a"]).await?;
    let again = place.put(&["c/a"]).await?;
    let document = place.document("c/a").await?;
    same("create time after deletion", moment(document.create_time)?, again)?;
    same("update time after deletion", moment(document.update_time)?, again)
}

async fn every_document_of_a_commit_has_its_time(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/gone"]).await?;
    let writes = vec![
        place.set("c/a", fields([("n", int(9))])),
        place.set("c/b", fields([])),
        place.delete("c/gone"),
    ];
    let answer = place.commit(writes).await?;
    let committed = moment(answer.commit_time)?;
    same("results", answer.write_results.len(), 3)?;
    for result in &answer.write_results[..2] {
        same("update time of a result", moment(result.update_time)?, committed)?;
    }
    for path in ["c/a", "c/b"] {
        same(path, moment(place.document(path).await?.update_time)?, committed)?;
    }
    Ok(())
}

async fn a_write_that_changes_nothing_keeps_the_update_time(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a"]).await?;
    let answer = place
        .commit(vec![place.set("c/a", fields([("n", int(0))]))])
        .await?;
    let committed = moment(answer.commit_time)?;
    ensure!(committed > written, "the second commit has the time of the first");
    let document = place.document("c/a").await?;
    same("update time", moment(document.update_time)?, written)?;
    same(
        "update time of the result",
        moment(answer.write_results[0].update_time)?,
        written,
    )
}

async fn deleting_what_is_not_there_is_no_error(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/missing/d/1"]).await?;
    place.drop(&["c/never", "c/missing", "x/y/z/a"]).await?;
    let left = place.paths(&everything()).await?;
    same(
        "documents",
        left,
        vec!["c/a".to_owned(), "c/missing/d/1".to_owned()],
    )
}

async fn writes_to_one_document_apply_in_order(place: &Place) -> anyhow::Result<()> {
    let writes = vec![
        place.set("c/a", fields([("n", int(1)), ("m", int(1))])),
        place.set("c/a", fields([("n", int(2))])).only_fields(["n"]),
        place.set("c/b", fields([])),
        place.delete("c/b"),
        place.delete("c/d"),
        place.set("c/d", fields([("n", int(4))])),
    ];
    place.change(writes).await?;
    holds(place, "c/a", &fields([("n", int(2)), ("m", int(1))])).await?;
    holds(place, "c/d", &fields([("n", int(4))])).await?;
    let left = place.paths(&everything()).await?;
    same("documents", left, vec!["c/a".to_owned(), "c/d".to_owned()])
}

/// As Firestore does, says nodejs-firestore #293.
async fn a_commit_of_nothing_has_no_time(place: &Place) -> anyhow::Result<()> {
    let answer = place.commit(Vec::new()).await?;
    same("commit time", answer.commit_time, None)?;
    same("results", answer.write_results.len(), 0)
}

async fn commits_follow_one_another_in_time(place: &Place) -> anyhow::Result<()> {
    let commits = (0..20).map(|n| place.change(vec![place.set(&format!("c/{n}"), fields([]))]));
    let mut moments = futures::future::try_join_all(commits).await?;
    moments.sort();
    ensure!(
        moments.windows(2).all(|pair| pair[0] < pair[1]),
        "two commits at one moment: {moments:?}"
    );
    Ok(())
}

async fn five_hundred_and_one_writes_are_one_commit(place: &Place) -> anyhow::Result<()> {
    let writes = (0..501).map(|n| place.set(&format!("c/{n:03}"), fields([])));
    let committed = place.change(writes.collect()).await?;
    let documents = place.documents(&everything()).await?;
    same("documents", documents.len(), 501)?;
    for document in documents {
        same(&document.name, moment(document.update_time)?, committed)?;
    }
    Ok(())
}

async fn an_empty_document_is_a_document(place: &Place) -> anyhow::Result<()> {
    place.change(vec![place.set("c/a", fields([]))]).await?;
    same(
        "documents",
        place.paths(&everything()).await?,
        vec!["c/a".to_owned()],
    )?;
    holds(place, "c/a", &fields([])).await
}

async fn a_mask_that_is_no_field_path_is_refused(place: &Place) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for path in ["", "a..b", ".a", "a.", "`a", "a b", "1a", "a-b", "__x__"] {
        let write = place.set("c/a", fields([("a", int(1))])).only_fields([path]);
        problems.note(invalid(
            &format!("the mask {path:?}"),
            place.commit(vec![write]).await,
        ));
    }
    let write = place.delete("c/a").only_fields(["a"]);
    problems.note(invalid("a mask with a delete", place.commit(vec![write]).await));
    problems.none()
}

/// As Firestore does, says firebase-js-sdk #2149.
async fn a_deletion_has_no_update_time(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let answer = place
        .commit(vec![place.delete("c/a"), place.delete("c/never")])
        .await?;
    let times: Vec<_> = answer
        .write_results
        .iter()
        .map(|result| result.update_time)
        .collect();
    same("update times", times, vec![None, None])
}

async fn times_that_a_writer_gives_are_ignored(place: &Place) -> anyhow::Result<()> {
    let mut write = place.set("c/a", fields([]));
    if let Some(proto::write::Operation::Update(document)) = &mut write.operation {
        document.create_time = Some(Moment(1).timestamp());
        document.update_time = Some(Moment(2).timestamp());
    }
    let committed = place.change(vec![write]).await?;
    let document = place.document("c/a").await?;
    same("create time", moment(document.create_time)?, committed)?;
    same("update time", moment(document.update_time)?, committed)
}
