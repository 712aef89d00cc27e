//! What is printed.

use config::mapping::{
    ColumnRef, FieldPath, Function, Holds, IndexColumn, Mapping, Pattern, Place, Source, Template, Type,
    write,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{EVERYTHING, arbitrary, mapping, words};

fn plain(mapping: &Mapping) -> String {
    write(mapping, &|_| Vec::new())
}

#[test]
fn everything_is_printed_as_it_was_written_by_hand() {
    assert_eq!(plain(&mapping(EVERYTHING).unwrap()), EVERYTHING);
}

#[test]
fn notes_stand_above_tables_and_behind_columns() {
    let text = "[tables.t]\nfrom = \"t\"\n[tables.t.columns]\na = { type = \"text\" }\nlonger = { type = \"uuid\" }\n\
                b = { type = \"text\" }\n[tables.t.children.c]\nfrom = \"c\"\n";
    let read = mapping(text).unwrap();
    let notes = |place: Place<'_>| match place {
        Place::Mapping => vec!["the whole".to_owned()],
        Place::Table(table) => vec![
            format!("table {}", table.name),
            "1\u{1} document\n2 lines".to_owned(),
        ],
        Place::Child(table, child) => vec![format!("{} of {}", child.name, table.name)],
        Place::Column(_, _, column) if column.name == "a" => vec!["text 100 %\nall".to_owned()],
        Place::Column(_, _, column) if column.name == "b" => {
            vec!["text 90 %".to_owned(), "null 10 %".to_owned()]
        }
        Place::Column(..) => vec![],
    };
    let printed = write(&read, &notes);
    let expected = "\
# the whole

# table t
# 1\u{fffd} document
# 2 lines
[tables.t]
from = \"t\"

[tables.t.columns]
a      = { type = \"text\" }  # text 100 % all
longer = { type = \"uuid\" }
# text 90 %
# null 10 %
b      = { type = \"text\" }

# c of t
[tables.t.children.c]
from = \"c\"
of = \"array\"
";
    assert_eq!(printed, expected);
    assert_eq!(mapping(&printed).unwrap(), read);
}

/// The laws below would hold of empty mappings too.
#[test]
fn the_mappings_made_for_these_laws_say_everything_the_language_can() {
    let mut runner = TestRunner::deterministic();
    let mut said = String::new();
    for _ in 0..800 {
        said += &plain(&arbitrary::valid().new_tree(&mut runner).unwrap().current());
    }
    for word in [
        "[mapping]",
        "unmapped =",
        "nul =",
        "\nkey =",
        "\ndrop =",
        "\nindexes =",
        "\nforeign_keys =",
        ".children.",
        ".columns]",
        "from = \"$",
        "value =",
        "template =",
        "generated =",
        "embed =",
        "holds =",
        "apply =",
        "misfit =",
        "null =",
        "default =",
        "fill =",
        "required =",
        "references =",
        "using = \"hnsw\"",
        "unique =",
        "where =",
        " desc\"",
        "toast_tuple_target =",
        "of = \"map\"",
    ] {
        let times = said.matches(word).count();
        assert!(times >= 5, "{word} was said {times} times");
    }
}

#[test]
fn a_number_that_json_cannot_say_is_kept_and_is_the_same_again() {
    for number in ["inf", "-inf", "nan", "-0.0", "1e300"] {
        let text = format!(
            "[tables.t]\nfrom = \"t\"\n[tables.t.columns]\na = {{ type = \"double precision\", default = {number} }}\n"
        );
        let written = mapping(&text).unwrap();
        assert_eq!(mapping(&text).unwrap(), written);
        let kept = serde_json::to_string(&written).unwrap();
        let back: Mapping = serde_json::from_str(&kept).unwrap();
        assert_eq!(back, written, "{kept}");
        assert_eq!(plain(&back), plain(&written));
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(written in arbitrary::valid()) {
        let text = plain(&written);
        let read = mapping(&text);
        prop_assert_eq!(read.as_ref(), Ok(&written), "{}", text);
        prop_assert_eq!(plain(&read.unwrap()), text);
    }

    /// As plans keep it.
    #[test]
    fn what_is_kept_as_json_is_the_same(written in arbitrary::valid()) {
        let text = serde_json::to_string(&written).unwrap();
        prop_assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), written, "{}", text);
    }

    #[test]
    fn notes_change_nothing(written in arbitrary::valid(), note in "(?s).{0,9}", many in 1..3usize) {
        let text = write(&written, &|_| vec![note.clone(); many]);
        prop_assert_eq!(mapping(&text), Ok(written), "{}", text);
    }

    #[test]
    fn paths_read_back(path in words::path()) {
        prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path.clone()));
        prop_assert_eq!(path.to_string().parse::<Source>(), Ok(Source::Field(path)));
    }

    #[test]
    fn patterns_read_back(pattern in words::pattern()) {
        prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
    }

    #[test]
    fn templates_read_back(template in words::template()) {
        prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
    }

    #[test]
    fn types_read_back_however_they_are_spaced(sql in words::sql()) {
        prop_assert_eq!(sql.to_string().parse::<Type>(), Ok(sql));
        let spaced = sql.to_string().to_uppercase().replace(',', " , ").replace('[', " [");
        prop_assert_eq!(spaced.parse::<Type>(), Ok(sql));
    }

    #[test]
    fn columns_named_elsewhere_read_back(table in words::text(9), column in words::text(9), descending: bool) {
        let reference = ColumnRef { table, column: column.clone() };
        prop_assert_eq!(reference.to_string().parse::<ColumnRef>(), Ok(reference));
        let indexed = IndexColumn { name: column, descending };
        prop_assert_eq!(indexed.to_string().parse::<IndexColumn>(), Ok(indexed));
    }

    #[test]
    fn documents_and_types_held_read_back(document in words::document(), holds in words::holds()) {
        prop_assert_eq!(document.to_string().parse(), Ok(document));
        prop_assert_eq!(holds.to_string().parse(), Ok(holds));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in prop_oneof!["(?s).{0,30}", words::text(20)]) {
        let _ = (text.parse::<FieldPath>(), text.parse::<Pattern>(), text.parse::<Template>(), text.parse::<Type>());
        let _ = (text.parse::<Source>(), text.parse::<ColumnRef>(), text.parse::<IndexColumn>());
        let _ = (text.parse::<Function>(), text.parse::<Holds>());
    }

    #[test]
    fn what_a_reader_takes_it_prints_so_that_it_reads_the_same(text in words::text(12)) {
        if let Ok(path) = text.parse::<FieldPath>() {
            prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path));
        }
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
        }
        if let Ok(template) = text.parse::<Template>() {
            prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
        }
    }

    #[test]
    fn no_mapping_makes_the_reader_panic(
        lines in prop::collection::vec(
            "\\[(mapping|tables\\.a|tables\\.a\\.columns|tables\\.a\\.children\\.b(\\.columns)?)\\]|\
             (from|key|nul|drop|indexes|foreign_keys|columns|children|of|unmapped|a|\"\") = \
             (\"[$*a./`{}]{0,5}\"|1|true|\\[[\"1{},]{0,4}\\]|\\{ (type|from|on|embed|default) = [\"1\\[\\]a]{1,4} \\})", 0..12),
    ) {
        let text = lines.join("\n");
        if let Err(problems) = mapping(&text) {
            prop_assert!(!problems.is_empty());
        }
    }
}
