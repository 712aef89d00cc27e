//! A document of Firestore under a mapping: packed as it lies in its bytes and decoded, to the same tuples or by the one
//! only; read as the reference decoder reads it; and told by its rows, or rejected with a reason.
//! The first byte says which mapping.

use transforms::firestore;

use super::{judged, tables};
use crate::mappings::{Choices, documents};
use crate::sent;

/// See the module.
pub fn law(data: &[u8]) {
    let Some((mapping, body)) = data.split_first() else {
        return;
    };
    let name = firestore::name(body);
    if let Ok(document) = firestore::document(body) {
        assert_eq!(name, Ok(&*document.name));
    }
    // Prost drops and merges what an encoder would not have sent.
    judged(*mapping, |judge| judge.fate(body, true));
}

/// Documents for many mappings.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |mapping: u8| {
        let document = documents::document(
            &tables(mapping),
            &mut Choices::scattered(1000 + u64::from(mapping), 300),
        );
        [&[mapping], sent::bytes(&document).as_slice()].concat()
    };
    (0..64).map(seed).collect()
}
