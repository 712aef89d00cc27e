//! The documented settings file.
//! It shows every setting of the table with what it does, where else it can be written and its default, so a
//! copy with nothing changed means the defaults; the mapping, which has no defaults to show, by an example.
//! Keeping `example.toml` the same as [`sample`] is left to a test.

use crate::setting::{Fallback, Form, SETTINGS, Setting};
use crate::units::{write_duration, write_money, write_size};

/// The text of the documented settings file.
pub fn sample() -> String {
    let mut text = String::from(
        "# Settings of etl. Every line that could be a setting is commented out and shows its default.\n\
         # Environment variables win over this file, flags win over both.\n\
         # Secrets do not belong here: put them into the environment, as DATABASE_URL or PGPASSWORD.\n",
    );
    let mut table = "";
    for setting in SETTINGS {
        let Some((of, name)) = setting.key.split_once('.') else {
            continue;
        };
        if of != table {
            text.push_str(&format!("\n[{of}]\n"));
            table = of;
        }
        text.push_str(&entry(setting, name));
    }
    text.push_str(include_str!("sample/mapping.toml"));
    text
}

fn entry(setting: &Setting, name: &str) -> String {
    if setting.form == Form::Secret {
        return secret(setting);
    }
    let elsewhere: Vec<&str> = setting
        .flag
        .into_iter()
        .chain(setting.environment.iter().copied())
        .collect();
    let (value, remark) = match setting.fallback {
        Fallback::Default(text) => (text, format!("default {text}")),
        Fallback::Required { example } => (example, "required".to_owned()),
        Fallback::Absent { means, example } => (example, format!("when left out: {means}")),
    };
    let remarks: Vec<String> = [Some(remark), range(setting.form)]
        .into_iter()
        .flatten()
        .collect();
    format!(
        "\n# {help}\n# ({remarks}; also {elsewhere})\n# {name} = {value}\n",
        help = setting.help,
        remarks = remarks.join("; "),
        elsewhere = elsewhere.join(", "),
        value = literal(setting.form, value),
    )
}

/// What must not stand in the file is told of without a line that could be uncommented.
fn secret(setting: &Setting) -> String {
    format!(
        "\n# {help}: never here, only in the environment\n# (when left out: {means}; {names})\n",
        help = setting.help,
        means = setting.default_text(),
        names = setting.environment.join(", "),
    )
}

fn literal(form: Form, value: &str) -> String {
    match form {
        Form::Switch | Form::Count(..) | Form::Share { .. } | Form::Money(..) => value.to_owned(),
        Form::List => format!("[\"{value}\"]"),
        _ => format!("\"{value}\""),
    }
}

fn range(form: Form) -> Option<String> {
    match form {
        Form::Text | Form::Secret | Form::Path | Form::List => None,
        Form::Choice([_]) | Form::Switch => None,
        Form::Choice(words) => Some(format!("one of {}", words.join(", "))),
        Form::Count(least, most) => Some(format!("{least} to {most}")),
        Form::Share { zero: true } => Some("0 to 1".to_owned()),
        Form::Share { zero: false } => Some("above 0, up to 1".to_owned()),
        Form::Money(least, most) => Some(format!("{} to {}", write_money(least), write_money(most))),
        Form::Size(least, most) => Some(format!("{} to {}", write_size(least), write_size(most))),
        Form::Duration(least, most) => Some(format!("{} to {}", write_duration(least), write_duration(most))),
    }
}
