//! Queries from JSON, handed on whole: what of them is not answered is the services' to say.

use super::read::{Json, Members, object};
use super::{scalar, time, value};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proto::structured_aggregation_query::aggregation::{self, Operator};
use proto::structured_aggregation_query::{Aggregation, QueryType};
use proto::structured_query::filter::FilterType;
use proto::structured_query::unary_filter::OperandType;
use proto::structured_query::{
    CollectionSelector, CompositeFilter, Direction, FieldFilter, FieldReference, Filter, FindNearest, Order,
    Projection, UnaryFilter, composite_filter, field_filter, find_nearest, unary_filter,
};
use serde_json::json;
use tonic::Status;

pub(super) fn read(json: Json) -> Result<proto::StructuredQuery, Status> {
    object(json, |members| {
        Ok(proto::StructuredQuery {
            select: members.one("select", projection)?,
            from: members.list("from", selector)?,
            r#where: members.one("where", filter)?,
            order_by: members.list("orderBy", order)?,
            start_at: members.one("startAt", cursor)?,
            end_at: members.one("endAt", cursor)?,
            offset: members.plain("offset", scalar::small)?,
            limit: members.one("limit", limit)?,
            find_nearest: members.one("findNearest", nearest)?,
        })
    })
}

/// A number, or the message around it that some clients spell out.
fn limit(json: Json) -> Result<i32, Status> {
    match json {
        Json::Object(_) => object(json, |members| members.plain("value", scalar::small)),
        number => scalar::small(number),
    }
}

fn projection(json: Json) -> Result<Projection, Status> {
    let fields = object(json, |members| members.list("fields", field))?;
    Ok(Projection { fields })
}

fn field(json: Json) -> Result<FieldReference, Status> {
    let field_path = object(json, |members| members.plain("fieldPath", scalar::text))?;
    Ok(FieldReference { field_path })
}

fn selector(json: Json) -> Result<CollectionSelector, Status> {
    object(json, |members| {
        Ok(CollectionSelector {
            collection_id: members.plain("collectionId", scalar::text)?,
            all_descendants: members.plain("allDescendants", scalar::boolean)?,
        })
    })
}

fn order(json: Json) -> Result<Order, Status> {
    object(json, |members| {
        Ok(Order {
            field: members.one("field", field)?,
            direction: members.plain("direction", |json| scalar::choice(json, Direction::from_str_name))?,
        })
    })
}

fn cursor(json: Json) -> Result<proto::Cursor, Status> {
    object(json, |members| {
        Ok(proto::Cursor {
            values: members.list("values", value::read)?,
            before: members.plain("before", scalar::boolean)?,
        })
    })
}

/// A cursor as JSON.
pub(super) fn write_cursor(cursor: proto::Cursor) -> Json {
    let values: Vec<Json> = cursor.values.into_iter().map(value::write).collect();
    match cursor.before {
        true => json!({"values": values, "before": true}),
        false => json!({"values": values}),
    }
}

fn filter(json: Json) -> Result<Filter, Status> {
    let filter_type = object(json, |members| {
        members.choice(&[
            ("compositeFilter", |json| {
                Ok(FilterType::CompositeFilter(object(json, composite)?))
            }),
            ("fieldFilter", |json| {
                Ok(FilterType::FieldFilter(object(json, by_field)?))
            }),
            ("unaryFilter", |json| {
                Ok(FilterType::UnaryFilter(object(json, unary)?))
            }),
        ])
    })?;
    Ok(Filter { filter_type })
}

fn composite(members: &mut Members) -> Result<CompositeFilter, Status> {
    let operator = |json| scalar::choice(json, composite_filter::Operator::from_str_name);
    Ok(CompositeFilter {
        op: members.plain("op", operator)?,
        filters: members.list("filters", filter)?,
    })
}

