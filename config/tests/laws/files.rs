//! What holds of the settings file.

use std::path::Path;

use config::{Fallback, Form, Needs, Origin, SETTINGS, Written, sample};
use proptest::prelude::*;

use crate::{problems, read_with_needed, written};

const EXAMPLE: &str = include_str!("../../example.toml");

#[test]
fn three_mistakes_are_reported_at_once_each_with_its_line() {
    let text = "[source]\nproject = \"p\"\nbach_rows = 5\n\n[run]\nlanes = \"four\"\n\n\nbatch_rows = 0\n";
    assert_eq!(
        problems(read_with_needed(text)),
        [
            "etl.toml line 3: no setting is called `source.bach_rows`; remove it, or look the name up in \
             config/example.toml",
            "etl.toml line 6: run.lanes is a string; write a whole number, without quotes",
            "etl.toml line 9: run.batch_rows: `0` is not a whole number from 1 to 1000000; write one",
        ]
    );
}

#[test]
fn a_syntax_error_hides_neither_the_next_one_nor_a_wrong_value() {
    let text = "[run]\nlanes = = 3\nbatch_rows = 0\n[telemetry\nlog = \"info\"\n";
    let found = problems(read_with_needed(text));
    let lines: Vec<&str> = found.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        lines,
        ["etl.toml line 2", "etl.toml line 3", "etl.toml line 4"],
        "{found:#?}"
    );
}

#[test]
fn a_key_written_twice_is_reported_on_the_second_line() {
    let found = problems(read_with_needed("[run]\nlanes = 1\nlanes = 2\n"));
    assert_eq!(
        found,
        ["etl.toml line 3: the key is written twice; keep one of the two"]
    );
}

#[test]
fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
    for (text, meant) in [
        ("[run]\nbach_rows = 1", "`run.batch_rows`"),
        ("[target]\nbatch_rows = 1", "`run.batch_rows`"),
        ("batch_rows = 1", "`run.batch_rows`"),
        ("[sorce]\nproject = \"p\"", "`source`"),
        ("[source]\nreads_per_seconds = 1", "`source.reads_per_second`"),
    ] {
        let found = problems(read_with_needed(text));
        assert!(
            found.len() == 1 && found[0].ends_with(&format!("did you mean {meant}?")),
            "{found:?}"
        );
    }
}

#[test]
fn a_value_of_the_wrong_type_is_answered_with_the_right_one() {
    for (text, wanted) in [
        (
            "[run]\nretry_delay = 30",
            "run.retry_delay is an integer; write a string with its unit, such as \"30s\"",
        ),
        (
            "[run]\nbatch_bytes = 8",
            "run.batch_bytes is an integer; write a string with its unit, such as \"8MiB\"",
        ),
        (
            "[run]\nvalidation = \"no\"",
            "run.validation is a string; write true or false, without quotes",
        ),
        (
            "[source]\ncollections = \"a\"",
            "source.collections is a string; write an array of strings",
        ),
        (
            "[source]\ncollections = [1]",
            "source.collections is an array; write an array of strings",
        ),
        (
            "[source]\nproject = 7",
            "source.project is an integer; write a string, in quotes",
        ),
        ("source = 7", "`source` is a table; begin it with [source]"),
        ("[[run]]\nlanes = 7", "`run` is a table; begin it with [run]"),
        (
            "[run]\nmax_retries = -1",
            "`-1` is not a whole number from 0 to 1000; write one",
        ),
        (
            "[run]\nlanes = 2.0",
            "run.lanes is a float; write a whole number, without quotes",
        ),
    ] {
        let found = problems(read_with_needed(text));
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    }
}

#[test]
fn numbers_may_be_written_as_the_format_allows() {
    let text = "run.lanes = 0x10\n[source]\nquota_safety = 1\n[target]\nconnections = 1_0\n";
    let config = read_with_needed(text).unwrap();
    assert_eq!(config.run.lanes.get(), 16);
    assert_eq!(config.firestore().unwrap().quota_safety, 1.0);
    assert_eq!(config.target.unwrap().connections.get(), 10);
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("etl.toml");
    let refused = |path: &Path| {
        let mut written = written("", &crate::NEEDED);
        written.file(path);
        written.relied_on(Needs::RUN).unwrap_err().0
    };
    let missing = refused(&path);
    assert_eq!(
        missing[0].origin,
        Origin::File {
            path: path.clone(),
            line: 0
        }
    );
    assert!(
        missing[0]
            .to_string()
            .starts_with(&format!("{}: cannot be read: ", path.display()))
    );

    std::fs::write(&path, b"[run]\nlanes = 1 # \xff\n").unwrap();
    assert_eq!(
        refused(&path)[0].origin,
        Origin::File {
            path: path.clone(),
            line: 2
        }
    );

    std::fs::write(&path, "[run]\r\nlanes = 0\r\n").unwrap();
    assert_eq!(refused(&path)[0].origin, Origin::File { path, line: 2 });
}

