//! The methods that are called by the name of a document or a collection: GET, POST, PATCH and DELETE.

use super::address::{Address, Parameters};
use super::read::Json;
use super::{method, value};
use crate::clock::Moment;
use crate::database::mask::Mask;
use crate::service::{get, list, structured, write};
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::precondition::ConditionType;
use proto::write::Operation;
use tonic::Status;

pub(super) fn read(state: &State, address: &Address, asked: &Parameters) -> Result<Json, Status> {
    use proto::get_document_request::ConsistencySelector;
    let request = proto::GetDocumentRequest {
        name: address.name(),
        mask: mask(asked, "mask.fieldPaths"),
        consistency_selector: asked.time("readTime")?.map(ConsistencySelector::ReadTime),
        ..Default::default()
    };
    get::document(state, request).map(value::write_document)
}

pub(super) fn list(
    state: &State,
    parent: String,
    collection: &str,
    asked: &Parameters,
) -> Result<Json, Status> {
    use proto::list_documents_request::ConsistencySelector;
    let request = proto::ListDocumentsRequest {
        parent,
        collection_id: collection.to_owned(),
        page_size: asked.number("pageSize")?.unwrap_or_default(),
        page_token: asked.one("pageToken")?.unwrap_or_default(),
        order_by: asked.one("orderBy")?.unwrap_or_default(),
        mask: mask(asked, "mask.fieldPaths"),
        show_missing: asked.boolean("showMissing")?.unwrap_or_default(),
        consistency_selector: asked.time("readTime")?.map(ConsistencySelector::ReadTime),
        ..Default::default()
    };
    let answer = list::documents(state, request)?;
    let documents = answer.documents.into_iter().map(value::write_document).collect();
    Ok(method::page("documents", documents, answer.next_page_token))
}

pub(super) fn create(
    state: &State,
    address: &Address,
    parent: &str,
    collection: &str,
    asked: &Parameters,
    body: Json,
) -> Result<Json, Status> {
    let document = value::read_document(body)?;
    if !document.name.is_empty() {
        return Err(Status::invalid_argument("document.name must not be set"));
    }
    let id = match asked.one("documentId")? {
        Some(id) if id.contains('/') => {
            return Err(Status::invalid_argument(format!(
                "Resource id {id:?} is invalid because it contains \"/\"."
            )));
        }
        Some(id) if !id.is_empty() => id,
        _ => fresh_id(state),
    };
    let precondition = proto::Precondition {
        condition_type: Some(ConditionType::Exists(false)),
    };
    let update = proto::Write {
        operation: Some(Operation::Update(proto::Document {
            name: format!("{parent}/{collection}/{id}"),
            ..document
        })),
        current_document: Some(precondition),
        ..Default::default()
    };
    put(state, address, update, asked)
}

pub(super) fn change(
    state: &State,
    address: &Address,
    asked: &Parameters,
    body: Json,
) -> Result<Json, Status> {
    let document = value::read_document(body)?;
    let update = proto::Write {
        operation: Some(Operation::Update(proto::Document {
            name: address.name(),
            ..document
        })),
        update_mask: mask(asked, "updateMask.fieldPaths"),
        current_document: precondition(asked)?,
        ..Default::default()
    };
    put(state, address, update, asked)
}

pub(super) fn delete(state: &State, address: &Address, asked: &Parameters) -> Result<Json, Status> {
    let delete = proto::Write {
        operation: Some(Operation::Delete(address.name())),
        current_document: precondition(asked)?,
        ..Default::default()
    };
    commit(state, address, delete)?;
    Ok(Json::Object(serde_json::Map::new()))
}

fn mask(asked: &Parameters, name: &str) -> Option<proto::DocumentMask> {
    let field_paths = asked.all(name);
    (!field_paths.is_empty()).then_some(proto::DocumentMask { field_paths })
}

fn precondition(asked: &Parameters) -> Result<Option<proto::Precondition>, Status> {
    let exists = asked
        .boolean("currentDocument.exists")?
        .map(ConditionType::Exists);
    let time = asked
        .time("currentDocument.updateTime")?
        .map(ConditionType::UpdateTime);
    match (exists, time) {
        (Some(_), Some(_)) => Err(Status::invalid_argument(
            "currentDocument has one condition, not two",
        )),
        (None, None) => Ok(None),
        (condition_type, other) => Ok(Some(proto::Precondition {
            condition_type: condition_type.or(other),
        })),
    }
}

/// Commits an update, and answers with the document as that commit left it. Only the write is billed.
fn put(state: &State, address: &Address, update: proto::Write, asked: &Parameters) -> Result<Json, Status> {
    let Some(Operation::Update(proto::Document { name, .. })) = &update.operation else {
        return Err(Status::internal("only an update leaves a document"));
    };
    let name = name.clone();
    // A mask that is none is refused before anything is written.
    let shown = mask(asked, "mask.fieldPaths")
        .map(|mask| Mask::parse(&mask.field_paths))
        .transpose()?;
    let at = commit(state, address, update)?;
    let database = state.database(&name)?;
    let left = database.get(&structured::path(&database, &name)?, at);
    let mut left = left.ok_or_else(|| Status::internal("a document was gone right after it was written"))?;
    if let Some(mask) = shown {
        left.fields = mask.shown(&left.fields);
    }
    Ok(value::write_document(left))
}

fn commit(state: &State, address: &Address, update: proto::Write) -> Result<Moment, Status> {
    let request = proto::CommitRequest {
        database: address.database.clone(),
        writes: vec![update],
        ..Default::default()
    };
    let time = write::commit(state, request)?.commit_time.unwrap_or_default();
    Ok(Moment(
        time.seconds
            .saturating_mul(1_000_000)
            .saturating_add(i64::from(time.nanos) / 1_000),
    ))
}

/// An id of 20 letters and digits that this simulator has not given out before: a moment, well shuffled.
fn fresh_id(state: &State) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let moment = state.clock.tick().0.unsigned_abs();
    let (first, second) = (shuffled(moment), shuffled(!moment));
    let mut left = u128::from(first) << 64 | u128::from(second);
    let letters = std::iter::repeat_with(|| {
        let letter = usize::try_from(left % 62).map_or(b'0', |place| LETTERS[place]);
        left /= 62;
        char::from(letter)
    });
    letters.take(20).collect()
}

/// The last steps of SplitMix64 (Steele, Lea and Flood, 2014): no two numbers become the same.
fn shuffled(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
