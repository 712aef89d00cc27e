//! One collection's table: its columns, and the SQL that creates and fills it.
//! The same table always gives the same SQL, and COPY names the columns in the order [`crate::Packer`] writes them.
//! Which columns a table gets is inferred elsewhere; running the SQL is the pipeline's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sql::{literal, quote, visible};

/// The table of one collection (group): `_path`, `_created_at`, `_updated_at`, the columns, `_extra`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The Firestore collection id.
    pub collection: String,
    /// The table's name, unquoted.
    pub name: String,
    /// The typed columns, in order.
    pub columns: Vec<Column>,
}

/// One typed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The column's name, unquoted.
    pub name: String,
    /// The Firestore field it takes.
    pub field: String,
    /// What it takes.
    pub kind: Kind,
}

/// What a column takes; everything else a field holds goes to `_extra`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `boolean`.
    Boolean,
    /// `bigint`.
    Integer,
    /// `double precision`, of a field that held doubles only.
    Double,
    /// `double precision`, of a field that held both integers and doubles.
    Number,
    /// `timestamptz`.
    Timestamp,
    /// `text`.
    Text,
    /// `bytea`.
    Bytes,
    /// `text`: a path below the database's root.
    Reference,
    /// `point`: x is the longitude, y the latitude.
    Point,
    /// `jsonb`: arrays and maps.
    Json,
    /// `vector(n)`.
    Vector(u16),
}

impl Kind {
    /// The column's type in SQL.
    pub fn sql(self) -> String {
        match self {
            Kind::Boolean => "boolean".into(),
            Kind::Integer => "bigint".into(),
            Kind::Double | Kind::Number => "double precision".into(),
            Kind::Timestamp => "timestamptz".into(),
            Kind::Text | Kind::Reference => "text".into(),
            Kind::Bytes => "bytea".into(),
            Kind::Point => "point".into(),
            Kind::Json => "jsonb".into(),
            Kind::Vector(dimension) => format!("vector({dimension})"),
        }
    }
}

/// The word for the kind in column comments and remarks.
impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Number => "number",
            Kind::Timestamp => "timestamp",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
            Kind::Reference => "reference",
            Kind::Point => "point",
            Kind::Json => "json",
            Kind::Vector(dimension) => return write!(out, "vector({dimension})"),
        })
    }
}

impl Table {
    /// `"schema"."name"`.
    pub fn qualified(&self, schema: &str) -> String {
        format!("{}.{}", quote(schema), quote(&self.name))
    }

    /// Creates the table and says in comments where it and its columns come from; every statement ends in `;\n`.
    pub fn create_sql(&self, schema: &str) -> String {
        let table = self.qualified(schema);
        let fixed = [
            "_path\" text NOT NULL",
            "_created_at\" timestamptz NOT NULL",
            "_updated_at\" timestamptz NOT NULL",
        ];
        let mut lines: Vec<String> = fixed.map(|column| format!("  \"{column}")).into();
        lines.extend(
            self.columns
                .iter()
                .map(|column| format!("  {} {}", quote(&column.name), column.kind.sql())),
        );
        lines.push("  \"_extra\" jsonb".into());
        let mut sql = format!("CREATE TABLE {table} (\n{}\n);\n", lines.join(",\n"));

        let origin = format!("Firestore collection: {}", visible(&self.collection));
        sql.push_str(&format!("COMMENT ON TABLE {table} IS {};\n", literal(&origin)));
        for column in &self.columns {
            let origin = format!("Firestore field: {} ({})", visible(&column.field), column.kind);
            let name = quote(&column.name);
            sql.push_str(&format!(
                "COMMENT ON COLUMN {table}.{name} IS {};\n",
                literal(&origin)
            ));
        }
        sql
    }

    /// Every column in the order of a packed tuple, quoted, separated by commas.
    pub fn columns_sql(&self) -> String {
        let fixed = ["_path", "_created_at", "_updated_at"];
        let typed = self.columns.iter().map(|column| column.name.as_str());
        fixed
            .into_iter()
            .chain(typed)
            .chain(["_extra"])
            .map(quote)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The COPY statement whose data is [`crate::COPY_HEADER`], packed tuples, [`crate::COPY_TRAILER`].
    pub fn copy_sql(&self, schema: &str) -> String {
        format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary)",
            self.qualified(schema),
            self.columns_sql()
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table() -> Table {
        let column = |name: &str, field: &str, kind| Column {
            name: name.into(),
            field: field.into(),
            kind,
        };
        Table {
            collection: "Café's".into(),
            name: "café_s".into(),
            columns: vec![
                column("e", "e", Kind::Vector(3)),
                column("it_s", r#"it's "\ here"#, Kind::Text),
                column("n", "n", Kind::Number),
            ],
        }
    }

    #[test]
    fn creation_names_the_firestore_origin_of_everything() {
        let expected = r#"CREATE TABLE "my ""app"""."café_s" (
  "_path" text NOT NULL,
  "_created_at" timestamptz NOT NULL,
  "_updated_at" timestamptz NOT NULL,
  "e" vector(3),
  "it_s" text,
  "n" double precision,
  "_extra" jsonb
);
COMMENT ON TABLE "my ""app"""."café_s" IS 'Firestore collection: Café''s';
COMMENT ON COLUMN "my ""app"""."café_s"."e" IS 'Firestore field: e (vector(3))';
COMMENT ON COLUMN "my ""app"""."café_s"."it_s" IS E'Firestore field: it''s "\\ here (text)';
COMMENT ON COLUMN "my ""app"""."café_s"."n" IS 'Firestore field: n (number)';
"#;
        assert_eq!(table().create_sql("my \"app\""), expected);
    }

    #[test]
    fn copy_names_every_column_in_tuple_order() {
        let expected = r#"COPY "public"."café_s" ("_path", "_created_at", "_updated_at", "e", "it_s", "n", "_extra") FROM STDIN (FORMAT binary)"#;
        assert_eq!(table().copy_sql("public"), expected);
    }

    #[test]
    fn a_table_survives_being_persisted() {
        let text = serde_json::to_string(&table()).unwrap();
        assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), table());
    }
}
