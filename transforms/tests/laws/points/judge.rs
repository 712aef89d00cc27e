//! What a point rebuilt from its rows has to be, and which rejects a mapping explains.

use transforms::json::Owned;
use transforms::mapping::{Misfit, Nul, Table, Zero};
use transforms::{Notes, Reason, Rebuilt, Reject, qdrant};

use crate::expectations::{columns, forget, holds_nul, leave_behind, leave_vectors_out};
use crate::mappings::documents::Sample;

/// Panics unless what the rows told is the point, but for what the mapping says.
pub(crate) fn judge(table: &Table, point: &Sample, exact: bool, notes: &Notes, mut back: Rebuilt) {
    assert_eq!((back.created, back.updated), (None, None));
    for amendment in &notes.amendments {
        back.amend(&amendment.field, &amendment.original, qdrant::ROOT)
            .unwrap();
    }
    let (mut expected, mut found) = (Owned::Map(point.fields.clone()), Owned::Map(back.fields));
    leave_behind(table, &mut expected, &notes.amendments);
    for document in [&mut expected, &mut found] {
        forget(table, document);
        if notes.rounded && !exact {
            leave_vectors_out(table, document);
        }
    }
    assert!(
        found.view().same(&expected.view()),
        "{:?}\namended by {:?}\nexpected {:?}\nin {:?}",
        found,
        notes.amendments,
        expected,
        table
    );
    assert_eq!(format!("{}/{}", qdrant::ROOT, back.path), point.name);
}

/// Whether mapping and point give cause for such a reject.
pub(crate) fn explains(table: &Table, point: &Sample, reject: &Reject) -> bool {
    let quarantines = || columns(table).any(|column| column.misfit == Misfit::Quarantine);
    match reject.reason {
        Reason::NulCharacter => table.nul == Nul::Quarantine && holds_nul(&point.value()),
        Reason::Misfit => quarantines() || reject.column.as_deref() == Some("id"),
        Reason::Required => columns(table).any(|column| column.required),
        Reason::VectorZero => columns(table).any(|column| column.zero == Zero::Quarantine),
        // Arrays of the payload in columns of vectors are refused as Firestore's are.
        Reason::VectorDimension | Reason::VectorNotFinite => {
            quarantines() || !matches!(reject.column.as_deref(), Some(name) if name.starts_with("vector"))
        }
        _ => false,
    }
}
