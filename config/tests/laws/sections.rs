//! What holds of the single sections once they are relied on.

use config::{LogFormat, Needs, PrimaryKey};

use crate::{NEEDED, problems, read, read_with_needed, written};

#[test]
fn with_the_least_said_the_defaults_hold() {
    let config = read_with_needed("").unwrap();
    let (source, target) = (config.firestore().unwrap().clone(), config.target.unwrap());
    assert_eq!(
        (source.project.as_str(), source.database.as_str()),
        ("p", "(default)")
    );
    assert!(source.collections.is_none() && source.credentials.is_none() && source.emulator.is_none());
    assert!(source.reads_per_second.is_none() && !source.ramp && source.quota_safety == 0.8);
    assert_eq!(source.stream_timeout.as_secs(), 60);
    assert_eq!((source.connections.get(), source.sample.get()), (4, 300));
    assert_eq!((target.schema.as_str(), target.connections.get()), ("public", 4));
    assert_eq!(
        (target.primary_key, target.exact_vectors),
        (PrimaryKey::AfterLoad, false)
    );
    let run = config.run;
    assert_eq!(
        (run.lanes.get(), run.lane_documents.get(), run.batch_rows.get()),
        (4, 100_000, 20_000)
    );
    assert_eq!(
        (run.batch_bytes, run.memory, run.max_retries),
        (8 << 20, 512 << 20, 8)
    );
    assert!(run.validation && run.emergency_threshold == 0.1);
    assert_eq!((run.retry_delay.as_secs(), run.retry_budget.as_secs()), (1, 600));
    assert_eq!(
        (run.drain_deadline.as_secs(), run.health_interval.as_secs()),
        (30, 30)
    );
    assert_eq!(config.telemetry.metrics_listen, "127.0.0.1:9464".parse().ok());
    assert!(config.telemetry.metrics_listen_is_default);
    assert_eq!(
        (config.telemetry.log_format, config.telemetry.log.as_str()),
        (LogFormat::Text, "info")
    );
    assert_eq!(config.notices, Vec::<String>::new());
}

