//! Foreign keys: declared for what comes, proved for what is there, and never at the price of data.
//!
//! A document may refer to one that is not there: Firestore does not mind. Such rows are the source's truth and stay.
//! The constraint is added NOT VALID, which PostgreSQL holds for every new row; if no row refers to nothing, it is
//! validated; otherwise it stays as it is and the orphans are told, with the query that lists them all.

use super::steps::list;
use transforms::quote;

/// How many orphans are named.
pub(super) const EXAMPLES: usize = 20;

/// A foreign key, but for its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) columns: Vec<String>,
    /// The table referred to, as the mapping names it.
    pub(super) table: String,
    /// The same with its schema, quoted.
    pub(super) qualified: String,
    pub(super) to: Vec<String>,
}

impl Foreign {
    pub(super) fn new(schema: &str, columns: Vec<String>, table: &str, to: Vec<String>) -> Foreign {
        Foreign {
            columns,
            table: table.to_owned(),
            qualified: format!("{}.{}", quote(schema), quote(table)),
            to,
        }
    }

    /// For a person: "foreign key of orders (customer) to users (_path)".
    pub(super) fn sentence(&self, of: &str) -> String {
        let (columns, to) = (self.columns.join(", "), self.to.join(", "));
        format!("foreign key of {of} ({columns}) to {} ({to})", self.table)
    }

    /// Declares it for new rows.
    pub(super) fn add(&self, table: &str, name: &str) -> String {
        format!(
            "alter table {table} add constraint {} foreign key ({}) references {} ({}) not valid",
            quote(name),
            list(&self.columns),
            self.qualified,
            list(&self.to)
        )
    }

    /// Proves it for the rows that are there.
    pub(super) fn validate(&self, table: &str, name: &str) -> String {
        format!("alter table {table} validate constraint {}", quote(name))
    }

    /// Lists every orphan: its path, and what it refers to.
    pub(super) fn orphans(&self, table: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| quote(name)).collect();
        let shown: Vec<String> = columns
            .iter()
            .filter(|name| *name != "\"_path\"")
            .map(|name| format!(", r.{name}"))
            .collect();
        format!(
            "select r._path{} from {table} r where {}",
            shown.concat(),
            self.dangling(&columns)
        )
    }

    /// Counts them, and names the first.
    pub(super) fn count(&self, table: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| quote(name)).collect();
        format!(
            "with orphan as materialized (select r._path from {table} r where {}) \
             select count(*), (select coalesce(array_agg(o._path), '{{}}') from \
             (select distinct _path from orphan order by _path limit {EXAMPLES}) o) from orphan",
            self.dangling(&columns)
        )
    }

    fn dangling(&self, columns: &[String]) -> String {
        let there: Vec<String> = columns
            .iter()
            .map(|name| format!("r.{name} is not null"))
            .collect();
        let equal: Vec<String> = columns
            .iter()
            .zip(&self.to)
            .map(|(name, to)| format!("u.{} = r.{name}", quote(to)))
            .collect();
        format!(
            "{} and not exists (select 1 from {} u where {})",
            there.join(" and "),
            self.qualified,
            equal.join(" and ")
        )
    }
}
