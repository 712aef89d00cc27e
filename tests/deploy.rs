//! What is deployed beside the tool fits it: rules and board ask for metrics that there are, every alert was made to fire
//! and has its page in the runbook, and Prometheus and systemd themselves find nothing wrong with any of it.

mod fields; // of its log: all of them are written down

use rehearsal::parts;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What follows `before` in each line that begins with it.
fn after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let lines = text.lines().map(|line| line.trim_start_matches([' ', '-']));
    lines.filter_map(|line| line.strip_prefix(before)).collect()
}

/// Every PromQL expression of the board, as Grafana would ask it.
fn asked_by_board() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(name, value)| match value {
                Value::String(expression) if name == "expr" => found.push(expression.clone()),
                value => collect(value, found),
            }),
            Value::Array(array) => array.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(
        &serde_json::from_str(&read("deploy/grafana/dashboard.json")).unwrap(),
        &mut found,
    );
    assert!(found.len() > 20, "{found:?}");
    let filled = |expression: String| {
        let filled = expression.replace("$__rate_interval", "5m");
        filled.replace("$job", ".*").replace("$instance", ".*")
    };
    found.into_iter().map(filled).collect()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.split(|character| !word(character))
        .filter(|name| name.starts_with("etl_"))
        .collect()
}

#[test]
fn rules_and_board_ask_for_metrics_that_there_are() {
    let (source, rules) = (
        read("pipeline/src/metrics/named.rs"),
        read("deploy/prometheus/alerts.yaml"),
    );
    let there = metrics(&source);
    let is_there = |name: &str| {
        let parts = ["_bucket", "_sum", "_count"];
        let whole = parts.iter().find_map(|part| name.strip_suffix(part));
        there.contains(name) || whole.is_some_and(|whole| there.contains(whole))
    };
    let board = asked_by_board().join("\n") + &read("deploy/grafana/dashboard.json");
    for (who, text) in [("alerts.yaml", &rules), ("dashboard.json", &board)] {
        let asked = metrics(text);
        assert!(asked.len() > 10, "{who}: {asked:?}");
        let missing: Vec<_> = asked.into_iter().filter(|name| !is_there(name)).collect();
        assert_eq!(missing, [""; 0], "{who}");
    }
    // And of what there is nothing is shown nowhere.
    let shown = metrics(&board);
    let is_shown = |name: &&str| shown.iter().any(|shown| shown.starts_with(*name));
    let hidden: Vec<_> = there
        .iter()
        .filter(|name| !is_shown(name) && **name != "etl_batches_loaded_total")
        .collect();
    assert_eq!(hidden, [&""; 0]);
}

#[test]
fn every_alert_was_made_to_fire_and_has_its_page() {
    let rules = read("deploy/prometheus/alerts.yaml");
    let (tests, runbook) = (
        read("deploy/prometheus/alerts.test.yaml"),
        read("deploy/prometheus/RUNBOOK.md"),
    );
    let alerts = after(&rules, "alert: ");
    assert!(alerts.len() > 10);
    assert_eq!(after(&runbook, "## "), alerts, "the runbook's pages");
    let tried: Vec<&str> = tests.split("- alertname: ").skip(1).collect();
    for alert in &alerts {
        let own: Vec<&&str> = tried
            .iter()
            .filter(|test| test.lines().next() == Some(alert))
            .collect();
        let fires = |test: &&&str| test.contains("exp_labels");
        assert!(own.iter().any(fires), "{alert} was never made to fire");
        assert!(!own.iter().all(fires), "{alert} was never seen not to fire");
        let page = format!("deploy/prometheus/RUNBOOK.md#{}", alert.to_lowercase());
        assert!(after(&rules, "runbook: ").contains(&&*page), "{page}");
    }
    // Links lead somewhere.
    let trouble = read("TROUBLE.md");
    let anchors: Vec<String> = after(&trouble, "## ")
        .iter()
        .map(|title| title.to_lowercase().replace('\'', "").replace(' ', "-"))
        .collect();
    for link in runbook.split("TROUBLE.md#").skip(1) {
        let anchor = link.split(')').next().unwrap_or_default();
        assert!(
            anchors.iter().any(|known| known == anchor),
            "{anchor}: {anchors:?}"
        );
    }
}

