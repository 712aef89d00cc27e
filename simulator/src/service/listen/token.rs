//! Resume tokens: where a client got to, and with which targets.
//!
//! Opaque to clients. A token says of itself whether it is one, and of which targets it is; one that was damaged, cut
//! short or made up is none.

use crate::clock::Moment;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a first byte says of the others.
const VERSION: u8 = 1;

/// Where a client got to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Everything committed up to then was told.
    pub(super) moment: Moment,
    /// The targets it was told of.
    targets: Vec<u64>,
}

impl Token {
    /// These targets were told everything up to `moment`.
    pub(super) fn new(moment: Moment, targets: impl IntoIterator<Item = u64>) -> Token {
        let targets = targets.into_iter().collect();
        Token { moment, targets }
    }

    /// Whether it is of the target with this fingerprint.
    pub(super) fn is_of(&self, target: u64) -> bool {
        self.targets.contains(&target)
    }

    /// Its bytes: the version, the moment, the fingerprints, and a check sum of all that.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.moment.0.to_be_bytes());
        bytes.extend(self.targets.iter().flat_map(|target| target.to_be_bytes()));
        let sum = sum(&bytes);
        bytes.extend(sum.to_be_bytes());
        bytes
    }

    /// The token that these bytes are, if they are one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Token> {
        let (told, check) = bytes.split_last_chunk::<8>()?;
        if u64::from_be_bytes(*check) != sum(told) {
            return None;
        }
        let (version, told) = told.split_first()?;
        let (moment, targets) = told.split_first_chunk::<8>()?;
        let (targets, rest) = targets.as_chunks::<8>();
        let moment = Moment(i64::from_be_bytes(*moment));
        let token = Token::new(moment, targets.iter().map(|target| u64::from_be_bytes(*target)));
        (*version == VERSION && rest.is_empty()).then_some(token)
    }
}

/// One number for all of `what`, the same in every run of a program.
pub(super) fn fingerprint(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

fn sum(bytes: &[u8]) -> u64 {
    fingerprint(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn tokens()(moment: i64, targets in prop::collection::vec(any::<u64>(), 0..5)) -> Token {
            Token::new(Moment(moment), targets)
        }
    }

    proptest! {
        #[test]
        fn a_token_survives_its_bytes(token in tokens()) {
            prop_assert_eq!(Token::decode(&token.encode()), Some(token));
        }

        #[test]
        fn a_token_with_a_changed_byte_is_none(token in tokens(), place: prop::sample::Index, by in 1_u8..) {
            let mut bytes = token.encode();
            let place = place.index(bytes.len());
            bytes[place] ^= by;
            prop_assert_eq!(Token::decode(&bytes), None);
        }

        #[test]
        fn a_token_cut_short_is_none(token in tokens(), length: prop::sample::Index) {
            let bytes = token.encode();
            prop_assert_eq!(Token::decode(&bytes[..length.index(bytes.len())]), None);
        }

        #[test]
        fn made_up_bytes_are_no_token(bytes: Vec<u8>) {
            prop_assert_eq!(Token::decode(&bytes), None);
        }
    }

    #[test]
    fn a_token_is_of_the_targets_it_was_made_for() {
        let token = Token::new(Moment(1), [7, 9]);
        assert!(token.is_of(7) && token.is_of(9));
        assert!(!token.is_of(8));
    }
}
