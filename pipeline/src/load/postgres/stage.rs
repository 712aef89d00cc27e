//! Rows staged beside their table and merged into it: only what differs is written.
//!
//! Rows are compared by their images, bit for bit: SQL's own equality takes -0.0 for 0.0, and in `jsonb` 1 for 1.0.
//! A stage lives as long as its transaction.

use super::Lease;
use bytes::Bytes;
use config::mapping::{Collection, Load};
use futures::SinkExt;
use std::pin::pin;
use transforms::{Relation, quote};

/// What merging did to the rows of one table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) inserted: u64,
    pub(super) updated: u64,
    pub(super) deleted: u64,
}

/// A relation's rows on their way in.
#[derive(Debug)]
pub(super) struct Stage {
    /// Its own name.
    pub(super) name: String,
    /// The relation's, with its schema.
    table: String,
    /// The columns that are loaded, quoted.
    columns: Vec<String>,
    /// The columns that tell rows apart, quoted.
    key: Vec<String>,
    is_child: bool,
}

impl Stage {
    /// A stage for the relation of this place among its collection's.
    pub(super) fn new(relation: &Relation<'_>, schema: &str, place: usize) -> Stage {
        let loaded = relation
            .columns()
            .into_iter()
            .filter(|column| column.generated.is_none());
        // With the path, which is not always indexed: another document of the same key is not overwritten but refused.
        let mut key = Vec::new();
        if relation.table().load == Load::Copy {
            key.push("_path".to_owned());
        }
        match relation.child().map(|child| child.of) {
            Some(Collection::Array) => key.push("_ordinal".to_owned()),
            Some(Collection::Map) => key.push("_key".to_owned()),
            None => key.extend(relation.table().key.iter().cloned()),
        }
        Stage {
            name: format!("staged_by_etl_{place}"),
            table: relation.qualified(schema),
            columns: loaded.map(|column| quote(&column.name)).collect(),
            key: key.iter().map(|name| quote(name)).collect(),
            is_child: relation.child().is_some(),
        }
    }

    /// Makes it, empty, with the columns as the table has them.
    fn create_sql(&self) -> String {
        let (name, table, columns) = (&self.name, &self.table, self.columns.join(", "));
        format!("create temp table {name} on commit drop as select {columns} from {table} with no data")
    }

    /// Fills it.
    fn copy_sql(&self) -> String {
        format!(
            "copy pg_temp.{} ({}) from stdin (format binary)",
            self.name,
            self.columns.join(", ")
        )
    }

    /// Makes it and fills it with what is written to the sink.
    pub(super) async fn fill(
        &self,
        lease: &Lease,
        pieces: impl Iterator<Item = Bytes>,
    ) -> Result<u64, tokio_postgres::Error> {
        lease.batch_execute(&self.create_sql()).await?;
        let mut sink = pin!(lease.copy_in(&self.copy_sql()).await?);
        for piece in pieces {
            sink.send(piece).await?;
        }
        sink.finish().await
    }

    /// Makes the table's rows those that are staged; of elements, those whose documents are in `documents`.
    pub(super) async fn merge(
        &self,
        lease: &Lease,
        documents: &Stage,
    ) -> Result<Merged, tokio_postgres::Error> {
        // Without statistics the whole table would be read to find a few rows.
        lease
            .batch_execute(&format!("analyze pg_temp.{}", self.name))
            .await?;
        let mut merged = Merged::default();
        if self.is_child {
            merged.deleted = lease.execute_typed(&self.delete_sql(documents), &[]).await?;
        } else if let Some(update) = self.update_sql() {
            merged.updated = lease.execute_typed(&update, &[]).await?;
        }
        merged.inserted = lease.execute_typed(&self.insert_sql(), &[]).await?;
        Ok(merged)
    }

    /// Nothing where a row is its key, and no more.
    fn update_sql(&self) -> Option<String> {
        let others = self.columns.iter().filter(|column| !self.key.contains(column));
        let set: Vec<String> = others.map(|column| format!("{column} = s.{column}")).collect();
        (!set.is_empty()).then(|| {
            format!(
                "update {} as r set {} from pg_temp.{} as s where {} and {} *<> {}",
                self.table,
                set.join(", "),
                self.name,
                self.same(),
                self.image("r"),
                self.image("s")
            )
        })
    }

    fn insert_sql(&self) -> String {
        let columns = self.columns.join(", ");
        format!(
            "insert into {table} ({columns}) select {columns} from pg_temp.{stage} as s \
             where not exists (select from {table} as r where {same})",
            table = self.table,
            stage = self.name,
            same = self.same()
        )
    }

    /// Elements that are no longer there, or no longer what they were.
    fn delete_sql(&self, documents: &Stage) -> String {
        format!(
            "delete from {} as r using pg_temp.{} as d where r._path = d._path and not exists \
             (select from pg_temp.{} as s where {} and {} *= {})",
            self.table,
            documents.name,
            self.name,
            self.same(),
            self.image("r"),
            self.image("s")
        )
    }

    /// How many rows that are staged have the key of another one.
    pub(super) async fn doubled(&self, lease: &Lease) -> Result<u64, tokio_postgres::Error> {
        let key = self.key.join(", ");
        let sql = format!(
            "select count(*) - count(distinct ({key})) from pg_temp.{}",
            self.name
        );
        let rows = lease.query_typed(&sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
    }

    fn same(&self) -> String {
        let same = self.key.iter().map(|column| format!("r.{column} = s.{column}"));
        same.collect::<Vec<_>>().join(" and ")
    }

    /// A record of all loaded columns.
    fn image(&self, row: &str) -> String {
        let columns = self.columns.iter().map(|column| format!("{row}.{column}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        format!("(select i from (select {columns}) as i)")
    }
}
