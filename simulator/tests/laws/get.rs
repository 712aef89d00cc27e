//! GetDocument and BatchGetDocuments.

use crate::expect::{invalid, moment, refused, same};
use crate::law::{Law, law};
use crate::make::{fields, int, map, mask, text};
use crate::place::{Place, collect};
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::batch_get_documents_request::ConsistencySelector;
use proto::batch_get_documents_response::Result as Outcome;
use simulator::Moment;
use std::collections::BTreeMap;
use tonic::{Code, Status};

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_document_is_got_whole_with_its_times),
        law!(a_document_that_is_not_there_is_not_found),
        law!(a_document_is_got_through_a_mask),
        law!(a_document_is_got_as_it_was),
        law!(a_name_that_is_no_document_is_refused),
        law!(a_batch_tells_found_and_missing_with_one_time),
        law!(a_batch_answers_a_repeated_name_once),
        law!(a_batch_is_got_as_it_was),
        law!(a_batch_is_got_through_a_mask),
        law!(a_batch_from_another_database_is_refused).differs_on_emulator(
            "It answers for the documents of another project; Firestore refuses the request (reference of \
             BatchGetDocumentsRequest.documents: `The request will fail if any of the document is not a child resource \
             of the given database`).",
            |place| Box::pin(the_emulator_answers_for_another_database(place)),
        ),
    ]
}

fn at(moment: Moment) -> Option<proto::get_document_request::ConsistencySelector> {
    Some(proto::get_document_request::ConsistencySelector::ReadTime(
        moment.timestamp(),
    ))
}

async fn get(place: &Place, request: proto::GetDocumentRequest) -> Result<proto::Document, Status> {
    Ok(place.client().get_document(request).await?.into_inner())
}

async fn a_document_is_got_whole_with_its_times(place: &Place) -> anyhow::Result<()> {
    let content = fields([("n", int(1)), ("m", map([("t", text("x"))]))]);
    let created = place.change(vec![place.set("c/a/d/1", content.clone())]).await?;
    let updated = place
        .change(vec![place.set("c/a/d/1", fields([("n", int(2))]))])
        .await?;
    let document = place.document("c/a/d/1").await?;
    same("fields", &document.fields, &fields([("n", int(2))]))?;
    same("create time", moment(document.create_time)?, created)?;
    same("update time", moment(document.update_time)?, updated)
}

async fn a_document_that_is_not_there_is_not_found(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/missing/d/1"]).await?;
    place.drop(&["c/a"]).await?;
    for path in ["c/a", "c/missing", "c/never"] {
        refused(path, place.get(path).await, Code::NotFound, &place.name(path))?;
    }
    Ok(())
}

async fn a_document_is_got_through_a_mask(place: &Place) -> anyhow::Result<()> {
    let inner = map([("x", int(1)), ("y", int(2))]);
    place
        .change(vec![place.set("c/a", fields([("n", int(1)), ("m", inner)]))])
        .await?;
    let request = |paths: &[&'static str]| proto::GetDocumentRequest {
        name: place.name("c/a"),
        mask: Some(mask(paths.iter().copied())),
        ..Default::default()
    };
    let some = get(place, request(&["m.y", "absent"])).await?;
    same("m.y", &some.fields, &fields([("m", map([("y", int(2))]))]))?;
    let name = get(place, request(&["__name__"])).await?;
    same("the name alone", &name.fields, &fields([]))?;
    ensure!(name.update_time.is_some(), "came without its time");
    Ok(())
}

async fn a_document_is_got_as_it_was(place: &Place) -> anyhow::Result<()> {
    let before = place.now().await?;
    let first = place.put(&["c/a"]).await?;
    let second = place
        .change(vec![place.set("c/a", fields([("n", int(5))]))])
        .await?;
    let gone = place.drop(&["c/a"]).await?;
    let asked = |moment| proto::GetDocumentRequest {
        name: place.name("c/a"),
        consistency_selector: at(moment),
        ..Default::default()
    };
    refused("before", get(place, asked(before)).await, Code::NotFound, "")?;
    same(
        "at first",
        &get(place, asked(first)).await?.fields,
        &fields([("n", int(0))]),
    )?;
    let then = get(place, asked(second)).await?;
    same("then", &then.fields, &fields([("n", int(5))]))?;
    same("create time", moment(then.create_time)?, first)?;
    same("update time", moment(then.update_time)?, second)?;
    refused("after", get(place, asked(gone)).await, Code::NotFound, "")
}

