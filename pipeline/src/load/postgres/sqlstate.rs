//! What a PostgreSQL error means for a run.
//!
//! A connection that broke has lost its SQLSTATE, so no code at all counts as transient; what is certain to be
//! about one row is told apart, so that the row can be put aside and the rest goes on.

use crate::fault::{Class, Extent, Fault, Part};
use tokio_postgres::error::{DbError, SqlState};

/// The fault behind `error`, met while doing `action`.
pub(crate) fn fault(action: &str, error: &tokio_postgres::Error) -> Fault {
    match error.as_db_error() {
        Some(server) => from_server(action, server),
        None if is_local(error) => Fault::permanent(Part::Target, action, words(error)),
        None => Fault::transient(Part::Target, action, words(error)).with_cause("connection_lost"),
    }
}

/// The fault behind an error met while connecting.
pub(super) fn connect_fault(action: &str, error: &tokio_postgres::Error) -> Fault {
    let message = words(error);
    if message.contains("certificate") {
        return Fault::permanent(Part::Target, action, message).with_cause("tls").with_remedy(
            "the server's certificate is verified; name its authority with sslrootcert=FILE in DATABASE_URL, or accept any certificate with sslmode=no-verify",
        );
    }
    if message.contains("password missing") {
        return Fault::permanent(
            Part::Target,
            action,
            "the server asks for a password and none is set",
        )
        .with_cause("28P01")
        .with_remedy("put the password into DATABASE_URL, or into PGPASSWORD");
    }
    if message.contains("server does not support TLS") {
        return Fault::permanent(Part::Target, action, message)
            .with_cause("tls")
            .with_remedy(
                "turn TLS on at the server, or allow clear text with sslmode=disable in DATABASE_URL",
            );
    }
    let fault = fault(action, error);
    match fault.remedy {
        Some(_) => fault,
        None => {
            fault.with_remedy("check that PostgreSQL is running there and that DATABASE_URL names it rightly")
        }
    }
}

/// A row the server refused, as far as it can be told.
#[derive(Debug)]
pub(super) struct RefusedRow {
    /// Its place among the rows sent, from 0, when the server named it.
    pub(super) row: Option<usize>,
    /// The column, when the server named it.
    pub(super) column: Option<String>,
    /// The SQLSTATE and the server's words.
    pub(super) detail: String,
}

/// Whether `error` is about the data of a row rather than about the load.
pub(super) fn refused_row(error: &tokio_postgres::Error) -> Option<RefusedRow> {
    let server = error.as_db_error()?;
    let code = server.code().code();
    let about_data = (code.starts_with("22") && code != "22P04")
        || code.starts_with("23")
        || matches!(code, "54000" | "54001" | "21000");
    if !about_data {
        return None;
    }
    let (row, column) = server.where_().map(place).unwrap_or_default();
    let column = column.or_else(|| server.column().map(str::to_owned));
    Some(RefusedRow {
        row,
        column,
        detail: format!("{code}: {}", server.message()),
    })
}

/// The row and column in "COPY users, line 567, column age".
fn place(context: &str) -> (Option<usize>, Option<String>) {
    let Some(copy) = context.lines().find(|line| line.starts_with("COPY ")) else {
        return (None, None);
    };
    let behind = |key: &str| {
        copy.rsplit_once(key)
            .map(|(_, rest)| rest.split([',', ':']).next().unwrap_or(rest).trim())
    };
    let line = behind(", line ").and_then(|number| number.parse::<usize>().ok());
    let column = behind(", column ").map(str::to_owned);
    (line.and_then(|line| line.checked_sub(1)), column)
}

fn from_server(action: &str, server: &DbError) -> Fault {
    let code = server.code();
    let mut message = format!("{} (SQLSTATE {})", server.message(), code.code());
    if let Some(detail) = server.detail() {
        message = format!("{message}; {detail}");
    }
    let class = class(code);
    let fault = Fault {
        class,
        ..Fault::permanent(Part::Target, action, message)
    }
    .with_cause(code.code())
    .with_extent(extent(code));
    match remedy(code) {
        Some(remedy) => fault.with_remedy(remedy),
        None => fault,
    }
}

fn class(code: &SqlState) -> Class {
    let transient = matches!(
        code.code(),
        "40001"
            | "40P01"
            | "55P03"
            | "57P01"
            | "57P02"
            | "57P03"
            | "57014"
            | "25P03"
            | "25P04"
            | "26000"
            | "42P05"
    ) || code.code().starts_with("08")
        || *code == SqlState::TOO_MANY_CONNECTIONS
        || *code == SqlState::OUT_OF_MEMORY;
    if transient {
        Class::Transient { retry_after: None }
    } else {
        Class::Permanent
    }
}

/// What is wrong with a table, or with the rows that it was given, is no other table's trouble.
fn extent(code: &SqlState) -> Extent {
    let of_tables = ["22", "23", "42", "44", "54", "P0"];
    match of_tables.iter().any(|class| code.code().starts_with(class)) {
        true => Extent::Collection,
        false => Extent::Run,
    }
}

fn remedy(code: &SqlState) -> Option<&'static str> {
    Some(match code.code() {
        "28P01" | "28000" => "check user and password in DATABASE_URL (or PGPASSWORD)",
        "3D000" => "check the database name in DATABASE_URL, or create the database",
        "42501" => {
            "give the role the right that is missing: CREATE on the database for schema etl, CREATE on the target schema for tables"
        }
        "53100" => {
            "make room on the server's disk, then start the same command again: it goes on where it was"
        }
        "42P01" | "42703" => {
            "a table or a column of the run is gone: put it back with the rows that it had, or start over: another --schema and an empty --checkpoint-dir"
        }
        "42P07" => {
            "another run has just created these tables; start the same command again to find out which"
        }
        "53300" => "the server has no free connection; lower --target-connections or raise max_connections",
        "25006" => "the server is read-only (a replica?); name the primary in DATABASE_URL",
        "0A000" => "row-level security may forbid COPY; use the table owner or a role with BYPASSRLS",
        "57014" => {
            "the statement took longer than allowed; raise --transaction-timeout or lower --batch-rows"
        }
        _ => return None,
    })
}

/// An error this side made, which no new connection will mend.
fn is_local(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("error serializing")
        || text.starts_with("error deserializing")
        || text.starts_with("invalid configuration")
}

/// The error with its causes, which tokio-postgres keeps to itself.
fn words(error: &tokio_postgres::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_read_out_of_the_servers_words() {
        assert_eq!(
            place("COPY users, line 567, column age"),
            (Some(566), Some("age".to_owned()))
        );
        assert_eq!(place("COPY users, line 1"), (Some(0), None));
        assert_eq!(
            place("COPY users, line 3, column a: \"x\""),
            (Some(2), Some("a".to_owned()))
        );
        assert_eq!(place("SQL statement \"SELECT 1\""), (None, None));
    }
}
