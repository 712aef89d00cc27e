//! Points by their ids, and how many there are.

use super::{how, scroll};
use crate::qdrant::encode::{Frame, message};
use crate::qdrant::id::PointId;
use crate::qdrant::select::Selection;
use crate::qdrant::state::State;
use ::qdrant_client::qdrant as proto;
use tonic::Status;

/// `GetResponse.result`.
const RESULT: u8 = 0x0a;

/// Appends the points of those ids that exist, each once, by id.
pub(super) fn get(state: &State, request: proto::GetPoints, to: &mut Vec<u8>) -> Result<u64, Status> {
    let store = state.read(&request.collection_name)?;
    let selection = Selection::read(
        &store.collection,
        request.with_payload,
        false,
        request.with_vectors,
    )?;
    let mut ids: Vec<PointId> = request.ids.iter().map(PointId::read).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    let shelves = store.read();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    let mut points = 0;
    for id in ids {
        let found = shelves.merged(&chosen, id).next();
        let Some((key, entry)) = found.filter(|(_, entry)| entry.id == id) else {
            continue;
        };
        message(&[RESULT], to, |to| {
            selection.write(Frame::Retrieved, entry, key, how(state, &store), to);
        });
        points += 1;
    }
    Ok(points)
}

/// How many points pass. With custom sharding, points of the same id under two keys count twice.
pub(super) fn count(state: &State, request: proto::CountPoints) -> Result<proto::CountResponse, Status> {
    let store = state.read(&request.collection_name)?;
    let filter = scroll::filter(state, &store, request.filter)?;
    let shelves = store.read();
    let chosen = shelves.chosen(request.shard_key_selector.as_ref())?;
    let count = match filter.is_open() {
        true => shelves.visible(&chosen),
        false => {
            let under = |which: &usize| {
                let all = shelves.merged(&[*which], PointId::Number(0));
                all.filter(|(_, entry)| filter.passes(*entry)).count() as u64
            };
            chosen.iter().map(under).sum()
        }
    };
    Ok(proto::CountResponse {
        result: Some(proto::CountResult { count }),
        ..Default::default()
    })
}