async fn a_name_that_is_no_document_is_refused(place: &Place) -> anyhow::Result<()> {
    for path in ["", "c", "c/a/d", "c//d/e"] {
        invalid(&format!("{path:?}"), place.get(path).await)?;
    }
    let stranger = proto::GetDocumentRequest {
        name: "nonsense".to_owned(),
        ..Default::default()
    };
    invalid("nonsense", get(place, stranger).await)
}

fn batch(place: &Place, paths: &[&str]) -> proto::BatchGetDocumentsRequest {
    proto::BatchGetDocumentsRequest {
        database: place.database().to_owned(),
        documents: paths.iter().map(|path| place.name(path)).collect(),
        ..Default::default()
    }
}

type Batch = Vec<proto::BatchGetDocumentsResponse>;

async fn got(place: &Place, request: proto::BatchGetDocumentsRequest) -> Result<Batch, Status> {
    collect(place.client().batch_get_documents(request).await?.into_inner()).await
}

/// What was found, or not, by path; answers come in any order.
fn outcomes(place: &Place, answers: Batch) -> anyhow::Result<BTreeMap<String, Option<proto::Document>>> {
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        let (path, document) = match answer.result.context("an answer without a result")? {
            Outcome::Found(document) => (place.path(&document.name), Some(document)),
            Outcome::Missing(name) => (place.path(&name), None),
        };
        ensure!(
            outcomes.insert(path.clone(), document).is_none(),
            "{path} came twice"
        );
    }
    Ok(outcomes)
}

async fn a_batch_tells_found_and_missing_with_one_time(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a", "c/b", "c/a/d/1"]).await?;
    let answers = got(place, batch(place, &["c/b", "c/none", "c/a/d/1", "c/a", "x/y"])).await?;
    let times: Vec<Moment> = answers
        .iter()
        .map(|a| moment(a.read_time))
        .collect::<Result<_, _>>()?;
    ensure!(
        times.iter().all(|time| *time == times[0] && *time >= written),
        "times {times:?}"
    );
    let outcomes = outcomes(place, answers)?;
    let found: Vec<(&str, bool)> = outcomes
        .iter()
        .map(|(path, d)| (path.as_str(), d.is_some()))
        .collect();
    let expected = vec![
        ("c/a", true),
        ("c/a/d/1", true),
        ("c/b", true),
        ("c/none", false),
        ("x/y", false),
    ];
    same("outcomes", found, expected)?;
    let document = outcomes["c/b"].as_ref().context("c/b")?;
    same("fields", &document.fields, &fields([("n", int(1))]))?;
    same("update time", moment(document.update_time)?, written)
}

async fn a_batch_answers_a_repeated_name_once(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let answers = got(place, batch(place, &["c/a", "c/none", "c/a", "c/none"])).await?;
    same("outcomes", outcomes(place, answers)?.len(), 2)
}

async fn a_batch_is_got_as_it_was(place: &Place) -> anyhow::Result<()> {
    let first = place.put(&["c/a"]).await?;
    place
        .change(vec![place.delete("c/a"), place.set("c/b", fields([]))])
        .await?;
    let mut request = batch(place, &["c/a", "c/b"]);
    request.consistency_selector = Some(ConsistencySelector::ReadTime(first.timestamp()));
    let answers = got(place, request).await?;
    for answer in &answers {
        same("the time asked for", moment(answer.read_time)?, first)?;
    }
    let outcomes = outcomes(place, answers)?;
    ensure!(
        outcomes["c/a"].is_some() && outcomes["c/b"].is_none(),
        "{outcomes:?}"
    );
    Ok(())
}

async fn a_batch_is_got_through_a_mask(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![place.set("c/a", fields([("n", int(1)), ("t", text("x"))]))])
        .await?;
    let mut request = batch(place, &["c/a"]);
    request.mask = Some(mask(["t"]));
    let outcomes = outcomes(place, got(place, request).await?)?;
    let document = outcomes["c/a"].as_ref().context("c/a")?;
    same("fields", &document.fields, &fields([("t", text("x"))]))
}

const ELSEWHERE: &str = "projects/elsewhere/databases/(default)/documents/c/a";

async fn a_batch_from_another_database_is_refused(place: &Place) -> anyhow::Result<()> {
    let mut request = batch(place, &["c/a"]);
    request.documents.push(ELSEWHERE.to_owned());
    invalid("a document of another project", got(place, request).await)
}

async fn the_emulator_answers_for_another_database(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let mut request = batch(place, &["c/a"]);
    request.documents.push(ELSEWHERE.to_owned());
    let outcomes = outcomes(place, got(place, request).await?)?;
    ensure!(outcomes["c/a"].is_some(), "{outcomes:?}");
    same("the document elsewhere", outcomes.get(ELSEWHERE), Some(&None))
}
