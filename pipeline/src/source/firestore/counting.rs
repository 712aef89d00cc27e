//! COUNT, by halves where the whole is too much for one call.
//!
//! Firestore gives a COUNT about a minute, which is not enough for the largest collections. What could not be counted
//! in time is cut in two and counted in parts; the parts of a range at one moment add up to the range.

use super::client::{Client, Trouble, timestamp};
use super::inventory::split;
use super::query::Query;
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::run_aggregation_query_request::{ConsistencySelector, QueryType};
use proto::structured_aggregation_query::{Aggregation, aggregation};
use proto::value::ValueType;
use tonic::{Code, Status};

/// COUNT is billed one read for every thousand index entries.
const COUNTED_PER_READ: u64 = 1000;
/// The name the count is given in the answer.
const ALIAS: &str = "n";

impl Client {
    /// How many documents `query` holds at a moment.
    pub(super) async fn count(&self, query: &Query, at: ReadTime) -> Result<u64, Fault> {
        let (mut open, mut sum) = (vec![query.clone()], 0);
        while let Some(query) = open.pop() {
            match self.count_in_time(&query, at).await? {
                Some(counted) => sum += counted,
                None => match self.halves(&query, at).await? {
                    Some(halves) => open.extend(halves),
                    None => sum += self.count_whole(&query, at).await?,
                },
            }
        }
        Ok(sum)
    }

    /// The count, or nothing when it took the server too long.
    async fn count_in_time(&self, query: &Query, at: ReadTime) -> Result<Option<u64>, Fault> {
        let action = counting(query);
        self.retried(&action, || async {
            match self.count_within_budget(query, at, &action).await {
                Err(Trouble::Status(status)) if status.code() == Code::DeadlineExceeded => Ok(None),
                answer => answer.map(Some),
            }
        })
        .await
    }

    /// The count of what cannot be halved.
    async fn count_whole(&self, query: &Query, at: ReadTime) -> Result<u64, Fault> {
        let action = counting(query);
        self.retried(&action, || self.count_within_budget(query, at, &action))
            .await
    }

    /// What a COUNT costs is known afterwards only. With a budget it counts no further than what was set apart for it
    /// pays for, once more with more set apart where that was not enough.
    async fn count_within_budget(&self, query: &Query, at: ReadTime, action: &str) -> Result<u64, Trouble> {
        let budget = self.quota().budget();
        for again in [false, true] {
            let (mut admitted, most) = budget.take_for_count(action, again).await?;
            let limited = most.map(|most| query.clone().limit(u32::try_from(most).unwrap_or(u32::MAX)));
            let query = limited.as_ref().unwrap_or(query);
            let counted = self.in_time(self.ask_count(query, at)).await?;
            admitted.note(counted.div_ceil(COUNTED_PER_READ).max(1));
            admitted.close();
            if most.is_none_or(|most| counted < most) {
                budget.note_count(counted);
                return Ok(counted);
            }
        }
        Err(Trouble::Budget(budget.reached(action)))
    }

    async fn halves(&self, query: &Query, at: ReadTime) -> Result<Option<[Query; 2]>, Fault> {
        let (from, to) = query.bounds();
        let part = |from: Option<&str>, to: Option<&str>| query.part(from, to);
        let cut = split(self, &part, from, to, at).await?;
        Ok(cut.map(|(cut, _)| [query.part(Some(&cut), to), query.part(from, Some(&cut))]))
    }

    async fn ask_count(&self, query: &Query, at: ReadTime) -> Result<u64, Status> {
        let count = Aggregation {
            alias: ALIAS.to_owned(),
            operator: Some(aggregation::Operator::Count(aggregation::Count { up_to: None })),
        };
        let inner =
            proto::structured_aggregation_query::QueryType::StructuredQuery(query.structured(self.root()));
        let request = proto::RunAggregationQueryRequest {
            parent: self.root().to_owned(),
            query_type: Some(QueryType::StructuredAggregationQuery(
                proto::StructuredAggregationQuery {
                    aggregations: vec![count],
                    query_type: Some(inner),
                },
            )),
            consistency_selector: Some(ConsistencySelector::ReadTime(timestamp(at))),
            ..Default::default()
        };
        let _granted = self.quota().take(1).await;
        let mut answers = self.typed().run_aggregation_query(request).await?.into_inner();
        let mut counted = None;
        while let Some(answer) = answers.message().await? {
            let value = answer
                .result
                .and_then(|result| result.aggregate_fields.get(ALIAS).cloned());
            if let Some(ValueType::IntegerValue(n)) = value.and_then(|value| value.value_type) {
                counted = u64::try_from(n).ok();
            }
        }
        let counted =
            counted.ok_or_else(|| Status::unavailable("the count's stream ended without a count"))?;
        let reads = counted.div_ceil(COUNTED_PER_READ).max(1);
        metrics::billed(reads);
        // How many it takes is known afterwards only: who asks next waits for it.
        self.quota().owe(reads - 1);
        Ok(counted)
    }
}

fn counting(query: &Query) -> String {
    format!(
        "count collection {}",
        query.collection.as_deref().unwrap_or("(all)")
    )
}
