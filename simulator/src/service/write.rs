//! Commit and BatchWrite: writes together, or each for itself.

use crate::database::{Database, Order};
use crate::meter::Meter;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::rpc;
use proto::write::Operation;
use std::collections::BTreeSet;
use tonic::Status;

/// All writes at one moment, or none.
pub(crate) fn commit(state: &State, request: proto::CommitRequest) -> Result<proto::CommitResponse, Status> {
    if !request.transaction.is_empty() {
        return Err(Status::unimplemented("the simulator has no transactions"));
    }
    let database = state.database(&request.database)?;
    if request.writes.is_empty() {
        return Ok(proto::CommitResponse::default());
    }
    let (moment, write_results) = database.commit(&request.writes, &state.clock)?;
    request
        .writes
        .iter()
        .for_each(|write| bill(database.meter(), write));
    Ok(proto::CommitResponse {
        write_results,
        commit_time: Some(moment.timestamp()),
    })
}

/// Each write at a moment of its own; one that fails does not hold up the others. A request with a write that makes no
/// sense, or with two writes to one document, is refused as a whole.
pub(crate) fn batch(
    state: &State,
    request: proto::BatchWriteRequest,
) -> Result<proto::BatchWriteResponse, Status> {
    let database = state.database(&request.database)?;
    let order = |write: &proto::Write| Order::of(database.root(), write);
    let orders: Vec<Order> = request.writes.iter().map(order).collect::<Result<_, _>>()?;
    let mut paths = BTreeSet::new();
    if !orders.iter().all(|order| paths.insert(order.path())) {
        let why = "the same document cannot be written more than once in a single request";
        return Err(Status::invalid_argument(why));
    }
    let mut response = proto::BatchWriteResponse::default();
    for (order, write) in orders.iter().zip(&request.writes) {
        let (result, status) = alone(&database, order, write, state);
        response.write_results.push(result);
        response.status.push(status);
    }
    Ok(response)
}

fn alone(
    database: &Database,
    order: &Order,
    write: &proto::Write,
    state: &State,
) -> (proto::WriteResult, rpc::Status) {
    match database.carry_out(std::slice::from_ref(order), &state.clock) {
        Ok((_, results)) => {
            bill(database.meter(), write);
            (
                results.into_iter().next().unwrap_or_default(),
                rpc::Status::default(),
            )
        }
        Err(status) => (proto::WriteResult::default(), told(&status)),
    }
}

fn told(status: &Status) -> rpc::Status {
    rpc::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    }
}

fn bill(meter: &Meter, write: &proto::Write) {
    match write.operation {
        Some(Operation::Delete(_)) => meter.deleted(1),
        _ => meter.wrote(1),
    }
}
