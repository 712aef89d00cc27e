//! The command line, built from the table of settings, so that no flag can differ from its file key.

mod examples;
mod verbs;

use crate::exit;
use clap::builder::{PathBufValueParser, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use config::{Form, SETTINGS, Setting, Written};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The file that is read when it is there and none is named.
const DEFAULT_FILE: &str = "etl.toml";

/// The version of the tool.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, where whoever built it said so.
pub(crate) const COMMIT: &str = match option_env!("ETL_COMMIT") {
    Some(commit) => commit,
    None => "",
};

/// Which build this is.
fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| match COMMIT {
        "" => VERSION.to_owned(),
        commit => format!("{VERSION} ({commit})"),
    });
    &BUILD
}

/// The whole command tree.
pub(crate) fn command() -> Command {
    Command::new("etl")
        .version(build())
        .about(
            "Moves a live application off Firestore and Qdrant onto PostgreSQL with pgvector, losing nothing",
        )
        .after_help(exit::HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .global(true)
                .value_parser(PathBufValueParser::new())
                .help("Settings file [default: etl.toml where it is there]"),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("FORM")
                .global(true)
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .hide_possible_values(true)
                .help("text for people, or json: one object on standard output"),
        )
        .subcommand(check())
        .subcommand(plan())
        .subcommand(verbs::init())
        .subcommand(run())
        .subcommand(
            Command::new("status")
                .about("Where a run stands, from its checkpoint directory alone")
                .after_help(examples::STATUS)
                .args(settings(&["run.checkpoint_dir", "telemetry.log"])),
        )
        .subcommand(verbs::quarantine())
        .subcommand(verbs::export())
        .subcommand(verbs::verify())
        .subcommand(
            Command::new("manual")
                .about("The page that `man` shows, on standard output")
                .after_help("Example:\n  etl manual run > /usr/local/share/man/man1/etl-run.1")
                .arg(
                    Arg::new("verb")
                        .value_name("VERB")
                        .help("The verb it is about [default: the tool as a whole]"),
                ),
        )
        .subcommand(
            Command::new("completions")
                .about("Completions for your shell, on standard output")
                .after_help("Example:\n  etl completions bash > /etc/bash_completion.d/etl")
                .arg(
                    Arg::new("shell")
                        .required(true)
                        .value_parser(value_parser!(Shell)),
                ),
        )
}

/// What moving documents can be told.
const OF_A_RUN: [&str; 6] = ["source.", "target.", "embed.", "run.", "plan.", "telemetry."];

fn check() -> Command {
    Command::new("check")
        .about("Whether a run would work: looks at both ends and the directory, and changes nothing")
        .after_help(examples::CHECK)
        .args(settings(&OF_A_RUN))
}

fn plan() -> Command {
    Command::new("plan")
        .about("What a run would do, cost, fill and last: measures both ends, and changes nothing")
        .after_help(examples::PLAN)
        .args(settings(&OF_A_RUN))
        .arg(
            Arg::new("sql")
                .long("sql")
                .action(ArgAction::SetTrue)
                .help("Show also what would be created, as SQL"),
        )
}

fn run() -> Command {
    Command::new("run")
        .about(
            "Moves every document or point of the source, once; killed at will and started again, it goes on",
        )
        .after_help(format!("{}\n\n{}", examples::RUN, exit::HELP))
        .args(settings(&OF_A_RUN))
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Do what `etl plan --sql` does: tell what the run would do; change nothing"),
        )
        .arg(
            Arg::new(VERIFY_ONLY[0])
                .long(VERIFY_ONLY[0])
                .visible_alias(VERIFY_ONLY[1])
                .action(ArgAction::SetTrue)
                .conflicts_with("dry-run")
                .help("Do what `etl check` does: tell whether the run would work; change nothing"),
        )
}

/// The flags that make a check of a run.
pub(crate) const VERIFY_ONLY: [&str; 2] = ["verify-only", "validate-only"];

/// Whether it is only asked whether a run would work.
pub(crate) fn is_check(verb: &str, matches: &ArgMatches) -> bool {
    verb == "check" || verb == "run" && matches.get_flag(VERIFY_ONLY[0])
}

