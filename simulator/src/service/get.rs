//! GetDocument and BatchGetDocuments: documents by their names, as of one moment.

use super::structured::read_time;
use crate::clock::Moment;
use crate::database::mask::Mask;
use crate::database::{Database, document_path};
use crate::meter::Read;
use crate::path::Path;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::batch_get_documents_response::Result as Outcome;
use std::collections::BTreeSet;
use tonic::Status;

/// One document, or NOT_FOUND.
pub(crate) fn document(state: &State, request: proto::GetDocumentRequest) -> Result<proto::Document, Status> {
    use proto::get_document_request::ConsistencySelector;
    let database = state.database(&request.name)?;
    let path = document_path(database.root(), &request.name)?;
    let mask = mask(request.mask.as_ref())?;
    let time = read_time(request.consistency_selector, |selector| match selector {
        ConsistencySelector::ReadTime(time) => Some(time),
        ConsistencySelector::Transaction(_) => None,
    })?;
    let at = state.moment(time)?;
    database.meter().read(Read::Looked, 1)?;
    let document = look(&database, &path, mask.as_ref(), at);
    document.ok_or_else(|| Status::not_found(format!("Document ({}) not found.", request.name)))
}

/// Documents, or that they are missing, each name once, in the order asked for.
pub(crate) fn batch(
    state: &State,
    request: proto::BatchGetDocumentsRequest,
) -> Result<Vec<proto::BatchGetDocumentsResponse>, Status> {
    use proto::batch_get_documents_request::ConsistencySelector;
    let database = state.database(&request.database)?;
    let mut names = BTreeSet::new();
    let mut wanted = request.documents;
    wanted.retain(|name| names.insert(name.clone()));
    let path = |name: &String| document_path(database.root(), name);
    let paths: Vec<Path> = wanted.iter().map(path).collect::<Result<_, _>>()?;
    let mask = mask(request.mask.as_ref())?;
    let time = read_time(request.consistency_selector, |selector| match selector {
        ConsistencySelector::ReadTime(time) => Some(time),
        ConsistencySelector::Transaction(_) | ConsistencySelector::NewTransaction(_) => None,
    })?;
    let at = state.moment(time)?;
    database.meter().read(Read::Looked, paths.len() as u64)?;
    let answer = |(name, path)| proto::BatchGetDocumentsResponse {
        read_time: Some(at.timestamp()),
        result: Some(match look(&database, &path, mask.as_ref(), at) {
            Some(document) => Outcome::Found(document),
            None => Outcome::Missing(name),
        }),
        ..Default::default()
    };
    Ok(wanted.into_iter().zip(paths).map(answer).collect())
}

fn look(database: &Database, path: &Path, mask: Option<&Mask>, at: Moment) -> Option<proto::Document> {
    let document = database.get(path, at)?;
    Some(shown(document, mask))
}

/// The mask of a request, if it has one.
pub(super) fn mask(given: Option<&proto::DocumentMask>) -> Result<Option<Mask>, Status> {
    given.map(|mask| Mask::parse(&mask.field_paths)).transpose()
}

/// What a mask shows of a document; without one, all of it.
pub(super) fn shown(mut document: proto::Document, mask: Option<&Mask>) -> proto::Document {
    if let Some(mask) = mask {
        document.fields = mask.shown(&document.fields);
    }
    document
}