#[test]
fn an_emulator_is_announced_with_its_place_and_needs_no_credentials() {
    let emulated = [
        ("FIRESTORE_EMULATOR_HOST", "localhost:8080"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/k.json"),
    ];
    let config = read("", &[NEEDED.as_slice(), &emulated].concat()).unwrap();
    assert_eq!(
        config.notices,
        [
            "FIRESTORE_EMULATOR_HOST is set: reading from the emulator at localhost:8080, not from Google; no real \
             credentials are sent",
            "source.credentials (environment GOOGLE_APPLICATION_CREDENTIALS) is ignored: an emulator asks for none",
        ]
    );
    let config = read_with_needed("[source]\nemulator = \"[::1]:8080\"\n").unwrap();
    assert!(config.notices[0].starts_with("source.emulator is set (etl.toml line 2): reading from"));
    for wrong in [
        "localhost",
        "http://localhost:8080",
        "localhost:",
        ":8080",
        "localhost:0",
        "a:+1",
        "::1:80",
    ] {
        let found = problems(read_with_needed(&format!("[source]\nemulator = \"{wrong}\"\n")));
        assert!(
            found.len() == 1 && found[0].contains("is not HOST:PORT"),
            "{wrong}: {found:?}"
        );
    }
}

#[test]
fn every_collection_that_cannot_be_one_is_named() {
    let found = problems(read_with_needed(
        "source.collections = [\"a\", \"\", \"b/c/d\", \"a\"]\n",
    ));
    assert_eq!(
        found,
        [
            "etl.toml line 1: source.collections: collection 2 has an empty name; remove it",
            "etl.toml line 1: source.collections: `b/c/d` is a path; write only the collection's id, it is found \
             below every document",
            "etl.toml line 1: source.collections: `a` is named twice; name it once",
        ]
    );
    let none = problems(read_with_needed("source.collections = []\n"));
    assert_eq!(none.len(), 1);
    let commas = read_with_needed("source.collections = [\"a,b\"]\n").unwrap();
    assert_eq!(commas.firestore().unwrap().collections.clone().unwrap(), ["a,b"]);
}

#[test]
fn a_schema_that_is_taken_or_cannot_be_is_refused() {
    let long = "s".repeat(64);
    for wrong in ["", "etl", "pg_catalog", "a\\u0000b", long.as_str()] {
        let found = problems(read_with_needed(&format!("target.schema = \"{wrong}\"\n")));
        assert!(
            found.len() == 1 && found[0].starts_with("etl.toml line 1: target.schema"),
            "{found:?}"
        );
    }
    for right in ["Etl", "naïve schema", &long[1..]] {
        let config = read_with_needed(&format!("target.schema = \"{right}\"\n")).unwrap();
        assert_eq!(config.target.unwrap().schema, right);
    }
}

#[test]
fn a_checkpoint_interval_bounds_the_batch_and_never_enlarges_it() {
    for (interval, rows) in [(1000u64, 1000), (50_000, 20_000), (1_000_000_000_000, 20_000)] {
        let config = read_with_needed(&format!("run.checkpoint_interval = {interval}\n")).unwrap();
        assert_eq!(config.run.batch_rows.get(), rows);
    }
}

#[test]
fn memory_that_cannot_hold_a_batch_is_refused_with_what_would_do() {
    let found = problems(read_with_needed("[run]\nbatch_bytes = \"128MiB\"\n"));
    assert_eq!(
        found,
        [
            "etl.toml line 2: run.memory of 512MiB cannot hold one batch of 128MiB as read, as mapped and on its way; \
          raise run.memory to 798MiB or lower run.batch_bytes"
        ]
    );
    read_with_needed("[run]\nbatch_bytes = \"128MiB\"\nmemory = \"798MiB\"\n").unwrap();
    read_with_needed("[run]\nbatch_bytes = \"128MiB\"\nmemory = \"797MiB\"\n").unwrap_err();
}

#[test]
fn a_first_wait_beyond_the_budget_is_refused() {
    let found = problems(read_with_needed("[run]\nretry_budget = \"500ms\"\n"));
    assert!(
        found[0]
            .starts_with("etl.toml line 2: run.retry_delay of 1s is longer than run.retry_budget of 500ms")
    );
}

#[test]
fn shares_lie_between_nothing_and_all() {
    for right in ["1.0", "0.001", "1"] {
        read_with_needed(&format!("source.quota_safety = {right}\n")).unwrap();
    }
    for wrong in ["0.0", "-0.0", "0", "1.01", "nan", "inf", "-0.5"] {
        assert_eq!(
            problems(read_with_needed(&format!("source.quota_safety = {wrong}\n"))).len(),
            1,
            "{wrong}"
        );
    }
    for edge in ["0.0", "-0.0", "0"] {
        let config = read_with_needed(&format!("run.emergency_threshold = {edge}\n")).unwrap();
        assert!(config.run.emergency_threshold.is_sign_positive(), "{edge}");
    }
}

#[test]
fn turning_rollback_off_is_answered_not_obeyed() {
    let config = read(
        "",
        &[NEEDED.as_slice(), &[("MIGRATION_ROLLBACK_ENABLED", "false")]].concat(),
    )
    .unwrap();
    assert_eq!(
        config.notices,
        [
            "run.rollback_enabled is false (environment MIGRATION_ROLLBACK_ENABLED), which changes nothing: every batch \
          is one transaction, and that cannot be turned off"
        ]
    );
}

#[test]
fn metrics_can_be_switched_off_and_a_chosen_address_is_no_default() {
    let off = read_with_needed("telemetry.metrics_listen = \"off\"\n")
        .unwrap()
        .telemetry;
    assert!(off.metrics_listen.is_none() && !off.metrics_listen_is_default);
    let mut chosen = written("", &NEEDED);
    chosen.flag("telemetry.metrics_listen", "127.0.0.1:9464".to_owned());
    assert!(
        !chosen
            .relied_on(Needs::RUN)
            .unwrap()
            .telemetry
            .metrics_listen_is_default
    );
    assert_eq!(
        problems(read_with_needed("telemetry.metrics_listen = \"9464\"\n")).len(),
        1
    );
}

#[test]
fn a_collector_of_traces_is_an_address_and_what_it_wants_is_a_secret() {
    let collector = |variables: &[(&str, &str)]| {
        let variables = [NEEDED.as_slice(), variables].concat();
        read("", &variables)
    };
    assert_eq!(collector(&[]).unwrap().telemetry.otlp_endpoint, None);
    let told = collector(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "X-Key=k3y%20of-mine, x-tenant=7"),
    ]);
    let told = told.unwrap().telemetry;
    assert_eq!(told.otlp_endpoint.as_deref(), Some("http://collector:4317"));
    let headers: Vec<_> = told
        .otlp_headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("x-key", "k3y of-mine"), ("x-tenant", "7")]);
    assert!(!format!("{told:?}").contains("k3y"), "{told:?}");
    for wrong in [
        "k3y-of-mine",
        "=k3y-of-mine",
        "x key=k3y-of-mine",
        "x-key=k3y-\u{7}",
    ] {
        let [problem] = &problems(collector(&[("OTEL_EXPORTER_OTLP_HEADERS", wrong)]))[..] else {
            panic!("{wrong:?}");
        };
        assert!(
            problem.contains("NAME=VALUE") && !problem.contains("k3y"),
            "{problem}"
        );
    }
    for wrong in [
        "collector:4317",
        "http://k3y@collector",
        "http://collector/v1/traces",
    ] {
        let all = problems(collector(&[("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)]));
        assert!(all.len() == 1 && !all[0].contains("k3y"), "{all:?}");
    }
}

#[test]
fn the_names_of_places_are_those_an_operator_knows() {
    let mut everywhere = written(
        "[run]\nmemory = \"lots\"\n",
        &[&NEEDED[1..], &[("MIGRATION_BATCH_SIZE", "x")]].concat(),
    );
    everywhere.flag("run.validation", "maybe".to_owned());
    assert_eq!(
        problems(everywhere.relied_on(Needs::RUN)),
        [
            "etl.toml line 2: run.memory: `lots` is not a size; write it as 8MiB, 64k, 512MB or a number of bytes",
            "environment MIGRATION_BATCH_SIZE: run.batch_rows: `x` is not a whole number from 1 to 1000000; write one",
            "--no-validation: run.validation: `maybe` is neither yes nor no; write true or false",
            "source.project is needed and not set; give it as --project, the environment GOOGLE_CLOUD_PROJECT, \
             source.project in the settings file",
        ]
    );
}
