//! The one table of settings.
//! File keys, environment names, flags, ranges, defaults, suggestions and the documented sample are all driven
//! from it, so none of them can know a setting the others do not.
//! What a value means to the run is left to `firestore`, `qdrant`, `target`, `embed`, `run` and `telemetry`.

use std::time::Duration;

/// One thing the operator can say.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the file: table, dot, key.
    pub key: &'static str,
    /// Its flag, where it has one.
    pub flag: Option<&'static str>,
    /// Its environment variables, the canonical spelling first.
    pub environment: &'static [&'static str],
    /// How it is written.
    pub form: Form,
    /// What holds when it is not written.
    pub fallback: Fallback,
    /// What it does, in a line.
    pub help: &'static str,
}

/// How a value is written, and which values there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Any text but the empty one.
    Text,
    /// A text that must not be seen: it is read from the environment and nowhere else.
    Secret,
    /// A path, relative to where the program was started.
    Path,
    /// Names: an array in the file, separated by commas elsewhere.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number from the first to the second, both included.
    Count(u64, u64),
    /// A number from 0 to 1; 0 itself only if so marked.
    Share {
        /// Whether 0 is a value.
        zero: bool,
    },
    /// An amount of US dollars from the first to the second number of millionths of one.
    Money(u64, u64),
    /// A size from the first to the second number of bytes; a bare number in the environment is in MiB.
    Size(u64, u64),
    /// A duration from the first to the second; a bare number in the environment is in milliseconds.
    Duration(Duration, Duration),
}

/// What holds when a setting is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This text, read like any written one.
    Default(&'static str),
    /// Nothing; a verb that needs the setting refuses to start.
    Required {
        /// How it could be written.
        example: &'static str,
    },
    /// Nothing, and that has a meaning of its own.
    Absent {
        /// What its absence means.
        means: &'static str,
        /// How it could be written.
        example: &'static str,
    },
}

impl Setting {
    /// The setting of this key.
    pub fn of(key: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// What is told about its default.
    pub fn default_text(&self) -> &'static str {
        match self.fallback {
            Fallback::Default(text) => text,
            Fallback::Required { .. } => "none, required",
            Fallback::Absent { means, .. } => means,
        }
    }

    /// The places it can be written, for somebody who has not written it.
    pub(crate) fn places(&self) -> String {
        let flag = self.flag.map(str::to_owned);
        let environment = self
            .environment
            .first()
            .map(|name| format!("the environment {name}"));
        let file = Some(format!("{} in the settings file", self.key));
        [flag, environment, file]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

const MIB: u64 = 1 << 20;
/// In millionths.
const DOLLAR: u64 = 1_000_000;
const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A row of the table, short enough to read as one.
const fn setting(
    key: &'static str,
    flag: Option<&'static str>,
    environment: &'static [&'static str],
    form: Form,
    fallback: Fallback,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        flag,
        environment,
        form,
        fallback,
        help,
    }
}

use Fallback::{Absent, Default, Required};
use Form::{Choice, Count, Duration as Time, List, Money, Path, Secret, Share, Size, Switch, Text};

