//! Scroll over REST: of a collection, or of one of its physical shards.
//!
//! The scroll of a shard is little known and in every tag from 1.13.6 to 1.18.3. It spares a server with several shards
//! from asking all of them for every page.

use super::{Answer, write};
use crate::qdrant::id::PointId;
use crate::qdrant::path::Path;
use crate::qdrant::point::ShardKey;
use crate::qdrant::select::{Keys, Names, Selection};
use crate::qdrant::service::collections::{shard_of, shards};
use crate::qdrant::service::scroll;
use crate::qdrant::state::State;
use ::qdrant_client::qdrant as proto;
use serde::Deserialize;
use serde_json::Value;
use tonic::Status;

const LIMIT: u32 = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    offset: Option<Value>,
    limit: Option<u64>,
    with_payload: Option<Asked>,
    with_vector: Option<Asked>,
    shard_key: Option<Keyed>,
    filter: Option<Value>,
    order_by: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Asked {
    Enable(bool),
    Some(Vec<String>),
    Include { include: Vec<String> },
    Exclude { exclude: Vec<String> },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Keyed {
    One(ShardKey),
    Some(Vec<ShardKey>),
}

impl Request {
    fn selection(&self) -> Selection {
        let paths = |fields: &[String]| fields.iter().map(|field| Path::read(field)).collect();
        let payload = match &self.with_payload {
            None | Some(Asked::Enable(true)) => Keys::All,
            Some(Asked::Enable(false)) => Keys::None,
            Some(Asked::Some(include) | Asked::Include { include }) => Keys::Include(paths(include)),
            Some(Asked::Exclude { exclude }) => Keys::Exclude(paths(exclude)),
        };
        let vectors = match &self.with_vector {
            Some(Asked::Enable(true)) => Names::All,
            Some(Asked::Some(names)) => Names::Some(names.clone()),
            _ => Names::None,
        };
        Selection { payload, vectors }
    }

    fn selector(&self) -> Option<proto::ShardKeySelector> {
        let keys = match self.shard_key.as_ref()? {
            Keyed::One(key) => vec![key.proto()],
            Keyed::Some(keys) => keys.iter().map(ShardKey::proto).collect(),
        };
        Some(proto::ShardKeySelector {
            shard_keys: keys,
            fallback: None,
        })
    }
}

/// A page of a collection, or of its shard of that number.
pub(super) fn page(state: &State, name: &str, shard: Option<u32>, body: &[u8]) -> Answer {
    let wrong = |what: String| Status::invalid_argument(format!("Format error in JSON body: {what}"));
    let request: Request = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if request.filter.is_some() || request.order_by.is_some() {
        return Err(wrong(
            "the simulator's REST has no filters and no orders".to_owned(),
        ));
    }
    let store = state.read(name)?;
    let limit = scroll::limit(&store, request.limit, LIMIT)?;
    let selection = request.selection();
    selection.check(&store.collection)?;
    let first = match &request.offset {
        None | Some(Value::Null) => PointId::Number(0),
        Some(offset) => PointId::of_json(offset).ok_or_else(|| wrong(format!("{offset} is no id")))?,
    };
    let shelves = store.read();
    let each = store.collection.shards;
    let chosen = match shard {
        None => shelves.chosen(request.selector().as_ref())?,
        Some(shard) if shards(&store, &shelves).any(|(known, _, _)| known == shard) => {
            vec![(shard / each) as usize]
        }
        Some(shard) => return Err(Status::not_found(format!("Not found: Shard {shard} not found"))),
    };
    let page = scroll::page(shelves.merged(&chosen, first), limit, |entry| {
        shard.is_none_or(|shard| shard_of(entry.id, each) == shard % each)
    });
    let mut text = String::from("{\"points\":[");
    for (place, (key, entry)) in page.points.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write::point(&selection, *entry, *key, store.collection.is_named(), &mut text);
    }
    let next = page.next.map_or(Value::Null, PointId::json);
    text.push_str(&format!("],\"next_page_offset\":{next}}}"));
    state.meter.sent(page.points.len() as u64, text.len() as u64);
    Ok(text)
}
