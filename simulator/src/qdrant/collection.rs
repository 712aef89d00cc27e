//! What a description says about one collection, in TOML or in code.

use super::generate::{Ids, Mix};
use super::path::Path;
use super::point::ShardKey;
use super::space::{Hnsw, SparseParams, VectorParams};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A collection: its settings, and the points that lie in it before anybody wrote any. README.md shows one in TOML.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    pub(super) name: String,
    /// With shard keys, so many under each of them, with the same ids.
    #[serde(default)]
    pub(super) points: u64,
    #[serde(default = "one")]
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) ids: Ids,
    #[serde(default)]
    pub(super) payload: Mix,
    /// The unnamed vector.
    pub(super) vector: Option<VectorParams>,
    #[serde(default)]
    pub(super) vectors: BTreeMap<String, VectorParams>,
    #[serde(default)]
    pub(super) sparse: BTreeMap<String, SparseParams>,
    #[serde(default)]
    pub(super) odds: Odds,
    /// Physical shards, under each shard key if there are any.
    #[serde(default = "one_shard")]
    pub(super) shards: u32,
    #[serde(default)]
    pub(super) shard_keys: Vec<ShardKey>,
    #[serde(default = "one_shard")]
    pub(super) replication_factor: u32,
    #[serde(default)]
    pub(super) hnsw: Hnsw,
    /// Indexed keys of the payload.
    #[serde(default)]
    pub(super) index: BTreeMap<String, Index>,
    #[serde(default)]
    pub(super) strict: Strict,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// So many points, the last ones by id, are accepted but not indexed, and hidden until they are.
    #[serde(default)]
    pub(super) deferred: u64,
    /// Operations that wait to be applied.
    #[serde(default)]
    pub(super) queued: u64,
}

/// Shares of generated points that are unlike the others, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Odds {
    /// A vector is missing, each for itself.
    pub missing: f64,
    /// A dense vector is all zeros.
    pub zero: f64,
    /// A dense vector holds NaN or an infinity, which Qdrant takes and pgvector does not.
    pub not_finite: f64,
    /// A text holds U+0000, which PostgreSQL cannot store.
    pub nul: f64,
    /// A rich payload holds a whole number above `i64::MAX`, which gRPC turns into a double.
    pub unsigned: f64,
    /// There is no payload at all.
    pub bare: f64,
}

/// What a key of the payload is indexed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Index {
    /// Texts, matched whole.
    Keyword,
    /// Texts that say whose a point is: a keyword index with `is_tenant`.
    Tenant,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Float,
    /// Places, as `{lat, lon}`.
    Geo,
    /// Texts, matched by words.
    Text,
    /// Truth values.
    Bool,
    /// Moments as RFC 3339 texts.
    Datetime,
    /// UUIDs as texts.
    Uuid,
}

/// Strict mode; anything set switches it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Strict {
    /// The largest `limit` of a request.
    pub max_query_limit: Option<u32>,
    /// Reads in a minute.
    pub read_rate_limit: Option<u32>,
    /// Whether a filter may name a key that is not indexed; it may if left out.
    pub unindexed_filtering: Option<bool>,
}

impl Strict {
    pub(super) fn enabled(self) -> bool {
        self != Strict::default()
    }
}

fn one() -> u64 {
    1
}

fn one_shard() -> u32 {
    1
}

impl Collection {
    /// A collection of this name with so many generated points, without vectors and payload.
    pub fn new(name: impl Into<String>, points: u64) -> Collection {
        Collection {
            name: name.into(),
            points,
            seed: 1,
            ids: Ids::default(),
            payload: Mix::None,
            vector: None,
            vectors: BTreeMap::new(),
            sparse: BTreeMap::new(),
            odds: Odds::default(),
            shards: 1,
            shard_keys: Vec::new(),
            replication_factor: 1,
            hnsw: Hnsw::default(),
            index: BTreeMap::new(),
            strict: Strict::default(),
            aliases: Vec::new(),
            deferred: 0,
            queued: 0,
        }
    }

    /// Other points, of the same kind.
    pub fn seed(self, seed: u64) -> Self {
        Collection { seed, ..self }
    }

    /// What the ids look like.
    pub fn ids(self, ids: Ids) -> Self {
        Collection { ids, ..self }
    }

    /// What the payloads hold.
    pub fn payload(self, payload: Mix) -> Self {
        Collection { payload, ..self }
    }

