//! `etl`: no logic here, only choices. Parse, believe, start telemetry, dispatch; the exit code says how it ended.

mod args;
mod check;
mod display;
mod ending;
mod exit;
mod export;
mod exposition;
mod health;
mod init;
mod manual;
mod plan;
mod quarantine;
mod run;
mod status;
mod summary;
mod telemetry;
mod text;
mod traces;
mod verify;
mod watched;

use clap::ArgMatches;
use clap::error::ErrorKind;
use config::{Config, LogFormat, Needs};
use exit::Exit;
use indicatif::{MultiProgress, ProgressDrawTarget};
use rustix::fs::Mode;
use rustix::process::umask;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Gives back what batches took, so that memory does not depend on how long a run lasts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the operator wants to be spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    /// Whether one JSON object is wanted instead of a page.
    json: bool,
    /// Whether standard error is a terminal that can be redrawn.
    live: bool,
    /// Whether colour is welcome there.
    colour: bool,
    /// Whether colour is welcome on standard output.
    colour_on_page: bool,
    /// The terminal, shared by log and progress.
    display: MultiProgress,
    /// Whether the log is for people or for programs.
    log: LogFormat,
}

fn main() -> ExitCode {
    // Documents, and what is made of them, are nobody else's to read: not in RocksDB's files nor in any other.
    umask(Mode::RWXG | Mode::RWXO);
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error)
            if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
        {
            complain(without_passwords(&error.to_string()).trim_start_matches("error: "));
            return Exit::Configuration.into();
        }
        // Help and version were asked for, or nothing was.
        Err(error) => error.exit(),
    };
    let Some((verb, matches)) = matches.subcommand() else {
        return Exit::Configuration.into();
    };
    match dispatch(verb, matches) {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&format!("{error:#}"));
            Exit::Unexpected.into()
        }
    }
}

fn dispatch(verb: &str, matches: &ArgMatches) -> anyhow::Result<Exit> {
    match verb {
        "check" | "run" if args::is_check(verb, matches) => with_config(matches, Needs::RUN, check::verb),
        "run" => with_config(matches, Needs::RUN, |config, voice| {
            run::verb(config, matches, voice)
        }),
        "init" => with_config(matches, Needs::SOURCE, |config, voice| {
            init::verb(config, matches, voice)
        }),
        "export" => with_config(matches, Needs::TARGET, |config, voice| {
            export::verb(config, matches, voice)
        }),
        "verify" => with_config(matches, Needs::BOTH, |config, voice| {
            verify::verb(config, matches, voice)
        }),
        "plan" => with_config(matches, Needs::RUN, |config, voice| {
            plan::verb(config, matches, voice)
        }),
        "status" => with_config(matches, Needs::STATUS, status::verb),
        "quarantine" => match matches.subcommand() {
            // What may be stored by now is the mapping's to say, and what that may say hangs on the source.
            Some(("retry", matches)) => with_config(matches, Needs::BOTH, |config, voice| {
                quarantine::retry(config, matches, voice)
            }),
            Some((verb, matches)) => with_config(matches, Needs::TARGET, |config, voice| {
                quarantine::verb(config, verb, matches, voice)
            }),
            None => Ok(Exit::Configuration),
        },
        "manual" => manual::verb(matches),
        _ => completions(matches),
    }
}

fn with_config(
    matches: &ArgMatches,
    needs: Needs,
    verb: impl FnOnce(&Config, Voice) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let voice = voice(matches);
    let config = match args::written(matches).relied_on(needs) {
        Ok(config) => config,
        Err(invalid) => {
            let problems = invalid.0.len();
            complain(&format!(
                "{problems} {} to mend first:\n{invalid}",
                if problems == 1 { "thing" } else { "things" }
            ));
            return Ok(Exit::Configuration);
        }
    };
    let voice = Voice {
        log: config.telemetry.log_format,
        ..voice
    };
    // Kept until the verb is done, and what it has not sent by then is sent.
    let _traces = match telemetry::log(&config.telemetry, voice.display.clone(), voice.colour) {
        Ok(traces) => traces,
        Err(error) => {
            complain(&format!("{error:#}"));
            return Ok(Exit::Configuration);
        }
    };
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    verb(&config, voice)
}

fn voice(matches: &ArgMatches) -> Voice {
    let able = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let live = able && std::io::stderr().is_terminal();
    let target = if live {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    Voice {
        json: matches
            .get_one::<String>("output")
            .is_some_and(|form| form == "json"),
        live,
        colour: live && !plain,
        colour_on_page: able && !plain && std::io::stdout().is_terminal(),
        display: MultiProgress::with_draw_target(target),
        log: LogFormat::Text,
    }
}

fn completions(matches: &ArgMatches) -> anyhow::Result<Exit> {
    if let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut args::command(), "etl", &mut script);
        say(&String::from_utf8_lossy(&script));
    }
    Ok(Exit::Complete)
}

/// Prints to standard output. A reader that has seen enough is no failure.
pub(crate) fn say(text: &str) {
    say_as_it_is(&text::tame(text));
}

/// The same for a text with colours in it, whose parts were tamed one by one.
pub(crate) fn say_as_it_is(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints to standard error.
pub(crate) fn complain(text: &str) {
    let text = config::veiled(text.trim_end());
    let _ = writeln!(std::io::stderr(), "etl: {}", text::tame(&text));
}

/// `text` without what stands before the @ of an address: whoever gave it as an argument by mistake need not find it
/// in a log as well.
fn without_passwords(text: &str) -> String {
    let ends = |character: char| character.is_whitespace() || "'\"".contains(character);
    let mut pieces = text.split("://");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let address = &piece[..piece.find(ends).unwrap_or(piece.len())];
        let hidden = address.rfind('@').map_or(0, |at| at);
        out.push_str(if hidden > 0 { "://***" } else { "://" });
        out.push_str(&piece[hidden..]);
    }
    out
}