fn by_field(members: &mut Members) -> Result<FieldFilter, Status> {
    let operator = |json| scalar::choice(json, field_filter::Operator::from_str_name);
    Ok(FieldFilter {
        field: members.one("field", field)?,
        op: members.plain("op", operator)?,
        value: members.one("value", value::read)?,
    })
}

fn unary(members: &mut Members) -> Result<UnaryFilter, Status> {
    let operator = |json| scalar::choice(json, unary_filter::Operator::from_str_name);
    Ok(UnaryFilter {
        op: members.plain("op", operator)?,
        operand_type: members.one("field", field)?.map(OperandType::Field),
    })
}

fn nearest(json: Json) -> Result<FindNearest, Status> {
    let measure = |json| scalar::choice(json, find_nearest::DistanceMeasure::from_str_name);
    object(json, |members| {
        Ok(FindNearest {
            vector_field: members.one("vectorField", field)?,
            query_vector: members.one("queryVector", value::read)?,
            distance_measure: members.plain("distanceMeasure", measure)?,
            limit: members.one("limit", limit)?,
            distance_result_field: members.plain("distanceResultField", scalar::text)?,
            distance_threshold: members.one("distanceThreshold", scalar::double)?,
        })
    })
}

pub(super) fn aggregating(json: Json) -> Result<proto::StructuredAggregationQuery, Status> {
    object(json, |members| {
        Ok(proto::StructuredAggregationQuery {
            aggregations: members.list("aggregations", aggregation)?,
            query_type: members
                .one("structuredQuery", read)?
                .map(QueryType::StructuredQuery),
        })
    })
}

fn aggregation(json: Json) -> Result<Aggregation, Status> {
    fn of_field(json: Json) -> Result<Option<FieldReference>, Status> {
        object(json, |members| members.one("field", field))
    }
    object(json, |members| {
        Ok(Aggregation {
            alias: members.plain("alias", scalar::text)?,
            operator: members.choice(&[
                ("count", |json| {
                    let up_to = object(json, |members| members.one("upTo", scalar::integer))?;
                    Ok(Operator::Count(aggregation::Count { up_to }))
                }),
                ("sum", |json| {
                    Ok(Operator::Sum(aggregation::Sum {
                        field: of_field(json)?,
                    }))
                }),
                ("avg", |json| {
                    Ok(Operator::Avg(aggregation::Avg {
                        field: of_field(json)?,
                    }))
                }),
            ])?,
        })
    })
}

/// As of when to read: in a transaction, in a new one, or at a time.
pub(super) enum When {
    Transaction(Vec<u8>),
    NewTransaction(proto::TransactionOptions),
    ReadTime(Timestamp),
}

pub(super) fn when(members: &mut Members) -> Result<Option<When>, Status> {
    members.choice(&[
        ("transaction", |json| scalar::bytes(json).map(When::Transaction)),
        ("newTransaction", |json| {
            transaction(json).map(When::NewTransaction)
        }),
        ("readTime", |json| time::read(json).map(When::ReadTime)),
    ])
}

fn transaction(json: Json) -> Result<proto::TransactionOptions, Status> {
    use proto::transaction_options::{ConcurrencyMode, Mode, ReadOnly, ReadWrite, read_only};
    let mode = object(json, |members| {
        members.choice(&[
            ("readOnly", |json| {
                let time = object(json, |members| members.one("readTime", time::read))?;
                let consistency_selector = time.map(read_only::ConsistencySelector::ReadTime);
                Ok(Mode::ReadOnly(ReadOnly { consistency_selector }))
            }),
            ("readWrite", |json| {
                let mode = |json| scalar::choice(json, ConcurrencyMode::from_str_name);
                object(json, |members| {
                    Ok(Mode::ReadWrite(ReadWrite {
                        retry_transaction: members.plain("retryTransaction", scalar::bytes)?,
                        concurrency_mode: members.plain("concurrencyMode", mode)?,
                    }))
                })
            }),
        ])
    })?;
    Ok(proto::TransactionOptions { mode })
}
