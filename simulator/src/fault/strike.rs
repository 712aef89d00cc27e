//! The things that can go wrong, the words for them, and what a rule can say about each.

use super::Method;
use super::read::KEYS;
use std::time::Duration;

/// What happens when a rule strikes. README.md says where each was seen in the wild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strike {
    /// UNAVAILABLE.
    Unavailable,
    /// DEADLINE_EXCEEDED.
    DeadlineExceeded,
    /// INTERNAL.
    Internal,
    /// ABORTED.
    Aborted,
    /// RESOURCE_EXHAUSTED, whatever was read so far.
    ResourceExhausted,
    /// UNKNOWN.
    Unknown,
    /// CANCELLED by the server.
    Cancelled,
    /// UNAUTHENTICATED, as with a token that ran out.
    ExpiredCredentials,
    /// PERMISSION_DENIED.
    PermissionDenied,
    /// FAILED_PRECONDITION: the snapshot is older than what is kept.
    SnapshotTooOld,
    /// UNIMPLEMENTED.
    NotOffered,
    /// The stream ends like one that is complete, and is not.
    EndEarly,
    /// The connection is cut in the middle of a message, by RST.
    Reset,
    /// The connection is closed in the middle of a message, by FIN.
    HalfClose,
    /// The stream ends in UNAVAILABLE when it has lasted too long.
    StreamDeath,
    /// Nothing more comes for a while, or until another plan holds.
    Stall,
    /// Bytes trickle.
    Drip,
    /// The answer begins late.
    Latency,
    /// Bytes come no faster than a link of that speed lets them.
    Bandwidth,
    /// The documents sent last, up to ten, come once more.
    RepeatedPage,
    /// Two documents change places.
    Reordered,
    /// A document is left out, and nothing says so.
    Omitted,
    /// A message that is none.
    Malformed,
    /// Listen: RESET, and everything once more.
    ListenReset,
    /// Listen: REMOVE of the target, with a cause.
    ListenRemove,
    /// Listen: documents that were deleted are not said to be.
    ListenForgetDeletes,
    /// Listen: an existence filter whose count is wrong.
    ListenWrongCount,
    /// Listen: the resume token is no longer good.
    ListenTokenExpired,
}

use Strike::*;

impl Strike {
    /// Everything that can go wrong.
    pub const ALL: [Strike; 28] = [
        Unavailable,
        DeadlineExceeded,
        Internal,
        Aborted,
        ResourceExhausted,
        Unknown,
        Cancelled,
        ExpiredCredentials,
        PermissionDenied,
        SnapshotTooOld,
        NotOffered,
        EndEarly,
        Reset,
        HalfClose,
        StreamDeath,
        Stall,
        Drip,
        Latency,
        Bandwidth,
        RepeatedPage,
        Reordered,
        Omitted,
        Malformed,
        ListenReset,
        ListenRemove,
        ListenForgetDeletes,
        ListenWrongCount,
        ListenTokenExpired,
    ];

    /// Its word in a plan.
    pub fn word(self) -> &'static str {
        match self {
            Unavailable => "unavailable",
            DeadlineExceeded => "deadline_exceeded",
            Internal => "internal",
            Aborted => "aborted",
            ResourceExhausted => "resource_exhausted",
            Unknown => "unknown",
            Cancelled => "cancelled",
            ExpiredCredentials => "expired_credentials",
            PermissionDenied => "permission_denied",
            SnapshotTooOld => "snapshot_too_old",
            NotOffered => "not_offered",
            EndEarly => "end_early",
            Reset => "reset",
            HalfClose => "half_close",
            StreamDeath => "stream_death",
            Stall => "stall",
            Drip => "drip",
            Latency => "latency",
            Bandwidth => "bandwidth",
            RepeatedPage => "repeated_page",
            Reordered => "reordered",
            Omitted => "omitted",
            Malformed => "malformed",
            ListenReset => "listen_reset",
            ListenRemove => "listen_remove",
            ListenForgetDeletes => "listen_forget_deletes",
            ListenWrongCount => "listen_wrong_count",
            ListenTokenExpired => "listen_token_expired",
        }
    }

    /// The strike of that word.
    pub fn named(word: &str) -> Option<Strike> {
        Strike::ALL.into_iter().find(|strike| strike.word() == word)
    }

    /// Whether it can befall `method`.
    pub fn befalls(self, method: Method) -> bool {
        match self {
            EndEarly | StreamDeath => method.streams(),
            RepeatedPage => matches!(method, Method::RunQuery | Method::BatchGetDocuments),
            Reordered | Omitted => method == Method::RunQuery,
            _ if self.is_listens() => method == Method::Listen,
            _ => true,
        }
    }

    /// Whether only a Listen knows of it.
    pub fn is_listens(self) -> bool {
        matches!(
            self,
            ListenReset | ListenRemove | ListenForgetDeletes | ListenWrongCount | ListenTokenExpired
        )
    }

    /// What a rule with this strike can say, in the order it is written.
    pub(super) fn keys(self) -> Vec<&'static str> {
        KEYS.into_iter().filter(|key| self.takes(key)).collect()
    }

    /// Whether a rule with this strike can say so; what no rule can say is not judged here.
    pub(super) fn takes(self, key: &str) -> bool {
        match key {
            "after_documents" => self.has_place(),
            "retry_after" => self.has_status(),
            "for" => self.lasts().is_some(),
            "bytes_per_second" => self.paces().is_some(),
            _ => true,
        }
    }

    /// Whether the call ends in a status, which can say when to try again.
    fn has_status(self) -> bool {
        matches!(
            self,
            Unavailable
                | DeadlineExceeded
                | Internal
                | Aborted
                | ResourceExhausted
                | Unknown
                | Cancelled
                | ExpiredCredentials
                | PermissionDenied
                | SnapshotTooOld
                | NotOffered
                | StreamDeath
        )
    }

    /// Whether it happens at a place in the answer; all others hold from its beginning.
    fn has_place(self) -> bool {
        !matches!(self, StreamDeath | Drip | Latency | Bandwidth)
    }

    /// How long it lasts when the rule does not say, for those that last.
    pub(super) fn lasts(self) -> Option<Duration> {
        match self {
            Stall => Some(Duration::from_secs(30)),
            Latency => Some(Duration::from_millis(200)),
            // What long queries die of in the wild, and when.
            StreamDeath => Some(Duration::from_secs(60)),
            _ => None,
        }
    }

    /// How fast bytes come when the rule does not say, for those that slow them down.
    pub(super) fn paces(self) -> Option<u64> {
        match self {
            Drip => Some(2_000),
            Bandwidth => Some(1_000_000),
            _ => None,
        }
    }
}
