//! The PostgreSQL database that rows go to.
//! A password came in through the environment or not at all: one on the command line or in a file is refused,
//! unseen.
//! Whether the server answers and the role may write is left to the target.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::answers::{Answer, Answers};
use crate::connection::Connection;
use crate::origin::{Origin, shown};

/// Where rows go to.
#[derive(Clone, Debug)]
pub struct Target {
    /// How it is reached.
    pub connection: Connection,
    /// The schema the tables are made in.
    pub schema: String,
    /// Connections that load at the same time.
    pub connections: NonZeroUsize,
    /// The longest a batch may take to commit.
    pub transaction_timeout: Duration,
    /// When primary keys are made.
    pub primary_key: PrimaryKey,
    /// Whether the tables are in use while the run completes them.
    pub live: bool,
    /// What all index builds together may take of the server's memory, in bytes; nothing means a guess.
    pub maintenance_memory: Option<u64>,
    /// Whether the original doubles of vectors are kept where single precision changed them.
    pub exact_vectors: bool,
}

/// When the primary key of each table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryKey {
    /// When the table is loaded, which is faster than keeping it up to date meanwhile.
    AfterLoad,
    /// Never; left to the operator.
    None,
}

/// PostgreSQL cuts longer names off without an error.
const LONGEST_NAME: usize = 63;

impl Target {
    pub(crate) fn relied_on(answers: &mut Answers) -> Answer<Target> {
        let connection = connection(answers);
        let schema = answers.must("target.schema", schema_name).map(|(name, _)| name);
        let connections = answers.at_least_one("target.connections");
        let transaction_timeout = answers.duration("target.transaction_timeout");
        let after_load = ("after-load", PrimaryKey::AfterLoad);
        let primary_key = answers.choice("target.primary_key", &[after_load, ("none", PrimaryKey::None)]);
        let live = answers.switch("target.live");
        let maintenance_memory = answers.size_if_any("target.maintenance_memory");
        let exact_vectors = answers.switch("target.exact_vectors");
        Ok(Target {
            connection: connection?,
            schema: schema?,
            connections: connections?,
            transaction_timeout: transaction_timeout?,
            primary_key: primary_key?,
            live: live?,
            maintenance_memory: maintenance_memory?,
            exact_vectors: exact_vectors?,
        })
    }
}

fn connection(answers: &mut Answers) -> Answer<Connection> {
    let (text, origin) = answers.required("target.url")?;
    let (mut connection, notices) = match Connection::read(&text) {
        Ok(read) => read,
        Err(faults) => {
            let told = faults
                .iter()
                .map(|fault| answers.refuse(origin.clone(), format!("target.url: {fault}")));
            // A list of faults is never empty; if it were, refusing without a reason is the safe side.
            return Err(told
                .last()
                .unwrap_or_else(|| answers.refuse(origin, "target.url cannot be read")));
        }
    };
    if connection.password.is_some() {
        let seen = match &origin {
            Origin::Flag(_) => Some("process lists and shell histories show it"),
            Origin::File { .. } => Some("files get copied and committed"),
            Origin::Environment(_) | Origin::Default => None,
        };
        if let Some(seen) = seen {
            let what = format!(
                "target.url holds a password, and {seen}; take it out, and give the whole URL as the \
                 environment DATABASE_URL or the password alone as PGPASSWORD"
            );
            return Err(answers.refuse(origin, what));
        }
    }
    notices
        .into_iter()
        .for_each(|notice| answers.notice(format!("target.url ({origin}): {notice}")));
    connection.password = connection.password.or_else(|| answers.password());
    Ok(connection)
}

fn schema_name(name: &str) -> Result<String, String> {
    let shown = shown(name);
    if name.contains('\0') {
        return Err(format!("`{shown}` holds a NUL character; choose another name"));
    }
    if name.len() > LONGEST_NAME {
        return Err(format!(
            "`{shown}` is longer than {LONGEST_NAME} bytes; choose a shorter name"
        ));
    }
    if name == "etl" || name.starts_with("pg_") {
        let owner = if name == "etl" {
            "this program's own bookkeeping"
        } else {
            "PostgreSQL itself"
        };
        return Err(format!("`{shown}` is reserved for {owner}; choose another name"));
    }
    Ok(name.to_owned())
}
