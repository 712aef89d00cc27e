//! Pages that are not true: what a reader must notice, since no status tells it.

use ::qdrant_client::qdrant as proto;
use prost::Message;

/// A page that is a lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qdrant) enum Wrong {
    Repeated,
    Disordered,
    EndEarly,
}

impl Wrong {
    /// Makes a page wrong: `message` holds a ScrollResponse from `start` on.
    pub(in crate::qdrant) fn spoil(self, message: &mut Vec<u8>, start: usize) {
        let Ok(mut page) = proto::ScrollResponse::decode(&message[start..]) else {
            return;
        };
        match self {
            Wrong::Repeated => page.result.extend_from_within(..1.min(page.result.len())),
            Wrong::Disordered => page.result.reverse(),
            Wrong::EndEarly => {
                page.result.truncate(page.result.len() / 2);
                page.next_page_offset = None;
            }
        }
        message.truncate(start);
        // Writing into a vector that grows cannot fail.
        page.encode(message).unwrap_or_default();
    }
}
