//! The tables of PostgreSQL that a mapping's tables become: their columns, and the SQL that creates and fills them.
//! The same mapping always gives the same SQL, and COPY names the columns in the order [`crate::Packer`] writes them.
//! Keys, indexes and references come after the rows: those, and running the SQL, are the pipeline's.

use std::collections::HashSet;

use crate::mapping::{
    Child, Collection, Column, FieldPath, Holds, Literal, Load, Partition, Records, Scalar, Source, Table,
    Type,
};
use crate::naming;
use crate::sql::{literal, quote, visible};

/// One table of PostgreSQL: of documents, or of the elements of one of their fields.
#[derive(Debug, Clone, Copy)]
pub struct Relation<'t> {
    table: &'t Table,
    child: Option<&'t Child>,
}

/// One column of a relation as PostgreSQL is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationColumn {
    /// Its name, unquoted.
    pub name: String,
    /// Its type in SQL.
    pub sql: String,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Its default, as an expression in SQL.
    pub default: Option<String>,
    /// What PostgreSQL computes it from, as an expression in SQL. Rows that are copied do not carry it.
    pub generated: Option<String>,
    /// Where it comes from, in words.
    pub comment: Option<String>,
}

/// Every relation of these tables: each table followed by its children, in order.
pub fn relations(tables: &[Table]) -> Vec<Relation<'_>> {
    let family = |table| {
        let child = move |child| Relation { table, child };
        std::iter::once(None)
            .chain(table.children.iter().map(Some))
            .map(child)
    };
    tables.iter().flat_map(family).collect()
}

impl<'t> Relation<'t> {
    /// Its name in PostgreSQL, unquoted.
    pub fn name(&self) -> &'t str {
        self.child.map_or(&self.table.name, |child| &child.name)
    }

    /// `"schema"."name"`.
    pub fn qualified(&self, schema: &str) -> String {
        format!("{}.{}", quote(schema), quote(self.name()))
    }

    /// The mapping's table that it is, or whose documents' elements it holds.
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// What it is made of, if it holds elements.
    pub fn child(&self) -> Option<&'t Child> {
        self.child
    }

    /// The table of the documents whose elements it holds; none for a table of documents.
    pub fn parent(&self) -> Option<&'t Table> {
        self.child.map(|_| self.table)
    }

    /// The columns of the mapping, in order.
    pub fn mapped(&self) -> &'t [Column] {
        self.child.map_or(&self.table.columns, |child| &child.columns)
    }

    /// Every column, in order. Those without [`RelationColumn::generated`] are a packed tuple's cells.
    pub fn columns(&self) -> Vec<RelationColumn> {
        let of = self.table.of;
        let mapped = self.mapped().iter().map(|column| mapped(column, of));
        if self.table.load == Load::Merge {
            return mapped.collect();
        }
        let mut columns = vec![fixed("_path", "text", true)];
        match self.child.map(|child| child.of) {
            None if self.table.of == Records::Points => {}
            None => {
                columns.push(fixed("_created_at", "timestamptz", true));
                columns.push(fixed("_updated_at", "timestamptz", true));
            }
            Some(Collection::Array) => columns.push(fixed("_ordinal", "integer", true)),
            Some(Collection::Map) => columns.push(fixed("_key", "text", true)),
        }
        columns.extend(mapped);
        columns.push(fixed("_extra", "jsonb", false));
        columns
    }

    /// Creates the table and says in comments where it and its columns come from; every statement ends in `;\n`.
    pub fn create_sql(&self, schema: &str) -> String {
        let table = self.qualified(schema);
        let columns = self.columns();
        let lines: Vec<String> = columns.iter().map(definition).collect();
        let mut sql = format!(
            "CREATE TABLE {table} (\n{}\n){};\n",
            lines.join(",\n"),
            match self.partition() {
                Some(partition) => format!(" PARTITION BY LIST ({})", quote(&partition.by)),
                None => self.storage(),
            }
        );
        for (name, values) in self.partitions() {
            let part = format!("{}.{}", quote(schema), quote(&name));
            let storage = self.storage();
            sql.push_str(&format!(
                "CREATE TABLE {part} PARTITION OF {table} {values}{storage};\n"
            ));
        }
        sql.push_str(&format!(
            "COMMENT ON TABLE {table} IS {};\n",
            literal(&self.comment())
        ));
        for column in columns {
            if let Some(comment) = column.comment {
                let name = quote(&column.name);
                sql.push_str(&format!(
                    "COMMENT ON COLUMN {table}.{name} IS {};\n",
                    literal(&comment)
                ));
            }
        }
        sql
    }

    fn partition(&self) -> Option<&'t Partition> {
        self.table.partition.as_ref().filter(|_| self.child.is_none())
    }

    /// Storage parameters, which PostgreSQL takes of a part but not of what is parted.
    fn storage(&self) -> String {
        let target = self.table.toast_tuple_target.filter(|_| self.child.is_none());
        let with = |bytes| format!(" WITH (toast_tuple_target = {bytes})");
        target.map(with).unwrap_or_default()
    }

    /// The parts of a table that is parted: their names, unquoted, and which rows each takes, as SQL says it. The
    /// first takes all that no other takes.
    pub fn partitions(&self) -> Vec<(String, String)> {
        let Some(partition) = self.partition() else {
            return Vec::new();
        };
        let by = self
            .table
            .columns
            .iter()
            .find(|column| column.name == partition.by);
        let sql = by.map_or(Type::Scalar(Scalar::Text), |column| column.sql);
        let mut taken = HashSet::from([self.name().to_owned()]);
        let mut part = |suffix: &str, values: String| {
            let wanted = naming::identifier(&format!("{}_{suffix}", self.name()), "part");
            let name = naming::free(&wanted, &taken);
            taken.insert(name.clone());
            (name, values)
        };
        let rest = part("default", "DEFAULT".into());
        let listed = partition.values.iter().map(|value: &Literal| {
            let written = match value {
                Literal::Text(text) => text.clone(),
                Literal::Boolean(boolean) => boolean.to_string(),
                Literal::Integer(integer) => integer.to_string(),
                Literal::Double(double) => double.to_string(),
            };
            part(&written, format!("FOR VALUES IN ({})", expression(value, sql)))
        });
        std::iter::once(rest).chain(listed).collect()
    }

    fn comment(&self) -> String {
        let from = &self.table.from;
        match self.child {
            Some(child) => {
                let pattern = from.to_string();
                format!(
                    "{} elements: {} {}",
                    source(self.table.of),
                    visible(&pattern),
                    written(&child.from)
                )
            }
            None if self.table.of == Records::Points => {
                format!("Qdrant collection: {}", visible(from.collection()))
            }
            None if from.anywhere && from.segments.len() == 1 => {
                format!("Firestore collection: {}", visible(from.collection()))
            }
            None => format!("Firestore documents: {}", visible(&from.to_string())),
        }
    }

    /// The COPY statement whose data is [`crate::COPY_HEADER`], packed tuples, [`crate::COPY_TRAILER`].
    pub fn copy_sql(&self, schema: &str) -> String {
        let columns: Vec<String> = self
            .columns()
            .iter()
            .filter(|column| column.generated.is_none())
            .map(|column| quote(&column.name))
            .collect();
        format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary)",
            self.qualified(schema),
            columns.join(", ")
        )
    }
}

