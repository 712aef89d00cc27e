//! What a structured query asks for, as far as the simulator answers it: stretches of names, in name order.

use crate::database::mask::Mask;
use crate::database::{Database, Stretch, earlier, later};
use crate::path::{Id, Path};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proto::StructuredQuery;
use proto::structured_query::{Direction, FieldFilter, Filter, composite_filter, field_filter, filter};
use proto::value::ValueType;
use std::ops::Bound;
use tonic::Status;

/// A query as it will be answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) stretch: Stretch,
    pub(crate) offset: u64,
    pub(crate) limit: Option<u64>,
    pub(crate) select: Select,
}

/// What of a document is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Select {
    Everything,
    NameOnly,
    Fields(Mask),
}

/// The collection a query is about, for faults that strike only there.
pub(crate) fn collection(query: Option<&StructuredQuery>) -> Option<String> {
    let id = query?.from.first()?.collection_id.clone();
    (!id.is_empty()).then_some(id)
}

pub(crate) fn aggregated(request: &proto::RunAggregationQueryRequest) -> Option<String> {
    use proto::run_aggregation_query_request::QueryType::StructuredAggregationQuery;
    let Some(StructuredAggregationQuery(aggregation)) = &request.query_type else {
        return None;
    };
    let proto::structured_aggregation_query::QueryType::StructuredQuery(query) =
        aggregation.query_type.as_ref()?;
    collection(Some(query))
}

pub(crate) fn partitioned(request: &proto::PartitionQueryRequest) -> Option<String> {
    let proto::partition_query_request::QueryType::StructuredQuery(query) = request.query_type.as_ref()?;
    collection(Some(query))
}

/// Understands `query` below `parent`, or says what of it the simulator does not answer.
pub(crate) fn understand(
    database: &Database,
    parent: &str,
    query: &StructuredQuery,
) -> Result<Asked, Status> {
    let below = path(database, parent)?;
    if !below.is_root() && !below.is_document() {
        return Err(Status::invalid_argument(format!(
            "Document parent name {parent:?} lacks \"/\" at the end."
        )));
    }
    let [from] = &query.from[..] else {
        return Err(Status::invalid_argument(
            "a query needs exactly one collection selector",
        ));
    };
    if from.collection_id.is_empty() && !from.all_descendants {
        return Err(not_here("all collections directly below one parent"));
    }
    if !from.collection_id.is_empty() {
        let why = |why| {
            Status::invalid_argument(format!(
                "Collection id {:?} is invalid: {why}.",
                from.collection_id
            ))
        };
        Id::parse(&from.collection_id).map_err(why)?;
        if from.collection_id.contains('/') {
            return Err(why("it has a slash in it"));
        }
    }
    for cursor in [&query.start_at, &query.end_at].into_iter().flatten() {
        if cursor.values.len() > query.order_by.len() {
            return Err(Status::invalid_argument("Cursor has too many values."));
        }
    }
    if query.find_nearest.is_some() {
        return Err(not_here("vector search"));
    }
    in_name_order(query)?;
    let mut stretch = Stretch {
        collection: (!from.collection_id.is_empty()).then(|| from.collection_id.clone()),
        below,
        all_descendants: from.all_descendants,
        from: Bound::Unbounded,
        to: Bound::Unbounded,
    };
    if let Some(filter) = &query.r#where {
        narrow(database, &mut stretch, filter)?;
    }
    let nothing = between(database, query, &mut stretch)?;
    let count = |n: i32, what: &str| {
        u64::try_from(n).map_err(|_| Status::invalid_argument(format!("{what} is negative")))
    };
    Ok(Asked {
        stretch,
        offset: count(query.offset, "offset")?,
        limit: match nothing {
            true => Some(0),
            false => query.limit.map(|limit| count(limit, "limit")).transpose()?,
        },
        select: select(query)?,
    })
}

fn select(query: &StructuredQuery) -> Result<Select, Status> {
    let Some(projection) = &query.select else {
        return Ok(Select::Everything);
    };
    let mut paths = projection.fields.iter().map(|field| &field.field_path);
    match paths.clone().all(|path| path == "__name__") {
        true => Ok(Select::NameOnly),
        false => Mask::parse(paths.by_ref()).map(Select::Fields),
    }
}

fn in_name_order(query: &StructuredQuery) -> Result<(), Status> {
    for order in &query.order_by {
        if order
            .field
            .as_ref()
            .is_none_or(|field| field.field_path != "__name__")
        {
            return Err(not_here("an order other than by __name__"));
        }
        if order.direction == i32::from(Direction::Descending) {
            return Err(Status::failed_precondition(
                "Firestore does not support descending key scans.",
            ));
        }
    }
    Ok(())
}

