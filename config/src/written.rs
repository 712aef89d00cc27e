//! Everything the operator wrote, before it is believed.
//! Defaults, file, environment and flags are kept apart and overlaid in this order, whatever order they were
//! handed in; each value keeps the place it was written in.
//! Reading values is left to `answers`, what they mean to the types they end in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::answers::Answers;
use crate::mapping::read::Shape;
use crate::mapping::{Mapping, Records};
use crate::origin::{Invalid, Origin, Problem, shown};
use crate::secret::Secret;
use crate::setting::{Form, SETTINGS, Setting};
use crate::{Config, Embed, Needs, Run, Source, Target, Telemetry};

/// Everything the operator wrote. It has no `Debug`, because a database URL in it may hold a password.
#[derive(Default)]
pub struct Written {
    pub(crate) entries: BTreeMap<&'static str, Layers>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) password: Option<Secret>,
    pub(crate) shape: Shape,
}

/// What was written for one setting, each place by itself.
#[derive(Default)]
pub(crate) struct Layers {
    pub(crate) file: Option<Entry>,
    pub(crate) environment: Option<Entry>,
    /// The other environment variable, if two spellings are set and say different things.
    pub(crate) contradiction: Option<&'static str>,
    pub(crate) flag: Option<Entry>,
}

impl Layers {
    /// What was written in the place that wins.
    pub(crate) fn latest(&self) -> Option<&Entry> {
        self.flag
            .as_ref()
            .or(self.environment.as_ref())
            .or(self.file.as_ref())
    }
}

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

/// A value as written: names may hold commas in a file, so a list stays a list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
    /// Something whose problem is noted already.
    Refused,
}

impl Written {
    /// Nothing written yet: only defaults hold.
    pub fn new() -> Self {
        Written::default()
    }

    /// Takes what `vars` says for the variables of the table, and `PGPASSWORD`. An empty variable counts as
    /// not set.
    pub fn environment(&mut self, vars: impl Fn(&str) -> Option<String>) {
        let set = |name: &str| vars(name).filter(|value| !value.trim().is_empty());
        for setting in SETTINGS {
            let mut found = setting
                .environment
                .iter()
                .filter_map(|name| Some((*name, set(name)?)));
            let Some((name, value)) = found.next() else {
                continue;
            };
            let other = found.find(|(_, other)| other.trim() != value.trim());
            let layers = self.entries.entry(setting.key).or_default();
            layers.contradiction = other.map(|(name, _)| name);
            let value = from_text(setting, with_unit(setting, value));
            layers.environment = Some(Entry {
                origin: Origin::Environment(name),
                value,
            });
        }
        self.password = vars("PGPASSWORD")
            .filter(|value| !value.is_empty())
            .map(Secret::new);
    }

    /// Takes the value of a flag, by the key of its setting. A list given several times is joined; of anything
    /// else the last one holds.
    pub fn flag(&mut self, key: &'static str, value: String) {
        let Some((setting, flag)) = Setting::of(key).and_then(|setting| Some((setting, setting.flag?)))
        else {
            let what =
                "no setting has this flag; this is a mistake in the program, please report it".to_owned();
            return self.problems.push(Problem {
                origin: Origin::Flag(key),
                what,
            });
        };
        let layers = self.entries.entry(setting.key).or_default();
        let value = match (
            layers.flag.take().map(|entry| entry.value),
            from_text(setting, value),
        ) {
            (Some(Value::List(mut names)), Value::List(more)) => {
                names.extend(more);
                Value::List(names)
            }
            (_, value) => value,
        };
        layers.flag = Some(Entry {
            origin: Origin::Flag(flag),
            value,
        });
    }

    /// What a verb with these needs can rely on, or every problem at once.
    pub fn relied_on(mut self, verb: Needs) -> Result<Config, Invalid> {
        let shape = std::mem::take(&mut self.shape);
        let mut answers = Answers::new(self);
        // Everything is asked before anything is given up, so that no problem hides another.
        let source = verb.source.then(|| Source::relied_on(&mut answers)).transpose();
        let target = verb.target.then(|| Target::relied_on(&mut answers)).transpose();
        let embed = match verb.source && verb.target {
            true => Embed::relied_on(&mut answers),
            false => Ok(None),
        };
        let checkpoint_dir = match verb.checkpoint_dir {
            true => answers
                .required("run.checkpoint_dir")
                .map(|(dir, _)| Some(PathBuf::from(dir))),
            false => answers.path("run.checkpoint_dir"),
        };
        let run = Run::relied_on(&mut answers);
        let telemetry = Telemetry::relied_on(&mut answers);
        // The mapping says what is read and what it becomes; what was loaded is told by its plan.
        let mapping = match verb.source {
            true => {
                let silent = verb.target && matches!(embed, Ok(None));
                let of = match &source {
                    Ok(Some(source)) => source.records(),
                    _ => Records::default(),
                };
                shape.relied_on(&mut answers, !silent, of)
            }
            false => Mapping::default(),
        };
        if let Ok(Some(source)) = &source {
            notice_idle_tables(&mapping, source, &mut answers);
        }
        let (problems, notices) = answers.finish();
        match (source, target, embed, checkpoint_dir, run, telemetry) {
            (Ok(source), Ok(target), Ok(embed), Ok(checkpoint_dir), Ok(run), Ok(telemetry))
                if problems.is_empty() =>
            {
                Ok(Config {
                    source,
                    target,
                    embed,
                    checkpoint_dir,
                    run,
                    telemetry,
                    mapping,
                    notices,
                })
            }
            _ => Err(Invalid::new(problems)),
        }
    }
}

/// A table of a collection that is not moved is no mistake in a run over some collections, but may be one.
fn notice_idle_tables(mapping: &Mapping, source: &Source, answers: &mut Answers) {
    let Some(moved) = source.collections() else {
        return;
    };
    let origin = answers.origin("source.collections");
    for table in &mapping.tables {
        let collection = table.from.collection();
        if !moved.iter().any(|id| id == collection) {
            answers.notice(format!(
                "table `{}` will stay empty: source.collections ({origin}) does not name `{}`",
                shown(&table.name),
                shown(collection)
            ));
        }
    }
}

/// The value of a variable or a flag, which are always text.
fn from_text(setting: &Setting, text: String) -> Value {
    match setting.form {
        Form::List => Value::List(text.split(',').map(|name| name.trim().to_owned()).collect()),
        _ => Value::Text(text),
    }
}

/// The older variables carry bare numbers whose unit only their documentation says.
fn with_unit(setting: &Setting, value: String) -> String {
    let bare = value.trim().bytes().all(|byte| byte.is_ascii_digit());
    match setting.form {
        Form::Duration(..) if bare => format!("{}ms", value.trim()),
        Form::Size(..) if bare => format!("{}MiB", value.trim()),
        _ => value,
    }
}
