//! Vectors that were made from texts, so that no text is paid for twice.
//!
//! A cache, not a ledger: whatever is missing from it, damaged or left behind by another version is asked for again.
//! What a key is the digest of is the caller's business; the same key must always mean the same vector.

use crate::encoding::{unversioned, versioned};
use crate::rocks::{OpenError, Shelf};
use crate::store::CheckpointError;
use std::fmt;
use std::path::Path;

/// What a vector is kept under: a digest of all that decides it.
pub type Digest = [u8; 32];

/// Vectors by what they were made from. Calls block: keep them off async threads.
pub trait VectorCache: fmt::Debug + Send + Sync + 'static {
    /// The vectors of `keys` in their order, each where it is known.
    fn recall(&self, keys: &[Digest]) -> Result<Vec<Option<Vec<f32>>>, CheckpointError>;

    /// Keeps `vectors`, replacing what was kept under their keys. Durable when it returns.
    fn keep(&self, vectors: &[(Digest, Vec<f32>)]) -> Result<(), CheckpointError>;
}

const SHELF: &str = "vectors";

/// The vectors in a checkpoint directory. They outlive runs: a new run in the same directory finds them.
#[derive(Debug)]
pub struct Vectors(Shelf);

impl Vectors {
    /// Opens the cache in `dir`, creating it where there is none. One process may have it open; open the directory's
    /// checkpoints first, so that a second process is refused there, before it gets here.
    pub fn open(dir: &Path) -> Result<Vectors, OpenError> {
        Shelf::open(dir, SHELF).map(Vectors)
    }
}

impl VectorCache for Vectors {
    fn recall(&self, keys: &[Digest]) -> Result<Vec<Option<Vec<f32>>>, CheckpointError> {
        let values = self.0.read(keys)?.into_iter();
        Ok(values.map(|value| vector_of(&value?)).collect())
    }

    fn keep(&self, vectors: &[(Digest, Vec<f32>)]) -> Result<(), CheckpointError> {
        let values = vectors.iter().map(|(key, vector)| (key, bytes_of(vector)));
        self.0.write(values)
    }
}

pub(crate) fn bytes_of(vector: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = vector
        .iter()
        .flat_map(|component| component.to_le_bytes())
        .collect();
    versioned(&bytes)
}

/// Nothing where the bytes are no vector of this version.
pub(crate) fn vector_of(bytes: &[u8]) -> Option<Vec<f32>> {
    let (components, rest) = unversioned(bytes).ok()?.as_chunks::<4>();
    let vector = components.iter().map(|bytes| f32::from_le_bytes(*bytes));
    rest.is_empty().then(|| vector.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{CheckpointStore, Memory, Rocks};
    use proptest::prelude::*;

    fn key(number: u8) -> Digest {
        [number; 32]
    }

    fn keeps_the_laws(cache: &impl VectorCache) {
        assert_eq!(cache.recall(&[key(1), key(2)]).unwrap(), [None, None]);
        assert_eq!(cache.recall(&[]).unwrap(), [] as [Option<Vec<f32>>; 0]);
        let (one, two) = (vec![0.5, -0.0, f32::MIN_POSITIVE], vec![1.0; 1536]);
        cache
            .keep(&[(key(1), one.clone()), (key(2), two.clone())])
            .unwrap();
        cache.keep(&[]).unwrap();
        let asked = [key(2), key(9), key(1), key(2)];
        let known = [Some(two.clone()), None, Some(one), Some(two)];
        assert_eq!(cache.recall(&asked).unwrap(), known);
        cache.keep(&[(key(1), vec![2.0])]).unwrap();
        assert_eq!(cache.recall(&[key(1)]).unwrap(), [Some(vec![2.0])]);
    }

    #[test]
    fn both_caches_keep_the_laws() {
        keeps_the_laws(&Memory::default());
        let dir = tempfile::tempdir().unwrap();
        keeps_the_laws(&Vectors::open(dir.path()).unwrap());
    }

    #[test]
    fn vectors_outlive_their_process_and_the_run_and_nobody_else_may_look() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let state = Rocks::open(dir.path(), "first").unwrap();
        Vectors::open(dir.path())
            .unwrap()
            .keep(&[(key(1), vec![1.5])])
            .unwrap();
        state.begin(b"another plan", &[]).unwrap();
        let vectors = Vectors::open(dir.path()).unwrap();
        assert_eq!(vectors.recall(&[key(1)]).unwrap(), [Some(vec![1.5])]);
        let mode = std::fs::metadata(dir.path().join(SHELF))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_look_at_the_state_neither_needs_the_vectors_nor_minds_them() {
        let dir = tempfile::tempdir().unwrap();
        drop(Rocks::open(dir.path(), "one without vectors").unwrap());
        Rocks::open_read_only(dir.path()).unwrap().plan().unwrap();
        assert!(!dir.path().join(SHELF).exists());
        let _vectors = Vectors::open(dir.path()).unwrap();
        Rocks::open_read_only(dir.path()).unwrap().plan().unwrap();
        Rocks::open(dir.path(), "one that does not embed").unwrap();
    }

    #[test]
    fn what_cannot_be_read_counts_as_missing() {
        let dir = tempfile::tempdir().unwrap();
        let vectors = Vectors::open(dir.path()).unwrap();
        let damaged = [vec![], vec![9, 0, 0, 0, 0], vec![1, 0, 0, 0]];
        let damaged = damaged.into_iter().enumerate();
        vectors
            .0
            .write(damaged.map(|(number, bytes)| (key(number as u8), bytes)))
            .unwrap();
        assert_eq!(
            vectors.recall(&[key(0), key(1), key(2)]).unwrap(),
            [None, None, None]
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_to_the_bit(bits in proptest::collection::vec(any::<u32>(), 0..64)) {
            let vector: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
            let back = vector_of(&bytes_of(&vector)).unwrap();
            prop_assert_eq!(back.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), bits);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = vector_of(&bytes);
        }
    }
}
