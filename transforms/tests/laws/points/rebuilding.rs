//! Whatever the mapping, points can be rebuilt from their rows, every component bit by bit.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use transforms::mapping::{Mapping, Table};
use transforms::{Notes, Packer, Reject, Row, Tuples, Unpacker, json, qdrant, relations};

use super::filled::point;
use super::judge::{explains, judge};
use super::mappings::{Words, table};
use crate::mappings::documents::Sample;
use crate::mappings::{self, Choices};
use crate::rebuilt::rows;

fn cases() -> impl Strategy<Value = (Table, Sample, bool)> {
    (
        vec(any::<u16>(), 0..1500),
        vec(any::<u16>(), 0..1500),
        any::<bool>(),
    )
        .prop_map(|(shape, filling, exact)| {
            let table = table(&mut Choices::new(shape));
            let point = point(&table, &mut Choices::new(filling));
            (table, point, exact)
        })
}

fn packed(table: &Table, point: &Sample, exact: bool) -> (Result<Notes, Reject>, Vec<Tuples>) {
    let tables = std::slice::from_ref(table);
    let neighbours = mappings::neighbours();
    let packer = Packer::new(tables, qdrant::ROOT, exact)
        .with_dictionary(&Words)
        .among(neighbours.iter().chain(tables));
    let mut out = vec![Tuples::default(); relations(tables).len()];
    let notes = packer.pack(&point.view(), &[], &mut out);
    (notes, out)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn a_point_is_rebuilt_from_its_rows_and_amendments((table, point, exact) in cases()) {
        let (notes, out) = packed(&table, &point, exact);
        let notes = match notes {
            Ok(notes) => notes,
            Err(reject) => {
                prop_assert!(explains(&table, &point, &reject), "{reject}");
                prop_assert!(out.iter().all(|tuples| *tuples == Tuples::default()));
                return Ok(());
            }
        };
        let neighbours = mappings::neighbours();
        let unpacker = Unpacker::new(&table, qdrant::ROOT)
            .with_dictionary(&Words)
            .among(neighbours.iter().chain([&table]));
        let own = rows(&out[0]);
        let children: Vec<Vec<Row<'_>>> = out[1..].iter().map(rows).collect();
        let back = unpacker.document(&own[0], &children).unwrap();
        judge(&table, &point, exact, &notes, back);
    }

    /// What is in `payload` whole is nowhere else.
    #[test]
    fn of_a_payload_that_is_whole_in_its_column_nothing_is_in_extra((table, point, exact) in cases()) {
        let whole = table.columns.iter().position(|column| column.name == "payload");
        let (Some(whole), (Ok(_), out)) = (whole, packed(&table, &point, exact)) else { return Ok(()) };
        let row = &rows(&out[0])[0];
        if let (Some(_), Some(extra)) = (row[1 + whole], row.last().unwrap()) {
            let extra = json::read_object(std::str::from_utf8(&extra[1..]).unwrap(), qdrant::ROOT).unwrap();
            prop_assert!(!extra.iter().any(|(name, _)| name == "payload"), "{:?}", extra);
        }
    }

    /// Or else the laws here would speak of mappings that nobody can write.
    #[test]
    fn the_mappings_are_such_as_settings_allow((table, _, _) in cases()) {
        let mut tables = mappings::neighbours();
        tables.insert(0, table);
        let mapping = Mapping { tables, ..Mapping::default() };
        prop_assert_eq!(mapping.problems(), Vec::<String>::new());
    }
}

/// The laws above say something only if many points are taken, and vectors mostly land in their columns.
#[test]
fn points_mostly_fit_their_mappings() {
    const CASES: usize = 2000;
    let mut runner = TestRunner::deterministic();
    let (mut taken, mut zeros, mut rounded, mut vectors, mut elements) = (0, 0, 0, 0, 0);
    for _ in 0..CASES {
        let (table, point, _) = cases().new_tree(&mut runner).unwrap().current();
        let (Ok(notes), out) = packed(&table, &point, false) else {
            continue;
        };
        taken += 1;
        zeros += usize::from(notes.zeros > 0);
        rounded += usize::from(notes.rounded);
        elements += out[1..].iter().map(|tuples| tuples.starts.len()).sum::<usize>();
        let row = &rows(&out[0])[0];
        let loaded = table.columns.iter().filter(|column| column.is_loaded());
        vectors += loaded
            .zip(&row[1..])
            .filter(|(column, cell)| column.name.starts_with('v') && cell.is_some())
            .count();
    }
    println!(
        "of {CASES} points {taken} taken, {vectors} vectors, {zeros} zeros, {rounded} rounded, {elements} elements"
    );
    assert!(taken * 2 > CASES && vectors * 2 > CASES && elements * 4 > CASES);
    assert!(zeros * 100 > CASES && rounded * 50 > CASES);
}
