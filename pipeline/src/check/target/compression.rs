//! How the server compresses what is too long for a row's page: of large documents that is most of what a load takes.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use transforms::quote;

pub(super) const COMPRESSION: &str = "target.compression";

pub(super) async fn compression(session: &Session) -> Result<Finding, Fault> {
    // Nothing before PostgreSQL 14, which knew no choice. The values that a server offers are those that it was built with.
    let sql = "select current_setting('default_toast_compression', true), \
               exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)), \
               current_database()::text";
    let action = "ask how long values are compressed";
    let row = session.row(action, sql, &[]).await?;
    let method: Option<String> = row.get(0);
    Ok(judge(method.as_deref().unwrap_or("pglz"), row.get(1), row.get(2)))
}

/// In documents of 64 KiB lz4 loaded eight times as many a second, of 4 KiB 1.6 times (`benches/RESULTS.md`). It may fill
/// more of the disk, and whether that matters is not for a tool to say: no warning.
fn judge(method: &str, lz4: bool, database: String) -> Finding {
    let found = format!("rows beyond 2 kB are compressed by {method}");
    let found = match method {
        "pglz" if lz4 => format!(
            "{found}; lz4 takes a fraction of its CPU, and may fill more of the disk: where documents are large, try \
             ALTER DATABASE {} SET default_toast_compression = 'lz4' before a run",
            quote(&database)
        ),
        "pglz" => format!("{found}; lz4, which is faster, this server was not built with"),
        _ => found,
    };
    Finding::pass(COMPRESSION, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_way_is_told_where_there_is_one() {
        let said = |method, lz4| judge(method, lz4, "my \"app\"".to_owned()).found;
        assert!(
            said("pglz", true)
                .contains("ALTER DATABASE \"my \"\"app\"\"\" SET default_toast_compression = 'lz4'")
        );
        assert!(said("pglz", false).ends_with("this server was not built with"));
        assert!(said("lz4", true).ends_with("compressed by lz4"));
    }
}
