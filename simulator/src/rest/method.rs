//! The methods that are called by a verb and a body of JSON.

use super::address::Address;
use super::query::{self, When, when};
use super::read::{Json, Members, object};
use super::{change, scalar, time, value};
use crate::service::{count, get, list, partition, query as run, write};
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use serde_json::{Map, json};
use tonic::Status;

/// Does what the verb of an address says.
pub(super) fn call(state: &State, address: &Address, verb: &str, body: Json) -> Result<Json, Status> {
    let parent = address.name();
    match verb {
        "runQuery" => run_query(state, parent, body),
        "runAggregationQuery" => aggregate(state, parent, body),
        "partitionQuery" => partition(state, parent, body),
        "listCollectionIds" => list_collection_ids(state, parent, body),
        "commit" => commit(state, address, body),
        "batchWrite" => batch_write(state, address, body),
        "batchGet" => batch_get(state, address, body),
        other => Err(Status::unimplemented(format!(
            "the simulator has no transactions, and no {other}"
        ))),
    }
}

/// Reads a body. What the URL says is believed rather than what the body says about the same.
fn request<T>(body: Json, read: impl FnOnce(&mut Members) -> Result<T, Status>) -> Result<T, Status> {
    object(body, |members| {
        for said_already in ["parent", "database"] {
            members.one(said_already, scalar::text)?;
        }
        members.one("requestOptions", Ok)?;
        read(members)
    })
}

fn explain(members: &mut Members) -> Result<Option<proto::ExplainOptions>, Status> {
    members.one("explainOptions", |json| {
        let analyze = object(json, |members| members.plain("analyze", scalar::boolean))?;
        Ok(proto::ExplainOptions { analyze })
    })
}

fn run_query(state: &State, parent: String, body: Json) -> Result<Json, Status> {
    use proto::run_query_request::{ConsistencySelector, QueryType};
    let request = request(body, |members| {
        Ok(proto::RunQueryRequest {
            parent,
            explain_options: explain(members)?,
            query_type: members
                .one("structuredQuery", query::read)?
                .map(QueryType::StructuredQuery),
            consistency_selector: when(members)?.map(|when| match when {
                When::Transaction(id) => ConsistencySelector::Transaction(id),
                When::NewTransaction(options) => ConsistencySelector::NewTransaction(options),
                When::ReadTime(time) => ConsistencySelector::ReadTime(time),
            }),
            ..Default::default()
        })
    })?;
    let answers = run::collect(state, request)?.into_iter().map(|answer| {
        let mut members = Map::new();
        if !answer.transaction.is_empty() {
            members.insert("transaction".to_owned(), scalar::write_bytes(&answer.transaction));
        }
        if let Some(document) = answer.document {
            members.insert("document".to_owned(), value::write_document(document));
        }
        if let Some(time) = &answer.read_time {
            members.insert("readTime".to_owned(), time::write(time));
        }
        if answer.skipped_results != 0 {
            members.insert("skippedResults".to_owned(), answer.skipped_results.into());
        }
        if let Some(proto::run_query_response::ContinuationSelector::Done(done)) =
            answer.continuation_selector
        {
            members.insert("done".to_owned(), done.into());
        }
        Json::from(members)
    });
    Ok(answers.collect())
}

fn aggregate(state: &State, parent: String, body: Json) -> Result<Json, Status> {
    use proto::run_aggregation_query_request::{ConsistencySelector, QueryType};
    let request = request(body, |members| {
        let query = members.one("structuredAggregationQuery", query::aggregating)?;
        Ok(proto::RunAggregationQueryRequest {
            parent,
            explain_options: explain(members)?,
            query_type: query.map(QueryType::StructuredAggregationQuery),
            consistency_selector: when(members)?.map(|when| match when {
                When::Transaction(id) => ConsistencySelector::Transaction(id),
                When::NewTransaction(options) => ConsistencySelector::NewTransaction(options),
                When::ReadTime(time) => ConsistencySelector::ReadTime(time),
            }),
            ..Default::default()
        })
    })?;
    let answer = count::answer(state, request)?;
    let mut members = Map::new();
    if let Some(result) = answer.result {
        members.insert(
            "result".to_owned(),
            json!({"aggregateFields": value::write_table(result.aggregate_fields)}),
        );
    }
    if let Some(time) = &answer.read_time {
        members.insert("readTime".to_owned(), time::write(time));
    }
    Ok(json!([members]))
}

