//! One answer for each setting: the latest place that wrote it, read by the form its table row gives.
//! Whoever gets a [`Reported`] instead of a value may rely on a problem having been noted, because nothing else
//! can make one; so a section that fails can never fail silently.
//! What may be wrong beyond form and range is left to the sections, which note it through [`Answers::refuse`].

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use crate::origin::{Origin, Problem, shown};
use crate::secret::Secret;
use crate::setting::{Fallback, Form, Setting};
use crate::units::{read_duration, read_money, read_size, whole, write_duration, write_money, write_size};
use crate::written::{Entry, Layers, Value, Written};

/// Proof that a problem was noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported(());

/// A value, or the proof that its problem was noted.
pub(crate) type Answer<T> = Result<T, Reported>;

/// The settings while they are being read.
pub(crate) struct Answers {
    written: Written,
    notices: Vec<String>,
}

impl Answers {
    pub(crate) fn new(written: Written) -> Self {
        Answers {
            written,
            notices: Vec::new(),
        }
    }

    /// The problems and the notices.
    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<String>) {
        (self.written.problems, self.notices)
    }

    /// Notes what is wrong with the value of a place.
    pub(crate) fn refuse(&mut self, origin: Origin, what: impl Into<String>) -> Reported {
        self.written.problems.push(Problem {
            origin,
            what: what.into(),
        });
        Reported(())
    }

    /// Notes something the operator should know.
    pub(crate) fn notice(&mut self, what: impl Into<String>) {
        self.notices.push(what.into());
    }

    /// The password the environment gives by itself.
    pub(crate) fn password(&self) -> Option<Secret> {
        self.written.password.clone()
    }

    /// Where the value of a setting comes from.
    pub(crate) fn origin(&self, key: &'static str) -> Origin {
        let latest = self.written.entries.get(key).and_then(Layers::latest);
        latest.map_or(Origin::Default, |entry| entry.origin.clone())
    }

    /// Where something else than the default was written for this program and no other: a variable may be there for
    /// another one.
    pub(crate) fn meant(&self, key: &'static str) -> Option<Origin> {
        let entry = self.written.entries.get(key)?.latest()?;
        let default = matches!((&entry.value, known(key).fallback),
            (Value::Text(text), Fallback::Default(default)) if text.trim() == default);
        let ours = matches!(entry.origin, Origin::File { .. } | Origin::Flag(_));
        (ours && !default).then(|| entry.origin.clone())
    }

    /// The latest place that wrote the setting; the default, if it has one, when none did.
    fn entry(&mut self, setting: &'static Setting) -> Answer<Option<Entry>> {
        let written = self.written.entries.get(setting.key);
        let Some((layers, entry)) = written.and_then(|layers| Some((layers, layers.latest()?.clone())))
        else {
            return Ok(default(setting));
        };
        match (&entry.origin, &entry.value, layers.contradiction) {
            (Origin::Environment(_), _, Some(other)) => {
                let what = format!("{other} is also set and says something else; unset one of the two");
                Err(self.refuse(entry.origin, what))
            }
            // Noted when the file was read, which is what makes this proof a true one.
            (_, Value::Refused, _) => Err(Reported(())),
            _ => Ok(Some(entry)),
        }
    }

    /// A setting that is one text, read by `read`; a refusal is noted with the place of the text.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Answer<Option<(T, Origin)>> {
        let setting = known(key);
        let Some(Entry { origin, value }) = self.entry(setting)? else {
            return Ok(None);
        };
        let Value::Text(text) = value else {
            return Err(self.refuse(origin, format!("{key} is a list; write a single value")));
        };
        if matches!(setting.form, Form::Text | Form::Path) && text.trim().is_empty() {
            return Err(self.refuse(origin, format!("{key} is empty; write a value, or leave it out")));
        }
        match read(&text) {
            Ok(read) => Ok(Some((read, origin))),
            Err(what) => Err(self.refuse(origin, format!("{key}: {what}"))),
        }
    }

    /// Like [`Answers::read`], for a setting that must have a value.
    pub(crate) fn must<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Answer<(T, Origin)> {
        match self.read(key, read)? {
            Some(found) => Ok(found),
            None => {
                let what = format!("{key} is needed and not set; give it as {}", known(key).places());
                Err(self.refuse(Origin::Default, what))
            }
        }
    }

    /// A text that must be there, and its place.
    pub(crate) fn required(&mut self, key: &'static str) -> Answer<(String, Origin)> {
        self.must(key, |text| Ok(text.to_owned()))
    }

    /// A path that may be left out.
    pub(crate) fn path(&mut self, key: &'static str) -> Answer<Option<PathBuf>> {
        Ok(self
            .read(key, |text| Ok(PathBuf::from(text)))?
            .map(|(path, _)| path))
    }

    /// A list that may be left out, and its place.
    pub(crate) fn list(&mut self, key: &'static str) -> Answer<Option<(Vec<String>, Origin)>> {
        Ok(self
            .entry(known(key))?
            .and_then(|Entry { origin, value }| match value {
                Value::List(names) => Some((names, origin)),
                // Lists have no defaults, and are read as lists wherever they are written.
                Value::Text(_) | Value::Refused => None,
            }))
    }

    /// A number.
    pub(crate) fn count<T: TryFrom<u64>>(&mut self, key: &'static str) -> Answer<T> {
        Ok(self.must(key, |text| count(known(key).form, text))?.0)
    }

    /// A number that is not 0.
    pub(crate) fn at_least_one<T: TryFrom<NonZeroU64>>(&mut self, key: &'static str) -> Answer<T> {
        Ok(self.must(key, |text| at_least_one(known(key).form, text))?.0)
    }

    /// A number that is not 0 and may be left out.
    pub(crate) fn at_least_one_if_any<T>(&mut self, key: &'static str) -> Answer<Option<T>>
    where
        T: TryFrom<NonZeroU64>,
    {
        Ok(self
            .read(key, |text| at_least_one(known(key).form, text))?
            .map(|(count, _)| count))
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self, key: &'static str) -> Answer<f64> {
        Ok(self.must(key, |text| share(known(key).form, text))?.0)
    }

    /// Yes or no.
    pub(crate) fn switch(&mut self, key: &'static str) -> Answer<bool> {
        Ok(self.must(key, switch)?.0)
    }

    /// Millionths of a US dollar, if it is written.
    pub(crate) fn money_if_any(&mut self, key: &'static str) -> Answer<Option<u64>> {
        Ok(self
            .read(key, |text| money(known(key).form, text))?
            .map(|(amount, _)| amount))
    }

    /// A number of bytes.
    pub(crate) fn size(&mut self, key: &'static str) -> Answer<u64> {
        Ok(self.must(key, |text| size(known(key).form, text))?.0)
    }

    /// A number of bytes, where one was written.
    pub(crate) fn size_if_any(&mut self, key: &'static str) -> Answer<Option<u64>> {
        Ok(self
            .read(key, |text| size(known(key).form, text))?
            .map(|(bytes, _)| bytes))
    }

    /// A duration.
    pub(crate) fn duration(&mut self, key: &'static str) -> Answer<Duration> {
        Ok(self.must(key, |text| duration(known(key).form, text))?.0)
    }

    /// One of the words of the table, as what it stands for.
    pub(crate) fn choice<T: Copy>(&mut self, key: &'static str, meanings: &[(&str, T)]) -> Answer<T> {
        let named = |text: &str| {
            let found = meanings.iter().find(|(word, _)| *word == text.trim());
            let words = || {
                meanings
                    .iter()
                    .map(|(word, _)| *word)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let refused = || format!("`{}` is not known here; write one of: {}", shown(text), words());
            found.map(|(_, meaning)| *meaning).ok_or_else(refused)
        };
        Ok(self.must(key, named)?.0)
    }
}

/// The row of a key this crate itself names.
#[allow(clippy::expect_used)]
fn known(key: &'static str) -> &'static Setting {
    Setting::of(key).expect("every key the sections ask for has its row in the table")
}

fn default(setting: &Setting) -> Option<Entry> {
    let Fallback::Default(text) = setting.fallback else {
        return None;
    };
    Some(Entry {
        origin: Origin::Default,
        value: Value::Text(text.to_owned()),
    })
}

fn count<T: TryFrom<u64>>(form: Form, text: &str) -> Result<T, String> {
    let Form::Count(least, most) = form else {
        return Err("is not a number".to_owned());
    };
    let range = || {
        format!(
            "`{}` is not a whole number from {least} to {most}; write one",
            shown(text)
        )
    };
    let number = whole(text).filter(|n| (least..=most).contains(n));
    number.and_then(|n| T::try_from(n).ok()).ok_or_else(range)
}

fn at_least_one<T: TryFrom<NonZeroU64>>(form: Form, text: &str) -> Result<T, String> {
    let number: NonZeroU64 = count(form, text)?;
    T::try_from(number).map_err(|_| format!("`{number}` is too large for this machine; write less"))
}

fn share(form: Form, text: &str) -> Result<f64, String> {
    let zero = form == Form::Share { zero: true };
    let number: Option<f64> = text.trim().parse().ok();
    // Adding 0.0 makes -0.0 a plain zero.
    number
        .map(|x| x + 0.0)
        .filter(|x| *x <= 1.0 && (*x > 0.0 || zero && *x == 0.0))
        .ok_or_else(|| {
            let least = if zero { "from 0" } else { "above 0 and" };
            format!(
                "`{}` is not a number {least} up to 1; write for example 0.5",
                shown(text)
            )
        })
}

fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!(
            "`{}` is neither yes nor no; write true or false",
            shown(text)
        )),
    }
}

