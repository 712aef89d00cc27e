//! Commits: writes in order, all or nothing, at one moment of the clock.
//!
//! All writes to one document become one new version, and none when they leave it as it was: then it keeps the time of
//! its last change.

use super::Database;
use super::legal;
use super::order::{Action, Condition, Order};
use super::stored::{Fields, Stored};
use super::written::Written;
use crate::clock::{Clock, Moment};
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use tonic::Status;

impl Database {
    /// Carries out all writes, or none, and says when, and what became of each.
    pub(crate) fn commit(
        &self,
        writes: &[proto::Write],
        clock: &Clock,
    ) -> Result<(Moment, Vec<proto::WriteResult>), Status> {
        let orders: Vec<Order> = writes
            .iter()
            .map(|write| Order::of(&self.root, write))
            .collect::<Result<_, _>>()?;
        self.carry_out(&orders, clock)
    }

    /// The same for writes that were understood before.
    pub(crate) fn carry_out(
        &self,
        orders: &[Order],
        clock: &Clock,
    ) -> Result<(Moment, Vec<proto::WriteResult>), Status> {
        let mut written = self.written.write().unwrap_or_else(PoisonError::into_inner);
        let moment = clock.tick();
        let mut drafts: BTreeMap<&Path, Draft> = BTreeMap::new();
        let mut answers = Vec::with_capacity(orders.len());
        for order in orders {
            let draft = drafts
                .entry(&order.path)
                .or_insert_with(|| self.draft(&written, &order.path));
            answers.push(draft.carry_out(order, moment)?);
        }
        let finish =
            |(path, draft): (&Path, Draft)| Ok((path.clone(), draft.finish(path, &self.root, moment)?));
        let outcomes: BTreeMap<Path, Outcome> =
            drafts.into_iter().map(finish).collect::<Result<_, Status>>()?;
        let results = orders
            .iter()
            .zip(answers)
            .map(|(order, transform_results)| proto::WriteResult {
                update_time: outcomes
                    .get(&order.path)
                    .and_then(|outcome| outcome.updated)
                    .map(Moment::timestamp),
                transform_results,
            });
        let results = results.collect();
        for (path, outcome) in outcomes {
            if outcome.is_new {
                written.put(path, moment, outcome.stored, outcome.hides);
            }
        }
        self.commits.send_replace(moment);
        Ok((moment, results))
    }

    fn draft(&self, written: &Written, path: &Path) -> Draft {
        let generated = self.generated_at(path);
        let before = match written.at(path, Moment(i64::MAX)) {
            Some(stored) => stored.cloned(),
            None => generated.map(|(sequence, index)| {
                let (created, updated) = sequence.times(index);
                Stored::new(
                    &path.name(&self.root),
                    &sequence.document(index).fields,
                    created,
                    updated,
                )
            }),
        };
        Draft {
            now: before
                .as_ref()
                .map(|stored| (stored.document().fields, stored.created)),
            before,
            hides: generated.is_some(),
            first: None,
            last: None,
        }
    }
}

/// A document while its writes are carried out.
struct Draft {
    before: Option<Stored>,
    /// Its fields, and when it was created.
    now: Option<(Fields, Moment)>,
    hides: bool,
    /// The condition of the first write, once there was one.
    first: Option<Option<Condition>>,
    /// What the last write did.
    last: Option<&'static str>,
}

/// What became of a document.
struct Outcome {
    stored: Option<Stored>,
    /// When it was last changed, if it is there.
    updated: Option<Moment>,
    is_new: bool,
    hides: bool,
}

impl Draft {
    fn carry_out(&mut self, order: &Order, moment: Moment) -> Result<Vec<proto::Value>, Status> {
        self.check(order)?;
        self.first.get_or_insert(order.condition);
        self.last = Some(order.verb());
        let Action::Update {
            fields,
            mask,
            transforms,
        } = &order.action
        else {
            self.now = None;
            return Ok(Vec::new());
        };
        let (now, _) = self.now.get_or_insert_with(|| (Fields::new(), moment));
        match mask {
            Some(mask) => mask.copy(fields, now),
            None => now.clone_from(fields),
        }
        Ok(transforms
            .iter()
            .map(|transform| transform.apply(now, moment))
            .collect())
    }

    /// What Firestore requires of a document written twice in one commit is stricter than a look at it after the first
    /// write would be.
    fn check(&self, order: &Order) -> Result<(), Status> {
        let exists = self.now.is_some();
        let name = &order.path;
        match (order.condition, self.first, self.last) {
            (None, ..) => Ok(()),
            (Some(Condition::Exists(wanted)), ..) if wanted == exists => Ok(()),
            (Some(Condition::Exists(_)), _, Some(last)) => Err(Status::invalid_argument(format!(
                "Cannot {last} then {} an entity in the same request.",
                order.verb()
            ))),
            (Some(Condition::Exists(true)), ..) => {
                Err(Status::not_found(format!("no entity to update: {name}")))
            }
            (Some(Condition::Exists(false)), ..) => {
                Err(Status::already_exists(format!("entity already exists: {name}")))
            }
            (Some(wanted), Some(first), _) if first == Some(wanted) => Ok(()),
            (_, Some(_), _) => {
                let why = "Cannot collapse mutations with different version preconditions";
                Err(Status::invalid_argument(why))
            }
            (Some(Condition::UpdatedAt(wanted)), None, _) => {
                let stored = self.before.as_ref().map_or(Moment(0), |stored| stored.updated);
                if stored == wanted {
                    return Ok(());
                }
                Err(Status::failed_precondition(format!(
                    "the stored version ({}) does not match the required base version ({})",
                    stored.0, wanted.0
                )))
            }
        }
    }

    fn finish(self, path: &Path, root: &str, moment: Moment) -> Result<Outcome, Status> {
        let stored = match &self.now {
            None => None,
            Some((fields, created)) => {
                legal::document(path, fields)?;
                Some(Stored::new(&path.name(root), fields, *created, moment))
            }
        };
        let is_new = match (&self.before, &stored) {
            (Some(before), Some(stored)) => !before.is_like(stored),
            (before, stored) => before.is_some() || stored.is_some(),
        };
        let kept = self.before.filter(|_| !is_new);
        Ok(Outcome {
            updated: stored
                .as_ref()
                .map(|_| kept.map_or(moment, |before| before.updated)),
            stored,
            is_new,
            hides: self.hides,
        })
    }
}
