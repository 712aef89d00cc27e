//! One table of the file, read key by key.
//! Whatever is asked for is there in the form asked for, or absent, or a problem is noted with its line and the place
//! marked as refused.

use std::fmt::Display;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Notes, in_order};
use crate::file::{Page, article};
use crate::mapping::Misspelt;
use crate::mapping::check::Spot;
use crate::mapping::words::unknown;
use crate::nearest::nearest;
use crate::origin::shown;

/// A table of the file while it is read.
pub(super) struct Reader<'r, 'p> {
    page: &'r mut Page<'p>,
    notes: &'r mut Notes,
    /// Where it is in the mapping.
    pub(super) at: Spot,
    /// How messages name that.
    here: String,
}

impl<'r, 'p> Reader<'r, 'p> {
    pub(super) fn new(page: &'r mut Page<'p>, notes: &'r mut Notes, here: String) -> Self {
        let at = Spot::default();
        Reader {
            page,
            notes,
            at,
            here,
        }
    }

    /// A reader of something inside.
    pub(super) fn inside(&mut self, at: Spot, more: impl Display) -> Reader<'_, 'p> {
        Reader {
            page: &mut *self.page,
            notes: &mut *self.notes,
            at,
            here: format!("{}, {more}", self.here),
        }
    }

    /// Remembers where something stands.
    pub(super) fn stands(&mut self, spot: Spot, start: usize) {
        let line = self.page.line(start..start);
        self.notes.lines.insert(spot, line);
    }

    /// How much was refused so far, here and elsewhere.
    pub(super) fn refusals(&self) -> usize {
        self.notes.refusals
    }

    /// Marks a place as not to be relied on.
    pub(super) fn distrust(&mut self, spot: Spot) {
        self.notes.refused.insert(spot);
    }

    /// Notes what is wrong at a place of the text.
    pub(super) fn refuse(&mut self, key: &'static str, start: usize, what: impl Display) {
        let line = self.page.line(start..start);
        self.refuse_at(key, line, what);
    }

    /// Notes that something is missing.
    pub(super) fn missing(&mut self, key: &'static str, what: impl Display) {
        let line = self.notes.line(self.at);
        self.refuse_at(key, line, what);
    }

    fn refuse_at(&mut self, key: &'static str, line: usize, what: impl Display) {
        self.notes.refusals += 1;
        self.distrust(Spot {
            key,
            item: None,
            ..self.at
        });
        if !self.page.is_broken(line) {
            let (path, what) = (self.page.path.to_owned(), format!("{}: {what}", self.here));
            self.page.written.shape.refuse(path, line, what);
        }
    }

    /// Refuses every key that is none of these. A table where none belongs is taken for a slip in the layout.
    pub(super) fn only(&mut self, table: &DeTable<'_>, known: &[&'static str]) {
        for (name, span, value) in in_order(table) {
            if known.contains(&name) {
                continue;
            }
            let known = known.iter().copied();
            let layout = match value.get_ref() {
                DeValue::Table(_) if nearest(name, known.clone()).is_none() => layout(known.clone()),
                _ => None,
            };
            let what = match layout {
                Some(advice) => format!("no key is called `{}`; {advice}", shown(name)),
                None => unknown("key", name, known).to_string(),
            };
            self.refuse("", span.start, what);
        }
    }

    /// The value of a key, whatever it is.
    pub(super) fn value<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        key: &'static str,
    ) -> Option<&'t Spanned<DeValue<'i>>> {
        let (name, value) = table.get_key_value(key)?;
        self.stands(Spot { key, ..self.at }, name.span().start);
        Some(value)
    }

    pub(super) fn wrong(&mut self, key: &'static str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = article(value.get_ref().type_str());
        self.refuse(
            key,
            value.span().start,
            format_args!("`{key}` is {found}; write {wanted}"),
        );
    }

    /// A text.
    pub(super) fn text<'t>(&mut self, table: &'t DeTable<'_>, key: &'static str) -> Option<&'t str> {
        let value = self.value(table, key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(key, value, "a string, in quotes");
        }
        text
    }

    /// A text that means something.
    pub(super) fn read<T: FromStr<Err = Misspelt>>(
        &mut self,
        table: &DeTable<'_>,
        key: &'static str,
    ) -> Option<T> {
        let text = self.text(table, key)?;
        let start = table.get(key).map_or(0, |value| value.span().start);
        self.meaning(key, start, text)
    }

    fn meaning<T: FromStr<Err = Misspelt>>(
        &mut self,
        key: &'static str,
        start: usize,
        text: &str,
    ) -> Option<T> {
        match text.parse() {
            Ok(read) => Some(read),
            Err(misspelt) => {
                self.refuse(key, start, format_args!("`{key}`: {misspelt}"));
                None
            }
        }
    }

    /// The items of a list; nothing if it is not written.
    pub(super) fn items<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        key: &'static str,
        example: &str,
    ) -> &'t [Spanned<DeValue<'i>>] {
        let Some(value) = self.value(table, key) else {
            return &[];
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, value, &format!("a list, such as {example}"));
            return &[];
        };
        items
    }

    /// A list of texts that mean something.
    pub(super) fn list<T: FromStr<Err = Misspelt>>(
        &mut self,
        table: &DeTable<'_>,
        key: &'static str,
        example: &str,
    ) -> Vec<T> {
        let mut read = Vec::new();
        for (start, text) in self.texts(table, key, example) {
            if let Some(meaning) = self.meaning(key, start, text) {
                self.stands(
                    Spot {
                        key,
                        item: Some(read.len()),
                        ..self.at
                    },
                    start,
                );
                read.push(meaning);
            }
        }
        read
    }

    /// A list of texts, and where they begin.
    pub(super) fn texts<'t>(
        &mut self,
        table: &'t DeTable<'_>,
        key: &'static str,
        example: &str,
    ) -> Vec<(usize, &'t str)> {
        let mut texts = Vec::new();
        for item in self.items(table, key, example) {
            match item.get_ref().as_str() {
                Some(text) => {
                    let start = item.span().start;
                    self.stands(
                        Spot {
                            key,
                            item: Some(texts.len()),
                            ..self.at
                        },
                        start,
                    );
                    texts.push((start, text));
                }
                None => {
                    let found = article(item.get_ref().type_str());
                    let what =
                        format!("`{key}` has {found} in it; write a list of strings, such as {example}");
                    self.refuse(key, item.span().start, what);
                }
            }
        }
        texts
    }

    /// Yes or no; no if it is not written.
    pub(super) fn switch(&mut self, table: &DeTable<'_>, key: &'static str) -> bool {
        let Some(value) = self.value(table, key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(key, value, "true or false, without quotes");
            false
        })
    }

    /// A whole number from the first to the second.
    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        table: &DeTable<'_>,
        key: &'static str,
        (least, most): (i64, i64),
    ) -> Option<T> {
        let value = self.value(table, key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let what =
                format!("`{key}` is no whole number from {least} to {most}; write one, without quotes");
            self.refuse(key, value.span().start, what);
        }
        number
    }
}

/// What is probably meant where a table stands in a place of these keys that has none.
fn layout(mut known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known.find_map(|key| match key {
        "columns" => Some("columns are written in a table of their own, [tables.….columns]"),
        "type" => Some("a column's name with a dot in it stands in double quotes"),
        _ => None,
    })
}
