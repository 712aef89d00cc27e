//! What is said about mistakes: all at once, each with its line. The files in `mistakes/` are read as they are; behind
//! each line stands, as a comment `#! …`, what is said of it.

use std::collections::BTreeSet;

use config::Needs;

use super::mapping;
use crate::{NEEDED, written};

const FILES: [(&str, &str); 8] = [
    ("words", include_str!("mistakes/words.toml")),
    ("tables", include_str!("mistakes/tables.toml")),
    ("columns", include_str!("mistakes/columns.toml")),
    ("points", include_str!("mistakes/points.toml")),
    ("indexes", include_str!("mistakes/indexes.toml")),
    ("layout", include_str!("mistakes/layout.toml")),
    ("nothing", include_str!("mistakes/nothing.toml")),
    ("syntax", include_str!("mistakes/syntax.toml")),
];

/// What a file expects to be said of itself, in its order.
fn expected(text: &str) -> Vec<String> {
    let mut of = 0;
    let mut expected = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match line.trim_start().strip_prefix("#! ") {
            Some(what) => expected.push(format!("etl.toml line {of}: {what}")),
            None => of = number,
        }
    }
    expected
}

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_what_to_do() {
    let mut different = BTreeSet::new();
    for (file, text) in FILES {
        let mut told = mapping(text).unwrap_err();
        let mut expected = expected(text);
        // Two problems of one line may come in any order.
        told.sort();
        expected.sort();
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told, expected, "{file}");
        }
        assert_eq!(told.len(), expected.len(), "{file}: {told:#?}");
        for what in told {
            assert!(
                what.contains("; ") || what.contains(" (a field"),
                "says nothing to do: {what}"
            );
            let words = what.split('`').step_by(2).collect::<String>();
            different.insert(words.split_once(": ").map(|(_, words)| words.to_owned()));
        }
    }
    assert!(different.len() > 100, "{}", different.len());
}

#[test]
fn more_columns_than_postgresql_allows_are_refused() {
    let table = |columns: usize| {
        let columns: String = (0..columns)
            .map(|at| format!("c{at} = {{ type = \"text\" }}\n"))
            .collect();
        format!("[tables.t]\nfrom = \"t\"\n[tables.t.columns]\n{columns}")
    };
    mapping(&table(1596)).unwrap();
    assert_eq!(
        mapping(&table(1597)).unwrap_err(),
        [
            "etl.toml line 1: table `t`: has 1601 columns with its own, and PostgreSQL allows 1600; leave fields without \
             a column, `_extra` keeps them"
        ]
    );
}

#[test]
fn other_settings_and_the_mapping_are_told_together() {
    let text =
        "[run]\nlanes = 0\n[tables.a]\nform = \"a\"\n[tablse.b]\nfrom = \"b\"\n[mappin]\nnul = \"strip\"\n";
    let told = mapping(text).unwrap_err();
    assert_eq!(
        told,
        [
            "etl.toml line 2: run.lanes: `0` is not a whole number from 1 to 1024; write one",
            "etl.toml line 3: table `a`: no `from` says what its rows are made of; write for example from = \"users\"",
            "etl.toml line 4: table `a`: no key is called `form`; did you mean `from`?",
            "etl.toml line 5: no table is called `tablse`; did you mean `tables`?",
            "etl.toml line 7: no table is called `mappin`; did you mean `mapping`?",
        ]
    );
}

#[test]
fn a_table_whose_collection_is_not_moved_is_noticed() {
    let text =
        "[source]\ncollections = [\"b\"]\n[tables.one]\nfrom = \"x/*/a\"\n[tables.two]\nfrom = \"b\"\n";
    let read = written(text, &NEEDED).relied_on(Needs::RUN).unwrap();
    assert_eq!(
        read.notices,
        ["table `one` will stay empty: source.collections (etl.toml line 2) does not name `a`"]
    );
}
