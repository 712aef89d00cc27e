//! Which place wins, for every setting of the table.

use config::{Fallback, Form, Needs, SETTINGS, Setting, Written};

use crate::problems;

/// Three different values of a setting, as text.
fn three(setting: &Setting) -> [&'static str; 3] {
    match (setting.key, setting.form) {
        ("source.emulator", _) => ["a:1", "b:2", "[::1]:3"],
        ("source.credentials" | "run.checkpoint_dir", _) => ["/a", "/b", "/c"],
        ("target.url", _) => ["postgres://a@h/d", "host=h user=b dbname=d", "postgres://c@h/d"],
        ("source.url" | "source.rest_url", _) => ["https://a:1", "https://b:2", "http://[::1]:3"],
        ("source.page_bytes", _) => ["2MiB", "3MiB", "4MiB"],
        ("embed.url", _) => ["https://a", "https://b/v1", "http://[::1]:1"],
        ("telemetry.otlp_endpoint", _) => ["http://a:1", "https://b:2", "http://[::1]:3"],
        ("telemetry.metrics_listen", _) => ["127.0.0.1:1", "[::1]:2", "off"],
        (_, Form::Text | Form::Secret | Form::Path | Form::List) => ["one", "two", "three"],
        // A word or a yes against its opposite: the middle one differs from both neighbours.
        (_, Form::Choice([only])) => [only, only, only],
        (_, Form::Choice(words)) => [words[0], words[1], words[0]],
        (_, Form::Switch) => ["true", "false", "true"],
        (_, Form::Count(..)) => ["5", "6", "7"],
        (_, Form::Share { .. }) => ["0.25", "0.5", "0.75"],
        (_, Form::Size(..)) => ["78MiB", "79MiB", "80MiB"],
        (_, Form::Duration(..)) => ["5s", "6s", "7s"],
        (_, Form::Money(..)) => ["0.05", "0.06", "0.07"],
    }
}

/// The least that has to be said, except what is being tested.
fn base(setting: &Setting) -> Written {
    let mut written = Written::new();
    for (key, value) in [
        ("source.project", "p"),
        (
            "source.kind",
            if of_qdrant(setting) { "qdrant" } else { "firestore" },
        ),
        ("source.url", "https://q"),
        ("target.url", "postgres://u@h/d"),
        ("run.checkpoint_dir", "/c"),
        ("embed.url", "https://h/v1"),
        ("embed.model", "m"),
    ] {
        if setting.key != key {
            written.flag(key, value.to_owned());
        }
    }
    if setting.key == "source.rest_url" {
        written.flag("source.per_shard", "true".to_owned());
    }
    written
}

/// Whether only a source of the kind `qdrant` listens to it.
fn of_qdrant(setting: &Setting) -> bool {
    let help = [setting.help, setting.default_text()].concat();
    setting.key.starts_with("source.") && (help.contains("Qdrant") || setting.key == "source.ca_file")
}

fn as_toml(setting: &Setting, value: &str) -> String {
    let value = match setting.form {
        Form::Switch | Form::Count(..) | Form::Share { .. } | Form::Money(..) => value.to_owned(),
        Form::List => format!("[\"{value}\"]"),
        _ => format!("\"{value}\""),
    };
    format!("\n\n{} = {value}\n", setting.key)
}

/// What is relied on when the setting is written in the places given; notices name places, so they are left out.
fn outcome(
    setting: &Setting,
    file: Option<&str>,
    variable: Option<(&str, &str)>,
    flag: Option<&str>,
) -> String {
    let mut written = base(setting);
    // Handed in backwards: the order of calls must not matter.
    if let Some(value) = flag {
        written.flag(setting.key, value.to_owned());
    }
    written.environment(|name| {
        variable
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    });
    if let Some(value) = file {
        written.toml("etl.toml".as_ref(), &as_toml(setting, value));
    }
    let mut config = written.relied_on(Needs::RUN).unwrap();
    config.notices.clear();
    format!("{config:?}")
}

#[test]
fn flags_win_over_environment_over_file_over_defaults_for_every_setting() {
    // A secret shows no difference and has one place only.
    for setting in SETTINGS.iter().filter(|setting| setting.form != Form::Secret) {
        let [a, b, c] = three(setting);
        let key = setting.key;
        let silent = matches!(setting.form, Form::Choice([_])) || key == "run.rollback_enabled";
        let differs = |one: &str, other: &str| assert!(silent || one != other, "{key} is not listened to");

        let in_file = outcome(setting, Some(a), None, None);
        differs(&in_file, &outcome(setting, Some(b), None, None));
        for name in setting.environment {
            let in_variable = outcome(setting, None, Some((name, b)), None);
            differs(&in_file, &in_variable);
            assert_eq!(
                in_variable,
                outcome(setting, Some(b), None, None),
                "{key} reads differently in {name}"
            );
            assert_eq!(
                in_variable,
                outcome(setting, Some(a), Some((name, b)), None),
                "{name} loses to a file"
            );
        }
        if setting.flag.is_none() {
            continue;
        }
        let in_flag = outcome(setting, None, None, Some(c));
        assert_eq!(
            in_flag,
            outcome(setting, Some(c), None, None),
            "{key} reads differently as a flag"
        );
        assert_eq!(
            in_flag,
            outcome(setting, Some(b), None, Some(c)),
            "the flag of {key} loses to a file"
        );
        for name in setting.environment {
            let all = outcome(setting, Some(a), Some((name, b)), Some(c));
            assert_eq!(in_flag, all, "the flag of {key} loses to {name}");
        }
    }
}

