//! Documents out of the tuples that were packed of them, and whether they are what they were.
//! Other test suites include this file by its path, as they do the mappings beside it.

use transforms::json::Owned;
use transforms::mapping::Table;
use transforms::{Notes, Rebuilt, Row, Tuples, Unpacker, Unreadable};

use crate::expectations::{forget, leave_behind, leave_vectors_out, table_of};
use crate::mappings;
use crate::mappings::documents::{ROOT, Sample};

/// The document of the only row there is, told by all its rows.
pub(crate) fn rebuilt(tables: &[Table], out: &[Tuples]) -> Result<Rebuilt, Unreadable> {
    let neighbours = mappings::neighbours();
    let mut relation = 0;
    for table in tables {
        let (own, children) = out[relation..=relation + table.children.len()]
            .split_first()
            .unwrap();
        relation += 1 + table.children.len();
        if let [row] = rows(own).as_slice() {
            let unpacker = Unpacker::new(table, ROOT).among(neighbours.iter().chain(tables));
            let mut children: Vec<Vec<Row<'_>>> = children.iter().map(rows).collect();
            children.iter_mut().for_each(|rows| rows.reverse());
            return unpacker.document(row, &children);
        }
    }
    panic!("no table has a row")
}

pub(crate) fn rows(tuples: &Tuples) -> Vec<Row<'_>> {
    let ends = tuples.starts.iter().skip(1).copied().chain([tuples.bytes.len()]);
    let tuple = |(start, end): (&usize, usize)| cells(&tuples.bytes[*start..end]);
    tuples.starts.iter().zip(ends).map(tuple).collect()
}

/// Their number, then each with its length.
fn cells(tuple: &[u8]) -> Row<'_> {
    let (count, mut rest) = tuple.split_first_chunk().unwrap();
    let cells = (0..i16::from_be_bytes(*count)).map(|_| {
        let (length, after) = rest.split_first_chunk().unwrap();
        let length = i32::from_be_bytes(*length);
        let (cell, after) = after.split_at(length.max(0) as usize);
        rest = after;
        (length >= 0).then_some(cell)
    });
    let cells = cells.collect();
    assert!(rest.is_empty(), "{} bytes after the last cell", rest.len());
    cells
}

/// The only row there is, and what was noted of it, tell the whole document.
pub(crate) fn assert_rebuilds(
    tables: &[Table],
    document: &Sample,
    exact: bool,
    notes: &Notes,
    out: &[Tuples],
) {
    let mut back = rebuilt(tables, out).unwrap();
    let from_rows = back.clone();
    for amendment in &notes.amendments {
        back.amend(&amendment.field, &amendment.original, ROOT).unwrap();
    }
    let table = table_of(tables, document).unwrap();
    let (mut expected, mut found) = (Owned::Map(document.fields.clone()), Owned::Map(back.fields));
    leave_behind(table, &mut expected, &notes.amendments);
    for document in [&mut expected, &mut found] {
        forget(table, document);
        if notes.rounded && !exact {
            leave_vectors_out(table, document);
        }
    }
    assert!(
        found.view().same(&expected.view()),
        "{found:?}\nfrom rows {from_rows:?}\namended by {:?}\nexpected {expected:?}",
        notes.amendments
    );
    assert_eq!(format!("{ROOT}/{}", back.path), document.name);
    assert_eq!((back.created, back.updated), (document.created, document.updated));
}
