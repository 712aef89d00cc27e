//! Rows as PostgreSQL's binary COPY has them, cut into cells and turned back into a document: whatever they are, that is a
//! document or a refusal, and of such a document rows can be made that tell it again.
//! The first byte says which mapping, and one before each row to which of its tables it belongs.

use pipeline::export::cells;
use transforms::mapping::Table;
use transforms::{Packer, Row, Tuples, Unpacker, relations};

use super::tables;
use crate::mappings::documents::{ROOT, Sample, document};
use crate::mappings::{Choices, neighbours};
use crate::rebuilt::assert_rebuilds;

/// See the module.
pub fn law(data: &[u8]) {
    let Some((mapping, rest)) = data.split_first() else {
        return;
    };
    let (tables, neighbours) = (tables(*mapping), neighbours());
    let table = &tables[0];
    let (mut own, mut children) = (None, vec![Vec::new(); table.children.len()]);
    for (relation, row) in rows(rest) {
        match relation.checked_sub(1) {
            None => own = Some(row),
            Some(child) if !children.is_empty() => {
                let count = children.len();
                children[child % count].push(row);
            }
            Some(_) => {}
        }
    }
    let Some(row) = own else { return };
    let unpacker = Unpacker::new(table, ROOT).among(neighbours.iter().chain(&tables));
    let back = match unpacker.document(&row, &children) {
        Ok(back) => back,
        Err(refused) => return assert!(!refused.to_string().contains('\0')),
    };
    let sample = Sample {
        name: format!("{ROOT}/{}", back.path),
        created: back.created,
        updated: back.updated,
        fields: back.fields,
    };
    let (packed, out) = packed(&tables, &neighbours, &sample);
    if let Ok(notes) = packed {
        assert_rebuilds(&tables, &sample, true, &notes, &out);
    }
}

/// The rows, each with the number of its relation.
fn rows(mut rest: &[u8]) -> Vec<(usize, Row<'_>)> {
    let mut rows = Vec::new();
    while let Some((relation, bytes)) = rest.split_first() {
        let Some((Some(places), end)) = cells(bytes) else {
            break;
        };
        assert!(end <= bytes.len());
        let cell = |place: Option<std::ops::Range<usize>>| place.map(|place| &bytes[place]);
        rows.push((usize::from(*relation), places.into_iter().map(cell).collect()));
        rest = &bytes[end..];
    }
    rows
}

type Packed = (Result<transforms::Notes, transforms::Reject>, Vec<Tuples>);

fn packed(tables: &[Table], neighbours: &[Table], sample: &Sample) -> Packed {
    let packer = Packer::new(tables, ROOT, true).among(neighbours.iter().chain(tables));
    let view = sample.view();
    let texts = packer.texts(&view).into_iter();
    let embeddings: Vec<_> = texts.map(|text| text.map(|_| vec![0.5, -1.0])).collect();
    let mut out = vec![Tuples::default(); relations(tables).len()];
    let notes = packer.pack(&view, &embeddings, &mut out);
    (notes, out)
}

/// The rows of documents that were packed.
pub fn seeds() -> Vec<Vec<u8>> {
    (0..=255u8).filter_map(seed).take(64).collect()
}

fn seed(mapping: u8) -> Option<Vec<u8>> {
    let tables = tables(mapping);
    let sample = document(&tables, &mut Choices::scattered(2000 + u64::from(mapping), 300));
    let (notes, out) = packed(&tables, &neighbours(), &sample);
    notes.ok()?;
    let mut seed = vec![mapping];
    for (relation, tuples) in (0u8..).zip(&out[..=tables[0].children.len()]) {
        let ends = tuples.starts.iter().skip(1).copied().chain([tuples.bytes.len()]);
        for (start, end) in tuples.starts.iter().zip(ends) {
            seed.push(relation);
            seed.extend_from_slice(&tuples.bytes[*start..end]);
        }
    }
    (seed.len() > 1).then_some(seed)
}
