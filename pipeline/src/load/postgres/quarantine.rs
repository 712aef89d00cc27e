//! Looking into the quarantine.

use super::Ledger;
use crate::fault::Fault;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Which documents to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this collection.
    pub collection: Option<String>,
    /// Only for this reason.
    pub reason: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// A document in quarantine.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// The run that put it there.
    pub run: String,
    /// Its collection.
    pub collection: String,
    /// Its path below the root, U+0000 included.
    pub path: Vec<u8>,
    /// Why, as a label.
    pub reason: String,
    /// The field or column that holds the obstacle.
    pub column: Option<String>,
    /// Why, in words.
    pub detail: String,
    /// What PostgreSQL called it, if it was PostgreSQL that refused.
    pub sqlstate: Option<String>,
    /// The document in readable form; only when one document is asked for.
    pub document: Option<String>,
    /// When.
    pub at: String,
}

const COLUMNS: &str = "run::text, collection, path, reason, column_name, detail, sqlstate, \
                       to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"')";

impl Ledger {
    /// What lies in quarantine, in the order of paths.
    pub async fn quarantine(&self, filter: &Filter) -> Result<Vec<Quarantined>, Fault> {
        let sql = format!(
            "select {COLUMNS}, null::text from etl.quarantine where ($1::text is null or collection = $1) \
             and ($2::text is null or reason = $2) order by collection, path limit $3"
        );
        let limit = i64::from(filter.limit);
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] = [
            (&filter.collection, Type::TEXT),
            (&filter.reason, Type::TEXT),
            (&limit, Type::INT8),
        ];
        Ok(self
            .rows("list the quarantine", &sql, &values)
            .await?
            .iter()
            .map(quarantined)
            .collect())
    }

    /// One document, once for each run that met it.
    pub async fn quarantined_document(&self, path: &[u8]) -> Result<Vec<Quarantined>, Fault> {
        let sql = format!("select {COLUMNS}, document::text from etl.quarantine where path = $1 order by at");
        let rows = self
            .rows("look into the quarantine", &sql, &[(&path, Type::BYTEA)])
            .await?;
        Ok(rows.iter().map(quarantined).collect())
    }
}

fn quarantined(row: &Row) -> Quarantined {
    Quarantined {
        run: row.get(0),
        collection: row.get(1),
        path: row.get(2),
        reason: row.get(3),
        column: row.get(4),
        detail: row.get(5),
        sqlstate: row.get(6),
        at: row.get(7),
        document: row.get(8),
    }
}
