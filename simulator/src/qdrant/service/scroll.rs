//! Scroll: pages of points in the order of their ids.

use super::how;
use crate::qdrant::contents::Entry;
use crate::qdrant::encode::{Frame, message, point_id};
use crate::qdrant::filter::Filter;
use crate::qdrant::id::PointId;
use crate::qdrant::point::ShardKey;
use crate::qdrant::select::Selection;
use crate::qdrant::state::State;
use crate::qdrant::store::{Merged, Store};
use ::qdrant_client::qdrant as proto;
use tonic::Status;

/// Points in a page when the request does not say.
const LIMIT: u32 = 10;
/// Fields of ScrollResponse.
const NEXT: u8 = 0x0a;
const RESULT: u8 = 0x12;

/// Appends the page that begins with the first id at or after the offset, and where the next one begins.
///
/// Facts observed on 1.18.3: the offset is inclusive, and need not exist; `next_page_offset` is the first id that is
/// not in the page, and left out when there is none.
pub(super) fn answer(state: &State, request: proto::ScrollPoints, to: &mut Vec<u8>) -> Result<u64, Status> {
    let store = state.read(&request.collection_name)?;
    let limit = limit(&store, request.limit.map(u64::from), LIMIT)?;
    if request.order_by.is_some() {
        return Err(Status::unimplemented(
            "the simulator does not order by a payload's key",
        ));
    }
    let selection = Selection::read(
        &store.collection,
        request.with_payload,
        true,
        request.with_vectors,
    )?;
    let filter = filter(state, &store, request.filter)?;
    let offset = request.offset.as_ref().map(PointId::read).transpose()?;
    let shelves = store.read();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    let first = offset.unwrap_or(PointId::Number(0));
    let page = page(shelves.merged(&chosen, first), limit, |entry| {
        filter.passes(entry)
    });
    // The message has its fields in the order of their numbers, as a server's has.
    if let Some(next) = page.next {
        message(&[NEXT], to, |to| point_id(next, to));
    }
    for (key, entry) in &page.points {
        message(&[RESULT], to, |to| {
            selection.write(Frame::Retrieved, *entry, *key, how(state, &store), to);
        });
    }
    Ok(page.points.len() as u64)
}

/// Some points, and the first that passes after them.
pub(in crate::qdrant) struct Page<'a> {
    pub(in crate::qdrant) points: Vec<(Option<&'a ShardKey>, Entry<'a>)>,
    pub(in crate::qdrant) next: Option<PointId>,
}

/// The first points that pass.
pub(in crate::qdrant) fn page<'a>(
    all: Merged<'a>,
    limit: usize,
    passes: impl Fn(Entry<'a>) -> bool,
) -> Page<'a> {
    let passing = all.filter(|(_, entry)| passes(*entry));
    let mut points: Vec<_> = passing.take(limit.saturating_add(1)).collect();
    let next = points.get(limit).map(|(_, entry)| entry.id);
    points.truncate(limit);
    Page { points, next }
}

/// The limit of a request, as far as strict mode allows it.
pub(in crate::qdrant) fn limit(store: &Store, asked: Option<u64>, otherwise: u32) -> Result<usize, Status> {
    if asked == Some(0) {
        return Err(Status::invalid_argument(
            "Validation error in body: [limit: value 0 invalid, must be 1 or larger]",
        ));
    }
    if let (Some(asked), Some(most)) = (asked, store.collection.strict.max_query_limit)
        && asked > u64::from(most)
    {
        return Err(Status::invalid_argument(format!(
            "Limit exceeded {asked} > {most} for \"limit\". Help: Reduce the \"limit\" parameter to or below {most}."
        )));
    }
    let limit = asked.unwrap_or(u64::from(otherwise));
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The filter of a request, as far as strict mode allows it.
pub(super) fn filter(state: &State, store: &Store, asked: Option<proto::Filter>) -> Result<Filter, Status> {
    let filter = Filter::read(asked, state.version.knows_slices())?;
    let collection = &store.collection;
    if collection.strict.unindexed_filtering == Some(false)
        && let Some(path) = filter.unindexed(&|path| collection.is_indexed(path))
    {
        return Err(Status::invalid_argument(format!(
            "Index required but not found for \"{path}\" of one of the following types: [keyword]. Help: Create an \
             index for this key or use a different filter."
        )));
    }
    Ok(filter)
}