#[test]
fn prometheus_finds_nothing_wrong() {
    let promtool = parts::prometheus().unwrap().with_file_name("promtool");
    if !promtool.exists() {
        eprintln!("NOT CHECKED: {} is not there", promtool.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let board = folder.path().join("board.yaml");
    let records = asked_by_board()
        .into_iter()
        .enumerate()
        .map(|(number, expression)| {
            let expression = serde_json::to_string(&expression).unwrap();
            format!("      - {{ record: 'board:{number}', expr: {expression} }}\n")
        });
    let rules = format!(
        "groups:\n  - name: board\n    rules:\n{}",
        records.collect::<String>()
    );
    std::fs::write(&board, rules).unwrap();
    for (words, path) in [
        (["check", "rules"], file("deploy/prometheus/alerts.yaml")),
        (["test", "rules"], file("deploy/prometheus/alerts.test.yaml")),
        (["check", "rules"], board),
    ] {
        let output = Command::new(&promtool).args(words).arg(&path).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{words:?} {}: {}",
            path.display(),
            String::from_utf8_lossy(&said)
        );
    }
}

/// How much a unit could do to its machine, as systemd counts it: 10 is a process that may do everything.
const EXPOSED: &str = "20";

const UNITS: [&str; 2] = ["etl@.service", "etl-worker@.service"];

#[test]
fn systemd_finds_nothing_wrong_and_little_exposed() {
    for name in UNITS {
        let unit = read(&format!("deploy/systemd/{name}"));
        assert!(unit.contains("ExecStart=/usr/local/bin/etl run "));
        // systemd looks whether what it would start is there.
        let here = unit.replace("/usr/local/bin/etl", env!("CARGO_BIN_EXE_etl"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, here).unwrap();
        let threshold = format!("--threshold={EXPOSED}");
        for words in [&["verify"][..], &["security", "--offline=yes", &threshold]] {
            let command = Command::new("systemd-analyze").args(words).arg(&path).output();
            let Ok(output) = command else {
                eprintln!("NOT CHECKED: there is no systemd-analyze");
                return;
            };
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(output.status.success(), "{name}, {words:?}: {said}");
            assert!(words != ["verify"] || said.is_empty(), "{name}: {said}");
        }
    }
}

/// What a unit or a container gives to `etl run` is what it takes: flags of the command, and variables.
#[test]
fn what_is_started_is_started_with_flags_and_variables_that_there_are() {
    let output = etl(&["run", "--help"]);
    let sample = read("config/example.toml");
    let files = [
        "systemd/etl@.service",
        "systemd/etl-worker@.service",
        "compose.yaml",
        "kubernetes/job.yaml",
    ];
    let mut found = 0;
    for file in files {
        let text = read(&format!("deploy/{file}"));
        let started = text.lines().filter(|line| {
            let line = line.trim_start();
            line.starts_with("ExecStart=")
                || line.starts_with("command: [run")
                || line.starts_with("args: [run")
        });
        let flags = started.flat_map(|line| line.split([' ', ',', '[', ']', '"']));
        for flag in flags.filter(|word| word.starts_with("--")) {
            found += 1;
            assert!(
                output.contains(&format!("{flag} ")) || output.contains(&format!("{flag}\n")),
                "{file}: {flag}"
            );
        }
        let word = |character: char| character.is_ascii_uppercase() || character == '_';
        let names = text
            .split(|character| !word(character))
            .filter(|name| name.starts_with("ETL_"));
        // What the build is told, and the image's name, are no settings.
        for name in names.filter(|name| !["ETL_COMMIT", "ETL_IMAGE"].contains(name)) {
            found += 1;
            assert!(sample.contains(name), "{file}: {name}");
        }
    }
    assert!(found > 12, "{found}");
}

fn etl(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_etl"))
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Exit codes that another start may mend, and those that it cannot, as the tool's help tells them.
fn exit_codes() -> [Vec<String>; 2] {
    let help = etl(&["run", "--help"]);
    let codes = help.split("Exit codes:").nth(1).unwrap();
    let helps = [
        "start again",
        "start the same command again",
        "unexpected failure",
    ];
    let failing = codes.lines().filter_map(|line| {
        let code = line.split_whitespace().next()?;
        code.parse::<u8>()
            .is_ok_and(|code| code > 0)
            .then_some((line, code))
    });
    let (mended, hopeless): (Vec<_>, Vec<_>) =
        failing.partition(|(line, _)| helps.iter().any(|words| line.contains(words)));
    [mended, hopeless].map(|codes| codes.into_iter().map(|(_, code)| code.to_owned()).collect())
}

/// What another start cannot mend is not started again.
#[test]
fn a_unit_is_started_again_where_that_can_help() {
    let [_, hopeless] = exit_codes();
    for name in UNITS {
        let unit = read(&format!("deploy/systemd/{name}"));
        assert_eq!(
            after(&unit, "RestartPreventExitStatus="),
            [hopeless.join(" ")],
            "{name}"
        );
    }
}

#[test]
fn a_worker_is_started_again_by_its_job_where_that_can_help() {
    let [mended, hopeless] = exit_codes();
    let job = read("deploy/kubernetes/job.yaml");
    // Each rule's action, and the codes that it is for.
    let mut ruled: Vec<(String, String)> = Vec::new();
    for rule in job.split("- action: ").skip(1) {
        let action = rule.lines().next().unwrap();
        let codes = rule
            .split("values: [")
            .nth(1)
            .and_then(|rest| rest.split(']').next());
        let codes = codes
            .unwrap_or_default()
            .split(", ")
            .filter(|code| !code.is_empty());
        ruled.extend(codes.map(|code| (code.to_owned(), action.to_owned())));
    }
    let of = |code: &String| {
        ruled
            .iter()
            .find(|(ruled, _)| ruled == code)
            .map(|(_, action)| &**action)
    };
    for code in &hopeless {
        assert!(
            matches!(of(code), Some("FailJob" | "FailIndex")),
            "{code}: {:?}",
            of(code)
        );
    }
    for code in &mended {
        assert!(
            matches!(of(code), None | Some("Ignore")),
            "{code}: {:?}",
            of(code)
        );
    }
    assert_eq!(ruled.len(), hopeless.len() + 1, "{ruled:?}");
}