fn not_here(what: &str) -> Status {
    Status::unimplemented(format!("the simulator does not answer queries for {what}"))
}

/// The path of a resource name in this database.
pub(crate) fn path(database: &Database, name: &str) -> Result<Path, Status> {
    Path::below(database.root(), name).map_err(|error| Status::invalid_argument(error.to_string()))
}

/// Narrows the stretch to what lies between the cursors; true when nothing does. A cursor without values is before
/// everything, or after it.
fn between(database: &Database, query: &StructuredQuery, stretch: &mut Stretch) -> Result<bool, Status> {
    let mut nothing = false;
    if let Some(start) = &query.start_at {
        match cursor_path(database, start)? {
            Some(name) if start.before => raise(&mut stretch.from, Bound::Included(name)),
            Some(name) => raise(&mut stretch.from, Bound::Excluded(name)),
            None => nothing |= !start.before,
        }
    }
    if let Some(end) = &query.end_at {
        match cursor_path(database, end)? {
            Some(name) if end.before => lower(&mut stretch.to, Bound::Excluded(name)),
            Some(name) => lower(&mut stretch.to, Bound::Included(name)),
            None => nothing |= end.before,
        }
    }
    Ok(nothing)
}

fn cursor_path(database: &Database, cursor: &proto::Cursor) -> Result<Option<Path>, Status> {
    let name = match cursor.values.first().map(|value| &value.value_type) {
        None => return Ok(None),
        Some(Some(ValueType::ReferenceValue(name))) => name,
        Some(_) => {
            return Err(Status::invalid_argument(
                "Cursor value for __name__ must be a reference.",
            ));
        }
    };
    match path(database, name)? {
        path if path.is_document() => Ok(Some(path)),
        _ => Err(Status::invalid_argument(format!("{name:?} names no document."))),
    }
}

fn narrow(database: &Database, stretch: &mut Stretch, filter: &Filter) -> Result<(), Status> {
    match &filter.filter_type {
        None => Ok(()),
        Some(filter::FilterType::CompositeFilter(all))
            if all.op == i32::from(composite_filter::Operator::And) =>
        {
            all.filters
                .iter()
                .try_for_each(|filter| narrow(database, stretch, filter))
        }
        Some(filter::FilterType::FieldFilter(filter)) => by_name(database, stretch, filter),
        Some(_) => Err(not_here("filters on anything but __name__")),
    }
}

fn by_name(database: &Database, stretch: &mut Stretch, filter: &FieldFilter) -> Result<(), Status> {
    use field_filter::Operator;
    if filter
        .field
        .as_ref()
        .is_none_or(|field| field.field_path != "__name__")
    {
        return Err(not_here("filters on anything but __name__"));
    }
    let Some(ValueType::ReferenceValue(name)) =
        filter.value.as_ref().and_then(|value| value.value_type.as_ref())
    else {
        return Err(Status::invalid_argument("__key__ filter value must be a Key"));
    };
    let name = path(database, name)?;
    match filter.op() {
        Operator::Equal => {
            raise(&mut stretch.from, Bound::Included(name.clone()));
            lower(&mut stretch.to, Bound::Included(name));
        }
        Operator::GreaterThan => raise(&mut stretch.from, Bound::Excluded(name)),
        Operator::GreaterThanOrEqual => raise(&mut stretch.from, Bound::Included(name)),
        Operator::LessThan => lower(&mut stretch.to, Bound::Excluded(name)),
        Operator::LessThanOrEqual => lower(&mut stretch.to, Bound::Included(name)),
        _ => return Err(not_here("this operator on __name__")),
    }
    Ok(())
}

fn raise(from: &mut Bound<Path>, other: Bound<Path>) {
    *from = later(std::mem::replace(from, Bound::Unbounded), other);
}

fn lower(to: &mut Bound<Path>, other: Bound<Path>) {
    *to = earlier(std::mem::replace(to, Bound::Unbounded), other);
}

/// The read time a request asks for; transactions are not offered.
pub(crate) fn read_time<S>(
    selector: Option<S>,
    time: impl FnOnce(S) -> Option<Timestamp>,
) -> Result<Option<Timestamp>, Status> {
    match selector {
        None => Ok(None),
        Some(selector) => match time(selector) {
            Some(time) => Ok(Some(time)),
            None => Err(Status::unimplemented("the simulator has no transactions")),
        },
    }
}
