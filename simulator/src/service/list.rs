//! ListDocuments and ListCollectionIds: what lies directly below a document or the root, page by page.
//!
//! A page's token says what its last entry was, so pages stay right whatever is written between them; to list one
//! moment, every page asks for it.

use super::get::{mask, shown};
use super::structured::{path, read_time};
use crate::database::{Database, Stretch};
use crate::meter::Read;
use crate::path::{Id, Path};
use crate::state::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::ops::Bound;
use tonic::Status;

/// Documents on a page that asks for no size, and the most there are on any: the official emulator's numbers.
const PAGE: usize = 30;
const LARGEST_PAGE: usize = 150;

/// A page of documents.
pub(crate) fn documents(
    state: &State,
    request: proto::ListDocumentsRequest,
) -> Result<proto::ListDocumentsResponse, Status> {
    use proto::list_documents_request::ConsistencySelector;
    let database = state.database(&request.parent)?;
    let parent = parent(&database, &request.parent)?;
    let size = match usize::try_from(request.page_size) {
        Err(_) => return Err(Status::invalid_argument("Page size must be nonnegative.")),
        Ok(0) => PAGE,
        Ok(size) => size.min(LARGEST_PAGE),
    };
    check_order(&request)?;
    let after = match &request.page_token[..] {
        "" => None,
        token => Some(Path::parse(&opened(DOCUMENTS, token)?).map_err(|_| bad_token())?),
    };
    let mask = mask(request.mask.as_ref())?;
    let time = read_time(request.consistency_selector, |selector| match selector {
        ConsistencySelector::ReadTime(time) => Some(time),
        ConsistencySelector::Transaction(_) => None,
    })?;
    let at = state.moment(time)?;
    let page: Vec<(Path, Option<proto::Document>)> = if request.collection_id.is_empty() {
        let stretch = Stretch {
            collection: None,
            below: parent,
            all_descendants: false,
            from: after.map_or(Bound::Unbounded, Bound::Excluded),
            to: Bound::Unbounded,
        };
        let documents = database.documents(&stretch, at, size).into_iter();
        documents.map(|(path, document)| (path, Some(document))).collect()
    } else {
        let collection = parent.child(collection_id(&request.collection_id)?);
        database.list(&collection, at, after.as_ref(), size, request.show_missing)
    };
    match page.len() {
        0 => database.meter().read(Read::Empty, 1)?,
        found => database.meter().read(Read::Documents, found as u64)?,
    }
    let full = page.last().filter(|_| page.len() == size);
    let next_page_token = full
        .map(|(path, _)| closed(DOCUMENTS, &path.to_string()))
        .unwrap_or_default();
    let bare = |path: &Path| proto::Document {
        name: path.name(database.root()),
        ..Default::default()
    };
    let whole = |(path, document): (Path, Option<_>)| document.unwrap_or_else(|| bare(&path));
    let documents = page
        .into_iter()
        .map(|entry| shown(whole(entry), mask.as_ref()))
        .collect();
    Ok(proto::ListDocumentsResponse {
        documents,
        next_page_token,
    })
}

/// A page of collection ids; one that asks for no size has all of them.
pub(crate) fn collection_ids(
    state: &State,
    request: proto::ListCollectionIdsRequest,
) -> Result<proto::ListCollectionIdsResponse, Status> {
    use proto::list_collection_ids_request::ConsistencySelector;
    let database = state.database(&request.parent)?;
    let parent = parent(&database, &request.parent)?;
    let size = match usize::try_from(request.page_size) {
        Err(_) => {
            return Err(Status::invalid_argument(
                "page_size must be greater than or equal to zero.",
            ));
        }
        Ok(0) => usize::MAX,
        Ok(size) => size,
    };
    let after = match &request.page_token[..] {
        "" => Bound::Unbounded,
        token => Bound::Excluded(opened(COLLECTIONS, token)?),
    };
    let time = request
        .consistency_selector
        .map(|ConsistencySelector::ReadTime(time)| time);
    let at = state.moment(time)?;
    database.meter().read(Read::Listing, 1)?;
    let ids = database.collection_ids(&parent, at);
    let page: Vec<String> = ids.range((after, Bound::Unbounded)).take(size).cloned().collect();
    let full = page.last().filter(|_| page.len() == size);
    let next_page_token = full.map(|id| closed(COLLECTIONS, id)).unwrap_or_default();
    Ok(proto::ListCollectionIdsResponse {
        collection_ids: page,
        next_page_token,
    })
}

/// The document or root of this name.
fn parent(database: &Database, name: &str) -> Result<Path, Status> {
    let path = path(database, name)?;
    if !path.is_root() && !path.is_document() {
        let why = format!(
            "Document parent name \"{name}\" lacks \"/\" at index {}.",
            name.len()
        );
        return Err(Status::invalid_argument(why));
    }
    Ok(path)
}

fn collection_id(text: &str) -> Result<Id, Status> {
    match Id::parse(text) {
        Ok(id @ Id::Text(_)) if !text.contains('/') => Ok(id),
        _ => Err(Status::invalid_argument(format!(
            "Collection id \"{text}\" is invalid."
        ))),
    }
}

/// Documents come by name; other orders are known but not answered here.
fn check_order(request: &proto::ListDocumentsRequest) -> Result<(), Status> {
    if request.show_missing && !request.order_by.is_empty() {
        return Err(Status::invalid_argument(
            "cannot specify an order when show_missing is true",
        ));
    }
    if request.show_missing && request.collection_id.is_empty() {
        return Err(Status::invalid_argument(
            "collection id must be set when show_missing is true",
        ));
    }
    let words: Vec<&str> = request.order_by.split_whitespace().collect();
    match words[..] {
        [] | ["__name__"] => Ok(()),
        ["__name__", direction] if direction.eq_ignore_ascii_case("asc") => Ok(()),
        ["__name__", direction] if direction.eq_ignore_ascii_case("desc") => Err(
            Status::failed_precondition("Firestore does not support descending key scans"),
        ),
        _ => Err(Status::unimplemented(
            "the simulator lists documents by __name__ only",
        )),
    }
}

/// What tokens begin with, so that one is not taken for the other, nor garbage for either.
const DOCUMENTS: &str = "after document ";
const COLLECTIONS: &str = "after collection ";

fn closed(kind: &str, last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}{last}"))
}

fn opened(kind: &str, token: &str) -> Result<String, Status> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_token())?;
    text.strip_prefix(kind).map(str::to_owned).ok_or_else(bad_token)
}

fn bad_token() -> Status {
    Status::invalid_argument("invalid page token")
}
