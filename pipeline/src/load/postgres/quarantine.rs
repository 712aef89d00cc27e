//! Looking into the quarantine.

use super::Ledger;
use crate::fault::Fault;
use bytes::Bytes;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

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

/// Most documents, and most bytes of them but for the first, that are held at a time.
const HELD: (i64, i64) = (100, 16 << 20);

impl Ledger {
    /// The lanes of `run` of which something that `filter` asks for is in quarantine, and how much.
    pub async fn quarantined_lanes(&self, run: Uuid, filter: &Filter) -> Result<Vec<(u32, u64)>, Fault> {
        let sql = "select lane, count(*) from etl.quarantine where run = $1::text::uuid and ($2::text is null or collection = $2) \
                   and ($3::text is null or reason = $3) group by lane order by lane";
        let run = run.to_string();
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] = [
            (&run, Type::TEXT),
            (&filter.collection, Type::TEXT),
            (&filter.reason, Type::TEXT),
        ];
        let rows = self.rows("look into the quarantine", sql, &values).await?;
        Ok(rows
            .iter()
            .map(|row| (row.get::<_, i32>(0) as u32, row.get::<_, i64>(1) as u64))
            .collect())
    }

    /// The next documents of a lane after the path `after`, as they came: their paths and bytes.
    pub async fn quarantined_bodies(
        &self,
        run: Uuid,
        lane: u32,
        filter: &Filter,
        after: Option<&[u8]>,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, Fault> {
        let sql = "select path, body from (select path, body, sum(octet_length(body)) over (order by path) as bytes, \
                   row_number() over (order by path) as place from (select path, body from etl.quarantine \
                   where run = $1::text::uuid and lane = $2 and ($3::text is null or reason = $3) \
                   and ($4::bytea is null or path > $4) order by path limit $5) as next) as sized \
                   where place = 1 or bytes <= $6 order by path";
        let (run, lane) = (run.to_string(), lane as i32);
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
            (&run, Type::TEXT),
            (&lane, Type::INT4),
            (&filter.reason, Type::TEXT),
            (&after, Type::BYTEA),
            (&HELD.0, Type::INT8),
            (&HELD.1, Type::INT8),
        ];
        let rows = self.rows("read what is in quarantine", sql, &values).await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), Bytes::from(row.get::<_, Vec<u8>>(1))))
            .collect())
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