fn money(form: Form, text: &str) -> Result<u64, String> {
    let Form::Money(least, most) = form else {
        return Err("is not an amount of money".to_owned());
    };
    read_money(text).and_then(|amount| {
        let range = || {
            format!(
                "`{}` is out of range; it must lie between {} and {}",
                shown(text),
                write_money(least),
                write_money(most)
            )
        };
        (least..=most)
            .contains(&amount)
            .then_some(amount)
            .ok_or_else(range)
    })
}

fn size(form: Form, text: &str) -> Result<u64, String> {
    let Form::Size(least, most) = form else {
        return Err("is not a size".to_owned());
    };
    let range = || format!("must lie between {} and {}", write_size(least), write_size(most));
    read_size(text).and_then(|size| {
        let within = (least..=most).contains(&size);
        within
            .then_some(size)
            .ok_or_else(|| format!("`{}` is out of range; it {}", shown(text), range()))
    })
}

fn duration(form: Form, text: &str) -> Result<Duration, String> {
    let Form::Duration(least, most) = form else {
        return Err("is not a duration".to_owned());
    };
    let range = || {
        format!(
            "must lie between {} and {}",
            write_duration(least),
            write_duration(most)
        )
    };
    read_duration(text).and_then(|time| {
        let within = (least..=most).contains(&time);
        within
            .then_some(time)
            .ok_or_else(|| format!("`{}` is out of range; it {}", shown(text), range()))
    })
}
