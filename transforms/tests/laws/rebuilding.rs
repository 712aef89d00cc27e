//! Whatever the mapping, documents can be rebuilt from their rows.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use transforms::json::Owned;
use transforms::mapping::{FieldPath, Mapping, Source, Table};
use transforms::{Notes, Packer, Reject, Tuples, json, relations};

use crate::expectations::{explains, visit};
use crate::mappings::documents::{self, ROOT, Sample};
use crate::mappings::{self, Choices};
use crate::rebuilt::{assert_rebuilds, rebuilt, rows};

/// Tables, and a document for them.
fn cases() -> impl Strategy<Value = (Vec<Table>, Sample, bool)> {
    (
        vec(any::<u16>(), 0..1600),
        vec(any::<u16>(), 0..1200),
        any::<bool>(),
    )
        .prop_map(|(shape, filling, exact)| {
            let tables = mappings::tables(&mut Choices::new(shape));
            let document = documents::document(&tables, &mut Choices::new(filling));
            (tables, document, exact)
        })
}

/// What became of a document: its notes and its tuples, one list for each relation; or the reason why not.
fn packed(tables: &[Table], document: &Sample, exact: bool) -> (Result<Notes, Reject>, Vec<Tuples>) {
    let neighbours = mappings::neighbours();
    let packer = Packer::new(tables, ROOT, exact).among(neighbours.iter().chain(tables));
    let view = document.view();
    let embeddings: Vec<_> = packer
        .texts(&view)
        .into_iter()
        .map(|text| text.map(|_| vec![0.5, -1.0]))
        .collect();
    let mut out = vec![Tuples::default(); relations(tables).len()];
    let notes = packer.pack(&view, &embeddings, &mut out);
    (notes, out)
}

/// Where the bytes of cells lie.
fn contents(tuples: &Tuples) -> Vec<usize> {
    let begin = tuples.bytes.as_ptr() as usize;
    let place = |cell: &[u8]| {
        let start = cell.as_ptr() as usize - begin;
        start..start + cell.len()
    };
    let all: Vec<_> = rows(tuples).into_iter().flatten().flatten().map(place).collect();
    all.into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn a_document_is_rebuilt_from_its_rows_and_amendments((tables, document, exact) in cases()) {
        let (notes, out) = packed(&tables, &document, exact);
        let notes = match notes {
            Ok(notes) => notes,
            Err(reject) => {
                prop_assert!(explains(&tables, &document, &reject), "{reject}");
                prop_assert!(out.iter().all(|tuples| *tuples == Tuples::default()));
                return Ok(());
            }
        };
        assert_rebuilds(&tables, &document, exact, &notes, &out);
    }

    /// Or else the laws here would speak of mappings that nobody can write.
    #[test]
    fn the_mappings_are_such_as_settings_allow((mut tables, _, _) in cases()) {
        tables.extend(mappings::neighbours());
        let mapping = Mapping { tables, ..Mapping::default() };
        prop_assert_eq!(mapping.problems(), Vec::<String>::new());
    }

    #[test]
    fn damaged_rows_never_make_it_panic(
        (tables, document, exact) in cases(), damage in vec((any::<u16>(), any::<u16>(), any::<u8>()), 1..4)
    ) {
        let (_, mut out) = packed(&tables, &document, exact);
        for (relation, at, byte) in damage {
            let mut choices = Choices::new(vec![relation, at]);
            let count = out.len();
            let tuples = &mut out[choices.below(count)];
            // Numbers of cells and lengths stay: those belong to COPY.
            let places = contents(tuples);
            if !places.is_empty() {
                tuples.bytes[choices.pick(&places)] = byte;
            }
        }
        if out.iter().any(|tuples| !tuples.starts.is_empty()) {
            let _ = rebuilt(&tables, &out);
        }
    }
}

/// The law above says something only if many documents are taken, and values land in every way there is.
#[test]
fn documents_mostly_fit_their_mappings() {
    const CASES: usize = 2000;
    let mut runner = TestRunner::deterministic();
    let (mut rejected, mut whole, mut beside, mut misfit) = (0, 0, 0, 0);
    let mut reasons = BTreeMap::new();
    let (mut amended, mut elements) = (0, 0);
    for _ in 0..CASES {
        let (tables, document, _) = cases().new_tree(&mut runner).unwrap().current();
        let (notes, out) = packed(&tables, &document, false);
        match notes {
            Ok(notes) => amended += usize::from(!notes.amendments.is_empty()),
            Err(reject) => {
                rejected += 1;
                *reasons.entry(reject.reason).or_insert(0) += 1;
                continue;
            }
        }
        let mut relation = 0;
        for table in &tables {
            if let [row] = rows(&out[relation]).as_slice() {
                elements += out[relation + 1..=relation + table.children.len()]
                    .iter()
                    .map(|tuples| tuples.starts.len())
                    .sum::<usize>();
                let mut extra = match row.last().unwrap() {
                    Some(cell) => {
                        Owned::Map(json::read_object(std::str::from_utf8(&cell[1..]).unwrap(), ROOT).unwrap())
                    }
                    None => Owned::Map(vec![]),
                };
                let loaded = table.columns.iter().filter(|column| column.is_loaded());
                for (column, cell) in loaded.zip(&row[3..]) {
                    let Source::Field(FieldPath(path)) = &column.from else {
                        continue;
                    };
                    let mut original = Owned::Map(document.fields.clone());
                    let (mut there, mut kept) = (false, false);
                    visit(&mut original, path, &mut |value| {
                        there = *value != Owned::Null;
                        false
                    });
                    visit(&mut extra, path, &mut |_| {
                        kept = true;
                        false
                    });
                    match (there, cell.is_some(), kept) {
                        (true, true, false) => whole += 1,
                        (true, true, true) => beside += 1,
                        (true, false, _) => misfit += 1,
                        _ => {}
                    }
                }
            }
            relation += 1 + table.children.len();
        }
    }
    println!(
        "of {CASES} documents {rejected} rejected {reasons:?}, {amended} amended, {elements} elements; \
         of values {whole} whole, {beside} beside, {misfit} misfits"
    );
    let values = whole + beside + misfit;
    assert!(rejected * 3 < CASES, "{rejected} of {CASES} rejected");
    assert!(values > 2 * CASES, "only {values} values in columns");
    assert!(whole * 3 > values, "only {whole} of {values} whole");
    assert!(
        beside * 20 > values && misfit * 20 > values,
        "{beside} beside, {misfit} misfits of {values}"
    );
    assert!(
        amended * 20 > CASES && elements > CASES / 2,
        "{amended} amended, {elements} elements"
    );
}
