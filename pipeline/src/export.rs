//! Loaded tables turned back into documents: the proof that nothing was lost on the way.
//!
//! Tables are read in one snapshot, in the order of paths; rows of elements are joined to the document they came
//! from. What the mapping altered is put back from `etl.amendment`, unless the documents are wanted as loaded.

mod tuples;

use crate::dictionary::Numbers;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Lease, Ledger, Postgres, fault};
use crate::plan::{Collection, Plan};
use config::mapping::Table;
use std::ops::ControlFlow;
use transforms::{Policy, Rebuilt, Relation, Unpacker, literal};
use tuples::{Tuple, Tuples};

pub use tuples::{Cells, cells};

/// Connections beside one for each table of elements: the documents' own, and the amendments'.
const OTHERS: usize = 2;

/// What is turned back.
#[derive(Debug, Clone, Copy)]
pub struct Export<'p> {
    /// The run that loaded it.
    pub plan: &'p Plan,
    /// Whether values are what they were before the mapping altered them.
    pub original: bool,
}

impl Plan {
    /// Connections an [`Export`] of its largest table takes at once.
    pub fn connections_to_export(&self) -> usize {
        let most = self.tables().map(|table| table.children.len()).max();
        most.unwrap_or(0) + OTHERS
    }
}

/// A stream of rows and the first of them that is not used yet.
struct Following {
    tuples: Tuples,
    waiting: Option<Tuple>,
}

impl Following {
    async fn ask(lease: Lease, query: &str, action: String) -> Result<Following, Fault> {
        let mut tuples = Tuples::ask(lease, query, action).await?;
        let waiting = tuples.next().await?;
        Ok(Following { tuples, waiting })
    }

    /// The rows that belong to `path`, which is not before the last one asked for.
    async fn of(&mut self, path: &[u8]) -> Result<Vec<Tuple>, Fault> {
        let mut found = Vec::new();
        while let Some(tuple) = self.waiting.take_if(|tuple| tuple.cell(0) == path) {
            found.push(tuple);
            self.waiting = self.tuples.next().await?;
        }
        Ok(found)
    }
}

impl Export<'_> {
    /// Hands every document of `table` to `each`, in the order of paths, until there is none or `each` has enough.
    pub async fn documents(
        &self,
        postgres: &Postgres,
        collection: &Collection,
        table: &Table,
        mut each: impl FnMut(Rebuilt) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let action = format!("export table {}", table.name);
        let root = self.plan.source.root();
        let numbers = Numbers::new(Ledger::new(postgres.clone()), &self.plan.mapping.schema);
        numbers.recall(std::iter::once(table)).await?;
        let unpacker = Unpacker::new(table, &root)
            .among(self.plan.tables())
            .with_dictionary(&numbers);
        let relations = transforms::relations(std::slice::from_ref(table));
        let Some((documents, elements)) = relations.split_first() else {
            return Ok(());
        };
        let (lease, snapshot) = self.begin(postgres, &action).await?;
        let mut children = Vec::with_capacity(elements.len());
        for relation in elements {
            let lease = self.join(postgres, &snapshot, &action).await?;
            children.push(Following::ask(lease, &self.query(relation), action.clone()).await?);
        }
        let mut amendments = match self.original {
            true => {
                let lease = self.join(postgres, &snapshot, &action).await?;
                Some(Following::ask(lease, &self.amendments(collection, &relations), action.clone()).await?)
            }
            false => None,
        };
        let mut rows = Tuples::ask(lease, &self.query(documents), action.clone()).await?;
        while let Some(row) = rows.next().await? {
            let path = row.cell(0).to_vec();
            let mut belonging = Vec::with_capacity(children.len());
            for child in &mut children {
                belonging.push(child.of(&path).await?);
            }
            let cells: Vec<Vec<_>> = belonging
                .iter()
                .map(|rows| rows.iter().map(Tuple::cells).collect())
                .collect();
            let unreadable = |error: transforms::Unreadable| {
                let path = String::from_utf8_lossy(&path).into_owned();
                Fault::permanent(Part::Sums, action.clone(), format!("the row of {path}: {error}"))
                    .with_cause("unreadable")
                    .with_remedy("somebody else has written to this row: compare it with the source")
            };
            let mut document = unpacker.document(&row.cells(), &cells).map_err(unreadable)?;
            if let Some(amendments) = &mut amendments {
                for amended in amendments.of(&path).await? {
                    document
                        .amend(&amended.text(1), &amended.text(2), &root)
                        .map_err(unreadable)?;
                }
            }
            if each(document).is_break() {
                return Ok(());
            }
        }
        let strays = children.iter().find_map(|child| child.waiting.as_ref());
        if let Some(stray) = strays {
            let message = format!("a row belongs to {}, which is not there", stray.text(0));
            return Err(Fault::permanent(Part::Sums, action, message).with_cause("stray"));
        }
        Ok(())
    }

    /// A transaction whose view of the database others can join.
    async fn begin(&self, postgres: &Postgres, action: &str) -> Result<(Lease, String), Fault> {
        let lease = postgres.lease().await?;
        let failed = |error: tokio_postgres::Error| fault(action, &error);
        lease.batch_execute(BEGIN).await.map_err(failed)?;
        let rows = lease
            .query_typed("select pg_export_snapshot()", &[])
            .await
            .map_err(failed)?;
        let snapshot = rows.first().map(|row| row.get(0)).unwrap_or_default();
        Ok((lease, snapshot))
    }

    async fn join(&self, postgres: &Postgres, snapshot: &str, action: &str) -> Result<Lease, Fault> {
        let lease = postgres.lease().await?;
        let join = format!("{BEGIN}; set transaction snapshot {}", literal(snapshot));
        lease
            .batch_execute(&join)
            .await
            .map_err(|error| fault(action, &error))?;
        Ok(lease)
    }

    /// The loaded columns of a table in the order of paths, as bytes compare.
    fn query(&self, relation: &Relation<'_>) -> String {
        let columns = relation.columns();
        let loaded = columns.iter().filter(|column| column.generated.is_none());
        let names: Vec<String> = loaded.map(|column| transforms::quote(&column.name)).collect();
        format!(
            "select {} from {} order by _path collate \"C\"",
            names.join(", "),
            relation.qualified(&self.plan.mapping.schema)
        )
    }

    /// In the order of paths; of one document those last that hold what U+0000 was taken out of, because the others
    /// were recorded without it.
    fn amendments(&self, collection: &Collection, relations: &[Relation<'_>]) -> String {
        let names: Vec<String> = relations
            .iter()
            .map(|relation| literal(relation.name()))
            .collect();
        format!(
            "select path, field, original::text from etl.amendment where run = {}::uuid and collection = {} \
             and table_name in ({}) order by path, policy = '{}'",
            literal(&self.plan.run.to_string()),
            literal(&collection.visible()),
            names.join(", "),
            Policy::Strip.as_str()
        )
    }
}

const BEGIN: &str = "begin isolation level repeatable read read only; set local statement_timeout = 0";
