//! What a run tells while it goes.
//! The address is one that can be listened on, if the machine lets us.
//! Whether the log filter makes sense to the logger is left to the logger.

use std::net::SocketAddr;

use crate::answers::{Answer, Answers};
use crate::origin::{Origin, shown};

/// Metrics and logs.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Where Prometheus finds the metrics; nowhere when switched off.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether nobody chose that address, so that another process holding it is no reason to refuse to start.
    pub metrics_listen_is_default: bool,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Telemetry {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Telemetry> {
        let metrics_listen = answers.must("telemetry.metrics_listen", address_or_off);
        let log_format = answers.choice(
            "telemetry.log_format",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        );
        let log = answers.required("telemetry.log");
        let (metrics_listen, origin) = metrics_listen?;
        Ok(Telemetry {
            metrics_listen,
            metrics_listen_is_default: origin == Origin::Default,
            log_format: log_format?,
            log: log?.0,
        })
    }
}

fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    match text.trim() {
        "off" => Ok(None),
        address => address.parse().map(Some).map_err(|_| {
            format!(
                "`{}` is not an address; write ADDR:PORT such as 127.0.0.1:9464, or off",
                shown(address)
            )
        }),
    }
}