#[test]
fn the_documented_sample_is_the_one_the_table_makes() {
    let renew = "renew it: cargo run --release -p config --example sample > config/example.toml";
    assert_eq!(EXAMPLE, sample(), "{renew}");
}

#[test]
fn the_documented_sample_shows_every_setting_with_its_default() {
    let mut table = String::new();
    let mut shown = Vec::new();
    let uncommented = |with_default: bool| {
        let keep = |line: &&str| line.starts_with('[') || setting_line(line).is_some();
        let mut table = String::new();
        let lines = EXAMPLE.lines().filter(keep).filter_map(|line| {
            let Some((name, text)) = setting_line(line) else {
                table = line.trim_matches(['[', ']']).to_owned();
                return Some(line.to_owned());
            };
            let setting = config::Setting::of(&format!("{table}.{name}")).unwrap();
            let defaulted = matches!(setting.fallback, Fallback::Default(_));
            (defaulted == with_default).then(|| text.to_owned())
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for line in EXAMPLE.lines() {
        match setting_line(line) {
            Some((name, _)) => shown.push(format!("{table}.{name}")),
            None if line.starts_with('[') => table = line.trim_matches(['[', ']']).to_owned(),
            None => {}
        }
    }
    let in_a_file = SETTINGS.iter().filter(|setting| setting.form != Form::Secret);
    assert_eq!(shown, in_a_file.map(|setting| setting.key).collect::<Vec<_>>());

    // With every default written out nothing changes, and what is not defaulted is a possible value.
    let mut defaults = read_with_needed("").unwrap();
    let spelled = read_with_needed(&uncommented(true)).unwrap();
    defaults.telemetry.metrics_listen_is_default = false;
    assert_eq!(format!("{spelled:?}"), format!("{defaults:?}"));
    let examples = written(&uncommented(false), &[]).relied_on(Needs::RUN).unwrap();
    assert_eq!(examples.firestore().unwrap().project, "my-project");
}

#[test]
fn the_mapping_in_the_documented_sample_can_be_used_as_it_stands() {
    let lines = EXAMPLE.lines().filter_map(|line| line.strip_prefix('#'));
    // Prose has one space behind the sign, a line of the mapping none or many.
    let prose = |line: &&str| line.starts_with(' ') && !line.starts_with("  ");
    let used: Vec<&str> = lines.filter(|line| !prose(line)).collect();
    let embeds = [("ETL_EMBED_URL", "https://a"), ("ETL_EMBED_MODEL", "m")];
    let read = crate::read(&used.join("\n"), &[&crate::NEEDED[..], &embeds].concat());
    let read = read.unwrap().mapping;
    let tables: Vec<_> = read
        .tables
        .iter()
        .map(|table| (table.columns.len(), table.children.len()))
        .collect();
    assert_eq!(tables, [(15, 0), (0, 1)]);
    assert_eq!(
        read.tables[0].indexes.len(),
        3,
        "the lines of a list belong together"
    );
}

/// `# name = value`, as the name and the line without its comment sign.
fn setting_line(line: &str) -> Option<(&str, &str)> {
    let text = line.strip_prefix("# ")?;
    let (name, _) = text.split_once(" = ")?;
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        .then_some((name, text))
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(text in "(?s).{0,80}") {
        let mut written = Written::new();
        written.toml(Path::new("etl.toml"), &text);
        let _ = written.relied_on(Needs::RUN).map_err(|invalid| invalid.to_string());
    }

    #[test]
    fn no_file_like_ours_makes_the_reader_panic_or_pass_unnoticed(
        lines in prop::collection::vec(
            "\\[(run|source|x)\\]?|(lanes|memory|url|project|x) ?= ?(1|\"8MiB\"|\\[1|true|\"|'a')|#.*|\\{", 0..8),
    ) {
        let text = lines.join("\n");
        let found = read_with_needed(&text);
        if let Err(invalid) = &found {
            prop_assert!(!invalid.0.is_empty());
            let last = text.split('\n').count();
            for problem in &invalid.0 {
                let within = matches!(&problem.origin, Origin::File { line, .. } if (1..=last).contains(line));
                prop_assert!(within || !matches!(problem.origin, Origin::File { .. }), "{problem}");
            }
            prop_assert!(invalid.0.windows(2).all(|pair| pair[0].origin <= pair[1].origin));
        } else {
            prop_assert!(text.parse::<toml::Table>().is_ok(), "passed unnoticed: {text}");
        }
    }
}
