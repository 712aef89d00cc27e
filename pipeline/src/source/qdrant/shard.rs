//! Shard keys, as a plan spells them and as Qdrant is asked for them.
//!
//! A key is a text or a number, and `7` and `"7"` are two keys: a plan writes them as JSON does.

use crate::fault::{Fault, Part};
use proto::shard_key::Key;
use qdrant_client::qdrant as proto;

/// The spelling of a key.
pub(super) fn text(key: &Key) -> String {
    match key {
        Key::Keyword(word) => serde_json::Value::from(word.as_str()).to_string(),
        Key::Number(number) => number.to_string(),
    }
}

/// The key that is spelled so.
pub(super) fn key(text: &str) -> Result<proto::ShardKey, Fault> {
    let key = match serde_json::from_str(text) {
        Ok(serde_json::Value::String(word)) => Some(Key::Keyword(word)),
        Ok(serde_json::Value::Number(number)) => number.as_u64().map(Key::Number),
        _ => None,
    };
    key.map(|key| proto::ShardKey { key: Some(key) }).ok_or_else(|| {
        let message = format!("{text} is no shard key as a plan spells it");
        Fault::permanent(Part::Source, "read a lane's shard key", message).with_cause("shard_key")
    })
}

/// Asks the shards of one key only.
pub(super) fn selector(key: proto::ShardKey) -> proto::ShardKeySelector {
    proto::ShardKeySelector {
        shard_keys: vec![key],
        fallback: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_key_is_read_back_from_its_spelling(word in any::<String>(), number: u64) {
            for one in [Key::Keyword(word.clone()), Key::Keyword(number.to_string()), Key::Number(number)] {
                prop_assert_eq!(key(&text(&one)).unwrap().key, Some(one));
            }
        }
    }

    #[test]
    fn what_no_key_can_be_is_refused() {
        for wrong in ["", "eu", "-1", "1.5", "null", "[1]", "18446744073709551616"] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