fn fixed(name: &str, sql: &str, not_null: bool) -> RelationColumn {
    RelationColumn {
        name: name.into(),
        sql: sql.into(),
        not_null,
        default: None,
        generated: None,
        comment: None,
    }
}

fn mapped(column: &Column, of: Records) -> RelationColumn {
    let comment = match &column.from {
        Source::Field(path) => Some(format!(
            "{} field: {} ({})",
            source(of),
            written(path),
            word(column.sql, column.holds)
        )),
        _ => None,
    };
    let generated = match &column.from {
        Source::Generated(expression) => Some(expression.clone()),
        _ => None,
    };
    RelationColumn {
        name: column.name.clone(),
        sql: column.sql.to_string(),
        not_null: column.required,
        default: column
            .default
            .as_ref()
            .map(|default| expression(default, column.sql)),
        generated,
        comment,
    }
}

/// What the records come from, as comments name it.
fn source(of: Records) -> &'static str {
    match of {
        Records::Documents => "Firestore",
        Records::Points => "Qdrant",
    }
}

fn definition(column: &RelationColumn) -> String {
    let mut line = format!("  {} {}", quote(&column.name), column.sql);
    if let Some(default) = &column.default {
        line.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(expression) = &column.generated {
        line.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
    }
    if column.not_null {
        line.push_str(" NOT NULL");
    }
    line
}

/// A literal in SQL, which PostgreSQL turns into the column's type.
fn expression(value: &Literal, sql: Type) -> String {
    match value {
        Literal::Boolean(boolean) => unquoted(boolean.to_string(), sql),
        Literal::Integer(integer) => unquoted(integer.to_string(), sql),
        Literal::Double(double) if double.is_finite() => unquoted(format!("{double:e}"), sql),
        Literal::Double(double) if double.is_nan() => literal("NaN"),
        Literal::Double(double) if *double > 0.0 => literal("Infinity"),
        Literal::Double(_) => literal("-Infinity"),
        Literal::Text(text) => literal(&visible(text)),
    }
}

fn unquoted(text: String, sql: Type) -> String {
    match sql {
        // There is no conversion from numbers and booleans to jsonb.
        Type::Json => literal(&text),
        _ => text,
    }
}

/// A field as comments name it: its name alone, or the path that leads to it.
fn written(path: &FieldPath) -> String {
    match path.0.as_slice() {
        [name] => visible(name).into_owned(),
        _ => visible(&path.to_string()).into_owned(),
    }
}

/// The word for what a column takes, in comments and remarks.
pub(crate) fn word(sql: Type, holds: Holds) -> String {
    let word = match (sql, holds) {
        (Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_), _) => return sql.to_string(),
        (Type::Json, _) | (_, Holds::Any) => "json",
        (_, Holds::Boolean) => "boolean",
        (_, Holds::Integer) => "integer",
        (_, Holds::Double) => "double",
        (_, Holds::Number) => "number",
        (_, Holds::Timestamp) => "timestamp",
        (_, Holds::Text) => "text",
        (_, Holds::Bytes) => "bytes",
        (_, Holds::Reference) => "reference",
        (_, Holds::Point) => "point",
        (_, Holds::Vector) => "vector",
        (_, Holds::Array) => "array",
        (_, Holds::Map) => "map",
    };
    word.into()
}

#[cfg(test)]
mod tests;
