//! Indexes: of columns that are there, of a kind that their types have.

use super::columns::MOST_KEY_COLUMNS;
use super::{Check, Known, Relation, Spot, no_column};
use crate::mapping::{Distance, Index, Method, Type};
use crate::origin::shown;

impl Check<'_> {
    /// What is wrong with the indexes of a table.
    pub(super) fn indexes(&mut self, relation: &Relation<'_>) {
        for (number, index) in relation.indexes.iter().enumerate() {
            let spot = Spot {
                key: "indexes",
                item: Some(number),
                ..relation.spot
            };
            if self.is_distrusted(relation.number, spot) {
                continue;
            }
            let here = format!("{}, index {}", relation.here(), number + 1);
            for what in columns(relation, index).into_iter().chain(shape(index)) {
                self.refuse(relation.number, spot, format_args!("{here}: {what}"));
            }
        }
    }
}

fn columns(relation: &Relation<'_>, index: &Index) -> Vec<String> {
    let mut found = Vec::new();
    for (at, column) in index.on.iter().enumerate() {
        let name = shown(&column.name);
        match relation.known(&column.name) {
            Known::No => found.push(no_column(&column.name, relation)),
            Known::Yes(_) if index.on[..at].iter().any(|other| other.name == column.name) => {
                found.push(format!("`{name}` is named twice; name it once"));
            }
            Known::Yes(Some(sql)) => {
                found.extend(kind(index.method, sql).map(|what| format!("column `{name}` is {sql}: {what}")));
            }
            Known::Yes(None) => {}
        }
    }
    found
}

/// What is wrong with an index of a kind on a type.
fn kind(method: Method, sql: Type) -> Option<String> {
    let is_vector = matches!(sql, Type::Vector(_) | Type::Halfvec(_) | Type::Sparsevec(_));
    let vectors = |most: u32, most_half: u32| match sql {
        Type::Vector(dimension) if u32::from(dimension) <= most => None,
        Type::Halfvec(dimension) if u32::from(dimension) <= most_half => None,
        Type::Vector(dimension) if u32::from(dimension) <= most_half => Some(format!(
            "{method} takes vectors of up to {most} dimensions; write type = \"halfvec({dimension})\""
        )),
        Type::Vector(_) | Type::Halfvec(_) => Some(format!(
            "{method} takes vector of up to {most} dimensions and halfvec of up to {most_half}; leave the index out"
        )),
        _ => Some(format!(
            "{method} takes vectors only; write using = \"btree\", or leave the index out"
        )),
    };
    match method {
        Method::Btree if !sql.has_order() && is_vector => {
            Some("it is searched by distance; write using = \"hnsw\" and a `distance`".to_owned())
        }
        Method::Btree if !sql.has_order() => {
            Some("its values have no order; write using = \"gist\"".to_owned())
        }
        Method::Btree => None,
        Method::Hash => {
            let hashed = matches!(sql, Type::Scalar(_) | Type::Array(_) | Type::Json);
            (!hashed).then(|| "hash does not take it; write another `using`".to_owned())
        }
        Method::Gin => {
            let taken = matches!(sql, Type::Array(_) | Type::Json | Type::Tsvector);
            (!taken).then(|| "gin takes arrays, jsonb and tsvector; write using = \"btree\"".to_owned())
        }
        Method::Gist => {
            let taken = matches!(sql, Type::Point | Type::Geography | Type::Tsvector);
            (!taken).then(|| "gist takes point, geography and tsvector; write using = \"btree\"".to_owned())
        }
        Method::Hnsw { .. } if matches!(sql, Type::Sparsevec(_)) => None,
        Method::Hnsw { .. } | Method::Ivfflat { .. } => vectors(2000, 4000),
    }
}

/// What is wrong with an index whatever it is on.
fn shape(index: &Index) -> Vec<String> {
    let mut found = Vec::new();
    let method = index.method;
    let ordered = method == Method::Btree;
    let single = matches!(
        method,
        Method::Hash | Method::Hnsw { .. } | Method::Ivfflat { .. }
    );
    if index.on.is_empty() {
        found.push("`on` names no column; name at least one".to_owned());
    }
    if index.on.len() > MOST_KEY_COLUMNS {
        found.push(format!(
            "`on` has more than {MOST_KEY_COLUMNS} columns; PostgreSQL allows no more"
        ));
    }
    if single && index.on.len() > 1 {
        found.push(format!("{method} takes one column; make an index of each"));
    }
    if index.unique && !ordered {
        found.push(format!(
            "{method} cannot be unique; leave `unique` out, or `using`"
        ));
    }
    if !ordered && index.on.iter().any(|column| column.descending) {
        found.push(format!("{method} keeps no order; leave `desc` out"));
    }
    if index
        .filter
        .as_ref()
        .is_some_and(|filter| filter.trim().is_empty())
    {
        found.push("`where` is empty; write a condition in SQL, or leave it out".to_owned());
    }
    match method {
        Method::Hnsw {
            m, ef_construction, ..
        } if ef_construction < m.saturating_mul(2) => found.push(format!(
            "ef_construction = {ef_construction} is less than twice m = {m}; pgvector wants at least {}",
            m.saturating_mul(2)
        )),
        Method::Ivfflat {
            distance: Distance::L1,
            ..
        } => {
            found.push(
                "ivfflat does not order by l1; write using = \"hnsw\", or another `distance`".to_owned(),
            );
        }
        _ => {}
    }
    found
}

/// Its name alone.
impl std::fmt::Display for Method {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Method::Btree => "btree",
            Method::Hash => "hash",
            Method::Gin => "gin",
            Method::Gist => "gist",
            Method::Hnsw { .. } => "hnsw",
            Method::Ivfflat { .. } => "ivfflat",
        })
    }
}

impl Type {
    /// Whether its values have an order that keys and btree indexes can use. Vectors have one that is of no use.
    pub(super) fn has_order(self) -> bool {
        matches!(self, Type::Scalar(_) | Type::Array(_) | Type::Json)
    }
}