/// The flags of all settings whose key starts with one of `prefixes`.
fn settings(prefixes: &[&str]) -> Vec<Arg> {
    let mut wanted = SETTINGS
        .iter()
        .filter(|setting| prefixes.iter().any(|prefix| setting.key.starts_with(prefix)));
    std::iter::from_fn(|| wanted.next()).filter_map(flag).collect()
}

fn flag(setting: &'static Setting) -> Option<Arg> {
    let long = setting.flag?.trim_start_matches("--");
    let mut help = match long.strip_prefix("no-") {
        // The table tells what the setting does; this flag is there to leave it out.
        Some(_) => format!("Do not {}", setting.help),
        None => format!("{} [default: {}]", setting.help, setting.default_text()),
    };
    if !setting.environment.is_empty() {
        help.push_str(&format!(" [env: {}]", setting.environment.join(", ")));
    }
    let arg = Arg::new(setting.key)
        .long(long)
        .help(help)
        .help_heading(heading(setting.key));
    Some(match setting.form {
        Form::Switch => arg.action(ArgAction::SetTrue),
        Form::List => arg.action(ArgAction::Append).value_name("A,B"),
        form => arg
            .value_name(placeholder(form))
            .value_parser(ValueParser::string())
            // The last one given holds, so that a script can append to a command line it was handed.
            .overrides_with(setting.key),
    })
}

fn heading(key: &str) -> &'static str {
    match key.split('.').next() {
        Some("source") => "Source",
        Some("target") => "Target",
        Some("embed") => "Embedding",
        Some("run") => "Run",
        Some("plan") => "Plan",
        _ => "Telemetry",
    }
}

fn placeholder(form: Form) -> &'static str {
    match form {
        Form::Path => "PATH",
        Form::Choice(_) => "WORD",
        Form::Count(..) => "N",
        Form::Share { .. } => "SHARE",
        Form::Money(..) => "USD",
        Form::Size(..) => "SIZE",
        Form::Duration(..) => "TIME",
        _ => "VALUE",
    }
}

/// Everything the operator wrote, in rising order: file, environment, flags.
pub(crate) fn written(matches: &ArgMatches) -> Written {
    let mut written = Written::new();
    match matches.get_one::<PathBuf>("config") {
        Some(file) => written.file(file),
        None if Path::new(DEFAULT_FILE).exists() => written.file(Path::new(DEFAULT_FILE)),
        None => {}
    }
    written.environment(|name| std::env::var(name).ok());
    for setting in SETTINGS {
        for value in given(matches, setting) {
            written.flag(setting.key, value);
        }
    }
    written
}

fn given(matches: &ArgMatches, setting: &Setting) -> Vec<String> {
    if setting.flag.is_none() || !matches.try_contains_id(setting.key).unwrap_or(false) {
        return Vec::new();
    }
    match setting.form {
        // Only a switch that is on by default has a flag that turns it off.
        Form::Switch if matches.get_flag(setting.key) => {
            let off = setting.flag.is_some_and(|flag| flag.starts_with("--no-"));
            vec![(!off).to_string()]
        }
        Form::Switch => Vec::new(),
        _ => matches
            .get_many::<String>(setting.key)
            .unwrap_or_default()
            .cloned()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_with_a_flag_is_a_flag_of_run() {
        let run = run();
        for setting in SETTINGS {
            let there = run.get_arguments().any(|arg| arg.get_id() == setting.key);
            assert_eq!(there, setting.flag.is_some(), "{}", setting.key);
        }
    }

    #[test]
    fn a_check_and_a_plan_are_told_what_a_run_is_told() {
        let (run, check, plan) = (run(), check(), plan());
        for setting in SETTINGS {
            let of = |verb: &Command| verb.get_arguments().any(|arg| arg.get_id() == setting.key);
            assert_eq!(of(&check), of(&run), "{}", setting.key);
            assert_eq!(of(&plan), of(&run), "{}", setting.key);
        }
    }

    #[test]
    fn no_flag_overrides_the_switch_that_is_on_by_default() {
        let matches = command().get_matches_from(["etl", "run", "--no-validation"]);
        let (_, matches) = matches.subcommand().expect("run was given");
        let setting = Setting::of("run.validation").expect("it is in the table");
        assert_eq!(given(matches, setting), ["false"]);
    }
}
