//! How values lie on disk. Every value starts with its version, so a later release can tell what it reads.

use crate::position::{Position, Token};
use crate::receipt::{Progress, Tally};

const VERSION: u8 = 1;
const START: u8 = 0;
const AT: u8 = 1;
const END: u8 = 2;

pub(crate) fn progress_to_bytes(progress: &Progress) -> Vec<u8> {
    let tally = &progress.tally;
    let mut bytes = vec![VERSION];
    for count in [
        tally.read,
        tally.loaded,
        tally.quarantined,
        tally.skipped,
        tally.bytes,
        tally.billed,
    ] {
        bytes.extend_from_slice(&count.to_be_bytes());
    }
    match &progress.position {
        Position::Start => bytes.push(START),
        Position::End => bytes.push(END),
        Position::At(token) => {
            bytes.push(AT);
            bytes.extend_from_slice(&token.0);
        }
    }
    bytes
}

pub(crate) fn progress_from_bytes(bytes: &[u8]) -> Result<Progress, &'static str> {
    let mut rest = unversioned(bytes)?;
    let mut counts = [0u64; 6];
    for count in &mut counts {
        let (head, tail) = rest.split_first_chunk::<8>().ok_or("cut short")?;
        *count = u64::from_be_bytes(*head);
        rest = tail;
    }
    let [read, loaded, quarantined, skipped, bytes, billed] = counts;
    let position = match rest.split_first().ok_or("cut short")? {
        (&START, []) => Position::Start,
        (&END, []) => Position::End,
        (&AT, token) => Position::At(Token(token.to_vec())),
        _ => return Err("unknown kind of position"),
    };
    Ok(Progress {
        position,
        tally: Tally {
            read,
            loaded,
            quarantined,
            skipped,
            bytes,
            billed,
        },
    })
}

pub(crate) fn versioned(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 1);
    bytes.push(VERSION);
    bytes.extend_from_slice(payload);
    bytes
}

pub(crate) fn unversioned(bytes: &[u8]) -> Result<&[u8], &'static str> {
    match bytes.split_first() {
        Some((&VERSION, payload)) => Ok(payload),
        Some(_) => Err("written by a newer version of etl"),
        None => Err("empty"),
    }
}

/// What tells the plan of one run from another's: FNV-1a of 64 bits (Fowler, Noll, Vo). Plans hold their run's number, which
/// was made by chance, so nothing better is needed.
pub(crate) fn mark(plan: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    plan.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn position() -> impl Strategy<Value = Position> {
        prop_oneof![
            Just(Position::Start),
            Just(Position::End),
            proptest::collection::vec(any::<u8>(), 0..64).prop_map(Position::at),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(position in position(), counts in any::<[u64; 6]>()) {
            let [read, loaded, quarantined, skipped, bytes, billed] = counts;
            let progress = Progress { position, tally: Tally { read, loaded, quarantined, skipped, bytes, billed } };
            prop_assert_eq!(progress_from_bytes(&progress_to_bytes(&progress)), Ok(progress));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = progress_from_bytes(&bytes);
        }
    }

    /// The reference values of its authors: directories outlive releases.
    #[test]
    fn a_plan_keeps_its_mark() {
        assert_eq!(mark(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(mark(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_cut_of_a_value_is_refused_or_a_shorter_token() {
        let whole = progress_to_bytes(&Progress {
            position: Position::at("users/a"),
            tally: Tally::default(),
        });
        for end in 0..whole.len() {
            match progress_from_bytes(&whole[..end]) {
                Ok(progress) => assert!(matches!(progress.position, Position::At(_))),
                Err(why) => assert!(!why.is_empty()),
            }
        }
    }
}
