//! Lanes that could not be moved to their end, those of one collection with one cause together.

use crate::text::counted;
use config::{in_line, told};
use pipeline::plan::Plan;
use pipeline::supervisor::Failed;
use serde::{Deserialize, Serialize};

/// So many lanes are named; of more, how many there are.
const NAMED: usize = 8;

/// Lanes of one collection that failed for one cause.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FailedLanes {
    pub(crate) collection: String,
    pub(crate) lanes: Vec<u32>,
    /// A short label: `unavailable`, an SQLSTATE.
    pub(crate) cause: String,
    /// What happened to the first of them.
    pub(crate) error: String,
    pub(crate) next: Option<String>,
}

/// The lanes of `failed`, together where one collection and one cause hold them together.
pub(super) fn together(plan: &Plan, failed: &[Failed]) -> Vec<FailedLanes> {
    let mut all: Vec<FailedLanes> = Vec::new();
    for Failed { lane, fault } in failed {
        let collection = plan.collection_of(lane).visible();
        let same = |other: &&mut FailedLanes| other.collection == collection && other.cause == fault.cause;
        match all.iter_mut().find(same) {
            Some(same) => same.lanes.push(lane.id),
            None => all.push(FailedLanes {
                collection,
                lanes: vec![lane.id],
                cause: fault.cause.clone(),
                error: fault.said(),
                next: fault.remedy.as_deref().map(told),
            }),
        }
    }
    all
}

impl FailedLanes {
    /// A line or two for people.
    pub(crate) fn told(&self) -> String {
        let mut named: Vec<String> = self.lanes.iter().take(NAMED).map(u32::to_string).collect();
        if self.lanes.len() > NAMED {
            named.push("…".to_owned());
        }
        let mut told = format!(
            "failed: {} of {} ({}): {}\n",
            counted(self.lanes.len() as u64, "lane", "lanes"),
            in_line(&self.collection),
            named.join(", "),
            in_line(&self.error)
        );
        if let Some(next) = &self.next {
            told.push_str(&format!("  next: {}\n", in_line(next)));
        }
        told
    }
}
