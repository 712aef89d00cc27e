//! Ids and pages, until `transforms::qdrant` is there.

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, decode_varint, skip_field};
use qdrant_client::qdrant as proto;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PointId {
    Number(u64),
    Uuid([u8; 16]),
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no id of a point")]
pub(super) struct NoPointId(String);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(String);

impl From<prost::DecodeError> for Malformed {
    fn from(error: prost::DecodeError) -> Malformed {
        Malformed(error.to_string())
    }
}

impl PointId {
    pub const FIRST_UUID: PointId = PointId::Uuid([0; 16]);

    pub fn successor(self) -> Option<PointId> {
        match self {
            PointId::Number(n) => Some(n.checked_add(1).map_or(PointId::FIRST_UUID, PointId::Number)),
            PointId::Uuid(bytes) => u128::from_be_bytes(bytes)
                .checked_add(1)
                .map(|next| PointId::Uuid(next.to_be_bytes())),
        }
    }

    fn of(id: Option<proto::PointId>) -> Result<PointId, Malformed> {
        match id.and_then(|id| id.point_id_options) {
            Some(proto::point_id::PointIdOptions::Num(n)) => Ok(PointId::Number(n)),
            Some(proto::point_id::PointIdOptions::Uuid(text)) => text.parse().map_err(|_| Malformed(text)),
            None => Err(Malformed("no id".to_owned())),
        }
    }
}

impl std::fmt::Display for PointId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PointId::Number(n) => write!(f, "{n}"),
            PointId::Uuid(bytes) => write!(f, "{}", uuid::Uuid::from_bytes(*bytes)),
        }
    }
}

impl std::str::FromStr for PointId {
    type Err = NoPointId;
    fn from_str(text: &str) -> Result<PointId, NoPointId> {
        let number = text.parse().ok().map(PointId::Number);
        let uuid = || {
            text.parse::<uuid::Uuid>()
                .ok()
                .map(|uuid| PointId::Uuid(uuid.into_bytes()))
        };
        number.or_else(uuid).ok_or_else(|| NoPointId(text.to_owned()))
    }
}

pub(super) struct Page {
    pub points: Vec<Range<usize>>,
    pub next: Option<PointId>,
}

pub(super) fn page(body: &[u8]) -> Result<Page, Malformed> {
    let (mut rest, mut points, mut next) = (body, Vec::new(), None);
    while !rest.is_empty() {
        let (tag, kind) = decode_key(&mut rest)?;
        if !matches!(tag, 1 | 2) {
            skip_field(kind, tag, &mut rest, DecodeContext::default())?;
            continue;
        }
        let length = decode_varint(&mut rest)? as usize;
        let start = body.len() - rest.len();
        let (field, after) = rest
            .split_at_checked(length)
            .ok_or_else(|| Malformed("cut".to_owned()))?;
        match tag {
            1 => next = Some(PointId::of(Some(proto::PointId::decode(field)?))?),
            _ => points.push(start..start + length),
        }
        rest = after;
    }
    Ok(Page { points, next })
}

pub(super) fn id(body: &[u8]) -> Result<PointId, Malformed> {
    PointId::of(proto::RetrievedPoint::decode(body)?.id)
}
