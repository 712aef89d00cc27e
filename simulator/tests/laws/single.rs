//! CreateDocument, UpdateDocument, DeleteDocument: one write each, by name.

use crate::ask::everything;
use crate::expect::{invalid, moment, refused, same};
use crate::law::{Law, law};
use crate::make::{Fields, exists, fields, int, map, mask, updated_at};
use crate::place::Place;
use anyhow::ensure;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use tonic::{Code, Status};

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_document_is_created_under_the_id_given),
        law!(a_document_is_created_under_an_id_of_twenty_letters),
        law!(what_is_there_is_not_created_again),
        law!(a_document_is_updated_as_a_whole_or_by_a_mask),
        law!(an_update_keeps_to_its_condition),
        law!(a_document_is_deleted_once_and_again),
        law!(an_answer_shows_what_its_mask_asks_for),
        law!(a_document_without_a_proper_name_is_not_created),
    ]
}

fn creation(place: &Place, below: &str, collection: &str, id: &str) -> proto::CreateDocumentRequest {
    proto::CreateDocumentRequest {
        parent: place.name(below),
        collection_id: collection.to_owned(),
        document_id: id.to_owned(),
        document: Some(proto::Document {
            fields: fields([("n", int(1))]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn create(place: &Place, request: proto::CreateDocumentRequest) -> Result<proto::Document, Status> {
    Ok(place.client().create_document(request).await?.into_inner())
}

fn updating(place: &Place, path: &str, fields: Fields) -> proto::UpdateDocumentRequest {
    proto::UpdateDocumentRequest {
        document: Some(proto::Document {
            name: place.name(path),
            fields,
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn update(place: &Place, request: proto::UpdateDocumentRequest) -> Result<proto::Document, Status> {
    Ok(place.client().update_document(request).await?.into_inner())
}

async fn delete(place: &Place, path: &str, condition: Option<proto::Precondition>) -> Result<(), Status> {
    let request = proto::DeleteDocumentRequest {
        name: place.name(path),
        current_document: condition,
        ..Default::default()
    };
    place.client().delete_document(request).await.map(drop)
}

async fn a_document_is_created_under_the_id_given(place: &Place) -> anyhow::Result<()> {
    let before = place.now().await?;
    for (below, collection, path) in [("", "c", "c/a"), ("c/missing", "d", "c/missing/d/a")] {
        let answer = create(place, creation(place, below, collection, "a")).await?;
        same("name", &answer.name, &place.name(path))?;
        same("fields", &answer.fields, &fields([("n", int(1))]))?;
        ensure!(moment(answer.create_time)? > before, "created before");
        same("update time", answer.update_time, answer.create_time)?;
        same("the document", &place.document(path).await?, &answer)?;
    }
    Ok(())
}

async fn a_document_is_created_under_an_id_of_twenty_letters(place: &Place) -> anyhow::Result<()> {
    let one = create(place, creation(place, "", "c", "")).await?;
    let other = create(place, creation(place, "", "c", "")).await?;
    ensure!(one.name != other.name, "two documents of one name");
    for document in [one, other] {
        let path = place.path(&document.name);
        let id = path.strip_prefix("c/").unwrap_or_default();
        let letters = id.chars().all(|letter| letter.is_ascii_alphanumeric());
        ensure!(id.len() == 20 && letters, "the id is {id:?}");
        same("the document", &place.document(&path).await?, &document)?;
    }
    Ok(())
}

async fn what_is_there_is_not_created_again(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let before = place.document("c/a").await?;
    let again = create(place, creation(place, "", "c", "a")).await;
    refused("again", again, Code::AlreadyExists, "already exists")?;
    same("the document", place.document("c/a").await?, before)?;
    place.drop(&["c/a"]).await?;
    create(place, creation(place, "", "c", "a")).await?;
    Ok(())
}

async fn a_document_is_updated_as_a_whole_or_by_a_mask(place: &Place) -> anyhow::Result<()> {
    let first = fields([("a", int(1)), ("m", map([("x", int(1)), ("y", int(2))]))]);
    let created = update(place, updating(place, "c/a", first.clone())).await?;
    same("an update creates", &created.fields, &first)?;
    let mut request = updating(place, "c/a", fields([("m", map([("x", int(10))]))]));
    request.update_mask = Some(mask(["m.x", "a"]));
    let masked = update(place, request).await?;
    same(
        "by a mask",
        &masked.fields,
        &fields([("m", map([("x", int(10)), ("y", int(2))]))]),
    )?;
    same("create time", masked.create_time, created.create_time)?;
    ensure!(
        moment(masked.update_time)? > moment(created.update_time)?,
        "updated before"
    );
    let whole = update(place, updating(place, "c/a", fields([("z", int(3))]))).await?;
    same("as a whole", &whole.fields, &fields([("z", int(3))]))?;
    same("the document", place.document("c/a").await?, whole)
}

async fn an_update_keeps_to_its_condition(place: &Place) -> anyhow::Result<()> {
    let conditioned = |path: &str, condition| proto::UpdateDocumentRequest {
        current_document: Some(condition),
        ..updating(place, path, fields([("n", int(9))]))
    };
    let missing = update(place, conditioned("c/a", exists(true))).await;
    refused("of nothing", missing, Code::NotFound, "to update")?;
    let created = update(place, conditioned("c/a", exists(false))).await?;
    let again = update(place, conditioned("c/a", exists(false))).await;
    refused("again", again, Code::AlreadyExists, "already exists")?;
    let mut request = conditioned("c/a", updated_at(created.update_time));
    request
        .document
        .iter_mut()
        .for_each(|document| document.fields = fields([("n", int(10))]));
    update(place, request).await?;
    let stale = update(place, conditioned("c/a", updated_at(created.update_time))).await;
    refused("of an older version", stale, Code::FailedPrecondition, "")
}

async fn a_document_is_deleted_once_and_again(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    delete(place, "c/a", None).await?;
    delete(place, "c/a", None).await?;
    refused(
        "of nothing",
        delete(place, "c/a", Some(exists(true))).await,
        Code::NotFound,
        "",
    )?;
    delete(place, "c/b", Some(exists(true))).await?;
    same("documents", place.paths(&everything()).await?, Vec::new())
}

async fn an_answer_shows_what_its_mask_asks_for(place: &Place) -> anyhow::Result<()> {
    let mut request = updating(place, "c/a", fields([("a", int(1)), ("b", int(2))]));
    request.mask = Some(mask(["b"]));
    let answer = update(place, request).await?;
    same("of an update", &answer.fields, &fields([("b", int(2))]))?;
    let mut request = creation(place, "", "c", "b");
    request.mask = Some(mask(["absent"]));
    let answer = create(place, request).await?;
    same("of a creation", &answer.fields, &fields([]))?;
    same(
        "the document",
        &place.document("c/b").await?.fields,
        &fields([("n", int(1))]),
    )
}

async fn a_document_without_a_proper_name_is_not_created(place: &Place) -> anyhow::Result<()> {
    for (below, collection, id) in [
        ("c", "d", "a"),
        ("", "", "a"),
        ("", "c/a/d", "a"),
        ("", "c", "a/d/b"),
        ("", "c", "__x__"),
        ("", "__x__", "a"),
        ("", "c", "."),
    ] {
        let answer = create(place, creation(place, below, collection, id)).await;
        invalid(&format!("{below:?} {collection:?} {id:?}"), answer)?;
    }
    for path in ["", "c", "c/a/d"] {
        let answer = update(place, updating(place, path, fields([]))).await;
        invalid(&format!("an update of {path:?}"), answer)?;
        invalid(
            &format!("a deletion of {path:?}"),
            delete(place, path, None).await,
        )?;
    }
    Ok(())
}
