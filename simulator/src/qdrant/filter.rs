//! Filters: which points a request is about.
//!
//! A condition that a server does not know is dropped without a word over gRPC (a slice, on servers before 1.19), so
//! that a filter of one such condition lets every point through: observed on 1.18.3. Conditions that Qdrant knows and
//! the simulator does not are refused.

use super::contents::Entry;
use super::id::PointId;
use super::path::Path;
use super::value::{Payload, Value};
use ::qdrant_client::qdrant::{self as proto, condition::ConditionOneOf, r#match::MatchValue};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use tonic::Status;

/// A filter, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    must: Vec<Condition>,
    must_not: Vec<Condition>,
    /// Groups of conditions, and how many of each must hold.
    some: Vec<(Vec<Condition>, u64)>,
}

#[derive(Debug, Clone)]
enum Condition {
    Id(BTreeSet<PointId>),
    Field(Path, Test),
    IsEmpty(Path),
    IsNull(Path),
    HasVector(String),
    Slice(u64, u64),
    Filter(Filter),
}

#[derive(Debug, Clone)]
enum Test {
    AnyOf(Vec<Value>),
    NoneOf(Vec<Value>),
    Range(proto::Range),
    Moments(proto::DatetimeRange),
}

/// A point that may or may not pass; its payload is made once, when something asks for it.
struct Candidate<'a> {
    entry: Entry<'a>,
    payload: OnceCell<Cow<'a, Payload>>,
}

impl Filter {
    /// Reads a filter as a server reads it that knows slices, or does not.
    pub(super) fn read(filter: Option<proto::Filter>, slices: bool) -> Result<Filter, Status> {
        let Some(filter) = filter else {
            return Ok(Filter::default());
        };
        let conditions = |all: Vec<proto::Condition>| -> Result<Vec<Condition>, Status> {
            let read = all
                .into_iter()
                .map(|condition| Condition::read(condition, slices));
            read.filter_map(Result::transpose).collect()
        };
        let mut some = Vec::new();
        let should = conditions(filter.should)?;
        if !should.is_empty() {
            some.push((should, 1));
        }
        if let Some(least) = filter.min_should {
            some.push((conditions(least.conditions)?, least.min_count));
        }
        Ok(Filter {
            must: conditions(filter.must)?,
            must_not: conditions(filter.must_not)?,
            some,
        })
    }

    /// Whether every point passes.
    pub(super) fn is_open(&self) -> bool {
        self.must.is_empty() && self.must_not.is_empty() && self.some.is_empty()
    }

    /// Whether a point passes.
    pub(super) fn passes(&self, entry: Entry<'_>) -> bool {
        let candidate = Candidate {
            entry,
            payload: OnceCell::new(),
        };
        self.is_open() || self.holds(&candidate)
    }

    /// The first key of the payload it asks about that is not among these.
    pub(super) fn unindexed(&self, indexed: &dyn Fn(&Path) -> bool) -> Option<Path> {
        let some = self.some.iter().flat_map(|(conditions, _)| conditions);
        let mut all = self.must.iter().chain(&self.must_not).chain(some);
        all.find_map(|condition| match condition {
            Condition::Field(path, _) | Condition::IsEmpty(path) | Condition::IsNull(path) => {
                (!indexed(path)).then(|| path.clone())
            }
            Condition::Filter(inner) => inner.unindexed(indexed),
            _ => None,
        })
    }

    fn holds(&self, candidate: &Candidate<'_>) -> bool {
        let holds = |condition: &&Condition| condition.holds(candidate);
        self.must.iter().all(|condition| holds(&condition))
            && !self.must_not.iter().any(|condition| holds(&condition))
            && self
                .some
                .iter()
                .all(|(conditions, least)| conditions.iter().filter(holds).count() as u64 >= *least)
    }
}

