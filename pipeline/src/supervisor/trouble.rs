//! Lanes that failed for good: whose trouble it is, and whether anybody can still get further.
//!
//! One lane's trouble never stops the others. But what is everybody's trouble must not be met lane by lane, for each that
//! is begun reads, and reads are billed: so a fault says how far it reaches, and many failures in a row with nothing
//! loaded in between are taken for everybody's, whatever each of them says.

use crate::fault::{Class, Extent, Fault};
use crate::plan::Lane;
use std::collections::BTreeSet;

/// So many lanes that fail one after another, with nothing loaded in between, are not each in trouble of its own.
const IN_A_ROW: usize = 16;

/// A lane that could not be moved to its end.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub lane: Lane,
    /// Why.
    pub fault: Fault,
}

/// What a failure means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// They go on.
    Nothing,
    /// They finish what they have read.
    Drain,
    /// They let go: whatever they would do would be refused.
    Abort,
}

/// All of it so far.
#[derive(Debug)]
pub(super) struct Troubles {
    /// Lanes worked at a time.
    at_once: usize,
    failed: Vec<Failed>,
    /// The fault that ended the run.
    ended_by: Option<Fault>,
    /// Collections whose tables take nothing.
    barred: BTreeSet<usize>,
    row: Row,
}

/// Failures one after another.
#[derive(Debug, Default)]
struct Row {
    /// Documents that were loaded when the first of them came.
    loaded: u64,
    failed: usize,
    given_up: usize,
}

impl Troubles {
    pub(super) fn new(at_once: usize) -> Self {
        Troubles {
            at_once,
            failed: Vec::new(),
            ended_by: None,
            barred: BTreeSet::new(),
            row: Row::default(),
        }
    }

    /// A lane failed for good, when so many documents had been loaded in all.
    pub(super) fn note(&mut self, lane: Lane, fault: Fault, loaded: u64) -> Means {
        if fault.class == Class::Fenced {
            self.ended_by.get_or_insert(fault);
            return Means::Abort;
        }
        match fault.extent {
            Extent::Run => {
                self.ended_by.get_or_insert(fault);
                return Means::Drain;
            }
            Extent::Collection => drop(self.barred.insert(lane.collection)),
            Extent::Lane => {}
        }
        let hopeless = self.row.is_hopeless(&fault, loaded, self.at_once);
        self.failed.push(Failed { lane, fault });
        match hopeless {
            true => Means::Drain,
            false => Means::Nothing,
        }
    }

    /// Something failed that all of them need.
    pub(super) fn end_with(&mut self, fault: Fault) {
        self.ended_by.get_or_insert(fault);
    }

    /// Whether a lane need not be begun.
    pub(super) fn bars(&self, lane: &Lane) -> bool {
        self.barred.contains(&lane.collection)
    }

    /// Lanes that failed so far.
    pub(super) fn count(&self) -> u64 {
        self.failed.len() as u64
    }

    /// The lanes that failed, or the fault that was everybody's.
    pub(super) fn end(self) -> Result<Vec<Failed>, Fault> {
        match self.ended_by {
            Some(fault) => Err(fault),
            None => Ok(self.failed),
        }
    }
}

impl Row {
    /// Whether nobody gets further: all lanes that are worked at a time gave up, each after its own retries, or very many
    /// were refused.
    fn is_hopeless(&mut self, fault: &Fault, loaded: u64, at_once: usize) -> bool {
        if loaded > self.loaded {
            *self = Row {
                loaded,
                ..Row::default()
            };
        }
        self.failed += 1;
        self.given_up += usize::from(fault.given_up);
        self.given_up >= at_once.max(2) || self.failed >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Part;

    #[test]
    fn lanes_that_give_up_after_something_was_loaded_and_nothing_since_are_everybodys_trouble() {
        let given_up = Fault {
            given_up: true,
            ..Fault::permanent(Part::Source, "read a lane", "away")
        };
        let mut row = Row::default();
        assert!(!row.is_hopeless(&given_up, 500, 2));
        assert!(
            row.is_hopeless(&given_up, 500, 2),
            "nothing was loaded in between"
        );
        assert!(!row.is_hopeless(&given_up, 501, 2));
    }

    #[test]
    fn what_all_of_them_need_ends_them_all_with_the_first_reason() {
        let mut troubles = Troubles::new(2);
        for message in ["the first", "the second"] {
            troubles.end_with(Fault::permanent(Part::Target, "renew the lease", message));
        }
        let ended = troubles.end().map(|failed| failed.len());
        assert_eq!(ended.map_err(|fault| fault.message), Err("the first".to_owned()));
    }
}
