//! Memory for what is built after the load: of the mapping's HNSW graphs, or in general where it has none.

use super::{Session, Wanted};
use crate::check::Finding;
use crate::fault::Fault;
use crate::load::postgres::Postgres;
use crate::load::postgres::after::{After, graph};
use crate::progress::Progress;
use crate::source::firestore::Probe;
use config::mapping::{Index, Records, Type};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const MEMORY: &str = "target.memory";
/// How long the source may take to count documents.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Dimensions the room for an index is told for.
const DIMENSIONS: i64 = 768;
/// What an HNSW graph with m = 16 keeps of a vector besides its components, in bytes. Measured: of 384 dimensions,
/// about 29,000 fit into 64 MB ("hnsw graph no longer fits into maintenance_work_mem after … tuples").
const GRAPH: i64 = 780;
/// PostgreSQL's own default, in bytes.
const USUAL: i64 = 64 << 20;

/// Documents are counted no further, which is billed eleven reads.
const COUNTED: u32 = 10_000;
/// Collections that are counted.
const COLLECTIONS: usize = 3;
const MILLION: u64 = 1_000_000;

pub(super) async fn memory(
    session: &Session,
    postgres: &Postgres,
    config: &config::Target,
    wanted: Wanted<'_>,
) -> Result<Finding, Fault> {
    let sql = "select current_setting('maintenance_work_mem'), \
               pg_size_bytes(current_setting('maintenance_work_mem'))";
    let row = session.row("ask for maintenance_work_mem", sql, &[]).await?;
    let (graphs, records) = (graphs(wanted.mapping), wanted.source.records());
    if graphs.is_empty() {
        return Ok(judge(row.get(0), row.get(1), records));
    }
    let progress = Progress::default();
    let after = After {
        postgres,
        tables: &wanted.mapping.tables,
        schema: &config.schema,
        keys: config.primary_key == config::PrimaryKey::AfterLoad,
        memory: config.maintenance_memory,
        progress: &progress,
    };
    let action = "ask for the server's memory";
    let most = session
        .in_time(action, after.most_memory(config.connections.get()))
        .await?;
    let counted = count(wanted.source, &graphs).await;
    let largest = graphs
        .iter()
        .map(|graph| (graph, graph.collection.and_then(|id| counted.get(id).copied())))
        .max_by_key(|(graph, rows)| (rows.is_none(), graph.bytes(rows.unwrap_or(MILLION))));
    Ok(match largest {
        Some((graph, Some(rows))) => graph.judge(rows, most, records),
        Some((graph, None)) => graph.tell(most),
        None => judge(row.get(0), row.get(1), records),
    })
}

fn judge(name: String, bytes: i64, records: Records) -> Finding {
    let thousands = bytes / (DIMENSIONS * 4 + GRAPH) / 1000;
    let found = format!(
        "maintenance_work_mem is {name}: an HNSW index of about {thousands},000 vectors of {DIMENSIONS} dimensions is built \
         in memory"
    );
    if bytes >= USUAL {
        return Finding::pass(MEMORY, found);
    }
    let means = "primary keys and indexes take longer to build, those on vectors several times as long";
    let next = format!(
        "where {} hold vectors, SET maintenance_work_mem = '1GB' (or as much as the server has to spare) before you \
         build indexes",
        records.many()
    );
    Finding::warn(MEMORY, found, means, next)
}

/// An HNSW index that the mapping asks for.
struct Graph<'m> {
    table: &'m str,
    column: &'m str,
    index: &'m Index,
    sql_type: Type,
    /// The collection whose documents are its rows; none where elements are.
    collection: Option<&'m str>,
}

fn graphs(mapping: &config::mapping::Mapping) -> Vec<Graph<'_>> {
    let mut graphs = Vec::new();
    for table in &mapping.tables {
        let own = (
            &table.name,
            &table.indexes,
            &table.columns,
            Some(table.from.collection()),
        );
        let elements = table
            .children
            .iter()
            .map(|child| (&child.name, &child.indexes, &child.columns, None));
        for (name, indexes, columns, collection) in std::iter::once(own).chain(elements) {
            graphs.extend(indexes.iter().filter_map(|index| {
                let on = index.on.first()?;
                let column = columns.iter().find(|column| column.name == on.name)?;
                graph(index, column.sql, 0)?;
                Some(Graph {
                    table: name,
                    column: &column.name,
                    index,
                    sql_type: column.sql,
                    collection,
                })
            }));
        }
    }
    graphs
}

