//! When points were changed last, by a key of their payload that the application sets at every write.
//!
//! What kind of moments they are is seen in a sample and held against the key's index; what is no moment, or more than
//! one kind of them, is refused. Ids alone travel: of all points of a lane, or of those that changed since a moment.

use super::client::Asked;
use super::pages::Pages;
use super::planning::{LARGEST_PAGE, PAGE};
use super::reader::stretch;
use super::scroll::{Room, Scroll, Turn};
use super::{Indexed, PayloadKind, Qdrant, shard};
use crate::fault::{Fault, Part};
use crate::plan::Lane;
use crate::source::Range;
use firestore::gcloud_sdk::prost_types::Timestamp;
use qdrant_client::qdrant as proto;
use std::sync::Arc;
use transforms::Value;
use transforms::qdrant::PointId;

/// Numbers from here on are no seconds (the year 5138) but milliseconds (the year 1973).
const MILLISECONDS: f64 = 1e11;
/// Numbers from here on are neither.
const BEYOND: f64 = 1e14;

/// A key of a collection's payload that says when a point was changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    key: String,
    kind: Kind,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text, as RFC 3339 has it.
    Text,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

impl Clock {
    /// Points that say they were changed at this moment, in microseconds since 1970, or later.
    fn since(&self, micros: i64) -> proto::Filter {
        let mut field = proto::FieldCondition {
            key: self.key.clone(),
            ..Default::default()
        };
        let at_least = |number: f64| proto::Range {
            gte: Some(number),
            ..Default::default()
        };
        match self.kind {
            Kind::Text => {
                let gte = Timestamp {
                    seconds: micros.div_euclid(1_000_000),
                    nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
                };
                field.datetime_range = Some(proto::DatetimeRange {
                    gte: Some(gte),
                    ..Default::default()
                });
            }
            Kind::Seconds => field.range = Some(at_least((micros as f64 / 1e6).floor())),
            Kind::Milliseconds => field.range = Some(at_least((micros as f64 / 1e3).floor())),
        }
        let condition = proto::condition::ConditionOneOf::Field(field);
        proto::Filter::must([proto::Condition {
            condition_one_of: Some(condition),
        }])
    }
}

/// What was seen of a key.
#[derive(Debug, Default)]
struct Seen {
    points: u64,
    kinds: Vec<Kind>,
    /// A value that is no moment.
    amiss: Option<String>,
}

impl Seen {
    fn look(&mut self, body: &[u8], key: &str) {
        self.points += 1;
        let Ok(point) = transforms::qdrant::point(body, "") else {
            return;
        };
        match point.at(std::iter::once("payload").chain(key.split('.'))) {
            None | Some(Value::Null) => {}
            Some(value) => match kind(value) {
                Some(kind) if self.kinds.contains(&kind) => {}
                Some(kind) => self.kinds.push(kind),
                None => self.amiss = Some(format!("{value:.60?}")),
            },
        }
    }

    /// Nothing where there are no points to tell by.
    fn kind(&self, key: &str, index: Option<Indexed>) -> Result<Option<Kind>, String> {
        if let Some(value) = &self.amiss {
            return Err(format!("{key} holds {value}, which is no moment"));
        }
        let kind = match self.kinds.as_slice() {
            [kind] => *kind,
            [] if self.points == 0 => return Ok(None),
            [] => return Err(format!("none of {} points looked at has {key}", self.points)),
            _ => return Err(format!("{key} holds moments of several kinds")),
        };
        match (kind, index.map(|index| index.kind)) {
            (Kind::Text, Some(PayloadKind::Integer | PayloadKind::Float)) => {
                Err(format!("{key} holds texts and is indexed as numbers"))
            }
            (Kind::Seconds | Kind::Milliseconds, Some(PayloadKind::Datetime)) => {
                Err(format!("{key} holds numbers and is indexed as moments"))
            }
            _ => Ok(Some(kind)),
        }
    }
}

fn kind(value: &Value<'_>) -> Option<Kind> {
    let of_number = |number: f64| match number {
        0.0..MILLISECONDS => Some(Kind::Seconds),
        MILLISECONDS..BEYOND => Some(Kind::Milliseconds),
        _ => None,
    };
    match value {
        Value::Integer(number) => of_number(*number as f64),
        Value::Double(number) => of_number(*number),
        // Without an offset Qdrant takes it for UTC.
        Value::Text(text) => {
            let is_moment =
                text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok();
            is_moment.then_some(Kind::Text)
        }
        _ => None,
    }
}

