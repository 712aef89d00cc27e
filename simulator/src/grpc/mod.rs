//! Messages, streams and statuses as the wire has them.
//!
//! The framing is ours and not a library's for two reasons: documents are encoded straight into the bytes that leave,
//! many messages to a chunk; and a stream must be able to end in ways that no library offers.

mod body;
mod incoming;
mod outgoing;

pub(crate) use body::Body;
pub(crate) use incoming::Messages;
pub(crate) use outgoing::{Gone, Outgoing, refusal};

/// Compressed or not, and the length.
const PREFIX: usize = 5;
