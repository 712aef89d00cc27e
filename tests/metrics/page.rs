//! What stands on the page that Prometheus reads: every metric that is promised, with its help and its type.

use super::{QUOTA, SAFETY};
use rehearsal::parts;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// Every metric the operator is promised, with its type, but for the retries: those have a test of their own.
const PROMISED: [(&str, &str); 41] = [
    ("etl_documents_read_total", "counter"),
    ("etl_bytes_read_total", "counter"),
    ("etl_rows_loaded_total", "counter"),
    ("etl_documents_quarantined_total", "counter"),
    ("etl_reads_billed_total", "counter"),
    ("etl_batches_loaded_total", "counter"),
    ("etl_documents_overflowed_total", "counter"),
    ("etl_documents_vector_rounded_total", "counter"),
    ("etl_vectors_zero_total", "counter"),
    ("etl_batch_seconds", "histogram"),
    ("etl_commit_seconds", "histogram"),
    ("etl_source_first_answer_seconds", "histogram"),
    ("etl_channel_batches", "gauge"),
    ("etl_in_flight_bytes", "gauge"),
    ("etl_in_flight_limit_bytes", "gauge"),
    ("etl_reads_per_second_limit", "gauge"),
    ("etl_reads_per_second_allowed", "gauge"),
    ("etl_lanes", "gauge"),
    ("etl_lanes_done", "gauge"),
    ("etl_lanes_failed", "gauge"),
    ("etl_eta_seconds", "gauge"),
    ("etl_build_info", "gauge"),
    ("etl_bytes_loaded_total", "counter"),
    ("etl_checkpoint_seconds", "histogram"),
    ("etl_stage_seconds", "histogram"),
    ("etl_wait_seconds", "histogram"),
    ("etl_checkpoint_bytes", "gauge"),
    ("etl_lanes_active", "gauge"),
    ("etl_lane_quiet_seconds", "gauge"),
    ("etl_documents_planned", "gauge"),
    ("etl_documents_done", "gauge"),
    ("etl_documents_in_quarantine", "gauge"),
    ("etl_cost_dollars", "gauge"),
    ("etl_cost_forecast_dollars", "gauge"),
    ("process_cpu_seconds_total", "counter"),
    ("process_resident_memory_bytes", "gauge"),
    ("process_virtual_memory_bytes", "gauge"),
    ("process_open_fds", "gauge"),
    ("process_max_fds", "gauge"),
    ("process_start_time_seconds", "gauge"),
    ("process_threads", "gauge"),
];

/// What every stage does with its time, and what a run under a quota waits for.
const TIMES: [&str; 11] = [
    r#"etl_stage_seconds_count{stage="extract",state="busy"}"#,
    r#"etl_stage_seconds_count{stage="extract",state="blocked"}"#,
    r#"etl_stage_seconds_count{stage="transform",state="starved"}"#,
    r#"etl_stage_seconds_count{stage="transform",state="busy"}"#,
    r#"etl_stage_seconds_count{stage="transform",state="blocked"}"#,
    r#"etl_stage_seconds_count{stage="load",state="starved"}"#,
    r#"etl_stage_seconds_count{stage="load",state="busy"}"#,
    r#"etl_wait_seconds_count{reason="quota"}"#,
    r#"etl_wait_seconds_count{reason="memory"}"#,
    r#"etl_wait_seconds_count{reason="connection"}"#,
    r#"etl_lanes{run=""#,
];

/// Whether Debian's own checker of metrics agrees; nothing where there is none beside `prometheus`.
async fn promtool(page: &str) -> Option<(bool, String)> {
    let promtool = parts::prometheus().unwrap().with_file_name("promtool");
    if !promtool.exists() {
        eprintln!("NOT CHECKED: {} is not there", promtool.display());
        return None;
    }
    let mut child = tokio::process::Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

/// Asserts that the page has every metric with HELP and TYPE, and that `promtool` finds nothing wrong with it.
pub(super) async fn assert_whole(page: &str) {
    for (name, kind) in PROMISED {
        assert!(
            page.contains(&format!("# TYPE {name} {kind}\n")),
            "no TYPE of {name} in:\n{page}"
        );
        assert!(
            page.contains(&format!("# HELP {name} ")),
            "no HELP of {name} in:\n{page}"
        );
    }
    let limit = page
        .lines()
        .find(|line| line.starts_with("etl_reads_per_second_limit{run="));
    assert!(
        limit.is_some_and(|line| line.ends_with(&format!(" {}", QUOTA * SAFETY))),
        "{page}"
    );
    for series in TIMES {
        assert!(page.contains(series), "no {series} in:\n{page}");
    }
    if let Some((right, said)) = promtool(page).await {
        assert!(right, "promtool: {said}");
    }
}
