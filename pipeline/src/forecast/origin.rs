//! What a forecast asks of the source, whichever it is: how fast its records come, what holds them up, and how often
//! they are read.

use super::Forecaster;
use super::duration::{self, Expected, Parts};
use super::is_here;
use super::sample::{Kept, Sampled};
use crate::fault::Fault;
use crate::plan::Lane;
use crate::source::Range;
use crate::store::Store;
use config::Consistency;

/// What a record's digest takes of what packing it takes, and what a pass over records that did not change asks of the
/// target, of what loading them does: by instructions, and by the CPU of both (`cargo bench --bench qdrant`).
const DIGESTED: f64 = 0.3;
const ASKED: f64 = 0.02;

impl Forecaster<'_> {
    /// Seconds that a record of the largest collection takes to read, with all lanes at work.
    pub(super) async fn pace(
        &self,
        kept: &mut Kept,
        unmeasured: &mut Vec<String>,
    ) -> Result<Option<f64>, Fault> {
        let wanted = self.settings.run.probe;
        let plan = self.plan;
        let of = |place: usize| plan.lanes.iter().filter(move |lane| lane.collection == place);
        let size = |place: usize| -> u64 { of(place).map(|lane| lane.documents).sum() };
        let largest = (0..plan.collections.len()).max_by_key(|place| size(*place));
        let Some(largest) = largest.filter(|_| wanted > 0) else {
            unmeasured.push("the source's speed: plan.probe is 0".to_owned());
            return Ok(None);
        };
        let id = &plan.collections[largest].id;
        let records = wanted.min(size(largest));
        let (lanes, at_once): (Vec<&Lane>, usize) = (of(largest).collect(), self.settings.run.lanes.get());
        let look = |body: &[u8]| kept.keep(id, body);
        let pace = match self.source {
            Store::Firestore(source) => {
                let range = |lane: &&Lane| Range {
                    from: lane.from.clone(),
                    to: lane.to.clone(),
                    documents: lane.documents,
                };
                let ranges: Vec<Range> = lanes.iter().map(range).collect();
                source
                    .pace(id, &ranges, records, at_once, plan.snapshot, look)
                    .await?
            }
            Store::Qdrant(source) => source.pace(id, &lanes, records, at_once, look).await?,
        };
        if pace.documents < 100 {
            let many = plan.source.records().many();
            unmeasured.push(format!("the source's speed: too few {many}"));
            return Ok(None);
        }
        Ok(Some(pace.took.as_secs_f64() / pace.documents as f64))
    }

    /// Seconds that the limit on reads a second makes of so many; 0 without one.
    pub(super) fn quota(&self, sampled: &[Sampled<'_>]) -> f64 {
        let config::Source::Firestore(source) = self.settings.source else {
            return 0.0;
        };
        let a_second = source
            .reads_per_second
            .map(|quota| f64::from(quota.get()) * source.quota_safety);
        let reads: f64 = sampled.iter().map(|one| one.scaled(one.reads)).sum();
        duration::quota(reads, a_second, source.ramp)
    }

    /// Whether the source is on this machine.
    pub(super) fn source_here(&self) -> bool {
        match self.settings.source {
            config::Source::Firestore(source) => source.emulator.as_deref().is_some_and(host_is_here),
            config::Source::Qdrant(source) => {
                let url = source.url.as_str();
                let place = url.split_once("://").map_or(url, |(_, place)| place);
                host_is_here(place.trim_end_matches('/'))
            }
        }
    }

    /// Reading everything again and comparing it with its rows: for a source without snapshots, as often as was asked for
    /// at the least.
    pub(super) fn passes(&self, parts: Parts) -> Option<Expected> {
        let config::Source::Qdrant(source) = self.settings.source else {
            return None;
        };
        let compared = Parts {
            packing: parts.packing * DIGESTED,
            target: parts.target * ASKED,
            ..parts
        };
        let (once, _) = duration::load(compared, self.machine());
        match source.consistency {
            Consistency::Fuzzy => None,
            Consistency::Quiescent => Some(once),
            // A source that is written to takes a second one.
            Consistency::Sweeps => Some(Expected {
                most: 2.0 * once.most,
                ..once
            }),
        }
    }
}

/// Whether `host:port` is this machine.
fn host_is_here(place: &str) -> bool {
    is_here(place.rsplit_once(':').map_or(place, |(host, _)| host))
}
