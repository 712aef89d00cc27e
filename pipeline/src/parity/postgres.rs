//! PostgreSQL asked for nearest neighbours, exactly and through an index.
//!
//! Everything is asked inside one read-only transaction that sees one state of the table, and leaves nothing behind. An
//! exact answer comes from a scan of all rows: indexes are switched off for it. An answer through the index comes from
//! the index even where the planner would rather scan, because it is the index that is asked about.

use super::metric::Metric;
use super::{Answer, Answered, Round};
use crate::fault::{Fault, Part};
use crate::load::postgres::fault;
use std::time::Instant;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel, Transaction};
use transforms::quote;

const ACTION: &str = "ask PostgreSQL for nearest neighbours";

/// Where to look, and for what.
#[derive(Clone, Debug)]
pub struct Place {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// What makes a row's id as text, in SQL: `id::text`.
    pub id: String,
    /// The column of vectors.
    pub column: String,
    /// Its type, without dimensions: `vector`, `halfvec` or `sparsevec`.
    pub kind: String,
    /// What nearness means.
    pub metric: Metric,
    /// Places of an answer.
    pub k: usize,
}

/// A connection on which both is asked.
pub struct Search<'a> {
    transaction: Transaction<'a>,
    place: &'a Place,
}

/// A vector of 32-bit numbers as pgvector reads it, to the last bit.
pub fn literal(vector: &[f32]) -> String {
    let components: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("[{}]", components.join(","))
}

/// A sparse vector as pgvector reads it: Qdrant counts indices from 0, this form from 1, and a zero is not written.
pub fn sparse_literal(dimensions: u32, elements: &[(u32, f32)]) -> String {
    let written = elements.iter().filter(|(_, value)| *value != 0.0);
    let written: Vec<String> = written
        .map(|(index, value)| format!("{}:{value}", u64::from(*index) + 1))
        .collect();
    format!("{{{}}}/{dimensions}", written.join(","))
}

impl<'a> Search<'a> {
    /// Begins to look. The state of the table that is seen is that of the first question.
    ///
    /// # Errors
    /// Whatever keeps PostgreSQL from answering.
    pub async fn begin(client: &'a mut Client, place: &'a Place) -> Result<Search<'a>, Fault> {
        let transaction = client
            .build_transaction()
            .read_only(true)
            .isolation_level(IsolationLevel::RepeatableRead);
        let transaction = transaction.start().await.map_err(failed)?;
        Ok(Search { transaction, place })
    }

    /// The rows whose vector is not NULL: as many as can be found at all.
    ///
    /// # Errors
    /// As of [`Search::begin`].
    pub async fn rows(&self) -> Result<u64, Fault> {
        let Place {
            schema,
            table,
            column,
            ..
        } = self.place;
        let count = format!(
            "select count({}) from {}.{}",
            quote(column),
            quote(schema),
            quote(table)
        );
        let row = self.transaction.query_typed(&count, &[]).await.map_err(failed)?;
        let count: Option<i64> = row
            .first()
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(failed)?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    /// The exact answers to `questions`, each a vector in pgvector's text form, of numbers that the column's type holds
    /// exactly: a `halfvec` rounds others to 16 bits, and Qdrant would be asked something else.
    ///
    /// # Errors
    /// As of [`Search::begin`].
    pub async fn exactly(&self, questions: &[String]) -> Result<Round, Fault> {
        let settings = "set local enable_seqscan = on; set local enable_indexscan = off; \
                        set local enable_indexonlyscan = off; set local enable_bitmapscan = off";
        self.set(settings).await?;
        self.round("exact, every row".to_owned(), questions).await
    }

    /// The answers that an HNSW index gives, looking at so many candidates (`hnsw.ef_search`; it finds no more rows than
    /// that). None where no index can give any.
    ///
    /// # Errors
    /// As of [`Search::begin`].
    pub async fn through_index(&self, ef_search: u32, questions: &[String]) -> Result<Option<Round>, Fault> {
        let settings = format!(
            "set local enable_seqscan = off; set local enable_indexscan = on; set local enable_bitmapscan = off; \
             set local hnsw.ef_search = {ef_search}"
        );
        self.set(&settings).await?;
        let Some(question) = questions.first() else {
            return Ok(None);
        };
        if self.index(question).await?.is_none() {
            return Ok(None);
        }
        let way = format!("hnsw.ef_search = {ef_search}");
        self.round(way, questions).await.map(Some)
    }

    /// The index that the present settings make PostgreSQL look into, if any.
    ///
    /// # Errors
    /// As of [`Search::begin`].
    pub async fn index(&self, question: &str) -> Result<Option<String>, Fault> {
        let explain = format!("explain (format json) {}", self.sql());
        let rows = self
            .transaction
            .query_typed(&explain, &[(&question, Type::TEXT)])
            .await
            .map_err(failed)?;
        let plan: Option<serde_json::Value> = rows
            .first()
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(failed)?;
        Ok(plan.as_ref().and_then(index_in))
    }

    async fn set(&self, settings: &str) -> Result<(), Fault> {
        self.transaction.batch_execute(settings).await.map_err(failed)
    }

    async fn round(&self, way: String, questions: &[String]) -> Result<Round, Fault> {
        // What is read for the first time comes from disk; once is enough to know that.
        if let Some(first) = questions.first() {
            self.ask(first).await?;
        }
        let mut answered = Vec::with_capacity(questions.len());
        for question in questions {
            answered.push(self.ask(question).await?);
        }
        Ok(Round { way, answered })
    }

    async fn ask(&self, question: &str) -> Result<Answered, Fault> {
        let sql = self.sql();
        let began = Instant::now();
        let rows = self
            .transaction
            .query_typed(&sql, &[(&question, Type::TEXT)])
            .await
            .map_err(failed)?;
        let took = began.elapsed();
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            let distance: f64 = row.try_get(1).map_err(failed)?;
            answers.push(Answer {
                id: row.try_get(0).map_err(failed)?,
                score: self.place.metric.score(distance),
            });
        }
        Ok(Answered { answers, took })
    }

    /// A row without a vector is near nothing: its distance is NULL, which comes last, and it is left out.
    fn sql(&self) -> String {
        let Place {
            schema,
            table,
            id,
            column,
            kind,
            metric,
            k,
        } = self.place;
        let distance = format!("{} {} $1::{kind}", quote(column), metric.operator());
        format!(
            "select {id}, {distance} from {}.{} where {} is not null order by {distance} limit {k}",
            quote(schema),
            quote(table),
            quote(column),
        )
    }
}

/// The first index named in a plan.
fn index_in(plan: &serde_json::Value) -> Option<String> {
    match plan {
        serde_json::Value::Array(items) => items.iter().find_map(index_in),
        serde_json::Value::Object(fields) => match fields.get("Index Name") {
            Some(name) => name.as_str().map(str::to_owned),
            None => fields.values().find_map(index_in),
        },
        _ => None,
    }
}

fn failed(error: tokio_postgres::Error) -> Fault {
    let fault = fault(ACTION, &error);
    match fault.part {
        Part::Target if fault.cause == "42883" => {
            fault.with_remedy("the column's type has no such operator; name the column of vectors")
        }
        _ => fault,
    }
}
