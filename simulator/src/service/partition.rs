//! PartitionQuery: points that cut a collection group into about equal parts.
//!
//! As documented for the real one: only whole groups in name order, no part below 128 documents and so fewer points
//! than asked for, and pages that are each in order but not against one another. The emulator does not offer it.

use super::structured::{self, understand};
use crate::database::Database;
use crate::meter::Read;
use crate::path::Path;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::value::ValueType;
use tonic::Status;

/// No part is smaller.
const SMALLEST_PART: u64 = 128;
/// Points in a page when the request does not say.
const PAGE: usize = 300;

pub(crate) fn answer(
    state: &State,
    request: proto::PartitionQueryRequest,
) -> Result<proto::PartitionQueryResponse, Status> {
    use proto::partition_query_request::{ConsistencySelector, QueryType};
    let database = state.database(&request.parent)?;
    if request.parent != database.root() {
        return Err(Status::invalid_argument(
            "PartitionQuery takes the root of the database as its parent",
        ));
    }
    let Some(QueryType::StructuredQuery(query)) = &request.query_type else {
        return Err(Status::invalid_argument("a query is missing"));
    };
    let asked = understand(&database, &request.parent, query)?;
    let whole_group = asked.stretch.collection.is_some() && asked.stretch.all_descendants;
    let bare = query.limit.is_none() && query.offset == 0 && query.r#where.is_none();
    if !whole_group || !bare || query.start_at.is_some() || query.end_at.is_some() {
        return Err(Status::invalid_argument(
            "PartitionQuery takes a collection group ordered by __name__, without filter, limit, offset or cursor",
        ));
    }
    let wanted = u64::try_from(request.partition_count)
        .ok()
        .filter(|points| *points > 0);
    let wanted = wanted.ok_or_else(|| Status::invalid_argument("partition_count must be positive"))?;
    let Some(ConsistencySelector::ReadTime(time)) = request.consistency_selector else {
        return page(&database, &request, asked, wanted, state.moment(None)?);
    };
    page(&database, &request, asked, wanted, state.moment(Some(time))?)
}

fn page(
    database: &Database,
    request: &proto::PartitionQueryRequest,
    asked: structured::Asked,
    wanted: u64,
    at: crate::Moment,
) -> Result<proto::PartitionQueryResponse, Status> {
    let documents = database.count(&asked.stretch, at);
    let points = wanted.min((documents / SMALLEST_PART).saturating_sub(1));
    let cuts = database.cuts(&asked.stretch, points, at);
    database.meter().read(Read::Looked, 1)?;
    let size = usize::try_from(request.page_size)
        .ok()
        .filter(|size| *size > 0)
        .unwrap_or(PAGE);
    let pages = cuts.len().div_ceil(size).max(1);
    let number: usize = match request.page_token.as_str() {
        "" => 0,
        token => token
            .parse()
            .map_err(|_| Status::invalid_argument("Invalid page token."))?,
    };
    // Every so many-th point, so that no page is in order against another.
    let partitions = cuts
        .iter()
        .skip(number)
        .step_by(pages)
        .map(|cut| cursor(database, cut))
        .collect();
    let next = number + 1;
    Ok(proto::PartitionQueryResponse {
        partitions,
        next_page_token: if next < pages {
            next.to_string()
        } else {
            String::new()
        },
    })
}

fn cursor(database: &Database, cut: &Path) -> proto::Cursor {
    let value_type = Some(ValueType::ReferenceValue(cut.name(database.root())));
    proto::Cursor {
        values: vec![proto::Value { value_type }],
        before: false,
    }
}
