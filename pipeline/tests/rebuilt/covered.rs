//! What documents and values met on their way, counted: a law that meets nothing proves nothing.

use crate::expectations::visit;
use crate::mappings::documents::{ROOT, Sample};
use config::mapping::{Source, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use tokio_postgres::Client;
use transforms::json::{self, Owned};

/// Sums over cases.
#[derive(Default)]
pub(crate) struct Covered {
    pub(crate) mappings: u64,
    pub(crate) documents: u64,
    pub(crate) largest: usize,
    pub(crate) loaded: u64,
    pub(crate) rejected: BTreeMap<String, u64>,
    pub(crate) amendments: BTreeMap<String, u64>,
    /// Amended fields that the rows alone tell otherwise, and such that they tell all the same.
    pub(crate) told_otherwise: u64,
    pub(crate) told_all_the_same: u64,
    /// Values in columns of the documents' tables.
    pub(crate) whole: u64,
    pub(crate) beside: u64,
    pub(crate) misfit: u64,
    /// Rows of child tables.
    pub(crate) elements: u64,
    /// Documents whose vectors came back rounded.
    pub(crate) rounded: u64,
    /// The kinds of columns that hold documents' data: type, what they hold, functions.
    pub(crate) shapes: BTreeSet<String>,
    /// Ends of the steps after the load: as asked, with warnings, with orphans, faults by cause.
    pub(crate) after: BTreeMap<String, u64>,
}

impl fmt::Display for Covered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} mappings with {} kinds of columns; {} documents (the largest {} bytes): {} loaded, rejected {:?}; \
             values: {} whole, {} beside, {} misfits; {} elements; amendments {:?}, {} told otherwise by the rows alone, \
             {} all the same; {} with rounded vectors; steps after the load: {:?}",
            self.mappings,
            self.shapes.len(),
            self.documents,
            self.largest,
            self.loaded,
            self.rejected,
            self.whole,
            self.beside,
            self.misfit,
            self.elements,
            self.amendments,
            self.told_otherwise,
            self.told_all_the_same,
            self.rounded,
            self.after
        )
    }
}

impl Covered {
    pub(crate) fn add(&mut self, other: Covered) {
        self.mappings += other.mappings;
        self.documents += other.documents;
        self.largest = self.largest.max(other.largest);
        self.loaded += other.loaded;
        self.told_otherwise += other.told_otherwise;
        self.told_all_the_same += other.told_all_the_same;
        self.whole += other.whole;
        self.beside += other.beside;
        self.misfit += other.misfit;
        self.elements += other.elements;
        self.rounded += other.rounded;
        self.shapes.extend(other.shapes);
        for (mine, others) in [
            (&mut self.rejected, other.rejected),
            (&mut self.amendments, other.amendments),
            (&mut self.after, other.after),
        ] {
            for (word, count) in others {
                *mine.entry(word).or_default() += count;
            }
        }
    }

    /// Every way there is was gone by many.
    pub(crate) fn assert_everything_was_met(&self) {
        let values = self.whole + self.beside + self.misfit;
        assert!(
            self.rejected.values().sum::<u64>() * 3 < self.documents,
            "too many were rejected"
        );
        for (what, count, least) in [
            ("whole", self.whole, values / 4),
            ("beside", self.beside, values / 30),
            ("misfit", self.misfit, values / 30),
            ("elements", self.elements, self.documents / 3),
            ("rounded", self.rounded, 1),
            (
                "told otherwise",
                self.told_otherwise,
                self.told_all_the_same.max(self.documents / 40),
            ),
            ("kinds of columns", self.shapes.len() as u64, 100),
        ] {
            assert!(count >= least.max(1), "only {count} {what}");
        }
        for (met, words) in [
            (&self.amendments, &["null", "cast", "strip"][..]),
            (
                &self.rejected,
                &[
                    "nul_character",
                    "misfit",
                    "required",
                    "no_table",
                    "timestamp_precision",
                    "vector_dimension",
                ],
            ),
            (&self.after, &["as asked", "warnings", "orphans"]),
        ] {
            for word in words {
                assert!(met.contains_key(*word), "none of {word}");
            }
        }
        assert!(self.largest > 900_000, "no document was large");
    }

    /// Counts what became of the values that columns of `table` are made of, and the rows of its elements.
    pub(crate) async fn look(
        &mut self,
        client: &Client,
        schema: &str,
        table: &Table,
        samples: &HashMap<&str, &Sample>,
    ) {
        let qualified = |name: &str| format!("{}.{}", transforms::quote(schema), transforms::quote(name));
        for child in &table.children {
            let count = format!("select count(*) from {}", qualified(&child.name));
            let count: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
            self.elements += count as u64;
        }
        let fields: Vec<_> = table
            .columns
            .iter()
            .filter_map(|column| match &column.from {
                Source::Field(path) => Some((&column.name, path)),
                _ => None,
            })
            .collect();
        let there: Vec<String> = fields
            .iter()
            .map(|(name, _)| format!("{} is not null", transforms::quote(name)))
            .collect();
        let sql = format!(
            "select _path, _extra::text, array[{}]::boolean[] from {}",
            there.join(", "),
            qualified(&table.name)
        );
        for row in client.query(&sql, &[]).await.unwrap() {
            let extra = row.get::<_, Option<&str>>(1).unwrap_or("{}");
            let mut extra = Owned::Map(json::read_object(extra, ROOT).unwrap());
            let mut original = Owned::Map(samples[row.get::<_, &str>(0)].fields.clone());
            for ((_, path), filled) in fields.iter().zip(row.get::<_, Vec<bool>>(2)) {
                let (mut there, mut kept) = (false, false);
                visit(&mut original, &path.0, &mut |value| {
                    there = *value != Owned::Null;
                    false
                });
                visit(&mut extra, &path.0, &mut |_| {
                    kept = true;
                    false
                });
                match (there, filled, kept) {
                    (true, true, false) => self.whole += 1,
                    (true, true, true) => self.beside += 1,
                    (true, false, _) => self.misfit += 1,
                    _ => {}
                }
            }
        }
    }
}
