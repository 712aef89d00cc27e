//! The Qdrant server that points are read from.
//! Its key came in through the environment or not at all, its addresses hold no secret, and the operator was told
//! whenever points and key travel unencrypted beyond this machine.
//! Whether it answers, takes the key and holds the collections is left to the source.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::address::Address;
use crate::answers::{Answer, Answers};
use crate::embed::{is_loopback, key};
use crate::origin::Origin;
use crate::secret::Secret;
use crate::source::Shared;

/// Where points come from, and how they are asked for.
#[derive(Clone, Debug)]
pub struct Qdrant {
    /// `http://` or `https://`, the host and the gRPC port; nothing behind it.
    pub url: String,
    /// The key sent with every call; none is sent when there is none.
    pub api_key: Option<Secret>,
    /// The authority that must have signed the server's certificate; those that the system and the web trust when
    /// there is none.
    pub ca_file: Option<PathBuf>,
    /// The collections to move, aliases included; all when there is no list.
    pub collections: Option<Vec<String>>,
    /// Connections held.
    pub connections: NonZeroUsize,
    /// Points of each collection looked at to choose column types.
    pub sample: NonZeroUsize,
    /// Silence after which an answer is taken for dead.
    pub stream_timeout: Duration,
    /// Bytes that a page should have.
    pub page_bytes: usize,
    /// Most points in a page.
    pub page_points: NonZeroU32,
    /// Replicas that must agree.
    pub read_consistency: ReadConsistency,
    /// What is promised about points that change meanwhile.
    pub consistency: Consistency,
    /// The payload key that tells when a point was changed last.
    pub updated_at: Option<String>,
    /// The address of the REST port, where shards are to be read one by one.
    pub per_shard: Option<String>,
}

/// Replicas of a shard that must agree on a point before it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadConsistency {
    /// Whichever is asked: the server's own default.
    One,
    /// Points that most of the replicas asked have.
    Majority,
    /// The same, and most of all replicas must have answered.
    Quorum,
    /// Points that all replicas have.
    All,
}

/// What a run promises about points that are written while it reads: a scroll is no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Every point that stayed as it was; the others as they were at some moment or another.
    Fuzzy,
    /// The collection as it was, or a refusal: it is looked at twice and must not have changed.
    Quiescent,
    /// Read again what changed, until a sweep finds nothing more.
    Sweeps,
}

/// The ports of a server that nobody configured otherwise.
const GRPC_PORT: u16 = 6334;
const REST_PORT: u16 = 6333;

const GRPC: Address = Address {
    port: GRPC_PORT,
    example: "https://xyz.cloud.qdrant.io:6334",
    key: "QDRANT_API_KEY",
};
const REST: Address = Address {
    port: REST_PORT,
    ..GRPC
};

impl Qdrant {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Qdrant> {
        let url = url(answers);
        let api_key = answers.read("source.api_key", key);
        let ca_file = answers.path("source.ca_file");
        let page_bytes = answers.size("source.page_bytes");
        let page_points = answers.at_least_one("source.page_points");
        let read_consistency = answers.choice("source.read_consistency", &READ_CONSISTENCIES);
        let consistency = answers.choice("source.consistency", &CONSISTENCIES);
        let updated_at = answers.read("source.updated_at", |text| Ok(text.trim().to_owned()));
        let per_shard = per_shard(answers, &url);
        let shared = Shared::relied_on(answers, |name| {
            name.contains(['/', '"'])
                .then(|| "holds a character that no collection of Qdrant can have in its name".to_owned())
        });
        let (url, shared) = (url?, shared?);
        let api_key = api_key?.map(|(key, _)| key);
        notice_of_plain_text(answers, &url, api_key.is_some());
        Ok(Qdrant {
            url,
            api_key,
            ca_file: ca_file?,
            collections: shared.collections,
            connections: shared.connections,
            sample: shared.sample,
            stream_timeout: shared.stream_timeout,
            // At most 64 MiB by its row of the table.
            page_bytes: usize::try_from(page_bytes?).unwrap_or(usize::MAX),
            page_points: page_points?,
            read_consistency: read_consistency?,
            consistency: consistency?,
            updated_at: updated_at?.map(|(key, _)| key),
            per_shard: per_shard?,
        })
    }

    /// Whether what travels is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// Whether the server is this machine, as far as its name tells.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

const READ_CONSISTENCIES: [(&str, ReadConsistency); 4] = [
    ("one", ReadConsistency::One),
    ("majority", ReadConsistency::Majority),
    ("quorum", ReadConsistency::Quorum),
    ("all", ReadConsistency::All),
];

const CONSISTENCIES: [(&str, Consistency); 3] = [
    ("fuzzy", Consistency::Fuzzy),
    ("quiescent", Consistency::Quiescent),
    ("sweeps", Consistency::Sweeps),
];

fn url(answers: &mut Answers) -> Answer<String> {
    let (url, origin) = answers.must("source.url", |text| GRPC.read(text))?;
    if url.ends_with(&format!(":{REST_PORT}")) {
        answers.notice(format!(
            "source.url ({origin}) names port {REST_PORT}, where Qdrant usually answers over REST; gRPC is usually at \
             {GRPC_PORT}"
        ));
    }
    Ok(url)
}

/// The REST address, where it is needed.
fn per_shard(answers: &mut Answers, url: &Answer<String>) -> Answer<Option<String>> {
    let rest = answers.read("source.rest_url", |text| REST.read(text));
    let wanted = answers.switch("source.per_shard")?;
    let rest = rest?.map(|(rest, _)| rest);
    if !wanted {
        return Ok(None);
    }
    // The address always ends with a port: `Address` sees to it.
    let same_host = |url: &String| {
        let host = url.rsplit_once(':').map_or(url.as_str(), |(host, _)| host);
        format!("{host}:{REST_PORT}")
    };
    rest.map_or_else(|| url.as_ref().map(same_host).map_err(|reported| *reported), Ok)
        .map(Some)
}

fn notice_of_plain_text(answers: &mut Answers, url: &str, key: bool) {
    if url.starts_with("http://") && !is_loopback(url) {
        let origin = answers.origin("source.url");
        let what = if key { "points and the key" } else { "points" };
        answers.notice(format!(
            "source.url ({origin}) begins with http://: {what} travel unencrypted; write https:// if the server has it"
        ));
    }
    let ca_file = answers.origin("source.ca_file");
    if url.starts_with("http://") && ca_file != Origin::Default {
        answers.notice(format!(
            "source.ca_file ({ca_file}) is ignored: the address begins with http://"
        ));
    }
}
