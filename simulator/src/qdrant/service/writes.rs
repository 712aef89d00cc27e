//! Points that are written, and taken away.
//!
//! Everything is applied before it is answered, whether the request waits for it or not.

use super::scroll;
use crate::qdrant::collection::Collection;
use crate::qdrant::id::PointId;
use crate::qdrant::point::{Point, Vector};
use crate::qdrant::space::VectorParams;
use crate::qdrant::state::State;
use crate::qdrant::store::Shelves;
use crate::qdrant::value::payload;
use ::qdrant_client::qdrant::{self as proto, points_selector::PointsSelectorOneOf, vectors::VectorsOptions};
use std::borrow::Cow;
use tonic::Status;

/// Puts points there, in place of those with their ids.
pub(super) fn upsert(
    state: &State,
    request: proto::UpsertPoints,
) -> Result<proto::PointsOperationResponse, Status> {
    let store = state.store(&request.collection_name)?;
    let points = request
        .points
        .into_iter()
        .map(|point| read(&store.collection, point));
    let points: Vec<Point> = points.collect::<Result<_, _>>()?;
    let mut shelves = store.write();
    let chosen = shelves.written(request.shard_key_selector.as_ref())?;
    for point in points {
        for which in &chosen {
            if let Some((_, contents)) = shelves.all.get_mut(*which) {
                contents.put(point.clone());
            }
        }
    }
    Ok(done(&mut shelves))
}

/// Takes points away, by their ids or by a filter.
pub(super) fn delete(
    state: &State,
    request: proto::DeletePoints,
) -> Result<proto::PointsOperationResponse, Status> {
    let store = state.store(&request.collection_name)?;
    let mut shelves = store.write();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    for (which, ids) in selected(state, &store, &shelves, &chosen, request.points)? {
        if let Some((_, contents)) = shelves.all.get_mut(which) {
            ids.into_iter().for_each(|id| contents.remove(id));
        }
    }
    Ok(done(&mut shelves))
}

/// Sets keys of payloads, and leaves the others as they are.
pub(super) fn set_payload(
    state: &State,
    request: proto::SetPayloadPoints,
) -> Result<proto::PointsOperationResponse, Status> {
    if request.key.is_some() {
        return Err(Status::unimplemented("the simulator sets keys at the top only"));
    }
    let store = state.store(&request.collection_name)?;
    let set = payload(request.payload);
    let mut shelves = store.write();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    for (which, ids) in selected(state, &store, &shelves, &chosen, request.points_selector)? {
        let Some((_, contents)) = shelves.all.get_mut(which) else {
            continue;
        };
        for id in ids {
            let Some(mut point) = contents.get(id).map(|entry| entry.point()) else {
                continue;
            };
            point
                .payload
                .retain(|(key, _)| !set.iter().any(|(new, _)| new == key));
            let new = set.iter().map(|(key, value)| (Cow::clone(key), value.clone()));
            point.payload.extend(new);
            contents.put(point);
        }
    }
    Ok(done(&mut shelves))
}

/// The ids that a selector chooses on each shelf.
fn selected(
    state: &State,
    store: &crate::qdrant::store::Store,
    shelves: &Shelves,
    chosen: &[usize],
    selector: Option<proto::PointsSelector>,
) -> Result<Vec<(usize, Vec<PointId>)>, Status> {
    match selector.and_then(|selector| selector.points_selector_one_of) {
        None => Err(Status::invalid_argument("PointSelector is missing")),
        Some(PointsSelectorOneOf::Points(list)) => {
            let ids: Vec<PointId> = list.ids.iter().map(PointId::read).collect::<Result<_, _>>()?;
            Ok(chosen.iter().map(|which| (*which, ids.clone())).collect())
        }
        Some(PointsSelectorOneOf::Filter(filter)) => {
            let filter = scroll::filter(state, store, Some(filter))?;
            let passing = |which: &usize| {
                let all = shelves.merged(&[*which], PointId::Number(0));
                let ids = all
                    .filter(|(_, entry)| filter.passes(*entry))
                    .map(|(_, entry)| entry.id);
                (*which, ids.collect())
            };
            Ok(chosen.iter().map(passing).collect())
        }
    }
}

fn done(shelves: &mut Shelves) -> proto::PointsOperationResponse {
    shelves.operation += 1;
    proto::PointsOperationResponse {
        result: Some(proto::UpdateResult {
            operation_id: Some(shelves.operation),
            status: proto::UpdateStatus::Completed.into(),
        }),
        ..Default::default()
    }
}

/// A point as it is stored.
fn read(collection: &Collection, point: proto::PointStruct) -> Result<Point, Status> {
    let id = point
        .id
        .as_ref()
        .ok_or_else(|| Status::invalid_argument("Empty ID is not allowed"))?;
    let given = match point.vectors.and_then(|vectors| vectors.vectors_options) {
        None => Vec::new(),
        Some(VectorsOptions::Vector(vector)) => vec![(String::new(), vector)],
        Some(VectorsOptions::Vectors(named)) => named.vectors.into_iter().collect(),
    };
    let mut vectors = Vec::with_capacity(given.len());
    for (name, vector) in given {
        let vector = Vector::read(vector)
            .ok_or_else(|| Status::unimplemented("the simulator has no models that make vectors"))?;
        vectors.push((name.clone(), stored(collection, &name, vector)?));
    }
    // Dense ones first, as the generator makes them; a message's order is chance.
    vectors.sort_by_key(|(name, _)| (collection.sparse.contains_key(name), name.clone()));
    Ok(Point {
        id: PointId::read(id)?,
        payload: payload(point.payload),
        vectors,
    })
}

/// A vector as it is stored, if it is of the kind and size that its collection has under that name.
fn stored(collection: &Collection, name: &str, vector: Vector) -> Result<Vector, Status> {
    let dense = collection
        .dense()
        .find(|(known, _)| *known == name)
        .map(|(_, params)| params);
    let wrong = |what: &str| Status::invalid_argument(format!("Wrong input: {what}"));
    match (dense, vector) {
        (Some(params), Vector::Dense(row)) if !params.multi => Ok(Vector::Dense(sized(params, row)?)),
        // One row is a multivector, too.
        (Some(params), Vector::Dense(row)) => Ok(Vector::Multi(vec![sized(params, row)?])),
        (Some(params), Vector::Multi(rows)) if params.multi => {
            let rows = rows.into_iter().map(|row| sized(params, row));
            Ok(Vector::Multi(rows.collect::<Result<_, _>>()?))
        }
        (None, vector @ Vector::Sparse { .. }) if collection.sparse.contains_key(name) => Ok(vector),
        (None, _) if !collection.has_vector(name) => Err(crate::qdrant::select::no_vector(name)),
        _ => Err(wrong("Conversion between multi, dense and sparse vectors failed")),
    }
}

fn sized(params: &VectorParams, mut row: Vec<f32>) -> Result<Vec<f32>, Status> {
    if row.len() != params.size {
        return Err(Status::invalid_argument(format!(
            "Wrong input: Vector dimension error: expected dim: {}, got {}",
            params.size,
            row.len()
        )));
    }
    params.stored(&mut row);
    Ok(row)
}
