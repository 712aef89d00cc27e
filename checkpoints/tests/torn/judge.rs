//! Whether a damaged directory tells the truth.

use crate::damage::Damage;
use crate::history::{History, LANES, State, VECTORS, key, receipt, vector};
use checkpoints::{CheckpointError, CheckpointStore, LaneId, OpenError, Rocks, VectorCache, Vectors};
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::Path;

impl History {
    /// Whether this is, for every lane by itself, where it stood at some time under this plan.
    pub(crate) fn knows(&self, found: &State) -> bool {
        let under = || self.states.iter().filter(|state| state.plan == found.plan);
        let lanes = (0..LANES).map(LaneId);
        lanes
            .into_iter()
            .all(|lane| under().any(|state| state.lanes.get(&lane) == found.lanes.get(&lane)))
            && under().any(|state| state.reads == found.reads)
    }

    /// Opens a directory after what was done to it, and asserts that what it says is true.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) fn assert_true(
        &self,
        dir: &Path,
        done: &[Damage],
        dice: &mut StdRng,
    ) -> Result<Found, Refused> {
        // Whoever only looks may be refused, and is never told anything else than was.
        if let Ok(seen) = Rocks::open_read_only(dir)
            .map_err(Refused::from)
            .and_then(|store| Ok(State::of(&store)?))
        {
            assert!(
                self.knows(&seen),
                "after {done:?} never said: {seen:?}\n{:#?}",
                self.states
            );
        }
        let vectors = Vectors::open(dir).map_err(Refused::from);
        if let Ok(vectors) = &vectors {
            assert_vectors(vectors);
        }
        let store = Rocks::open(dir, "etl run, process 2")?;
        let state = State::of(&store)?;
        assert!(
            self.knows(&state),
            "after {done:?} never so: {state:?}\n{:#?}",
            self.states
        );
        // And it goes on from there.
        let lane = LaneId(dice.random_range(0..LANES));
        let mut progress = store.progress(lane)?;
        let receipt = receipt(&progress, dice);
        store.advance(lane, &receipt)?;
        progress.position = receipt.span().to.clone();
        progress.tally += receipt.tally();
        drop(store);
        let again = Rocks::open(dir, "etl run, process 3")?;
        assert_eq!(again.progress(lane)?, progress);
        assert_eq!(again.plan()?, state.plan);
        Ok(match self.states.iter().rposition(|known| *known == state) {
            Some(last) if last + 1 == self.states.len() => Found::AsItWas,
            Some(_) => Found::Earlier,
            None => Found::LaneByLane,
        })
    }
}

/// How a damaged directory stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// Nothing is missing.
    AsItWas,
    /// As it was at an earlier moment.
    Earlier,
    /// Each lane as it was at some moment, but not all at the same.
    LaneByLane,
}

/// What a damaged directory is refused with.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl From<OpenError> for Refused {
    fn from(error: OpenError) -> Refused {
        let said = error.to_string();
        match error {
            OpenError::Unusable { .. } => {
                assert!(
                    said.contains("move it away") && said.contains("rebuilt from Postgres"),
                    "{said}"
                );
            }
            // Whoever only looks finds no run where the file is missing that says where to begin.
            OpenError::Absent { path } => assert!(!path.join("state/CURRENT").exists(), "{said}"),
            OpenError::InUse { .. } => panic!("{said}"),
        }
        Refused(said)
    }
}

/// Whoever runs the tool is told what to do where this becomes a fault.
impl From<CheckpointError> for Refused {
    fn from(error: CheckpointError) -> Refused {
        assert!(!matches!(error, CheckpointError::Diverged { .. }), "{error}");
        Refused(error.to_string())
    }
}

/// No vector is another's, or was changed.
fn assert_vectors(vectors: &Vectors) {
    for number in 0..VECTORS {
        if let Ok(found) = vectors.recall(&[key(number)]) {
            let right = found[0].as_ref().is_none_or(|found| *found == vector(number));
            assert!(right, "vector {number} is {found:?}");
        }
    }
}
