//! BatchWrite: every write by itself, each with its own status.

use crate::ask::everything;
use crate::expect::{invalid, moment, same};
use crate::law::{Law, law};
use crate::make::{Transform, WriteExt, exists, fields, int};
use crate::place::Place;
use anyhow::ensure;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use tonic::{Code, Status};

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(every_write_of_a_batch_has_its_own_status),
        law!(a_document_twice_in_a_batch_is_refused),
        law!(a_malformed_write_spoils_the_batch),
        law!(a_batch_transforms_too),
    ]
}

async fn batch(place: &Place, writes: Vec<proto::Write>) -> Result<proto::BatchWriteResponse, Status> {
    let request = proto::BatchWriteRequest {
        database: place.database().to_owned(),
        writes,
        ..Default::default()
    };
    Ok(place.client().batch_write(request).await?.into_inner())
}

async fn every_write_of_a_batch_has_its_own_status(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let before = place.now().await?;
    let writes = vec![
        place.set("c/a", fields([("n", int(7))])),
        place.set("c/b", fields([])).only_if(exists(false)),
        place.set("c/none", fields([])).only_if(exists(true)),
        place.set("c/new", fields([])),
        place.delete("c/never"),
    ];
    let answer = batch(place, writes).await?;
    let codes: Vec<Code> = answer
        .status
        .iter()
        .map(|status| Code::from(status.code))
        .collect();
    let expected = vec![Code::Ok, Code::AlreadyExists, Code::NotFound, Code::Ok, Code::Ok];
    same("statuses", codes, expected)?;
    same("results", answer.write_results.len(), 5)?;
    for good in [0, 3] {
        ensure!(
            moment(answer.write_results[good].update_time)? > before,
            "written before"
        );
    }
    for bad in [1, 2] {
        same(
            "update time of a failure",
            answer.write_results[bad].update_time,
            None,
        )?;
    }
    let left = place.paths(&everything()).await?;
    same(
        "documents",
        left,
        ["c/a", "c/b", "c/new"].map(str::to_owned).to_vec(),
    )?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("n", int(7))]),
    )?;
    same(
        "c/b",
        &place.document("c/b").await?.fields,
        &fields([("n", int(1))]),
    )
}

async fn a_document_twice_in_a_batch_is_refused(place: &Place) -> anyhow::Result<()> {
    let writes = vec![
        place.set("c/a", fields([])),
        place.set("c/b", fields([])),
        place.delete("c/a"),
    ];
    invalid("c/a twice", batch(place, writes).await)?;
    same("documents", place.paths(&everything()).await?, Vec::new())
}

async fn a_malformed_write_spoils_the_batch(place: &Place) -> anyhow::Result<()> {
    let writes = vec![
        place.set("c/a", fields([])),
        place.set("c/__reserved__", fields([])),
    ];
    invalid("a reserved name", batch(place, writes).await)?;
    same("documents", place.paths(&everything()).await?, Vec::new())
}

async fn a_batch_transforms_too(place: &Place) -> anyhow::Result<()> {
    let add = Transform::Increment(int(5));
    let writes = vec![place.set("c/a", fields([])).only_fields([]).with("n", add)];
    let answer = batch(place, writes).await?;
    same(
        "result",
        &answer.write_results[0].transform_results,
        &vec![int(5)],
    )?;
    same(
        "c/a",
        &place.document("c/a").await?.fields,
        &fields([("n", int(5))]),
    )
}
