//! Query: the nearest points, by looking at all of them.

use super::{how, scroll};
use crate::dataset::dice::mix;
use crate::qdrant::contents::Entry;
use crate::qdrant::encode::{Frame, message};
use crate::qdrant::id::PointId;
use crate::qdrant::nearness::Query;
use crate::qdrant::point::{ShardKey, Vector};
use crate::qdrant::select::{Selection, no_vector};
use crate::qdrant::state::State;
use crate::qdrant::store::{Shelves, Store};
use ::qdrant_client::qdrant::{self as proto, query, vector_input};
use tonic::Status;

/// Points in an answer when the request does not say.
const LIMIT: u32 = 10;
/// `QueryResponse.result`.
const RESULT: u8 = 0x0a;

/// Appends the nearest points to a vector, or to that of a point, which is not among them.
pub(super) fn answer(state: &State, request: proto::QueryPoints, to: &mut Vec<u8>) -> Result<u64, Status> {
    let store = state.read(&request.collection_name)?;
    let limit = scroll::limit(&store, request.limit, LIMIT)?;
    if !request.prefetch.is_empty() || request.lookup_from.is_some() {
        return Err(Status::unimplemented(
            "the simulator has queries of one stage only",
        ));
    }
    let selection = Selection::read(
        &store.collection,
        request.with_payload,
        false,
        request.with_vectors,
    )?;
    let filter = scroll::filter(state, &store, request.filter)?;
    let shelves = store.read();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    let using = request.using.unwrap_or_default();
    let (wanted, itself) = wanted(&shelves, &chosen, &using, request.query)?;
    let query = query(&store, &using, wanted)?;
    let exact = request.params.and_then(|params| params.exact).unwrap_or(false);
    let recall = if exact { 1.0 } else { state.recall };
    let all = shelves.merged(&chosen, PointId::Number(0));
    let mut scored: Vec<(f32, Option<&ShardKey>, Entry<'_>)> = all
        .filter(|(_, entry)| Some(entry.id) != itself && filter.passes(*entry))
        .filter(|(_, entry)| is_found(entry.id, recall))
        .filter_map(|(key, entry)| {
            let (_, vector) = entry.vectors(&|name| name == using).pop()?;
            Some((query.score(&vector)?, key, entry))
        })
        .filter(|(score, _, _)| {
            request
                .score_threshold
                .is_none_or(|bound| !query.is_nearer(bound, *score))
        })
        .collect();
    scored.sort_by(|(one, _, a), (other, _, b)| query.order(*one, *other).then(a.id.cmp(&b.id)));
    let offset = usize::try_from(request.offset.unwrap_or(0)).unwrap_or(usize::MAX);
    let mut points = 0;
    for (score, key, entry) in scored.into_iter().skip(offset).take(limit) {
        message(&[RESULT], to, |to| {
            selection.write(Frame::Scored(score), entry, key, how(state, &store), to);
        });
        points += 1;
    }
    Ok(points)
}

/// The vector that is asked about, and the point it belongs to if it was asked by that.
fn wanted(
    shelves: &Shelves,
    chosen: &[usize],
    using: &str,
    query: Option<proto::Query>,
) -> Result<(Vector, Option<PointId>), Status> {
    use vector_input::Variant;
    let Some(query::Variant::Nearest(nearest)) = query.and_then(|query| query.variant) else {
        return Err(Status::unimplemented(
            "the simulator has queries for the nearest points only",
        ));
    };
    Ok(match nearest.variant {
        Some(Variant::Dense(dense)) => (Vector::Dense(dense.data), None),
        Some(Variant::Sparse(sparse)) => (Vector::sparse(sparse.indices, sparse.values), None),
        Some(Variant::MultiDense(multi)) => {
            let rows = multi.vectors.into_iter().map(|row| row.data);
            (Vector::Multi(rows.collect()), None)
        }
        Some(Variant::Id(id)) => {
            let id = PointId::read(&id)?;
            let lost = || Status::not_found(format!("Not found: No point with id {id} found"));
            let found = shelves
                .merged(chosen, id)
                .next()
                .filter(|(_, entry)| entry.id == id);
            let (_, entry) = found.ok_or_else(lost)?;
            let vector = entry.vectors(&|name| name == using).pop().ok_or_else(lost)?;
            (vector.1, Some(id))
        }
        _ => {
            return Err(Status::unimplemented(
                "the simulator has no models that make vectors",
            ));
        }
    })
}

fn query(store: &Store, using: &str, wanted: Vector) -> Result<Query, Status> {
    let collection = &store.collection;
    if !collection.has_vector(using) {
        return Err(no_vector(using));
    }
    let params = collection
        .dense()
        .find(|(name, _)| *name == using)
        .map(|(_, params)| *params);
    Query::new(params, wanted).map_err(|why| Status::invalid_argument(format!("Wrong input: {why}")))
}

/// Whether a search that finds this share of the neighbours finds that one.
fn is_found(id: PointId, recall: f64) -> bool {
    recall >= 1.0 || (mix(3, id.hash()) >> 11) as f64 / ((1_u64 << 53) as f64) < recall
}
