//! The settings file.
//! Everything in it ends as the value of a setting or as a problem with its line, and one mistake never hides
//! the next: syntax errors, doubled keys, unknown keys and values of the wrong type are all reported together.
//! Whether a value is in range is left to `answers`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mapping::read;
use crate::nearest::nearest;
use crate::origin::{Origin, Problem, shown};
use crate::setting::{Form, SETTINGS, Setting};
use crate::written::{Entry, Value, Written};

/// Several times the settings and tables of the largest database. What is larger was named by mistake.
const LARGEST: u64 = 4 << 20;
/// So many problems are told: what has more is no settings file, and is not judged to its end.
const MOST_PROBLEMS: usize = 1000;

impl Written {
    /// Reads a settings file; a second one overlays the first.
    pub fn file(&mut self, path: &Path) {
        let (line, what) = match text_of(path) {
            Ok(text) => return self.toml(path, &text),
            Err(why) => why,
        };
        self.problems.push(Problem {
            origin: Origin::File {
                path: path.to_owned(),
                line,
            },
            what,
        });
    }

    /// Reads the text of a settings file; `path` is what its problems call it.
    pub fn toml(&mut self, path: &Path, text: &str) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let mut page = Page {
            path,
            text,
            breaks: breaks.map(|(at, _)| at).collect(),
            broken: BTreeSet::new(),
            written: self,
        };
        for error in errors.iter().take(MOST_PROBLEMS) {
            // Only the parser's own words are repeated, never the line: it may hold a password.
            let span = error.span().unwrap_or(0..0);
            page.syntax(span, error.message());
        }
        page.tables(document.get_ref());
    }
}

/// The text of the file, or the line and what is wrong.
fn text_of(path: &Path) -> Result<String, (usize, String)> {
    let unreadable = |error: std::io::Error| {
        let what = format!("cannot be read: {error}; name a file that exists and may be read");
        (0, what)
    };
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    // Whoever opens a pipe waits for its other end, and a device may have no end.
    if !facts.is_file() {
        return Err((
            0,
            "is no regular file; write the settings into one, and name that".to_owned(),
        ));
    }
    if facts.len() > LARGEST {
        let what = format!(
            "has {} bytes, and settings have {LARGEST} at most; name the file that holds the settings",
            facts.len()
        );
        return Err((0, what));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let what = "is not UTF-8; save the file as UTF-8".to_owned();
        (line_at(good, good.len()), what)
    })
}

/// A file while it is read.
pub(crate) struct Page<'a> {
    pub(crate) path: &'a Path,
    text: &'a str,
    /// Where its lines end.
    breaks: Vec<usize>,
    /// Lines in doubt after a syntax error: what recovery made of them is neither judged nor believed.
    broken: BTreeSet<usize>,
    pub(crate) written: &'a mut Written,
}

