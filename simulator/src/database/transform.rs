//! Values the server works out: the time of the request, arithmetic on numbers, and members of arrays.
//!
//! Integers and doubles are compared by what they are worth; NaN equals itself.

use super::legal;
use super::mask::{FieldPath, at, field_path, set};
use super::stored::Fields;
use crate::clock::Moment;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::document_transform::FieldTransform;
use proto::document_transform::field_transform::{ServerValue, TransformType};
use proto::value::ValueType;
use proto::{ArrayValue, Value};
use std::cmp::Ordering;
use tonic::Status;

/// A transformation of one field, checked.
#[derive(Debug, Clone)]
pub(super) struct Transform {
    path: FieldPath,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Time,
    Increment(Value),
    Maximum(Value),
    Minimum(Value),
    Append(Vec<Value>),
    Remove(Vec<Value>),
}

impl Transform {
    pub(super) fn of(given: &FieldTransform) -> Result<Transform, Status> {
        let path = field_path(&given.field_path)?;
        let property = path.first().map(String::as_str).unwrap_or_default();
        let what = match &given.transform_type {
            None => {
                return Err(Status::invalid_argument(
                    "Operation type must be specified for field transformation.",
                ));
            }
            Some(TransformType::SetToServerValue(value)) if *value == i32::from(ServerValue::RequestTime) => {
                What::Time
            }
            Some(TransformType::SetToServerValue(_)) => {
                let why = "ServerValue type must be specified for set_to_server_value transformation.";
                return Err(Status::invalid_argument(why));
            }
            Some(TransformType::Increment(value)) => What::Increment(legal::number(value)?),
            Some(TransformType::Maximum(value)) => What::Maximum(legal::number(value)?),
            Some(TransformType::Minimum(value)) => What::Minimum(legal::number(value)?),
            Some(TransformType::AppendMissingElements(array)) => {
                What::Append(legal::members(property, array)?)
            }
            Some(TransformType::RemoveAllFromArray(array)) => What::Remove(legal::members(property, array)?),
        };
        Ok(Transform { path, what })
    }

    /// Transforms the field, and returns what the answer says about it: the new value, or null for an array.
    pub(super) fn apply(&self, fields: &mut Fields, now: Moment) -> Value {
        let stored = at(fields, &self.path);
        let members = || match stored.and_then(|value| value.value_type.as_ref()) {
            Some(ValueType::ArrayValue(array)) => array.values.clone(),
            _ => Vec::new(),
        };
        let value = match &self.what {
            What::Time => time(now),
            What::Increment(by) => stored
                .and_then(|stored| sum(stored, by))
                .unwrap_or_else(|| by.clone()),
            What::Maximum(other) => extreme(stored, other, Ordering::Less),
            What::Minimum(other) => extreme(stored, other, Ordering::Greater),
            What::Append(others) => {
                let mut members = members();
                for other in others {
                    if !members.iter().any(|member| same(member, other)) {
                        members.push(other.clone());
                    }
                }
                array(members)
            }
            What::Remove(others) => {
                let stays = |member: &Value| !others.iter().any(|other| same(member, other));
                array(members().into_iter().filter(stays).collect())
            }
        };
        let answer = match &self.what {
            What::Append(_) | What::Remove(_) => Value {
                value_type: Some(ValueType::NullValue(0)),
            },
            _ => value.clone(),
        };
        set(fields, &self.path, value);
        answer
    }
}

/// The time of a request, which has milliseconds only.
fn time(now: Moment) -> Value {
    Value {
        value_type: Some(ValueType::TimestampValue(
            Moment(now.0.div_euclid(1_000) * 1_000).timestamp(),
        )),
    }
}

fn array(values: Vec<Value>) -> Value {
    Value {
        value_type: Some(ValueType::ArrayValue(ArrayValue { values })),
    }
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Integer(i64),
    Double(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Number> {
        match value.value_type {
            Some(ValueType::IntegerValue(number)) => Some(Number::Integer(number)),
            Some(ValueType::DoubleValue(number)) => Some(Number::Double(number)),
            _ => None,
        }
    }

    fn double(self) -> f64 {
        match self {
            Number::Integer(number) => number as f64,
            Number::Double(number) => number,
        }
    }

    /// None when one of them is NaN.
    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Integer(one), Number::Integer(other)) => Some(one.cmp(&other)),
            (Number::Double(one), Number::Double(other)) => one.partial_cmp(&other),
            (Number::Integer(one), Number::Double(other)) => integer_and_double(one, other),
            (Number::Double(_), Number::Integer(_)) => other.compare(self).map(Ordering::reverse),
        }
    }
}

/// Compares exactly: not every integer is a double.
fn integer_and_double(one: i64, other: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if other.is_nan() {
        return None;
    }
    if other >= BEYOND {
        return Some(Ordering::Less);
    }
    if other < -BEYOND {
        return Some(Ordering::Greater);
    }
    let whole = other.trunc();
    let fraction = whole.partial_cmp(&other)?;
    Some(one.cmp(&(whole as i64)).then(fraction))
}

/// The sum, which stops at the largest integers; none when the first is no number.
fn sum(stored: &Value, by: &Value) -> Option<Value> {
    let value = match (Number::of(stored)?, Number::of(by)?) {
        (Number::Integer(one), Number::Integer(other)) => ValueType::IntegerValue(one.saturating_add(other)),
        (one, other) => ValueType::DoubleValue(one.double() + other.double()),
    };
    Some(Value {
        value_type: Some(value),
    })
}

/// The other number if the stored one stands in this order to it, or is none; NaN wins always.
fn extreme(stored: Option<&Value>, other: &Value, order: Ordering) -> Value {
    let kept = stored.filter(|stored| match (Number::of(stored), Number::of(other)) {
        (Some(one), Some(other)) => match one.compare(other) {
            Some(found) => found != order,
            None => one.double().is_nan(),
        },
        _ => false,
    });
    kept.unwrap_or(other).clone()
}

/// Whether two values are worth the same.
fn same(one: &Value, other: &Value) -> bool {
    if let (Some(one), Some(other)) = (Number::of(one), Number::of(other)) {
        return one.compare(other) == Some(Ordering::Equal)
            || one.double().is_nan() && other.double().is_nan();
    }
    match (&one.value_type, &other.value_type) {
        (Some(ValueType::ArrayValue(one)), Some(ValueType::ArrayValue(other))) => {
            one.values.len() == other.values.len()
                && one
                    .values
                    .iter()
                    .zip(&other.values)
                    .all(|(one, other)| same(one, other))
        }
        (Some(ValueType::MapValue(one)), Some(ValueType::MapValue(other))) => {
            let is_in = |(name, value)| other.fields.get(name).is_some_and(|found| same(value, found));
            one.fields.len() == other.fields.len() && one.fields.iter().all(is_in)
        }
        (one, other) => one == other,
    }
}
