//! `etl verify --search`: the user's own vectors, put to both databases.
//!
//! Every column of the last run that holds a dense or a sparse vector of a collection is asked about, by vectors that
//! lie in the collection itself or that the operator gives. Nothing is changed anywhere.

mod question;

use crate::dictionary::Numbers;
use crate::fault::{Fault, Part};
use crate::load::postgres::{Ledger, Postgres};
use crate::parity::postgres::{Place, Search};
use crate::parity::{Answer, Answered, Metric, Report, Round, Rounds, Subject};
use crate::plan::{Collection, Lane, Plan};
use crate::source::Range;
use crate::source::qdrant::{self, How, Qdrant, Sought};
use config::mapping::{Column, Document, Load, Source, Table, Type};
use question::{components, forget_strangers, metric, named, notes, size, text, vector_of};
use std::collections::BTreeSet;
use transforms::{Dictionary, quote};

/// What is asked, and how.
#[derive(Debug)]
pub struct Verify<'v> {
    /// The source.
    pub source: &'v Qdrant,
    /// The target.
    pub postgres: &'v Postgres,
    /// The run that moved the points.
    pub plan: &'v Plan,
    /// Only of these collections; nothing means all.
    pub only: Option<&'v [String]>,
    /// Vectors of the collection to ask with.
    pub questions: usize,
    /// Vectors that the operator gives, instead: each is put to the columns of as many components.
    pub given: Option<&'v [Vec<f32>]>,
    /// Places of an answer.
    pub k: usize,
    /// Values of `hnsw.ef_search` to ask with.
    pub efs: &'v [u32],
    /// The latency to keep, in milliseconds.
    pub bar_ms: f64,
}

/// A column that holds vectors of a collection.
struct Searched<'p> {
    collection: &'p Collection,
    table: &'p Table,
    column: &'p Column,
    /// The vector's name in Qdrant; nothing for the one without.
    using: Option<&'p str>,
}