    /// The unnamed vector.
    pub fn vector(self, params: VectorParams) -> Self {
        Collection {
            vector: Some(params),
            ..self
        }
    }

    /// One more named vector.
    pub fn named(mut self, name: impl Into<String>, params: VectorParams) -> Self {
        self.vectors.insert(name.into(), params);
        self
    }

    /// One more sparse vector.
    pub fn sparse(mut self, name: impl Into<String>, params: SparseParams) -> Self {
        self.sparse.insert(name.into(), params);
        self
    }

    /// Which shares of the points are unlike the others.
    pub fn odds(self, odds: Odds) -> Self {
        Collection { odds, ..self }
    }

    /// Physical shards.
    pub fn shards(self, shards: u32) -> Self {
        Collection { shards, ..self }
    }

    /// Custom sharding by these keys, each with as many points of the same ids.
    pub fn shard_keys<K: Into<ShardKey>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.shard_keys.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Copies of every shard.
    pub fn replication_factor(self, replication_factor: u32) -> Self {
        Collection {
            replication_factor,
            ..self
        }
    }

    /// The settings of its indexes.
    pub fn hnsw(self, hnsw: Hnsw) -> Self {
        Collection { hnsw, ..self }
    }

    /// One more indexed key of the payload.
    pub fn index(mut self, key: impl Into<String>, index: Index) -> Self {
        self.index.insert(key.into(), index);
        self
    }

    /// What strict mode forbids.
    pub fn strict(self, strict: Strict) -> Self {
        Collection { strict, ..self }
    }

    /// One more name.
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Hides the last points by id until [`Qdrant::settle`](super::Qdrant::settle).
    pub fn deferred(self, deferred: u64) -> Self {
        Collection { deferred, ..self }
    }

    /// So many operations wait until [`Qdrant::settle`](super::Qdrant::settle).
    pub fn queued(self, queued: u64) -> Self {
        Collection { queued, ..self }
    }

    /// Dense vectors with their names, the unnamed one first.
    pub(super) fn dense(&self) -> impl Iterator<Item = (&str, &VectorParams)> {
        let unnamed = self.vector.iter().map(|params| ("", params));
        unnamed.chain(self.vectors.iter().map(|(name, params)| (name.as_str(), params)))
    }

    /// Whether there is a vector of that name.
    pub(super) fn has_vector(&self, name: &str) -> bool {
        self.sparse.contains_key(name) || self.dense().any(|(known, _)| known == name)
    }

    /// Whether there is an index on a key of the payload.
    pub(super) fn is_indexed(&self, path: &Path) -> bool {
        self.index.contains_key(&path.to_string())
    }

    /// Whether an answer gives vectors their names even when a point has none of them.
    pub(super) fn is_named(&self) -> bool {
        self.vector.is_none()
    }

    /// Why this describes no collection that could be; the limits are Qdrant's.
    pub(super) fn check(&self) -> Result<(), String> {
        let shares = [
            self.odds.missing,
            self.odds.zero,
            self.odds.not_finite,
            self.odds.nul,
            self.odds.unsigned,
            self.odds.bare,
        ];
        let bad_name = self.name.is_empty() || self.name.len() > 255 || self.name.contains(['/', '"', '\0']);
        let mut sizes = self.dense().map(|(_, params)| params.size);
        let problems = [
            (bad_name, "a name has 1 to 255 bytes, and no slash or quote"),
            (
                self.vector.is_some() && !self.vectors.is_empty(),
                "dense vectors are all named, or there is one without a name",
            ),
            (
                self.vectors.contains_key("") || self.sparse.contains_key(""),
                "a named vector has a name",
            ),
            (
                self.vectors.keys().any(|name| self.sparse.contains_key(name)),
                "a name is either a dense vector's or a sparse one's",
            ),
            (
                !sizes.all(|size| (1..=65_536).contains(&size)),
                "a vector has 1 to 65,536 dimensions",
            ),
            (
                !shares.iter().all(|share| (0.0..=1.0).contains(share)),
                "odds are shares from 0 to 1",
            ),
            (
                self.points > 1 << 40,
                "more than 2^40 points cannot be told apart",
            ),
            (self.shards == 0, "there is at least one shard"),
        ];
        match problems.iter().find(|(is_so, _)| *is_so) {
            Some((_, why)) => Err(format!("collection {:?}: {why}", self.name)),
            None => Ok(()),
        }
    }
}
