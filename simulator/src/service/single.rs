//! CreateDocument, UpdateDocument and DeleteDocument: one write, and the document as it is then.

use super::get::{mask, shown};
use super::write;
use crate::clock::Moment;
use crate::database::document_path;
use crate::path::Id;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::precondition::ConditionType;
use proto::write::Operation;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use tonic::Status;

/// Writes a document that must not be there yet; without an id, under one that nobody has.
pub(crate) fn create(
    state: &State,
    request: proto::CreateDocumentRequest,
) -> Result<proto::Document, Status> {
    let id = match request.document_id.as_str() {
        "" => auto_id(),
        id => id.to_owned(),
    };
    for id in [&request.collection_id, &id] {
        if Id::parse(id).is_err() || id.contains('/') {
            return Err(Status::invalid_argument(format!(
                "{id:?} is no id of a collection or a document."
            )));
        }
    }
    let name = format!("{}/{}/{id}", request.parent, request.collection_id);
    let document = proto::Document {
        name,
        ..request.document.unwrap_or_default()
    };
    let write = proto::Write {
        operation: Some(Operation::Update(document)),
        current_document: Some(proto::Precondition {
            condition_type: Some(ConditionType::Exists(false)),
        }),
        ..Default::default()
    };
    written(state, write, request.mask)
}

/// Writes a document, or some of its fields, whether it is there or not.
pub(crate) fn update(
    state: &State,
    request: proto::UpdateDocumentRequest,
) -> Result<proto::Document, Status> {
    let write = proto::Write {
        operation: Some(Operation::Update(request.document.unwrap_or_default())),
        update_mask: request.update_mask,
        current_document: request.current_document,
        ..Default::default()
    };
    written(state, write, request.mask)
}

/// Deletes a document.
pub(crate) fn delete(state: &State, request: proto::DeleteDocumentRequest) -> Result<(), Status> {
    let write = proto::Write {
        operation: Some(Operation::Delete(request.name.clone())),
        current_document: request.current_document,
        ..Default::default()
    };
    commit(state, &request.name, write).map(|_| ())
}

fn written(
    state: &State,
    write: proto::Write,
    shows: Option<proto::DocumentMask>,
) -> Result<proto::Document, Status> {
    let shows = mask(shows.as_ref())?;
    let name = match &write.operation {
        Some(Operation::Update(document)) => document.name.clone(),
        _ => String::new(),
    };
    let database = state.database(&name)?;
    let path = document_path(database.root(), &name)?;
    let at = commit(state, &name, write)?;
    let document = database.get(&path, at).unwrap_or_default();
    Ok(shown(document, shows.as_ref()))
}

fn commit(state: &State, name: &str, write: proto::Write) -> Result<Moment, Status> {
    let request = proto::CommitRequest {
        // Of a document's name, the first four segments name the database.
        database: name.splitn(5, '/').take(4).collect::<Vec<_>>().join("/"),
        writes: vec![write],
        ..Default::default()
    };
    let time = write::commit(state, request)?.commit_time.unwrap_or_default();
    Ok(Moment(time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000))
}

/// Twenty letters and digits, as Firestore makes them.
fn auto_id() -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let dice = RandomState::new();
    let letter = |place: u32| LETTERS[(dice.hash_one(place) % 62) as usize] as char;
    (0..20).map(letter).collect()
}