impl Verify<'_> {
    /// A report for each column of vectors.
    pub async fn reports(&self) -> Result<Vec<Report>, Fault> {
        let mut reports = Vec::new();
        for searched in self.searched() {
            let described = self.source.describe(&searched.collection.id).await?;
            let Some(metric) = metric(&described, searched.using) else {
                continue;
            };
            if let Some(given) = self.given {
                let size = size(&described, searched.using);
                if !given.iter().any(|vector| Some(vector.len()) == size) {
                    continue;
                }
            }
            reports.push(Box::pin(self.report(&searched, metric, &described)).await?);
        }
        if reports.is_empty() {
            let message = "no table of the last run has a column with vectors of a collection";
            return Err(Fault::permanent(Part::Identity, "compare searches", message)
                .with_cause("nothing_to_search")
                .with_remedy("map a vector to a column of type vector, halfvec or sparsevec"));
        }
        Ok(reports)
    }

    /// How many components the dense vectors have that can be searched.
    pub async fn sizes(&self) -> Result<BTreeSet<usize>, Fault> {
        let mut sizes = BTreeSet::new();
        for searched in self.searched() {
            let described = self.source.describe(&searched.collection.id).await?;
            sizes.extend(size(&described, searched.using));
        }
        Ok(sizes)
    }

    fn searched(&self) -> Vec<Searched<'_>> {
        let mut searched = Vec::new();
        let wanted = |id: &str| self.only.is_none_or(|only| only.iter().any(|name| name == id));
        for collection in self
            .plan
            .collections
            .iter()
            .filter(|collection| wanted(&collection.id))
        {
            for table in &collection.tables {
                let columns = table.columns.iter().filter_map(|column| {
                    let using = named(column)?;
                    Some(Searched {
                        collection,
                        table,
                        column,
                        using,
                    })
                });
                searched.extend(columns);
            }
        }
        searched
    }

    async fn report(
        &self,
        searched: &Searched<'_>,
        metric: Metric,
        described: &qdrant::Collection,
    ) -> Result<Report, Fault> {
        let (questions, how) = match self.given {
            Some(given) => (
                given
                    .iter()
                    .filter(|vector| Some(vector.len()) == size(described, searched.using))
                    .cloned()
                    .map(Sought::Dense)
                    .collect(),
                "given by you".to_owned(),
            ),
            None => {
                let sampled = self.sampled(searched).await?;
                (
                    sampled,
                    "vectors of the collection itself, here and there".to_owned(),
                )
            }
        };
        let place = self.place(searched, metric);
        let mut source = Box::pin(self.of_source(searched, &questions)).await?;
        let mut lease = self.postgres.lease().await?;
        let search = Search::begin(&mut lease, &place).await?;
        let asked = self.renumbered(searched, &questions).await?;
        let texts: Vec<String> = asked
            .iter()
            .map(|question| text(question, searched.column.sql))
            .collect();
        let mut target = Rounds {
            exact: search.exactly(&texts).await?,
            approximate: Vec::new(),
        };
        for ef in self.efs {
            target
                .approximate
                .extend(search.through_index(*ef, &texts).await?);
        }
        if questions
            .iter()
            .any(|question| matches!(question, Sought::Sparse { .. }))
        {
            forget_strangers(&mut source);
            forget_strangers(&mut target);
        }
        let rows = search.rows().await?;
        let subject = Subject {
            collection: match searched.using {
                Some(name) => format!("{} ({name})", searched.collection.id),
                None => searched.collection.id.clone(),
            },
            table: format!("{}.{}", quote(&place.schema), quote(&place.table)),
            column: quote(&place.column),
            metric,
            dimension: questions.iter().map(components).max().unwrap_or(0),
            points: rows,
            k: self.k,
            questions: how,
            at: format!("{:.0}", jiff::Timestamp::now()),
            bar_ms: self.bar_ms,
            notes: notes(searched.using, described, target.approximate.is_empty()),
        };
        Ok(Report::of(subject, &source, &target))
    }

    /// The questions as the column has them: where it asks for smaller numbers, with those for their indices. An index
    /// without a number is in no row.
    async fn renumbered(&self, searched: &Searched<'_>, questions: &[Sought]) -> Result<Vec<Sought>, Fault> {
        let (table, column) = (searched.table, searched.column);
        if !column.remap {
            return Ok(questions.to_vec());
        }
        let numbers = Numbers::new(Ledger::new(self.postgres.clone()), &self.plan.mapping.schema);
        numbers.recall(std::iter::once(table)).await?;
        let renumbered = |question: &Sought| match question {
            Sought::Dense(_) => question.clone(),
            Sought::Sparse { indices, values } => {
                let known = indices.iter().zip(values).filter_map(|(index, value)| {
                    let number = numbers.numbers(&table.name, &column.name, &[*index])?;
                    Some((*number.first()?, *value))
                });
                let (indices, values) = known.unzip();
                Sought::Sparse { indices, values }
            }
        };
        Ok(questions.iter().map(renumbered).collect())
    }

    fn place(&self, searched: &Searched<'_>, metric: Metric) -> Place {
        let table = searched.table;
        let is_id =
            |column: &&Column| column.from == Source::Document(Document::Id) && column.apply.is_empty();
        let id = match table.columns.iter().find(is_id) {
            Some(column) => format!("{}::text", quote(&column.name)),
            None if table.load == Load::Copy => {
                let start = searched.collection.id.chars().count() + 2;
                format!("split_part(substr(_path, {start}), '@', 1)")
            }
            None => "null::text".to_owned(),
        };
        Place {
            schema: self.plan.mapping.schema.clone(),
            table: table.name.clone(),
            id,
            column: searched.column.name.clone(),
            kind: match searched.column.sql {
                Type::Halfvec(_) => "halfvec",
                Type::Sparsevec(_) => "sparsevec",
                _ => "vector",
            }
            .to_owned(),
            metric,
            k: self.k,
        }
    }

    /// Vectors that the collection has, taken from all over its ids.
    async fn sampled(&self, searched: &Searched<'_>) -> Result<Vec<Sought>, Fault> {
        let id = &searched.collection.id;
        let lanes: Vec<&Lane> = self
            .plan
            .lanes
            .iter()
            .filter(|lane| self.plan.collection_of(lane).id == *id)
            .collect();
        let mut shards: Vec<Option<&str>> = lanes.iter().map(|lane| lane.shard.as_deref()).collect();
        shards.dedup();
        let mut questions = Vec::new();
        for shard in &shards {
            let ranges: Vec<Range> = lanes
                .iter()
                .filter(|lane| lane.shard.as_deref() == *shard)
                .map(|lane| Range {
                    from: lane.from.clone(),
                    to: lane.to.clone(),
                    documents: lane.documents,
                })
                .collect();
            let wanted = self.questions.div_ceil(shards.len());
            let look = |body: &[u8]| questions.extend(vector_of(body, id, searched.using));
            self.source.glimpse(id, *shard, &ranges, wanted, look).await?;
        }
        questions.truncate(self.questions);
        Ok(questions)
    }

    async fn of_source(&self, searched: &Searched<'_>, questions: &[Sought]) -> Result<Rounds, Fault> {
        Ok(Rounds {
            exact: self.round(searched, questions, How::Exact, "exact").await?,
            approximate: vec![
                self.round(searched, questions, How::AsBuilt, "as it is set up")
                    .await?,
            ],
        })
    }

    async fn round(
        &self,
        searched: &Searched<'_>,
        questions: &[Sought],
        how: How,
        way: &str,
    ) -> Result<Round, Fault> {
        let place = qdrant::Place {
            collection: &searched.collection.id,
            using: searched.using,
            shard: None,
        };
        let mut answered = Vec::with_capacity(questions.len());
        for question in questions {
            let (hits, took) = self.source.nearest(place, question, self.k as u64, how).await?;
            let answers = hits.into_iter().map(|hit| Answer {
                id: hit.id,
                score: f64::from(hit.score),
            });
            answered.push(Answered {
                answers: answers.collect(),
                took,
            });
        }
        Ok(Round {
            way: way.to_owned(),
            answered,
        })
    }
}
