//! The verbs that take arguments of their own beside settings.

use super::{examples, settings};
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, Command, value_parser};

pub(super) fn init() -> Command {
    let file = |name: &'static str, value: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_parser(PathBufValueParser::new())
    };
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("init")
        .about("Looks at the source and proposes tables, with the evidence, as a settings file to edit")
        .after_help(examples::INIT)
        .args(settings(&[
            "source.",
            "run.lanes",
            "run.memory",
            "run.max_",
            "run.retry_",
            "telemetry.log",
        ]))
        .arg(flag("full").help("Look at every document, not at a sample: one billed read each"))
        .arg(file("write", "FILE").help("Settings file to make [default: etl.toml]"))
        .arg(
            file("migrations", "DIR")
                .help("Where the SQL goes [default: supabase/migrations where it is there, else migrations]"),
        )
        .arg(
            Arg::new("schema")
                .long("schema")
                .value_name("NAME")
                .default_value("public")
                .help("Schema of the tables in the SQL and in the settings"),
        )
        .arg(flag("no-migration").help("Write no SQL"))
        .arg(flag("force").help("Write over files that are there"))
}

pub(super) fn export() -> Command {
    Command::new("export")
        .about("Turns loaded tables back into documents or points, as the source's REST API spells them, one a line; changes nothing")
        .after_help(examples::EXPORT)
        .args(settings(&["target.", "telemetry.log"]))
        .arg(
            Arg::new("to-firestore-json")
                .long("to-firestore-json")
                .visible_alias("to-qdrant-json")
                .value_name("FILE")
                .default_value("-")
                .value_parser(PathBufValueParser::new())
                .help("File to make, readable by you alone; - is standard output"),
        )
        .arg(
            Arg::new("tables")
                .long("tables")
                .value_name("NAME")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Only these tables of documents or points [default: all of the last run]"),
        )
        .arg(
            Arg::new("as-loaded")
                .long("as-loaded")
                .action(ArgAction::SetTrue)
                .help("Leave altered what the mapping altered; without it etl.amendment puts the originals back"),
        )
}

pub(super) fn verify() -> Command {
    let number = |name: &'static str, usual: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(usual)
            .value_parser(value_parser!(u32).range(1..=1_000_000))
            .help(help)
    };
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .help(help)
    };
    Command::new("verify")
        .about("Whether both sides answer the same; changes nothing")
        .after_help(examples::VERIFY)
        .args(settings(&["source.", "target.", "telemetry.log"]))
        .arg(
            Arg::new("search")
                .long("search")
                .action(ArgAction::SetTrue)
                .required(true)
                .help("Compare searches: exact answers, recall through the index, latency"),
        )
        .arg(number(
            "queries",
            "100",
            "Vectors of each collection to search with",
        ))
        .arg(file(
            "queries-file",
            "Vectors of your own to search with instead: one a line, as JSON",
        ))
        .arg(number("k", "10", "Places of an answer"))
        .arg(
            Arg::new("ef")
                .long("ef")
                .value_name("N")
                .value_delimiter(',')
                .default_value("40,100,200")
                .value_parser(value_parser!(u32).range(1..=1_000))
                .help("Values of hnsw.ef_search to try"),
        )
        .arg(number(
            "bar-ms",
            "100",
            "Milliseconds that 95 of 100 searches should stay below",
        ))
        .arg(file(
            "report",
            "Page to make, with plots; where there are several columns of vectors, one for each",
        ))
}

pub(super) fn quarantine() -> Command {
    let target = || settings(&["target.url", "telemetry.log"]);
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let which = || {
        [
            text("collection", "Only of this collection").value_name("ID"),
            text("reason", "Only for this reason").value_name("REASON"),
        ]
    };
    Command::new("quarantine")
        .about("Documents and points that could not be stored as asked, with the reason")
        .after_help(examples::QUARANTINE)
        .subcommand_required(true)
        .subcommand(
            Command::new("list")
                .about("Which ones, and why")
                .after_help(examples::QUARANTINE)
                .args(target())
                .args(which())
                .arg(
                    text("limit", "At most so many")
                        .value_name("N")
                        .default_value("50")
                        .value_parser(value_parser!(u32)),
                ),
        )
        .subcommand(
            Command::new("show")
                .about("One document or point, whole, as it was read")
                .after_help(examples::QUARANTINE)
                .args(target())
                .arg(
                    Arg::new("path")
                        .required(true)
                        .value_name("PATH")
                        .help("Its path, as `etl quarantine list` prints it"),
                ),
        )
        .subcommand(
            Command::new("retry")
                .about("Loads what can be stored by now, after the mapping or the tables were mended")
                .after_help(examples::RETRY)
                .args(settings(&[
                    "source.",
                    "target.",
                    "embed.",
                    "run.retry",
                    "run.max_retries",
                    "telemetry.log",
                ]))
                .args(which()),
        )
}
