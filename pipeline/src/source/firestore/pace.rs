//! How fast documents come: some of them are read, and timed.

use super::query::Query;
use super::{Firestore, Range};
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use crate::source::Pace;
use std::time::Instant;
use tonic::Status;

impl Firestore {
    /// Reads about `documents` of a group in as many streams as `lanes`, one a range, and hands each to `look`.
    pub(crate) async fn pace(
        &self,
        group: &str,
        ranges: &[Range],
        documents: u64,
        lanes: usize,
        at: ReadTime,
        mut look: impl FnMut(&[u8]),
    ) -> Result<Pace, Fault> {
        let streams = ranges.len().min(lanes).max(1);
        let each = u32::try_from(documents.div_ceil(streams as u64)).unwrap_or(u32::MAX);
        let chosen = ranges
            .iter()
            .step_by((ranges.len() / streams).max(1))
            .take(streams);
        let all = chosen.map(|range| {
            let query = Query::group(group)
                .between(range.from.as_deref(), range.to.as_deref())
                .limit(each);
            async move { self.stream(&query, at).await }
        });
        let streams = futures::future::try_join_all(all).await?;
        let mut pace = Pace::default();
        let (mut first, mut last): (Option<Instant>, Option<Instant>) = (None, None);
        for stream in &streams {
            let documents = stream.bodies.len() as u64;
            pace.documents += documents.saturating_sub(1);
            first = [first, stream.between.map(|(first, _)| first)]
                .into_iter()
                .flatten()
                .min();
            last = last.max(stream.between.map(|(_, last)| last));
            stream.bodies.iter().for_each(|body| look(body));
        }
        if let (Some(first), Some(last)) = (first, last) {
            pace.took = last.duration_since(first);
        }
        Ok(pace)
    }

    async fn stream(&self, query: &Query, at: ReadTime) -> Result<Timed, Fault> {
        let action = "read some documents to see how fast they come";
        let budget = self.quota.budget();
        let wanted = u64::from(query.most());
        let Some(mut admitted) = budget.admit_now(wanted).await? else {
            return Err(budget.reached(action));
        };
        let most = admitted
            .documents()
            .map_or(query.most(), |most| most.min(query.most()));
        let paced = self.quota.page().map_or(most, |page| page.min(most));
        let mut granted = self.quota.take(self.quota.page().map_or(1, |_| paced)).await;
        let fault = |status: Status| self.client.fault(action, &status);
        let mut timed = Timed::default();
        let query = query.clone().limit(paced);
        let mut answers = self.client.query(&query, Some(at)).await.map_err(fault)?;
        while let Some(body) = answers.next().await.map_err(fault)? {
            let answer = transforms::firestore::answer(&body)
                .map_err(|error| fault(Status::data_loss(error.to_string())))?;
            if let Some(range) = answer.document {
                let now = Instant::now();
                timed.between = Some((timed.between.map_or(now, |(first, _)| first), now));
                let cost = budget.cost(range.len());
                metrics::billed(cost);
                admitted.note(cost);
                granted.came(1);
                timed.bodies.push(body.slice(range));
            }
        }
        if timed.bodies.is_empty() {
            metrics::billed(1);
            admitted.note(1);
            granted.came(1);
        }
        admitted.close();
        granted.close();
        Ok(timed)
    }
}

/// The documents of a stream, and when the first and the last of them came.
#[derive(Debug, Default)]
struct Timed {
    bodies: Vec<bytes::Bytes>,
    between: Option<(Instant, Instant)>,
}
