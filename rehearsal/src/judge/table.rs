//! The tables of a run as Postgres itself describes them, and their rows.
//! It promises to take a table's collection and a column's field only from their comments, and to read
//! cells without loss: doubles in binary, moments as whole microseconds, vectors as single precision.
//! What cells mean is left to `rule`.

use anyhow::{Context, Result, ensure};
use futures::stream::{Stream, StreamExt};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::row::{Column, Row};
use super::rule::{Cell, Kind};
use super::value::Exact;

/// A table that holds the documents of one collection.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) collection: String,
    pub(super) columns: Vec<Column>,
    schema: String,
}

/// The tables of a schema that have all four columns every document has.
const TABLES: &str = "
    select c.oid, c.relname::text, obj_description(c.oid, 'pg_class')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
      and 4 = (select count(*) from pg_attribute a where a.attrelid = c.oid
               and a.attname in ('_path', '_created_at', '_updated_at', '_extra'))
    order by c.relname";

const COLUMNS: &str = "
    select a.attname::text, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
    from pg_attribute a
    where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
      and a.attname not in ('_path', '_created_at', '_updated_at', '_extra')
    order by a.attnum";

/// Every table of documents in the schema.
pub(super) async fn tables(pg: &Client, schema: &str) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for found in pg.query(TABLES, &[&schema]).await.context("list the tables")? {
        let (oid, name, comment): (u32, String, Option<String>) = (found.get(0), found.get(1), found.get(2));
        let collection = comment
            .as_deref()
            .and_then(|comment| comment.strip_prefix("Firestore collection: "));
        let collection = collection
            .with_context(|| format!("table {name:?} does not say its collection"))?
            .to_owned();
        let mut columns = Vec::new();
        for found in pg.query(COLUMNS, &[&oid]).await.context("list the columns")? {
            let column = column(found.get(0), &found.get::<_, String>(1), found.get(2));
            columns.push(column.with_context(|| format!("understand table {name:?}"))?);
        }
        tables.push(Table {
            name,
            collection,
            columns,
            schema: schema.to_owned(),
        });
    }
    Ok(tables)
}

/// A column from its name, its type and its comment `Firestore field: <field> (<kind>)`.
fn column(name: String, sql: &str, comment: Option<String>) -> Result<Column> {
    let described = comment
        .as_deref()
        .and_then(|comment| comment.strip_prefix("Firestore field: "));
    let described = described.and_then(|described| described.strip_suffix(')')?.rsplit_once(" ("));
    // The kind of a vector brings parentheses of its own, which `rsplit_once` leaves whole.
    let (field, kind) =
        described.with_context(|| format!("column {name:?} does not say its field: {comment:?}"))?;
    let kind = Kind::parse(kind)?;
    ensure!(
        kind.sql() == sql,
        "column {name:?} is {sql} where its kind asks for {}",
        kind.sql()
    );
    Ok(Column {
        name,
        field: field.to_owned(),
        kind,
    })
}

impl Table {
    /// Every row, in no particular order, a few in memory at a time.
    pub(super) async fn rows(&self, pg: &Client) -> Result<impl Stream<Item = Result<Row>>> {
        let none: [&(dyn ToSql + Sync); 0] = [];
        let rows = pg
            .query_raw(&self.select(), none)
            .await
            .with_context(|| format!("read table {:?}", self.name))?;
        Ok(rows.map(|row| {
            self.row(&row?)
                .with_context(|| format!("read a row of table {:?}", self.name))
        }))
    }

    /// A table without typed columns.
    #[cfg(test)]
    pub(super) fn bare(collection: &str) -> Self {
        let [name, collection, schema] = [collection, collection, "public"].map(str::to_owned);
        Self {
            name,
            collection,
            columns: Vec::new(),
            schema,
        }
    }

