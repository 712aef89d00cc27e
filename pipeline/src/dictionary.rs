//! Numbers that stand for the indices of sparse vectors, where a column asks for them.
//!
//! They are kept in the target and remembered here. A batch's indices get their numbers before it is packed; numbers
//! that were given for a batch that never came to be harm nobody.

use crate::fault::Fault;
use crate::load::postgres::Ledger;
use crate::plan::{Lane, Plan};
use bytes::Bytes;
use config::mapping::{Column, FieldPath, Source, Table};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use transforms::{Dictionary, Value};

/// The numbers of all columns of a run.
#[derive(Debug, Clone)]
pub struct Numbers {
    ledger: Ledger,
    schema: String,
    known: Arc<RwLock<Known>>,
}

/// By table and column.
type Known = HashMap<(String, String), Column32>;

/// The numbers of one column, both ways.
#[derive(Debug, Default)]
struct Column32 {
    numbers: HashMap<u32, u32>,
    indices: HashMap<u32, u32>,
}

impl Numbers {
    /// Nothing is known yet; `schema` is that of the tables.
    pub fn new(ledger: Ledger, schema: &str) -> Numbers {
        Numbers {
            ledger,
            schema: schema.to_owned(),
            known: Arc::default(),
        }
    }

    /// Makes sure that every index in these documents has a number, in columns that ask for it.
    pub(crate) async fn learn(&self, plan: &Plan, lane: &Lane, documents: &[Bytes]) -> Result<(), Fault> {
        let collection = plan.collection_of(lane);
        for table in &collection.tables {
            for (column, path) in remapped(table) {
                let new = self.unknown(&table.name, &column.name, plan, lane, documents, path);
                if new.is_empty() {
                    continue;
                }
                let place = (self.schema.as_str(), table.name.as_str(), column.name.as_str());
                let given = self.ledger.number(place, &new).await?;
                self.remember(&table.name, &column.name, given);
            }
        }
        Ok(())
    }

    /// Learns every number there is for these tables.
    pub async fn recall(&self, tables: impl Iterator<Item = &Table>) -> Result<(), Fault> {
        for table in tables {
            for (column, _) in remapped(table) {
                let place = (self.schema.as_str(), table.name.as_str(), column.name.as_str());
                let all = self.ledger.numbers(place).await?;
                self.remember(&table.name, &column.name, all);
            }
        }
        Ok(())
    }

    fn unknown(
        &self,
        table: &str,
        column: &str,
        plan: &Plan,
        lane: &Lane,
        documents: &[Bytes],
        path: &FieldPath,
    ) -> Vec<u32> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&(table.to_owned(), column.to_owned()));
        let mut new = BTreeSet::new();
        for body in documents {
            // What cannot be decoded is put aside when it is packed.
            let Ok(document) = plan.document(lane, body) else {
                continue;
            };
            if let Some(Value::Sparse(sparse)) = document.at(path.0.iter().map(String::as_str)) {
                let indices = sparse.indices().iter().copied();
                new.extend(
                    indices.filter(|index| !known.is_some_and(|known| known.numbers.contains_key(index))),
                );
            }
        }
        new.into_iter().collect()
    }

    fn remember(&self, table: &str, column: &str, given: Vec<(u32, u32)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry((table.to_owned(), column.to_owned())).or_default();
        for (index, number) in given {
            known.numbers.insert(index, number);
            known.indices.insert(number, index);
        }
    }

    fn told(
        &self,
        table: &str,
        column: &str,
        asked: &[u32],
        which: impl Fn(&Column32) -> &HashMap<u32, u32>,
    ) -> Option<Vec<u32>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = which(known.get(&(table.to_owned(), column.to_owned()))?);
        asked.iter().map(|one| known.get(one).copied()).collect()
    }
}

impl Dictionary for Numbers {
    fn numbers(&self, table: &str, column: &str, indices: &[u32]) -> Option<Vec<u32>> {
        if indices.is_empty() {
            return Some(Vec::new());
        }
        self.told(table, column, indices, |known| &known.numbers)
    }

    fn indices(&self, table: &str, column: &str, numbers: &[u32]) -> Option<Vec<u32>> {
        if numbers.is_empty() {
            return Some(Vec::new());
        }
        self.told(table, column, numbers, |known| &known.indices)
    }
}

/// The columns of a table that ask for numbers, with the field each holds.
fn remapped(table: &Table) -> impl Iterator<Item = (&Column, &FieldPath)> {
    let columns = table.columns.iter().filter(|column| column.remap);
    columns.filter_map(|column| match &column.from {
        Source::Field(path) => Some((column, path)),
        _ => None,
    })
}
