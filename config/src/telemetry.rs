//! What a run tells while it goes.
//! The address is one that can be listened on, if the machine lets us.
//! Whether the log filter makes sense to the logger is left to the logger.

use std::net::SocketAddr;

use crate::address::Address;
use crate::answers::{Answer, Answers};
use crate::origin::{Origin, shown};
use crate::secret::Secret;
use crate::url::decode;

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
    /// The collector that traces are sent to.
    pub otlp_endpoint: Option<String>,
    /// What is sent with them: names and values.
    pub otlp_headers: Vec<(String, Secret)>,
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
        let otlp_endpoint = answers.read("telemetry.otlp_endpoint", |text| COLLECTOR.read(text));
        let otlp_headers = answers.read("telemetry.otlp_headers", headers);
        let (metrics_listen, origin) = metrics_listen?;
        Ok(Telemetry {
            metrics_listen,
            metrics_listen_is_default: origin == Origin::Default,
            log_format: log_format?,
            log: log?.0,
            otlp_endpoint: otlp_endpoint?.map(|(address, _)| address),
            otlp_headers: otlp_headers?.map(|(headers, _)| headers).unwrap_or_default(),
        })
    }
}

const COLLECTOR: Address = Address {
    port: 4317,
    example: "http://127.0.0.1:4317",
    key: "OTEL_EXPORTER_OTLP_HEADERS",
};

/// `NAME=VALUE,…`, of which no value is ever shown.
fn headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let wrong = || "is not NAME=VALUE,… as headers are written".to_owned();
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            let sound = !name.is_empty() && name.bytes().all(legal);
            let plain = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            match sound && plain {
                true => Ok((name, Secret::new(decode(value).map_err(|_| wrong())?))),
                false => Err(wrong()),
            }
        })
        .collect()
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
