//! The judge: the documents of a Firestore against what a run left in Postgres.
//! It promises to find every document that is missing, doubled, altered or invented, with rules written
//! here a second time from the data model and nothing taken from the product.
//! How the two databases came about is left to whoever asks.

mod moment;
mod row;
mod rule;
mod table;
mod tagged;
mod value;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use futures::TryStreamExt;
use serde_json::{Map, Value as Json};
use tokio_postgres::Client;

use crate::rest::{Document, Firestore};
use row::Row;
use table::Table;
use value::Value;

/// What the judge found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Documents in Firestore.
    pub documents: usize,
    /// How many of them have a row.
    pub in_tables: usize,
    /// Those in quarantine, with the reason written there.
    pub quarantined: BTreeMap<String, String>,
    /// Documents that are nowhere.
    pub missing: Vec<String>,
    /// Documents that are in more than one place, or in one more than once.
    pub doubled: Vec<String>,
    /// Documents that are not what they were: the path, and what is different.
    pub altered: Vec<(String, String)>,
    /// Rows and quarantined records of documents Firestore does not have.
    pub extra: Vec<String>,
}

impl Verdict {
    /// Whether every document arrived exactly once and as it was, and nothing else did.
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.doubled.is_empty() && self.altered.is_empty() && self.extra.is_empty()
    }
}

/// Compares the documents of `firestore` at `read_time` (now, if none is given) with the tables of `schema`
/// and `etl.quarantine`. Documents are held as text, so 200,000 of them fit into a small machine.
pub async fn compare(
    firestore: &Firestore,
    read_time: Option<&str>,
    pg: &Client,
    schema: &str,
) -> Result<Verdict> {
    let mut court = Court {
        root: firestore.root(),
        held: BTreeMap::new(),
        verdict: Verdict::default(),
    };
    let documents = firestore.documents(read_time);
    documents
        .try_for_each(|document| std::future::ready(court.hold(&document)))
        .await
        .context("read firestore")?;
    for table in table::tables(pg, schema).await? {
        let rows = table.rows(pg).await?;
        rows.try_for_each(|row| std::future::ready(court.judge(&table, &row)))
            .await?;
    }
    court.quarantine(pg).await?;
    Ok(court.verdict())
}

/// The fields of a document, each value in one spelling: two are spelled alike exactly if Firestore could not tell
/// them apart, whoever wrote their JSON.
pub fn spelled(fields: &Map<String, Json>) -> Result<BTreeMap<String, String>> {
    let fields = Value::fields(fields)?.into_iter();
    Ok(fields.map(|(name, value)| (name, format!("{value:?}"))).collect())
}

/// What is known of a document while its rows are looked for.
struct Held {
    /// The REST fields as text, which is a fraction of their size as a tree.
    fields: String,
    /// Nanoseconds since 1970.
    created: i128,
    updated: i128,
    rows: usize,
    quarantined: usize,
}

struct Court {
    root: String,
    held: BTreeMap<String, Held>,
    verdict: Verdict,
}

impl Court {
    fn hold(&mut self, document: &Document) -> Result<()> {
        let fields = serde_json::to_string(&document.fields)?;
        let created = moment::nanoseconds(&document.create_time)?;
        let updated = moment::nanoseconds(&document.update_time)?;
        self.held.insert(
            document.path.clone(),
            Held {
                fields,
                created,
                updated,
                rows: 0,
                quarantined: 0,
            },
        );
        Ok(())
    }

    fn judge(&mut self, table: &Table, row: &Row) -> Result<()> {
        let Some(held) = self.held.get_mut(&row.path) else {
            self.verdict
                .extra
                .push(format!("{} (table {:?})", row.path, table.name));
            return Ok(());
        };
        held.rows += 1;
        let mut found = Vec::new();
        if collection(&row.path) != table.collection {
            found.push(format!(
                "lies in table {:?} of collection {:?}",
                table.name, table.collection
            ));
        }
        for (name, sent, kept) in [
            ("_created_at", held.created, row.created),
            ("_updated_at", held.updated, row.updated),
        ] {
            if sent != i128::from(kept) * 1_000 {
                found.push(format!("{name} is {kept} µs where Firestore has {sent} ns"));
            }
        }
        let fields: Map<String, Json> = serde_json::from_str(&held.fields)?;
        let fields = Value::fields(&fields).with_context(|| format!("understand document {:?}", row.path))?;
        found.extend(row::differences(&fields, &table.columns, row, &self.root));
        self.verdict
            .altered
            .extend(found.into_iter().map(|what| (row.path.clone(), what)));
        Ok(())
    }

    /// Paths stand in quarantine as bytes, for there they may hold U+0000.
    async fn quarantine(&mut self, pg: &Client) -> Result<()> {
        let all = "select path, reason, document is not null or body is not null from etl.quarantine";
        for found in pg.query(all, &[]).await.context("read the quarantine")? {
            let path = String::from_utf8_lossy(found.get::<_, &[u8]>(0)).into_owned();
            let (reason, content): (String, bool) = (found.get(1), found.get(2));
            let Some(held) = self.held.get_mut(&path) else {
                self.verdict.extra.push(format!("{path} (quarantine)"));
                continue;
            };
            held.quarantined += 1;
            if !content {
                self.verdict
                    .altered
                    .push((path.clone(), "is in quarantine without its content".to_owned()));
            }
            self.verdict.quarantined.insert(path, reason);
        }
        Ok(())
    }

    fn verdict(mut self) -> Verdict {
        self.verdict.documents = self.held.len();
        for (path, held) in self.held {
            self.verdict.in_tables += usize::from(held.rows > 0);
            match held.rows + held.quarantined {
                0 => self.verdict.missing.push(path),
                1 => {}
                _ => self.verdict.doubled.push(path),
            }
        }
        self.verdict
    }
}

/// The collection id of a document's path.
fn collection(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            documents,
            in_tables,
            quarantined,
            ..
        } = self;
        let word = if self.is_exact() { "exact" } else { "NOT EXACT" };
        write!(
            f,
            "{word}: {documents} documents, {in_tables} in tables, {} in quarantine",
            quarantined.len()
        )?;
        list(f, "missing", self.missing.iter().map(|path| format!("{path:?}")))?;
        list(
            f,
            "more than once",
            self.doubled.iter().map(|path| format!("{path:?}")),
        )?;
        list(
            f,
            "altered",
            self.altered
                .iter()
                .map(|(path, what)| format!("{path:?}: {what}")),
        )?;
        list(
            f,
            "not in Firestore",
            self.extra.iter().map(|path| format!("{path:?}")),
        )
    }
}

/// A heading with the count and the first ten, or nothing where there are none.
fn list(
    f: &mut fmt::Formatter<'_>,
    heading: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> fmt::Result {
    let count = lines.len();
    if count > 0 {
        write!(f, "\n{heading}: {count}")?;
    }
    for line in lines.take(10) {
        write!(f, "\n  {line}")?;
    }
    if count > 10 {
        write!(f, "\n  and {} more", count - 10)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