fn partition(state: &State, parent: String, body: Json) -> Result<Json, Status> {
    use proto::partition_query_request::{ConsistencySelector, QueryType};
    let request = request(body, |members| {
        let time = members.one("readTime", time::read)?;
        Ok(proto::PartitionQueryRequest {
            parent,
            partition_count: members.plain("partitionCount", scalar::integer)?,
            page_token: members.plain("pageToken", scalar::text)?,
            page_size: members.plain("pageSize", scalar::small)?,
            query_type: members
                .one("structuredQuery", query::read)?
                .map(QueryType::StructuredQuery),
            consistency_selector: time.map(ConsistencySelector::ReadTime),
            ..Default::default()
        })
    })?;
    let answer = partition::answer(state, request)?;
    let cursors = answer.partitions.into_iter().map(query::write_cursor).collect();
    Ok(page("partitions", cursors, answer.next_page_token))
}

fn list_collection_ids(state: &State, parent: String, body: Json) -> Result<Json, Status> {
    use proto::list_collection_ids_request::ConsistencySelector;
    let request = request(body, |members| {
        let time = members.one("readTime", time::read)?;
        Ok(proto::ListCollectionIdsRequest {
            parent,
            page_size: members.plain("pageSize", scalar::small)?,
            page_token: members.plain("pageToken", scalar::text)?,
            consistency_selector: time.map(ConsistencySelector::ReadTime),
            ..Default::default()
        })
    })?;
    let answer = list::collection_ids(state, request)?;
    let ids = answer.collection_ids.into_iter().map(Json::from).collect();
    Ok(page("collectionIds", ids, answer.next_page_token))
}

/// A page of a list; what is empty is left out.
pub(super) fn page(name: &str, items: Vec<Json>, next: String) -> Json {
    let mut members = Map::new();
    if !items.is_empty() {
        members.insert(name.to_owned(), items.into());
    }
    if !next.is_empty() {
        members.insert("nextPageToken".to_owned(), next.into());
    }
    members.into()
}

fn commit(state: &State, address: &Address, body: Json) -> Result<Json, Status> {
    let request = request(body, |members| {
        Ok(proto::CommitRequest {
            database: address.database.clone(),
            writes: members.list("writes", change::read)?,
            transaction: members.plain("transaction", scalar::bytes)?,
            ..Default::default()
        })
    })?;
    write::commit(state, request).map(change::write_commit)
}

fn batch_write(state: &State, address: &Address, body: Json) -> Result<Json, Status> {
    let request = request(body, |members| {
        Ok(proto::BatchWriteRequest {
            database: address.database.clone(),
            writes: members.list("writes", change::read)?,
            labels: members.table("labels", scalar::text)?,
            ..Default::default()
        })
    })?;
    write::batch(state, request).map(change::write_batch)
}

fn batch_get(state: &State, address: &Address, body: Json) -> Result<Json, Status> {
    use proto::batch_get_documents_request::ConsistencySelector;
    use proto::batch_get_documents_response::Result::{Found, Missing};
    let request = request(body, |members| {
        Ok(proto::BatchGetDocumentsRequest {
            database: address.database.clone(),
            documents: members.list("documents", scalar::text)?,
            mask: members.one("mask", change::mask)?,
            consistency_selector: when(members)?.map(|when| match when {
                When::Transaction(id) => ConsistencySelector::Transaction(id),
                When::NewTransaction(options) => ConsistencySelector::NewTransaction(options),
                When::ReadTime(time) => ConsistencySelector::ReadTime(time),
            }),
            ..Default::default()
        })
    })?;
    let answers = get::batch(state, request)?.into_iter().map(|answer| {
        let mut members = Map::new();
        match answer.result {
            Some(Found(document)) => {
                drop(members.insert("found".to_owned(), value::write_document(document)))
            }
            Some(Missing(name)) => drop(members.insert("missing".to_owned(), name.into())),
            None => {}
        }
        if let Some(time) = &answer.read_time {
            members.insert("readTime".to_owned(), time::write(time));
        }
        Json::from(members)
    });
    Ok(answers.collect())
}
