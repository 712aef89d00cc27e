//! One write as a request has it, understood: what of it is wrong by itself is refused before anything is locked.

use super::legal::{self, document_path};
use super::mask::Mask;
use super::stored::Fields;
use super::transform::Transform;
use crate::clock::Moment;
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::document_transform::FieldTransform;
use proto::precondition::ConditionType;
use proto::write::Operation;
use tonic::Status;

/// One write, checked as far as it can be without looking at the database.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(super) path: Path,
    pub(super) action: Action,
    pub(super) condition: Option<Condition>,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Update {
        fields: Fields,
        /// None: the fields are all the document has.
        mask: Option<Mask>,
        transforms: Vec<Transform>,
    },
    Delete,
}

/// What must be true of a document before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Exists(bool),
    UpdatedAt(Moment),
}

impl Order {
    /// Understands a write to the database whose documents lie below `root`.
    pub(crate) fn of(root: &str, write: &proto::Write) -> Result<Order, Status> {
        let refuse = |why: &str| Err(Status::invalid_argument(why));
        let transforms = |given: &[FieldTransform]| {
            given
                .iter()
                .map(Transform::of)
                .collect::<Result<Vec<_>, Status>>()
        };
        let (name, action) = match &write.operation {
            None => return refuse("empty write operation"),
            Some(Operation::Update(document)) => {
                let mask = write
                    .update_mask
                    .as_ref()
                    .map(|mask| Mask::parse(&mask.field_paths));
                let action = Action::Update {
                    fields: legal::fields(&document.fields)?,
                    mask: mask.transpose()?,
                    transforms: transforms(&write.update_transforms)?,
                };
                (&document.name, action)
            }
            Some(Operation::Delete(_)) if write.update_mask.is_some() => {
                return refuse("a delete must not specify a document mask.");
            }
            Some(Operation::Delete(_)) if !write.update_transforms.is_empty() => {
                return refuse("a delete must not specify a update transform.");
            }
            Some(Operation::Delete(name)) => (name, Action::Delete),
            Some(Operation::Transform(_)) if write.update_mask.is_some() => {
                return refuse("a transform must not specify a document mask.");
            }
            Some(Operation::Transform(_)) if !write.update_transforms.is_empty() => {
                return refuse("a transform must not specify a update transform.");
            }
            Some(Operation::Transform(given)) if given.field_transforms.is_empty() => {
                return refuse("The list of FieldTransform must not be empty.");
            }
            Some(Operation::Transform(given)) => {
                let action = Action::Update {
                    fields: Fields::new(),
                    mask: Some(Mask::default()),
                    transforms: transforms(&given.field_transforms)?,
                };
                (&given.document, action)
            }
        };
        Ok(Order {
            path: document_path(root, name)?,
            action,
            condition: condition(write.current_document.as_ref())?,
        })
    }

    /// Which document it writes.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it does, in the words of the messages about writes that contradict each other.
    pub(super) fn verb(&self) -> &'static str {
        match (&self.action, self.condition) {
            (Action::Delete, _) => "delete",
            (_, None) => "upsert",
            (_, Some(Condition::Exists(false))) => "insert",
            (_, Some(_)) => "update",
        }
    }
}

fn condition(given: Option<&proto::Precondition>) -> Result<Option<Condition>, Status> {
    match given.and_then(|given| given.condition_type) {
        None => Ok(None),
        Some(ConditionType::Exists(exists)) => Ok(Some(Condition::Exists(exists))),
        Some(ConditionType::UpdateTime(time)) if time.nanos % 1_000 != 0 => Err(Status::invalid_argument(
            "timestamp cannot have more than microseconds precision",
        )),
        Some(ConditionType::UpdateTime(time)) => {
            let micros = time
                .seconds
                .saturating_mul(1_000_000)
                .saturating_add(i64::from(time.nanos) / 1_000);
            Ok(Some(Condition::UpdatedAt(Moment(micros))))
        }
    }
}
