//! Commit: all or nothing, and the preconditions that decide it.

use crate::ask::everything;
use crate::expect::{Problems, invalid, refused, same};
use crate::law::{Law, law};
use crate::make::{WriteExt, exists, fields, int, updated_at};
use crate::place::Place;
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use tonic::Code;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(one_write_that_fails_undoes_all),
        law!(what_must_not_exist_already_exists),
        law!(what_must_exist_is_not_found),
        law!(what_was_updated_since_fails_its_precondition),
        law!(a_precondition_sees_the_writes_before_it),
        law!(a_transaction_that_was_never_begun_is_refused),
        law!(a_write_to_what_is_no_document_is_refused),
    ]
}

async fn one_write_that_fails_undoes_all(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    let before = place.documents(&everything()).await?;
    let writes = vec![
        place.set("c/a", fields([("n", int(9))])),
        place.delete("c/b"),
        place.set("c/new", fields([])),
        place.set("c/c", fields([])).only_if(exists(false)),
    ];
    refused("the commit", place.commit(writes).await, Code::AlreadyExists, "")?;
    same("documents", place.documents(&everything()).await?, before.clone())?;
    let writes = vec![
        place.set("c/a", fields([("n", int(9))])),
        place.set("c/__reserved__", fields([])),
    ];
    invalid("the commit", place.commit(writes).await)?;
    same("documents", place.documents(&everything()).await?, before)
}

async fn what_must_not_exist_already_exists(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![place.set("c/a", fields([])).only_if(exists(false))])
        .await?;
    let again = place.set("c/a", fields([("n", int(1))])).only_if(exists(false));
    refused(
        "again",
        place.commit(vec![again]).await,
        Code::AlreadyExists,
        "already exists",
    )?;
    let delete = place.delete("c/a").only_if(exists(false));
    refused(
        "a delete",
        place.commit(vec![delete]).await,
        Code::AlreadyExists,
        "",
    )?;
    let missing = place.delete("c/none").only_if(exists(false));
    place.change(vec![missing]).await.map(drop)
}

async fn what_must_exist_is_not_found(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    place
        .change(vec![place.set("c/a", fields([])).only_if(exists(true))])
        .await?;
    let update = place.set("c/none", fields([])).only_if(exists(true));
    refused(
        "an update",
        place.commit(vec![update]).await,
        Code::NotFound,
        "to update",
    )?;
    let delete = place.delete("c/none").only_if(exists(true));
    refused("a delete", place.commit(vec![delete]).await, Code::NotFound, "")?;
    place
        .change(vec![place.delete("c/a").only_if(exists(true))])
        .await
        .map(drop)
}

async fn what_was_updated_since_fails_its_precondition(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let seen = place.document("c/a").await?.update_time;
    let update = || {
        place
            .set("c/a", fields([("n", int(1))]))
            .only_if(updated_at(seen))
    };
    place.change(vec![update()]).await.context("as it was seen")?;
    refused(
        "after that",
        place.commit(vec![update()]).await,
        Code::FailedPrecondition,
        "",
    )?;
    let delete = place.delete("c/a").only_if(updated_at(seen));
    refused(
        "a delete",
        place.commit(vec![delete]).await,
        Code::FailedPrecondition,
        "",
    )?;
    let missing = place.set("c/none", fields([])).only_if(updated_at(seen));
    refused(
        "of nothing",
        place.commit(vec![missing]).await,
        Code::FailedPrecondition,
        "",
    )?;
    let latest = place.document("c/a").await?.update_time;
    place
        .change(vec![place.delete("c/a").only_if(updated_at(latest))])
        .await
        .map(drop)
}

async fn a_precondition_sees_the_writes_before_it(place: &Place) -> anyhow::Result<()> {
    let writes = vec![
        place.set("c/a", fields([])).only_if(exists(false)),
        place.delete("c/a").only_if(exists(true)),
        place.set("c/a", fields([("n", int(3))])).only_if(exists(false)),
    ];
    place.change(writes).await?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("n", int(3))]),
    )
}

async fn a_transaction_that_was_never_begun_is_refused(place: &Place) -> anyhow::Result<()> {
    let request = proto::CommitRequest {
        database: place.database().to_owned(),
        writes: vec![place.set("c/a", fields([]))],
        transaction: b"garbage".to_vec(),
        ..Default::default()
    };
    ensure!(place.client().commit(request).await.is_err(), "it was committed");
    same("documents", place.paths(&everything()).await?, Vec::new())
}

async fn a_write_to_what_is_no_document_is_refused(place: &Place) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for path in ["", "c", "c/a/d", "c//d/e", "c/a/"] {
        let write = place.set(path, fields([]));
        problems.note(invalid(
            &format!("a write to {path:?}"),
            place.commit(vec![write]).await,
        ));
        problems.note(invalid(
            &format!("a deletion of {path:?}"),
            place.commit(vec![place.delete(path)]).await,
        ));
    }
    problems.note(invalid(
        "a write of nothing",
        place.commit(vec![proto::Write::default()]).await,
    ));
    problems.none()
}
