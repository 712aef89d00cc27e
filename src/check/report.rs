//! What was found, as one page for people or one JSON object for scripts, with the command to give next.

use crate::args;
use crate::text::tame;
use config::in_line;
use pipeline::check::{Finding, Verdict};
use serde::Serialize;
use std::borrow::Cow;

/// What `--output json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    pass: usize,
    warn: usize,
    fail: usize,
    skipped: usize,
    pub(crate) would_run: bool,
    next: String,
}

impl Report {
    /// `arguments`: what this process was told, without its name.
    pub(crate) fn new(findings: Vec<Finding>, arguments: impl Iterator<Item = String>) -> Report {
        let count = |verdict| {
            findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .count()
        };
        let fail = count(Verdict::Fail);
        let arguments: Vec<String> = arguments.collect();
        Report {
            pass: count(Verdict::Pass),
            warn: count(Verdict::Warn),
            fail,
            skipped: count(Verdict::Skipped),
            would_run: fail == 0,
            next: match fail {
                0 => command(&as_run(&arguments)),
                _ => format!("mend what fails, then look again: {}", command(&arguments)),
            },
            findings,
        }
    }

    /// The page for people: a line for each thing, and below what is not as it should be, what to make of it.
    pub(crate) fn page(&self, colour: bool) -> String {
        let lines = lines(&self.findings);
        let widest = |width: fn(&Line) -> usize| lines.iter().map(width).max().unwrap_or(0);
        let verdicts = widest(|line| word(line.of.verdict).len());
        let names = widest(|line| line.name.len());
        let below = " ".repeat(verdicts + 2);
        let mut page = String::new();
        let mut before = None;
        for Line { name, found, of } in &lines {
            if before.is_some_and(|before| before != part(of)) {
                page.push('\n');
            }
            before = Some(part(of));
            let verdict = painted(&format!("{:<verdicts$}", word(of.verdict)), of.verdict, colour);
            page.push_str(&format!("{verdict}  {name:<names$}  {}\n", in_a_line(found)));
            if matches!(of.verdict, Verdict::Warn | Verdict::Fail) {
                for (label, text) in [("means", &of.means), ("next", &of.next)] {
                    let text = text
                        .iter()
                        .map(|text| format!("{below}{label}: {}\n", in_a_line(text)));
                    page.extend(text);
                }
            }
        }
        page.push_str(&format!("\n{}\nnext: {}\n", self.sum(), tame(&self.next)));
        page
    }

    fn sum(&self) -> String {
        let counts = [
            (self.pass, "pass"),
            (self.warn, "warn"),
            (self.fail, "fail"),
            (self.skipped, "skipped"),
        ];
        let counted: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        let verdict = if self.would_run {
            "a run would work"
        } else {
            "a run would not work"
        };
        format!("{verdict}: {}; nothing was changed", counted.join(", "))
    }
}

/// A line of the page.
struct Line<'f> {
    name: Cow<'f, str>,
    found: Cow<'f, str>,
    of: &'f Finding,
}

/// The lines of these findings. Things that could not be looked at for the same reason share one, so that what has
/// to be mended is not lost among them.
fn lines<'f>(findings: &'f [Finding]) -> Vec<Line<'f>> {
    let alike = |one: &Finding, other: &Finding| {
        let skipped = one.verdict == Verdict::Skipped && other.verdict == Verdict::Skipped;
        skipped && part(one) == part(other) && one.found == other.found
    };
    let line = |group: &'f [Finding]| {
        let of = group.first()?;
        let names: Vec<&str> = group.iter().map(name).collect();
        Some(match names[..] {
            [_] => Line {
                name: of.check.into(),
                found: of.found.as_str().into(),
                of,
            },
            _ => Line {
                name: format!("{}.*", part(of)).into(),
                found: format!("{} ({})", of.found, names.join(", ")).into(),
                of,
            },
        })
    };
    findings.chunk_by(alike).filter_map(line).collect()
}

/// Which part of the way a finding is about: `source`, `target` or `checkpoints`.
fn part(finding: &Finding) -> &'static str {
    finding.check.split('.').next().unwrap_or_default()
}

/// What it is called within its part.
fn name(finding: &Finding) -> &'static str {
    finding
        .check
        .split_once('.')
        .map_or(finding.check, |(_, name)| name)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Skipped => "skipped",
    }
}

fn painted(text: &str, verdict: Verdict, colour: bool) -> String {
    let code = match verdict {
        _ if !colour => return text.to_owned(),
        Verdict::Pass => "32",
        Verdict::Warn => "33",
        Verdict::Fail => "1;31",
        Verdict::Skipped => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// A text that stays in its line; what others said may have several.
fn in_a_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    in_line(&words.join(" "))
}

/// The same command line, to run instead of to check.
fn as_run(arguments: &[String]) -> Vec<String> {
    let mut run = Vec::with_capacity(arguments.len());
    let (mut value_of_global, mut verb_seen) = (false, false);
    for argument in arguments {
        let asks_to_check = argument
            .strip_prefix("--")
            .is_some_and(|flag| args::VERIFY_ONLY.contains(&flag));
        if asks_to_check {
            continue;
        }
        let is_verb = !verb_seen && !value_of_global && !argument.starts_with('-');
        verb_seen |= is_verb;
        value_of_global = !verb_seen && matches!(argument.as_str(), "--config" | "--output");
        run.push(if is_verb {
            "run".to_owned()
        } else {
            argument.clone()
        });
    }
    run
}

/// `etl` with these arguments, as a shell takes them.
fn command(arguments: &[String]) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_=./:,@%+".contains(character);
    let quoted = arguments.iter().map(|argument| match argument {
        word if !word.is_empty() && word.chars().all(plain) => word.clone(),
        word => format!("'{}'", word.replace('\'', r"'\''")),
    });
    std::iter::once("etl".to_owned())
        .chain(quoted)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_next_command_runs_what_was_checked() {
        let lines = [
            ("check --project p", "run --project p"),
            ("--config check check --lanes 2", "--config check run --lanes 2"),
            (
                "--output=json check --schema check",
                "--output=json run --schema check",
            ),
            ("run --verify-only --lanes 2", "run --lanes 2"),
            ("run --lanes 2 --validate-only", "run --lanes 2"),
        ];
        for (given, next) in lines {
            assert_eq!(as_run(&words(given)), words(next), "{given}");
        }
        assert_eq!(command(&words("run")), "etl run");
        assert_eq!(command(&["it's".to_owned(), String::new()]), r"etl 'it'\''s' ''");
    }

    #[test]
    fn what_could_not_be_looked_at_for_one_reason_is_one_line() {
        let skipped = |check| Finding::skipped(check, "nobody is there");
        let all = [
            skipped("a.b"),
            skipped("a.c"),
            Finding::pass("a.d", "good"),
            skipped("a.e"),
            skipped("b.f"),
        ];
        let lines = lines(&all);
        let shown: Vec<String> = lines
            .iter()
            .map(|line| format!("{} {}", line.name, line.found))
            .collect();
        assert_eq!(
            shown,
            [
                "a.* nobody is there (b, c)",
                "a.d good",
                "a.e nobody is there",
                "b.f nobody is there"
            ]
        );
    }

    #[test]
    fn what_others_said_stays_in_its_line_and_obeys_no_one() {
        let finding = Finding::fail("a.b", "one\n two\u{1b}[31m", "means", "next");
        let report = Report::new(vec![finding], std::iter::empty());
        let page = report.page(false);
        assert!(
            page.starts_with("fail  a.b  one two\\u001b[31m\n      means: means\n"),
            "{page}"
        );
    }
}
