//! Facet: how many points have each value of a key.

use super::scroll;
use crate::qdrant::id::PointId;
use crate::qdrant::path::Path;
use crate::qdrant::state::State;
use crate::qdrant::value::Value;
use ::qdrant_client::qdrant::{self as proto, facet_value::Variant};
use std::collections::{BTreeMap, BTreeSet};
use tonic::Status;

/// Values in an answer when the request does not say.
const LIMIT: u32 = 10;

/// A value that can be counted; a point has each of its values once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Text(String),
    Integer(i64),
    Bool(bool),
}

/// The most frequent values, and of those that are equally frequent the first ones. The key must be indexed.
pub(super) fn count(state: &State, request: proto::FacetCounts) -> Result<proto::FacetResponse, Status> {
    let store = state.read(&request.collection_name)?;
    let limit = scroll::limit(&store, request.limit, LIMIT)?;
    let path = Path::read(&request.key);
    if !store.collection.is_indexed(&path) {
        return Err(Status::invalid_argument(format!(
            "Bad request: No appropriate index for faceting: `{path}`. Please create one to facet on this field."
        )));
    }
    let filter = scroll::filter(state, &store, request.filter)?;
    let shelves = store.read();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    let mut counts: BTreeMap<Counted, u64> = BTreeMap::new();
    for (_, entry) in shelves.merged(&chosen, PointId::Number(0)) {
        if !filter.passes(entry) {
            continue;
        }
        let payload = entry.payload();
        let values: BTreeSet<Counted> = path.values(&payload).into_iter().filter_map(counted).collect();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<(Counted, u64)> = counts.into_iter().collect();
    // Stable: values of one count stay in order.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(limit);
    Ok(proto::FacetResponse {
        hits: counts.into_iter().map(hit).collect(),
        ..Default::default()
    })
}

fn counted(value: &Value) -> Option<Counted> {
    match value {
        Value::Text(text) => Some(Counted::Text(text.to_string())),
        Value::Integer(number) => Some(Counted::Integer(*number)),
        Value::Bool(truth) => Some(Counted::Bool(*truth)),
        _ => None,
    }
}

fn hit((value, count): (Counted, u64)) -> proto::FacetHit {
    let variant = match value {
        Counted::Text(text) => Variant::StringValue(text),
        Counted::Integer(number) => Variant::IntegerValue(number),
        Counted::Bool(truth) => Variant::BoolValue(truth),
    };
    proto::FacetHit {
        value: Some(proto::FacetValue {
            variant: Some(variant),
        }),
        count,
    }
}