#[test]
fn names_flags_and_variables_are_each_used_once() {
    let all = |names: Vec<&'static str>| {
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len(), "{names:?}");
    };
    all(SETTINGS.iter().map(|setting| setting.key).collect());
    all(SETTINGS.iter().filter_map(|setting| setting.flag).collect());
    all(SETTINGS
        .iter()
        .flat_map(|setting| setting.environment.iter().copied())
        .collect());
}

#[test]
fn two_spellings_that_agree_are_one_and_two_that_differ_are_a_problem_naming_both() {
    for setting in SETTINGS {
        let &[long, short] = setting.environment else {
            continue;
        };
        let [a, b, c] = three(setting);
        let spelled = |one: &str, other: &str, flag: Option<&str>| {
            let mut written = base(setting);
            flag.into_iter()
                .for_each(|value| written.flag(setting.key, value.to_owned()));
            let (one, other) = (one.to_owned(), other.to_owned());
            written.environment(move |name| match name {
                name if name == long => Some(one.clone()),
                name if name == short => Some(other.clone()),
                _ => None,
            });
            written.relied_on(Needs::RUN)
        };
        spelled(a, a, None).unwrap();
        spelled(a, "", None).unwrap();
        if setting.flag.is_some() {
            spelled(a, b, Some(c)).unwrap();
        }
        let told =
            format!("environment {long}: {short} is also set and says something else; unset one of the two");
        assert_eq!(problems(spelled(a, b, None)), [told]);
    }
}

#[test]
fn bare_numbers_in_the_older_variables_have_the_unit_their_names_promise() {
    let config = crate::read(
        "",
        &[
            crate::NEEDED.as_slice(),
            &[
                ("MIGRATION_TRANSACTION_TIMEOUT", "30000"),
                ("MIGRATION_RETRY_DELAY", " 1500 "),
                ("MIGRATION_HEALTH_CHECK_INTERVAL", "2500"),
                ("MIGRATION_MEMORY_THRESHOLD", "256"),
            ],
        ]
        .concat(),
    )
    .unwrap();
    assert_eq!(config.target.unwrap().transaction_timeout.as_millis(), 30_000);
    assert_eq!(config.run.retry_delay.as_millis(), 1500);
    assert_eq!(config.run.health_interval.as_millis(), 2500);
    assert_eq!(config.run.memory, 256 << 20);
}

#[test]
fn a_flag_for_a_list_may_be_given_several_times() {
    let mut written = crate::written("", &crate::NEEDED);
    written.flag("source.collections", "a, b".to_owned());
    written.flag("source.collections", "c".to_owned());
    written.flag("run.lanes", "2".to_owned());
    written.flag("run.lanes", "3".to_owned());
    let config = written.relied_on(Needs::RUN).unwrap();
    assert_eq!(
        config.firestore().unwrap().collections.clone().unwrap(),
        ["a", "b", "c"]
    );
    assert_eq!(config.run.lanes.get(), 3);
}

#[test]
fn a_verb_is_asked_only_for_what_it_needs() {
    let broken = [("DATABASE_URL", "nonsense"), ("ETL_CHECKPOINT_DIR", "/c")];
    let status = crate::written("[source]\nquota_safety = 7.0\n", &broken)
        .relied_on(Needs::STATUS)
        .unwrap();
    assert!(status.source.is_none() && status.target.is_none() && status.checkpoint_dir.is_some());

    let target = crate::written("", &crate::NEEDED[1..2])
        .relied_on(Needs::TARGET)
        .unwrap();
    assert!(target.source.is_none() && target.target.is_some() && target.checkpoint_dir.is_none());

    let nothing = problems(Written::new().relied_on(Needs::RUN));
    let required = SETTINGS
        .iter()
        .filter(|s| matches!(s.fallback, Fallback::Required { .. }));
    assert_eq!(nothing.len(), required.clone().count());
    for (line, setting) in nothing.iter().zip(required) {
        let (flag, variable) = (setting.flag.unwrap(), setting.environment[0]);
        let told = format!(
            "{key} is needed and not set; give it as {flag}, the environment {variable}, {key} in the settings file",
            key = setting.key
        );
        assert_eq!(*line, told);
    }
}