impl Qdrant {
    /// What `key` is in a collection, by about `sample` of its points; nothing where it has no points.
    pub(crate) async fn clock(
        &self,
        collection: &str,
        key: &str,
        lanes: &[&Lane],
        sample: usize,
    ) -> Result<Option<Clock>, Fault> {
        let mut seen = Seen::default();
        for lane in lanes {
            let range = Range {
                from: lane.from.clone(),
                to: lane.to.clone(),
                documents: lane.documents,
            };
            let each = sample.div_ceil(lanes.len());
            self.glimpse(collection, lane.shard.as_deref(), &[range], each, |body| {
                seen.look(body, key)
            })
            .await?;
        }
        let index = self.describe(collection).await?.payload.get(key).copied();
        let kind = seen.kind(key, index).map_err(|why| {
            let action = format!("find changes in collection {collection} by source.updated_at");
            Fault::permanent(Part::Source, action, why)
                .with_cause("updated_at")
                .with_remedy("name a payload key that holds when each point was written last, or take source.updated_at out: \
                              then every pass reads every point")
        })?;
        if index.is_none() && kind.is_some() {
            tracing::warn!(
                collection,
                key,
                "the key has no index: Qdrant looks through all payloads at every pass"
            );
        }
        let key = key.to_owned();
        Ok(kind.map(|kind| Clock { key, kind }))
    }

    /// Hands the ids of a lane to `look`, all of them or those that changed since a moment (microseconds since 1970).
    /// Says whether the lane ended: it does not once draining was asked for.
    pub(crate) async fn ids(
        &self,
        lane: &Lane,
        collection: &str,
        since: Option<(&Clock, i64)>,
        mut look: impl FnMut(PointId),
    ) -> Result<bool, Fault> {
        let asked = Asked {
            collection: collection.to_owned(),
            shard: lane.shard.as_deref().map(shard::key).transpose()?,
            ids_only: true,
            filter: since.map(|(clock, micros)| clock.since(micros)),
        };
        let action = format!("read the ids of lane {} of collection {collection}", lane.id);
        let ends = stretch(lane.from.as_deref(), lane.to.as_deref())?;
        let mut scroll = Scroll::new(Arc::clone(&self.client), asked, action, Pages::of(PAGE), ends);
        let room = Room {
            points: PAGE as usize,
            bytes: LARGEST_PAGE,
            empty: true,
        };
        while !scroll.has_ended() {
            let turn = tokio::select! {
                biased;
                () = self.stop.draining() => return Ok(false),
                turn = scroll.read_on(room) => turn?,
            };
            if let Turn::Points(points) = turn {
                points.into_iter().for_each(|(id, _)| look(id));
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: Vec<Value<'_>>) -> Result<Option<Kind>, String> {
        let mut seen = Seen::default();
        for value in values {
            seen.points += 1;
            match kind(&value) {
                Some(kind) if seen.kinds.contains(&kind) => {}
                Some(kind) => seen.kinds.push(kind),
                None => seen.amiss = Some(format!("{value:?}")),
            }
        }
        seen.kind("at", None)
    }

    #[test]
    fn a_moment_is_told_by_what_it_looks_like() {
        let text = |text| Value::Text(text);
        assert_eq!(seen(vec![]), Ok(None));
        assert_eq!(
            seen(vec![text("2025-01-02T03:04:05Z"), text("2025-01-02T03:04:05")]),
            Ok(Some(Kind::Text))
        );
        assert_eq!(seen(vec![Value::Integer(1_700_000_000)]), Ok(Some(Kind::Seconds)));
        assert_eq!(
            seen(vec![Value::Double(1_700_000_000.5)]),
            Ok(Some(Kind::Seconds))
        );
        assert_eq!(
            seen(vec![Value::Integer(1_700_000_000_000)]),
            Ok(Some(Kind::Milliseconds))
        );
        for values in [
            vec![Value::Integer(1_700_000_000), Value::Integer(1_700_000_000_000)],
            vec![text("2025-01-02T03:04:05Z"), Value::Integer(1_700_000_000)],
            vec![text("yesterday")],
            vec![Value::Boolean(true)],
            vec![Value::Integer(-1)],
            vec![Value::Integer(1_700_000_000_000_000)],
        ] {
            assert!(seen(values.clone()).is_err(), "{values:?}");
        }
    }

    #[test]
    fn a_bound_never_lies_later_than_the_moment() {
        let field = |kind, micros| {
            let clock = Clock {
                key: "at".to_owned(),
                kind,
            };
            match clock.since(micros).must.remove(0).condition_one_of {
                Some(proto::condition::ConditionOneOf::Field(field)) => field,
                other => panic!("{other:?}"),
            }
        };
        for micros in [0, 1, 999_999, 1_700_000_000_123_456] {
            let bound = |kind| field(kind, micros).range.and_then(|range| range.gte).unwrap();
            assert!(bound(Kind::Seconds) * 1e6 <= micros as f64);
            assert!(bound(Kind::Milliseconds) * 1e3 <= micros as f64);
            let moment = field(Kind::Text, micros)
                .datetime_range
                .and_then(|range| range.gte)
                .unwrap();
            assert_eq!(
                moment.seconds * 1_000_000 + i64::from(moment.nanos) / 1_000,
                micros
            );
        }
    }
}
