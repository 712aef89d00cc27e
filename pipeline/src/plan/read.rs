//! A plan out of the bytes that it was kept as. Whoever holds one may rely on what it says of itself: lanes lie where
//! their numbers say, each in a collection that is there, and their documents can be added up.

use super::Plan;

/// Why bytes are no plan.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// They are no JSON of this form.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// What they say cannot be.
    #[error("lane {lane} {what}")]
    Lane {
        /// The lane's place in the plan.
        lane: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Plan {
    /// The plan that was kept as `bytes`.
    pub fn read(bytes: &[u8]) -> Result<Plan, Unreadable> {
        let plan: Plan = serde_json::from_slice(bytes)?;
        let mut documents = 0u64;
        for (place, lane) in plan.lanes.iter().enumerate() {
            let amiss = |what| Unreadable::Lane { lane: place, what };
            if u32::try_from(place) != Ok(lane.id) {
                return Err(amiss("has another number than its place"));
            }
            if lane.collection >= plan.collections.len() {
                return Err(amiss("is of a collection that the plan does not have"));
            }
            let sum = documents.checked_add(lane.documents);
            documents = sum.ok_or_else(|| amiss("has more documents than can be counted"))?;
        }
        Ok(plan)
    }
}
