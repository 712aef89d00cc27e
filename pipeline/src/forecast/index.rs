//! How large keys and indexes become.
//!
//! An index of a sample says little about that of a table: a tree of one page has no levels. So sizes are reckoned
//! from PostgreSQL's and pgvector's page layouts and the measured widths of values.

use super::sizes::{PAGE, RowSize};
use config::mapping::{Collection, Method, Scalar, Type};
use transforms::Relation;

/// Room for items on a btree page, after header and special space.
const BTREE_ROOM: f64 = 8192.0 - 24.0 - 16.0;
/// How full a build leaves a leaf.
const FILLED: f64 = 0.9;
/// Room on an HNSW page.
const HNSW_ROOM: f64 = 8192.0 - 24.0 - 8.0;
/// A posting list takes six bytes a row, and its key once for about a hundred.
const POSTING: f64 = 6.2;

/// A key or index that will be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) columns: Vec<String>,
    pub(crate) method: Method,
    pub(crate) unique: bool,
    /// Only rows that fulfil a condition are in it.
    pub(crate) partial: bool,
    /// It is the primary key.
    pub(crate) primary: bool,
}

/// The primary key and the indexes of a relation.
pub(crate) fn wanted(relation: &Relation<'_>) -> Vec<Wanted> {
    let primary = match relation.child() {
        Some(child) if child.of == Collection::Array => vec!["_path".to_owned(), "_ordinal".to_owned()],
        Some(_) => vec!["_path".to_owned(), "_key".to_owned()],
        None if relation.table().key.is_empty() => vec!["_path".to_owned()],
        None => relation.table().key.clone(),
    };
    let key = Wanted {
        columns: primary,
        method: Method::Btree,
        unique: true,
        partial: false,
        primary: true,
    };
    let indexes = relation
        .child()
        .map_or(&relation.table().indexes, |child| &child.indexes);
    let indexes = indexes.iter().map(|index| Wanted {
        columns: index.on.iter().map(|column| column.name.clone()).collect(),
        method: index.method,
        unique: index.unique,
        partial: index.filter.is_some(),
        primary: false,
    });
    std::iter::once(key).chain(indexes).collect()
}

impl Wanted {
    /// Its bytes once `rows` rows are in it.
    pub(crate) fn bytes(&self, relation: &Relation<'_>, size: &RowSize, rows: f64) -> f64 {
        if rows < 1.0 {
            return 2.0 * PAGE;
        }
        match self.method {
            Method::Btree => self.btree(size, rows),
            Method::Hash => PAGE * (4.0 + (rows * 20.0 / (0.75 * BTREE_ROOM)).ceil()),
            Method::Hnsw { m, .. } => hnsw(self.stored(relation), f64::from(m), rows),
            Method::Ivfflat { .. } => {
                let tuple = align(8.0 + self.stored(relation)) + 4.0;
                (rows / (HNSW_ROOM / tuple).floor().max(1.0)).ceil() * PAGE
            }
            // What is in a document's fields is in them about once.
            Method::Gin | Method::Gist => rows * (0.4 * self.width(size) + 20.0),
        }
    }

    fn width(&self, size: &RowSize) -> f64 {
        let widths = self.columns.iter().filter_map(|name| size.columns.get(name));
        widths.map(|column| column.width).sum()
    }

    fn btree(&self, size: &RowSize, rows: f64) -> f64 {
        let distinct = self
            .columns
            .iter()
            .filter_map(|name| size.columns.get(name))
            .map(|column| column.distinct)
            .fold(0.0, f64::max);
        let tuple = align(8.0 + self.width(size)) + 4.0;
        // Where values recur in the sample, rows share an entry.
        let entry = match self.unique || distinct > 0.5 {
            true => tuple,
            false => POSTING + tuple * distinct.max(0.01),
        };
        let leaves = (rows * entry / (BTREE_ROOM * FILLED)).ceil();
        let inner = (leaves * (tuple.min(64.0)) / (BTREE_ROOM * 0.7)).ceil();
        (leaves + inner + 1.0) * PAGE
    }

    /// Bytes of a vector in the index.
    fn stored(&self, relation: &Relation<'_>) -> f64 {
        let named = |name: &String| relation.mapped().iter().find(|column| column.name == *name);
        self.columns
            .first()
            .and_then(named)
            .map_or(8.0, |column| vector_bytes(column.sql))
    }
}

/// Bytes of a vector as pgvector keeps it.
pub(crate) fn vector_bytes(sql: Type) -> f64 {
    match sql {
        Type::Vector(dimensions) => 8.0 + 4.0 * f64::from(dimensions),
        Type::Halfvec(dimensions) => 8.0 + 2.0 * f64::from(dimensions),
        Type::Scalar(Scalar::Text) => 40.0,
        _ => 64.0,
    }
}

/// A page holds whole elements, each with its links to `m` neighbours on each level and twice as many on the lowest.
fn hnsw(vector: f64, m: f64, rows: f64) -> f64 {
    let element = align(72.0 + vector);
    // One in m is on a level above, and so on.
    let levels = 1.0 / (m - 1.0).max(1.0);
    let neighbours = align(4.0 + 6.0 * m * (2.0 + levels));
    let each = element + neighbours + 8.0;
    let on_a_page = (HNSW_ROOM / each).floor();
    if on_a_page >= 1.0 {
        (rows / on_a_page).ceil() * PAGE + PAGE
    } else {
        rows * (element / PAGE).ceil().max(1.0) * PAGE + PAGE
    }
}

/// Bytes of the graph in memory while it is built. Checked against pgvector 0.8: 64 MiB hold 29,000 vectors of 384
/// dimensions at m = 16.
pub(crate) fn graph(vector: f64, m: u16, rows: f64) -> f64 {
    let m = f64::from(m.max(2));
    let links = 16.0 * (2.0 * m + (m / (m - 1.0)).ceil());
    rows * (vector + links + 240.0) * 1.1 + 16.0 * 1024.0 * 1024.0
}

fn align(bytes: f64) -> f64 {
    (bytes / 8.0).ceil() * 8.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_hnsw_index_is_what_was_measured() {
        // 100,000 vectors of 384 dimensions took 205 MB, of half precision 117 MB.
        let full = hnsw(8.0 + 4.0 * 384.0, 16.0, 100_000.0) / 1e6;
        let half = hnsw(8.0 + 2.0 * 384.0, 16.0, 100_000.0) / 1e6;
        assert!((200.0..210.0).contains(&full), "{full}");
        assert!((105.0..125.0).contains(&half), "{half}");
    }
}
