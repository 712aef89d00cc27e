//! A file while it is read: every mistake ends as a problem with its line, and none hides the next.
//!
//! What the keys mean is left to `read`.

use super::forms::Form;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named.
    pub name: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong; after a semicolon, what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.name, self.line, self.what)
    }
}

/// Everything that is wrong with a plan, by line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

pub(super) type Key<'a> = Spanned<DeString<'a>>;
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// The file, and what is wrong with it so far.
pub(super) struct Page<'a> {
    name: &'a str,
    text: &'a str,
    /// Lines in doubt after a syntax error: what recovery made of them is neither judged nor believed.
    broken: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'a> Page<'a> {
    /// A file and what it holds; what is no TOML is noted.
    pub(super) fn open(text: &'a str, name: &'a str) -> (Page<'a>, Spanned<DeTable<'a>>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut page = Page {
            name,
            text,
            broken: Vec::new(),
            problems: Vec::new(),
        };
        for error in &errors {
            page.syntax(error.span().unwrap_or(0..0), error.message());
        }
        (page, document)
    }

    /// What is wrong, by line.
    pub(super) fn problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line);
        self.problems
    }

    /// Notes what is wrong at a place.
    pub(super) fn refuse(&mut self, place: Range<usize>, what: String) {
        let line = self.line(place);
        if !self.broken.contains(&line) {
            let name = self.name.to_owned();
            self.problems.push(Problem { name, line, what });
        }
    }

    /// Notes a key that nobody knows.
    pub(super) fn unknown(&mut self, key: &Key<'_>, known: &str) {
        let what = format!("nothing is called `{}` here; {known}", key.get_ref());
        self.refuse(key.span(), what);
    }

    /// Puts a value where it belongs, or notes what should have been written.
    pub(super) fn set<T>(&mut self, place: &mut T, key: &Key<'_>, value: &Value<'_>, form: &Form<T>) {
        match (form.read)(value.get_ref()) {
            Some(read) => *place = read,
            None => self.misfit(key, value, form.wanted),
        }
    }

    /// Like [`Page::set`], for what may be left out.
    pub(super) fn set_some<T>(
        &mut self,
        place: &mut Option<T>,
        key: &Key<'_>,
        value: &Value<'_>,
        form: &Form<T>,
    ) {
        match (form.read)(value.get_ref()) {
            Some(read) => *place = Some(read),
            None => self.misfit(key, value, form.wanted),
        }
    }

    /// Notes that something else should have been written.
    pub(super) fn misfit(&mut self, key: &Key<'_>, value: &Value<'_>, wanted: &str) {
        let found = self.written(value);
        let what = format!("`{}` cannot be {found}; write {wanted}", key.get_ref());
        self.refuse(key.span(), what);
    }

    /// A value as it stands in the file, if it is short.
    pub(super) fn written(&self, value: &Value<'_>) -> String {
        let text = self.text.get(value.span()).unwrap_or_default();
        match text.len() <= 60 && !text.contains('\n') {
            true => format!("`{text}`"),
            false => "that".to_owned(),
        }
    }

    fn syntax(&mut self, place: Range<usize>, message: &str) {
        let line = self.line(place.clone());
        let what = match message {
            "duplicate key" => "the key is written twice; keep one of the two".to_owned(),
            message => format!("not TOML: {message}; correct the line"),
        };
        self.refuse(place, what);
        self.broken.extend(self.in_doubt(line));
    }

    /// The lines a syntax error puts in doubt: its own, and below a broken header all that it would head.
    fn in_doubt(&self, line: usize) -> Range<usize> {
        let is_header = |text: &&str| text.trim_start().starts_with('[');
        let mut below = self.text.lines().skip(line - 1);
        match below.next().filter(is_header) {
            Some(_) => line..line + 1 + below.take_while(|text| !is_header(text)).count(),
            None => line..line + 1,
        }
    }

    fn line(&self, place: Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(place.start);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}