impl Condition {
    /// Nothing for a condition that this server drops.
    fn read(condition: proto::Condition, slices: bool) -> Result<Option<Condition>, Status> {
        let unknown = |what: &str| Status::unimplemented(format!("the simulator has no condition {what}"));
        Ok(Some(match condition.condition_one_of {
            None => return Ok(None),
            Some(ConditionOneOf::Slice(slice)) => match (slices, slice.total) {
                (false, _) => return Ok(None),
                (true, 0) => return Err(Status::invalid_argument("total must be at least 1")),
                (true, total) => Condition::Slice(u64::from(total), u64::from(slice.index)),
            },
            Some(ConditionOneOf::HasId(ids)) => {
                Condition::Id(ids.has_id.iter().map(PointId::read).collect::<Result<_, _>>()?)
            }
            Some(ConditionOneOf::Filter(inner)) => Condition::Filter(Filter::read(Some(inner), slices)?),
            Some(ConditionOneOf::IsEmpty(field)) => Condition::IsEmpty(Path::read(&field.key)),
            Some(ConditionOneOf::IsNull(field)) => Condition::IsNull(Path::read(&field.key)),
            Some(ConditionOneOf::HasVector(vector)) => Condition::HasVector(vector.has_vector),
            Some(ConditionOneOf::Nested(_)) => return Err(unknown("nested")),
            Some(ConditionOneOf::Field(field)) => {
                let path = Path::read(&field.key);
                let asked = field.r#match.and_then(|asked| asked.match_value);
                match (asked, field.range, field.datetime_range) {
                    (Some(asked), _, _) => Condition::Field(path, Test::read(asked)?),
                    (None, Some(range), _) => Condition::Field(path, Test::Range(range)),
                    (None, None, Some(range)) => Condition::Field(path, Test::Moments(range)),
                    (None, None, None) => return Err(unknown("on places or numbers of values")),
                }
            }
        }))
    }

    fn holds(&self, candidate: &Candidate<'_>) -> bool {
        let values = |path: &Path| {
            let values = path.values(candidate.payload());
            values.into_iter().cloned().collect::<Vec<_>>()
        };
        match self {
            Condition::Id(ids) => ids.contains(&candidate.entry.id),
            Condition::Field(path, test) => test.holds(&path.values(candidate.payload())),
            Condition::IsEmpty(path) => values(path).iter().all(|value| *value == Value::Null),
            Condition::IsNull(path) => values(path).contains(&Value::Null),
            Condition::HasVector(name) => !candidate.entry.vectors(&|known| known == name).is_empty(),
            // Which slice a point is in is for Qdrant to know: it takes another hash.
            Condition::Slice(total, index) => candidate.entry.id.hash() % total == *index,
            Condition::Filter(inner) => inner.holds(candidate),
        }
    }
}

impl Candidate<'_> {
    fn payload(&self) -> &Payload {
        self.payload.get_or_init(|| self.entry.payload())
    }
}

impl Test {
    fn read(asked: MatchValue) -> Result<Test, Status> {
        let texts = |all: proto::RepeatedStrings| all.strings.into_iter().map(Value::from).collect();
        let numbers = |all: proto::RepeatedIntegers| all.integers.into_iter().map(Value::Integer).collect();
        Ok(match asked {
            MatchValue::Keyword(text) => Test::AnyOf(vec![Value::from(text)]),
            MatchValue::Integer(number) => Test::AnyOf(vec![Value::Integer(number)]),
            MatchValue::Boolean(truth) => Test::AnyOf(vec![Value::Bool(truth)]),
            MatchValue::Keywords(all) => Test::AnyOf(texts(all)),
            MatchValue::Integers(all) => Test::AnyOf(numbers(all)),
            MatchValue::ExceptKeywords(all) => Test::NoneOf(texts(all)),
            MatchValue::ExceptIntegers(all) => Test::NoneOf(numbers(all)),
            _ => return Err(Status::unimplemented("the simulator does not match words")),
        })
    }

    /// Whether one of the values passes.
    fn holds(&self, values: &[&Value]) -> bool {
        values.iter().any(|value| match self {
            Test::AnyOf(wanted) => wanted.contains(value),
            Test::NoneOf(refused) => !refused.contains(value),
            Test::Range(range) => number(value).is_some_and(|number| {
                range.lt.is_none_or(|bound| number < bound)
                    && range.gt.is_none_or(|bound| number > bound)
                    && range.lte.is_none_or(|bound| number <= bound)
                    && range.gte.is_none_or(|bound| number >= bound)
            }),
            Test::Moments(range) => moment(value).is_some_and(|moment| {
                let bound = |bound: &proto_types::Timestamp| (bound.seconds, bound.nanos);
                range.lt.as_ref().is_none_or(|at| moment < bound(at))
                    && range.gt.as_ref().is_none_or(|at| moment > bound(at))
                    && range.lte.as_ref().is_none_or(|at| moment <= bound(at))
                    && range.gte.as_ref().is_none_or(|at| moment >= bound(at))
            }),
        })
    }
}

/// The well-known types, which no crate of ours names.
use firestore::gcloud_sdk::prost_types as proto_types;

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Unsigned(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}

/// Seconds and nanoseconds of a text in one of the forms that Qdrant's datetime index takes; without an offset it is UTC.
fn moment(value: &Value) -> Option<(i64, i32)> {
    let Value::Text(text) = value else {
        return None;
    };
    let stamp = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    let (second, nanos) = (stamp.as_second(), stamp.subsec_nanosecond());
    Some(if nanos < 0 {
        (second - 1, nanos + 1_000_000_000)
    } else {
        (second, nanos)
    })
}