    fn select(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let name = quoted(&column.name);
            match column.kind {
                Kind::Timestamp => micros(&name),
                Kind::Point => format!("case when {name} is not null then array[{name}[0], {name}[1]] end"),
                Kind::Json => format!("{name}::text"),
                Kind::Vector(_) => format!("{name}::real[]"),
                _ => name,
            }
        });
        let fixed = [
            "_path".to_owned(),
            micros("_created_at"),
            micros("_updated_at"),
            "_extra::text".to_owned(),
        ];
        let list: Vec<String> = fixed.into_iter().chain(columns).collect();
        format!(
            "select {} from {}.{}",
            list.join(", "),
            quoted(&self.schema),
            quoted(&self.name)
        )
    }

    fn row(&self, row: &tokio_postgres::Row) -> Result<Row> {
        let cells = self
            .columns
            .iter()
            .enumerate()
            .map(|(n, column)| cell(column.kind, row, n + 4));
        let extra: Option<&str> = row.try_get(3)?;
        Ok(Row {
            path: row.try_get(0)?,
            created: row.try_get(1)?,
            updated: row.try_get(2)?,
            cells: cells.collect::<Result<_>>()?,
            extra: extra
                .map(serde_json::from_str)
                .transpose()
                .context("parse _extra")?,
        })
    }
}

fn cell(kind: Kind, row: &tokio_postgres::Row, n: usize) -> Result<Option<Cell>> {
    Ok(match kind {
        Kind::Boolean => row.try_get::<_, Option<_>>(n)?.map(Cell::Boolean),
        Kind::Integer => row.try_get::<_, Option<_>>(n)?.map(Cell::Integer),
        Kind::Double | Kind::Number => row.try_get::<_, Option<_>>(n)?.map(|x| Cell::Double(Exact(x))),
        Kind::Timestamp => row.try_get::<_, Option<_>>(n)?.map(Cell::Timestamp),
        Kind::Text | Kind::Reference => row.try_get::<_, Option<_>>(n)?.map(Cell::Text),
        Kind::Bytes => row.try_get::<_, Option<_>>(n)?.map(Cell::Bytes),
        Kind::Point => row
            .try_get::<_, Option<Vec<f64>>>(n)?
            .map(|at| Cell::Point(Exact(at[0]), Exact(at[1]))),
        Kind::Json => {
            let json: Option<&str> = row.try_get(n)?;
            json.map(serde_json::from_str)
                .transpose()
                .context("parse a jsonb column")?
                .map(Cell::Json)
        }
        Kind::Vector(_) => row
            .try_get::<_, Option<Vec<f32>>>(n)?
            .map(|single| Cell::Vector(single.into_iter().map(|x| Exact(f64::from(x))).collect())),
    })
}

/// Whole microseconds since 1970. `extract` gives a decimal number since Postgres 14, so nothing is rounded.
fn micros(moment: &str) -> String {
    format!("(extract(epoch from {moment}) * 1000000)::bigint")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_column_is_what_its_comment_says() {
        let read = |sql: &str, comment: &str| column("c".into(), sql, Some(comment.into()));
        let found = read("bigint", "Firestore field: x (text) (integer)").unwrap();
        assert_eq!((found.field.as_str(), found.kind), ("x (text)", Kind::Integer));
        let found = read("vector(64)", "Firestore field: embedding (vector(64))").unwrap();
        assert_eq!(
            (found.field.as_str(), found.kind),
            ("embedding", Kind::Vector(64))
        );
        assert!(read("integer", "Firestore field: n (integer)").is_err());
        assert!(read("bigint", "n").is_err());
        assert!(column("c".into(), "bigint", None).is_err());
    }

    #[test]
    fn names_are_quoted_whatever_they_are() {
        let column = Column {
            name: "a\"b".into(),
            field: "f".into(),
            kind: Kind::Text,
        };
        let (name, collection, schema) = ("Füße \"x\"".into(), "c".into(), "public".into());
        let select = Table {
            name,
            collection,
            columns: vec![column],
            schema,
        }
        .select();
        assert!(
            select.ends_with(r#"_extra::text, "a""b" from "public"."Füße ""x""""#),
            "{select}"
        );
    }
}