impl Page<'_> {
    /// The line of a place in the text, counted from 1.
    pub(crate) fn line(&self, span: Range<usize>) -> usize {
        // What the parser misses at the end of a line it points at with the line break, which ends that line.
        self.breaks.partition_point(|end| *end < span.start) + 1
    }

    /// Whether the line is in doubt after a syntax error.
    pub(crate) fn is_broken(&self, line: usize) -> bool {
        self.broken.contains(&line)
    }

    /// Whether so much is wrong that nobody wants to know more.
    pub(crate) fn is_lost(&self) -> bool {
        self.written.problems.len() + self.written.shape.mistakes() >= MOST_PROBLEMS
    }

    /// Whether anything in the file is in doubt.
    pub(crate) fn is_in_doubt(&self) -> bool {
        !self.broken.is_empty()
    }

    pub(crate) fn origin(&self, line: usize) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line,
        }
    }

    fn syntax(&mut self, span: Range<usize>, message: &str) {
        let line = self.line(span);
        if self.broken.contains(&line) {
            return;
        }
        self.broken.extend(self.in_doubt(line));
        let what = match message {
            "duplicate key" => "the key is written twice; keep one of the two".to_owned(),
            message => format!("not TOML: {message}; correct the line"),
        };
        self.written.problems.push(Problem {
            origin: self.origin(line),
            what,
        });
    }

    /// The lines a syntax error puts in doubt: its own, and below a broken header all that it would head.
    fn in_doubt(&self, line: usize) -> Range<usize> {
        let is_header = |text: &&str| text.trim_start().starts_with('[');
        let begin = line.checked_sub(2).and_then(|above| self.breaks.get(above));
        let mut below = self.text[begin.map_or(0, |end| end + 1)..].lines();
        match below.next().filter(is_header) {
            Some(_) => line..line + 1 + below.take_while(|text| !is_header(text)).count(),
            None => line..line + 1,
        }
    }

    fn refuse(&mut self, span: Range<usize>, what: String) {
        let line = self.line(span);
        if !self.broken.contains(&line) {
            self.written.problems.push(Problem {
                origin: self.origin(line),
                what,
            });
        }
    }

    fn tables(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            if self.is_lost() {
                return;
            }
            let (span, name) = (name.span(), name.get_ref().as_ref());
            if let ("mapping" | "tables", DeValue::Table(table)) = (name, value.get_ref()) {
                match name {
                    "mapping" => read::policies(self, table),
                    _ => read::tables(self, table),
                }
                continue;
            }
            let known = tables().any(|table| table == name);
            match value.get_ref() {
                DeValue::Table(table) if known => self.settings(name, table),
                DeValue::Table(_) => {
                    let advice = meant(name, tables());
                    self.refuse(span, format!("no table is called `{}`; {advice}", shown(name)));
                }
                _ if known => self.refuse(span, format!("`{name}` is a table; begin it with [{name}]")),
                _ => self.unknown(name, span),
            }
        }
    }

    fn settings(&mut self, table: &str, settings: &DeTable<'_>) {
        for (name, value) in settings {
            if self.is_lost() {
                return;
            }
            let key = format!("{table}.{}", name.get_ref());
            let Some(setting) = Setting::of(&key) else {
                self.unknown(&key, name.span());
                continue;
            };
            let line = self.line(name.span());
            let value = match as_form(setting.form, value) {
                _ if self.broken.contains(&line) => Value::Refused,
                Ok(value) => value,
                Err(wanted) => {
                    let found = article(value.get_ref().type_str());
                    self.refuse(name.span(), format!("{key} is {found}; write {wanted}"));
                    Value::Refused
                }
            };
            let origin = self.origin(line);
            self.written.entries.entry(setting.key).or_default().file = Some(Entry { origin, value });
        }
    }

    fn unknown(&mut self, key: &str, span: Range<usize>) {
        let leaf = key.rsplit('.').next().unwrap_or(key);
        // The right key in the wrong table is a likelier slip than a similar name in the same one.
        let moved = SETTINGS
            .iter()
            .map(|setting| setting.key)
            .find(|known| known.ends_with(&format!(".{leaf}")));
        // And a flag's name a likelier one than either.
        let flag = format!("--{}", leaf.replace('_', "-"));
        let of_flag = SETTINGS
            .iter()
            .find(|setting| setting.flag == Some(flag.as_str()));
        let advice = match of_flag.map(|setting| setting.key).or(moved) {
            Some(known) => format!("did you mean `{known}`?"),
            None => meant(key, SETTINGS.iter().map(|setting| setting.key)),
        };
        self.refuse(span, format!("no setting is called `{}`; {advice}", shown(key)));
    }
}

fn meant(word: &str, known: impl Iterator<Item = &'static str>) -> String {
    match nearest(word, known) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "remove it, or look the name up in config/example.toml".to_owned(),
    }
}

/// The tables of the file.
fn tables() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(table_of).chain(["mapping", "tables"])
}

fn table_of(setting: &Setting) -> &'static str {
    setting.key.split('.').next().unwrap_or(setting.key)
}

pub(crate) fn article(type_name: &str) -> String {
    let vowel = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if vowel { "an" } else { "a" })
}

/// The line of a place in the text, counted from 1.
fn line_at(text: &[u8], offset: usize) -> usize {
    text.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The value in the form of its setting, or what should have been written.
fn as_form(form: Form, value: &Spanned<DeValue<'_>>) -> Result<Value, &'static str> {
    match (form, value.get_ref()) {
        (Form::List, DeValue::Array(names)) => {
            let names = names
                .iter()
                .map(|name| name.get_ref().as_str().map(str::to_owned));
            names
                .collect::<Option<_>>()
                .map(Value::List)
                .ok_or("an array of strings: [\"orders\", \"users\"]")
        }
        (Form::Text | Form::Path | Form::Choice(_), DeValue::String(text)) => {
            Ok(Value::Text(text.to_string()))
        }
        (Form::Size(..) | Form::Duration(..), DeValue::String(text)) => Ok(Value::Text(text.to_string())),
        (Form::Switch, DeValue::Boolean(yes)) => Ok(Value::Text(yes.to_string())),
        (Form::Share { .. } | Form::Money(..), DeValue::Float(number)) => {
            Ok(Value::Text(number.as_str().to_owned()))
        }
        (Form::Count(..) | Form::Share { .. } | Form::Money(..), DeValue::Integer(number)) => {
            let plain = i128::from_str_radix(number.as_str(), number.radix());
            plain
                .map(|n| Value::Text(n.to_string()))
                .map_err(|_| "a smaller number")
        }
        (Form::Secret, _) => Err("it into the environment alone: files get copied and committed"),
        (Form::List, _) => Err("an array of strings: [\"orders\", \"users\"]"),
        (Form::Text | Form::Path | Form::Choice(_), _) => Err("a string, in quotes"),
        (Form::Switch, _) => Err("true or false, without quotes"),
        (Form::Count(..), _) => Err("a whole number, without quotes"),
        (Form::Share { .. }, _) => Err("a number such as 0.5, without quotes"),
        (Form::Money(..), _) => Err("a sum in US dollars such as 25.00, without quotes"),
        (Form::Size(..), _) => Err("a string with its unit, such as \"8MiB\""),
        (Form::Duration(..), _) => Err("a string with its unit, such as \"30s\""),
    }
}