/// How many documents lie in the collections of `graphs`, as far as they are few and the source tells in time.
async fn count<'m>(source: &config::Source, graphs: &[Graph<'m>]) -> BTreeMap<&'m str, u64> {
    let mut ids: Vec<&str> = graphs.iter().filter_map(|graph| graph.collection).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut counted = BTreeMap::new();
    let config::Source::Firestore(source) = source else {
        return counted;
    };
    let counting = async {
        let Ok(probe) = Probe::connect(source).await else {
            return;
        };
        for id in ids.into_iter().take(COLLECTIONS) {
            match probe.count(id, COUNTED).await {
                Ok(documents) if documents < u64::from(COUNTED) => counted.insert(id, documents),
                _ => None,
            };
        }
    };
    // What was counted by then is known. Why the rest was not is for `source.answers` to tell.
    tokio::time::timeout(PATIENCE, Box::pin(counting)).await.ok();
    counted
}

impl Graph<'_> {
    fn bytes(&self, rows: u64) -> u64 {
        graph(self.index, self.sql_type, rows).unwrap_or(0)
    }

    fn name(&self) -> String {
        format!("hnsw index of {} ({})", self.table, self.column)
    }

    /// `rows` is how many there are at most, and `most` what a run gives a build.
    fn judge(&self, rows: u64, most: u64, records: Records) -> Finding {
        let needed = self.bytes(rows);
        let found = format!(
            "the {} takes {} of memory for {rows} {}, and a run may give it {}",
            self.name(),
            megabytes(needed),
            records.many(),
            megabytes(most)
        );
        if needed <= most {
            return Finding::pass(MEMORY, found);
        }
        let means = "what does not fit into memory is built several times slower";
        let next = "if the server has more to spare, say how much with --maintenance-memory";
        Finding::warn(MEMORY, found, means, next)
    }

    /// The same where nobody knows how many rows there are.
    fn tell(&self, most: u64) -> Finding {
        let (none, million) = (self.bytes(0), self.bytes(MILLION));
        let of_a_row = (million.saturating_sub(none) / MILLION).max(1);
        let fit = most.saturating_sub(none) / of_a_row / 1_000;
        Finding::pass(
            MEMORY,
            format!(
                "the {} takes {} of memory for a million rows, and a run may give it {}: enough for about {fit} \
                 thousand; where the server has more to spare, say how much with --maintenance-memory",
                self.name(),
                megabytes(million),
                megabytes(most)
            ),
        )
    }
}

/// Bytes as PostgreSQL's settings count them.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use config::mapping::{Distance, IndexColumn, Method};

    #[test]
    fn memory_below_the_usual_is_a_warning() {
        assert_eq!(
            judge("64MB".to_owned(), USUAL, Records::Documents).verdict,
            Verdict::Pass
        );
        assert!(
            judge("64MB".to_owned(), USUAL, Records::Documents)
                .found
                .contains("about 17,000")
        );
        assert_eq!(
            judge("16MB".to_owned(), 16 << 20, Records::Documents).verdict,
            Verdict::Warn
        );
    }

    #[test]
    fn a_graph_that_does_not_fit_is_a_warning_and_one_of_unknown_size_none() {
        let index = Index {
            on: vec![IndexColumn {
                name: "vec".to_owned(),
                descending: false,
            }],
            unique: false,
            method: Method::Hnsw {
                distance: Distance::Cosine,
                m: 16,
                ef_construction: 64,
            },
            filter: None,
        };
        let graph = Graph {
            table: "notes",
            column: "vec",
            index: &index,
            sql_type: Type::Vector(768),
            collection: Some("notes"),
        };
        let fits = graph.bytes(1_000);
        assert_eq!(
            graph.judge(1_000, fits, Records::Documents).verdict,
            Verdict::Pass
        );
        assert_eq!(
            graph.judge(1_001, fits, Records::Documents).verdict,
            Verdict::Warn
        );
        let told = graph.tell(graph.bytes(500_000)).found;
        assert!(
            told.contains("enough for about 500 thousand") || told.contains("about 499 thousand"),
            "{told}"
        );
    }
}