/// Every setting there is, in the order the sample shows them.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    setting("source.kind", Some("--source"), &[], Choice(&["firestore", "qdrant"]), Default("firestore"),
        "what is read"),
    setting("source.project", Some("--project"), &["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"], Text,
        Required { example: "my-project" },
        "Google Cloud project that holds the database"),
    setting("source.database", Some("--database"), &["FIRESTORE_DATABASE"], Text, Default("(default)"),
        "Firestore database within the project"),
    setting("source.collections", Some("--collections"), &[], List,
        Absent { means: "all", example: "orders" },
        "collections to move; in Firestore their ids, wherever in the database they occur"),
    setting("source.credentials", Some("--credentials"), &["GOOGLE_APPLICATION_CREDENTIALS"], Path,
        Absent { means: "application default credentials", example: "/etc/etl/service-account.json" },
        "service account key file"),
    setting("source.emulator", Some("--emulator"), &["FIRESTORE_EMULATOR_HOST"], Text,
        Absent { means: "none, Google is read", example: "127.0.0.1:8080" },
        "HOST:PORT of a Firestore emulator to read instead of Google"),
    setting("source.connections", Some("--source-connections"), &[], Count(1, 64), Default("4"),
        "connections held to the source"),
    setting("source.sample", Some("--sample"), &[], Count(1, 1_000_000), Default("300"),
        "documents or points of each collection looked at to choose column types"),
    setting("source.reads_per_second", Some("--reads-per-second"), &[], Count(1, 10_000_000),
        Absent { means: "no quota, unlimited", example: "5000" },
        "read quota the run has to share with the application"),
    setting("source.quota_safety", Some("--quota-safety"),
        &["MIGRATION_FIRESTORE_QUOTA_SAFETY_FACTOR", "MIGRATION_QUOTA_SAFETY"],
        Share { zero: false }, Default("0.8"),
        "part of the read quota that is used"),
    setting("source.read_price", Some("--price-per-100k"), &[], Money(0, 1_000 * DOLLAR),
        Absent { means: "Google's list price at the database's location", example: "0.06" },
        "US dollars that 100,000 reads cost you"),
    setting("source.ramp", Some("--ramp"), &[], Switch, Default("false"),
        "start at 500 reads a second and grow by half every five minutes"),
    setting("source.stream_timeout", Some("--stream-timeout"), &[], Time(MS, HOUR), Default("60s"),
        "silence after which an answer of the source is taken for dead and asked for again"),
    setting("source.url", Some("--qdrant-url"), &["QDRANT_URL"], Text,
        Absent { means: "none, required to read Qdrant", example: "https://xyz.cloud.qdrant.io:6334" },
        "Qdrant server to read, by its gRPC port"),
    setting("source.api_key", None, &["QDRANT_API_KEY"], Secret,
        Absent { means: "no key is sent", example: "" },
        "key that Qdrant asks for; a read-only one is enough"),
    setting("source.ca_file", Some("--qdrant-ca-file"), &["QDRANT_CA_FILE"], Path,
        Absent { means: "the authorities that the system and the web trust", example: "/etc/etl/qdrant-ca.pem" },
        "certificate authority of the Qdrant server, in PEM"),
    setting("source.page_bytes", Some("--page-bytes"), &[], Size(1 << 10, 64 * MIB), Default("1MiB"),
        "bytes of points that a request to Qdrant should bring"),
    setting("source.page_points", Some("--page-points"), &[], Count(1, 100_000), Default("1000"),
        "most points that a request to Qdrant may bring"),
    setting("source.read_consistency", Some("--read-consistency"), &[],
        Choice(&["one", "majority", "quorum", "all"]), Default("one"),
        "replicas that must agree before Qdrant answers"),
    setting("source.consistency", Some("--consistency"), &[], Choice(&["fuzzy", "quiescent", "sweeps"]),
        Default("sweeps"),
        "what a run promises about points that change while it reads Qdrant"),
    setting("source.updated_at", Some("--updated-at"), &[], Text,
        Absent { means: "none, every point is read again by each sweep", example: "updated_at" },
        "payload key by which sweeps over Qdrant find points that changed"),
    setting("source.per_shard", Some("--per-shard"), &[], Switch, Default("false"),
        "read each shard by itself over Qdrant's REST port, where many shards make a scroll slow"),
    setting("source.rest_url", Some("--qdrant-rest-url"), &["QDRANT_REST_URL"], Text,
        Absent { means: "the host of source.url at port 6333", example: "https://xyz.cloud.qdrant.io:6333" },
        "Qdrant server by its REST port, for source.per_shard"),

    setting("target.url", Some("--database-url"), &["DATABASE_URL", "SUPABASE_DB_URL"], Text,
        Required { example: "postgresql://etl@db.example.com:5432/app" },
        "PostgreSQL to write to; the password belongs in the environment, inside DATABASE_URL or as PGPASSWORD"),
    setting("target.schema", Some("--schema"), &[], Text, Default("public"),
        "schema the tables are made in"),
    setting("target.connections", Some("--target-connections"), &["MIGRATION_CONNECTION_POOL_SIZE"],
        Count(1, 64), Default("4"),
        "connections that load at the same time"),
    setting("target.transaction_timeout", Some("--transaction-timeout"), &["MIGRATION_TRANSACTION_TIMEOUT"],
        Time(SECOND, DAY), Default("120s"),
        "longest a batch may take to commit"),
    setting("target.primary_key", Some("--primary-key"), &[], Choice(&["after-load", "none"]),
        Default("after-load"),
        "when the primary key of each table is made"),
    setting("target.live", Some("--live"), &[], Switch, Default("false"),
        "the tables are in use: indexes are built beside the traffic, which takes longer"),
    setting("target.maintenance_memory", Some("--maintenance-memory"), &[], Size(1 << 20, 1 << 50),
        Absent { means: "what the server's own settings suggest", example: "2GiB" },
        "memory of the server that all index builds together may take"),
    setting("target.exact_vectors", Some("--exact-vectors"), &[], Switch, Default("false"),
        "also keep the original doubles of vectors that single precision changed"),

    setting("embed.url", Some("--embed-url"), &["ETL_EMBED_URL"], Text,
        Absent { means: "nothing can be embedded", example: "https://api.openai.com/v1" },
        "base address of the OpenAI-compatible endpoint that embeds texts for columns that ask for it"),
    setting("embed.model", Some("--embed-model"), &["ETL_EMBED_MODEL"], Text,
        Absent { means: "none, needed beside embed.url", example: "text-embedding-3-small" },
        "model that embeds"),
    setting("embed.api_key", None, &["ETL_EMBED_API_KEY", "OPENAI_API_KEY"], Secret,
        Absent { means: "no key is sent", example: "" },
        "key the endpoint asks for"),
    setting("embed.batch", Some("--embed-batch"), &[], Count(1, 10_000), Default("64"),
        "most texts in a request to the endpoint"),
    setting("embed.requests_per_minute", Some("--embed-requests-per-minute"), &[], Count(1, 1_000_000),
        Absent { means: "unlimited", example: "500" },
        "most requests to the endpoint in a minute"),
    setting("embed.concurrency", Some("--embed-concurrency"), &[], Count(1, 256), Default("4"),
        "requests to the endpoint at the same time, over all lanes"),
    setting("embed.timeout", Some("--embed-timeout"), &[], Time(MS, HOUR), Default("60s"),
        "longest a request to the endpoint may take before it is made again"),
    setting("embed.dimensions", Some("--embed-dimensions"), &[], Count(1, 16_000),
        Absent { means: "as many as the model has", example: "384" },
        "components the model is asked for, where it can be asked"),
    setting("embed.max_characters", Some("--embed-max-characters"), &[], Count(1, 100_000_000),
        Absent { means: "sent whole; what the endpoint finds too long goes to quarantine", example: "8000" },
        "characters a text is cut to before it is embedded"),

    setting("run.checkpoint_dir", Some("--checkpoint-dir"), &["ETL_CHECKPOINT_DIR"], Path,
        Required { example: "/var/lib/etl/run1" },
        "directory of the run's local memory, one for each run"),
    setting("run.lanes", Some("--lanes"), &["MIGRATION_CONCURRENT_BATCHES"], Count(1, 1024), Default("4"),
        "lanes in flight at the same time"),
    setting("run.lane_documents", Some("--lane-documents"), &[], Count(1, 1_000_000_000_000),
        Default("100000"),
        "most documents or points of a lane when a collection is cut"),
    setting("run.batch_rows", Some("--batch-rows"), &["MIGRATION_BATCH_SIZE"], Count(1, 1_000_000),
        Default("20000"),
        "most rows in a batch"),
    setting("run.batch_bytes", Some("--batch-bytes"), &[], Size(1 << 10, 256 * MIB), Default("8MiB"),
        "most bytes in a batch; a single larger document or point still goes, alone"),
    setting("run.checkpoint_interval", Some("--checkpoint-interval"), &["MIGRATION_CHECKPOINT_INTERVAL"],
        Count(1, 1_000_000_000_000),
        Absent { means: "none, each batch is a checkpoint", example: "1000" },
        "most documents or points between two checkpoints; lowers run.batch_rows"),
    setting("run.memory", Some("--memory"),
        &["MIGRATION_MEMORY_THRESHOLD_MB", "MIGRATION_MEMORY_THRESHOLD"],
        Size(MIB, 1 << 50), Default("512MiB"),
        "memory the run may hold; a bare number in the environment is in MiB"),
    setting("run.validation", Some("--no-validation"), &["MIGRATION_VALIDATION_ENABLED"], Switch,
        Default("true"),
        "count every collection at both ends when it is done"),
    setting("run.max_retries", Some("--max-retries"), &["MIGRATION_MAX_RETRIES"], Count(0, 1000),
        Default("8"),
        "attempts without progress before a lane gives up"),
    setting("run.retry_delay", Some("--retry-delay"),
        &["MIGRATION_RETRY_DELAY_BASE", "MIGRATION_RETRY_DELAY"],
        Time(MS, HOUR), Default("1s"),
        "first wait before trying again; a bare number in the environment is in milliseconds"),
    setting("run.retry_budget", Some("--retry-budget"), &[], Time(MS, DAY), Default("10m"),
        "time without progress before a lane gives up"),
    setting("run.emergency_threshold", Some("--emergency-threshold"), &["ROLLBACK_EMERGENCY_THRESHOLD"],
        Share { zero: true }, Default("0.1"),
        "part of the documents or points that may end in quarantine before the run stops itself"),
    setting("run.drain_deadline", Some("--drain-deadline"), &[], Time(Duration::ZERO, HOUR), Default("30s"),
        "how long a stopped run may take to load what it has read"),
    setting("run.max_reads", Some("--max-reads"), &[], Count(1, 1_000_000_000_000),
        Absent { means: "any number", example: "5000000" },
        "most reads the run may be billed, over all its starts and planning included; then it stops, to be gone on with"),
    setting("run.max_cost", Some("--max-cost"), &[], Money(1, 1_000_000_000 * DOLLAR),
        Absent { means: "any sum", example: "25.00" },
        "most US dollars the run's reads may cost, over all its starts; then it stops, to be gone on with"),
    setting("run.health_interval", Some("--health-interval"), &["MIGRATION_HEALTH_CHECK_INTERVAL"],
        Time(Duration::from_millis(100), HOUR), Default("30s"),
        "how often the run looks after itself; a bare number in the environment is in milliseconds"),
    setting("run.join", Some("--join"), &["ETL_JOIN"], Switch, Default("false"),
        "share the run with every other process that says so, on any number of machines"),
    setting("run.worker", Some("--worker"), &["ETL_WORKER"], Text,
        Absent { means: "its process and its machine", example: "etl-3" },
        "what this process calls itself among those that share a run; two may have the same name"),
    setting("run.lease", Some("--lease"), &[], Time(SECOND, HOUR), Default("15s"),
        "silence after which others take over the lanes of a process that shares a run"),
    setting("run.rollback_enabled", None, &["MIGRATION_ROLLBACK_ENABLED"], Switch, Default("true"),
        "every batch is one transaction; kept so that older settings are understood"),

    setting("plan.probe", Some("--probe"), &[], Count(0, 1_000_000), Default("5000"),
        "documents or points that `etl plan` reads to measure how fast the source is; 0 measures nothing"),

    setting("telemetry.metrics_listen", Some("--metrics-listen"), &["ETL_METRICS_LISTEN"], Text, Default("127.0.0.1:9464"),
        "ADDR:PORT that Prometheus reads, or off"),
    setting("telemetry.log_format", Some("--log-format"), &[], Choice(&["text", "json"]), Default("text"),
        "how log lines look"),
    setting("telemetry.otlp_endpoint", Some("--otlp-endpoint"), &["OTEL_EXPORTER_OTLP_ENDPOINT"], Text,
        Absent { means: "no traces are sent", example: "http://127.0.0.1:4317" },
        "collector of OpenTelemetry that traces are sent to, by its gRPC port"),
    setting("telemetry.otlp_headers", None, &["OTEL_EXPORTER_OTLP_HEADERS"], Secret,
        Absent { means: "none are sent", example: "" },
        "what the collector wants to be sent with traces, such as its key: NAME=VALUE,…"),
    setting("telemetry.log", Some("--log"), &["ETL_LOG"], Text, Default("info"),
        "which log lines are written: a level, or a filter such as info,pipeline=debug"),
];
