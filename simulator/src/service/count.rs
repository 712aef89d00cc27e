//! RunAggregationQuery: COUNT of a stretch. Sums and averages are not offered.

use super::structured::{self, understand};
use crate::meter::Read;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::structured_aggregation_query::aggregation::Operator;
use proto::value::ValueType;
use std::collections::HashMap;
use tonic::Status;

pub(crate) fn answer(
    state: &State,
    request: proto::RunAggregationQueryRequest,
) -> Result<proto::RunAggregationQueryResponse, Status> {
    use proto::run_aggregation_query_request::{ConsistencySelector, QueryType};
    use proto::structured_aggregation_query::QueryType::StructuredQuery;
    let database = state.database(&request.parent)?;
    let Some(QueryType::StructuredAggregationQuery(aggregation)) = request.query_type else {
        return Err(Status::invalid_argument("an aggregation query is missing"));
    };
    let Some(StructuredQuery(query)) = &aggregation.query_type else {
        return Err(Status::invalid_argument("the query to aggregate is missing"));
    };
    let asked = understand(&database, &request.parent, query)?;
    let time = structured::read_time(request.consistency_selector, |selector| match selector {
        ConsistencySelector::ReadTime(time) => Some(time),
        _ => None,
    })?;
    let at = state.moment(time)?;
    let all = database.count(&asked.stretch, at).saturating_sub(asked.offset);
    let counted = all.min(asked.limit.unwrap_or(u64::MAX));
    state.faults.can_count(counted)?;
    let aggregate_fields = fields(&aggregation.aggregations, counted)?;
    database.meter().read(Read::Counted, Read::of_counted(counted))?;
    Ok(proto::RunAggregationQueryResponse {
        result: Some(proto::AggregationResult { aggregate_fields }),
        read_time: Some(at.timestamp()),
        ..Default::default()
    })
}

/// The count under every name it was asked for; what has no name is numbered.
fn fields(
    aggregations: &[proto::structured_aggregation_query::Aggregation],
    counted: u64,
) -> Result<HashMap<String, proto::Value>, Status> {
    let (mut fields, mut nameless) = (HashMap::new(), 0);
    for aggregation in aggregations {
        let up_to = match &aggregation.operator {
            Some(Operator::Count(count)) => count.up_to.unwrap_or(i64::MAX),
            Some(_) => {
                return Err(Status::unimplemented(
                    "the simulator counts, and aggregates nothing else",
                ));
            }
            None => return Err(Status::invalid_argument("an aggregation has no operator")),
        };
        if up_to < 0 {
            return Err(Status::invalid_argument("up_to must not be negative"));
        }
        let alias = match aggregation.alias.as_str() {
            "" => {
                nameless += 1;
                format!("field_{nameless}")
            }
            alias => alias.to_owned(),
        };
        let value_type = Some(ValueType::IntegerValue(
            i64::try_from(counted).unwrap_or(i64::MAX).min(up_to),
        ));
        if fields
            .insert(alias.clone(), proto::Value { value_type })
            .is_some()
        {
            return Err(Status::invalid_argument(format!(
                "the alias {alias:?} is there twice"
            )));
        }
    }
    Ok(fields)
}
