//! Vectors: a column for each dense or sparse one, a table of its own for each multivector, and the indexes on them.

use super::{Datatype, Sketch, SparseParams, VectorParams, id_column};
use crate::mapping::{
    Child, Collection, Column, Distance, Document, FieldPath, Holds, Index, IndexColumn, Method, Scalar,
    Source, Type,
};
use crate::naming;

/// Most components of `vector` and `halfvec`.
const MOST: u64 = 16_000;
/// Most components of a `vector` that can be indexed, and of a `halfvec`.
const INDEXED: (u16, u16) = (2000, 4000);
/// Most places of a `sparsevec`.
const PLACES: u32 = 1_000_000_000;
/// Qdrant's own parameters where a collection says nothing.
const LINKS: u32 = 16;
const CANDIDATES: u32 = 100;

impl Sketch<'_> {
    /// The columns and tables of all vectors.
    pub(super) fn vectors(&mut self) {
        let collection = self.collection;
        for vector in &collection.vectors {
            self.lossy(vector);
            match vector.multi {
                true => self.multivector(vector),
                false => self.dense(vector),
            }
        }
        for sparse in &collection.sparse {
            self.sparse(sparse);
        }
    }

    /// A column for a vector: `embedding` for the unnamed one; a name that the payload has too leaves it to that.
    fn vector_name(&mut self, name: Option<&str>) -> String {
        let Some(name) = name else {
            return self.name("embedding", "embedding");
        };
        let in_payload = |name: &str| {
            let mut keys = self
                .collection
                .payload
                .iter()
                .map(|field| naming::identifier(&field.key, ""));
            keys.any(|key| key == naming::identifier(name, ""))
        };
        match in_payload(name) {
            true => self.name(&format!("{name}_vector"), "vector"),
            false => self.name(name, "vector"),
        }
    }

    fn lossy(&mut self, vector: &VectorParams) {
        let shown = shown(vector.name.as_deref());
        match vector.datatype {
            Datatype::Float32 | Datatype::Float16 => {}
            Datatype::Uint8 => self.remark(format!(
                "{shown} holds whole numbers from 0 to 255: what was cut off when it was stored is gone; halfvec \
                 holds these exactly"
            )),
            Datatype::Turbo => self.remark(format!(
                "{shown} is kept compressed only: what Qdrant gives back is near the vectors that were stored, not \
                 the same"
            )),
        }
    }

    fn dense(&mut self, vector: &VectorParams) {
        let name = self.vector_name(vector.name.as_deref());
        let path = path(vector.name.as_deref());
        let sql = self.dense_type(vector);
        let mut indexes = Vec::new();
        indexes.extend(self.hnsw(vector, sql, &name));
        self.table
            .columns
            .push(Column::field(name, path, sql, Holds::Vector));
        self.table.indexes.append(&mut indexes);
    }

    fn dense_type(&mut self, vector: &VectorParams) -> Type {
        let size = u16::try_from(vector.size)
            .ok()
            .filter(|size| (1..=MOST).contains(&u64::from(*size)));
        let Some(size) = size else {
            self.remark(format!(
                "{} has {} components, more than pgvector's types hold ({MOST}): its column is real[], without an index",
                shown(vector.name.as_deref()),
                vector.size
            ));
            return Type::Array(Scalar::Real);
        };
        match vector.datatype {
            Datatype::Float32 | Datatype::Turbo => Type::Vector(size),
            Datatype::Float16 | Datatype::Uint8 => Type::Halfvec(size),
        }
    }

    /// The graph on a column, with Qdrant's own parameters as far as pgvector takes them.
    fn hnsw(&mut self, vector: &VectorParams, sql: Type, column: &str) -> Option<Index> {
        let shown = shown(vector.name.as_deref());
        match sql {
            Type::Vector(size) if size > INDEXED.0 => {
                let advice = match size <= INDEXED.1 {
                    true => format!("; halfvec({size}) can be, and rounds every component to 16 bits"),
                    false => String::new(),
                };
                self.remark(format!(
                    "{shown} has {size} components, and vector can be indexed up to {}{advice}",
                    INDEXED.0
                ));
                return None;
            }
            Type::Halfvec(size) if size > INDEXED.1 => {
                self.remark(format!(
                    "{shown} has {size} components, and halfvec can be indexed up to {}",
                    INDEXED.1
                ));
                return None;
            }
            Type::Vector(_) | Type::Halfvec(_) => {}
            _ => return None,
        }
        let (m, ef) = (
            vector.m.unwrap_or(LINKS),
            vector.ef_construct.unwrap_or(CANDIDATES),
        );
        if m == 0 {
            self.remark(format!(
                "{shown} has no graph in Qdrant (m = 0), so that it gets no index here"
            ));
            return None;
        }
        let links = m.clamp(2, 100) as u16;
        let candidates = ef.clamp(4, 1000).max(2 * u32::from(links)) as u16;
        if (u32::from(links), u32::from(candidates)) != (m, ef) {
            self.remark(format!(
                "{shown} has m = {m} and ef_construct = {ef} in Qdrant; pgvector takes m = {links} and ef_construction \
                 = {candidates}"
            ));
        }
        if vector.distance == Distance::L1 {
            self.remark(format!(
                "{shown} is compared by Manhattan distance, which ivfflat does not know: keep hnsw"
            ));
        }
        Some(Index {
            on: vec![IndexColumn {
                name: column.into(),
                descending: false,
            }],
            unique: false,
            method: Method::Hnsw {
                distance: vector.distance,
                m: links,
                ef_construction: candidates,
            },
            filter: None,
        })
    }

    fn multivector(&mut self, vector: &VectorParams) {
        let suffix = vector.name.as_deref().unwrap_or("embedding");
        let wanted = naming::identifier(&format!("{}_{suffix}", self.table.name), "vectors");
        let name = naming::free(&wanted, self.tables);
        self.tables.insert(name.clone());
        let sql = self.dense_type(vector);
        let mut column = Column::field("embedding", FieldPath::top("value"), sql, Holds::Vector);
        column.from = Source::Document(Document::Value);
        let ids = self.table.columns.iter().find(|column| column.name == "id");
        let id = ids.map_or(Type::Scalar(Scalar::Text), |column| column.sql);
        self.remark(format!(
            "{} is a multivector, a row of {name:?} for each of its rows: Qdrant's comparison of all of them (MaxSim) \
             has no index in pgvector, only the rows one by one have",
            shown(vector.name.as_deref())
        ));
        let indexes = self.hnsw(vector, sql, "embedding").into_iter().collect();
        self.table.children.push(Child {
            name,
            from: path(vector.name.as_deref()),
            of: Collection::Array,
            columns: vec![id_column(id), column],
            indexes,
        });
    }

    fn sparse(&mut self, sparse: &SparseParams) {
        let name = self.vector_name(Some(&sparse.name));
        let mut column = Column::field(
            name,
            path(Some(&sparse.name)),
            Type::Sparsevec(PLACES),
            Holds::Vector,
        );
        let shown = shown(Some(&sparse.name));
        if let Some(largest) = sparse.largest.filter(|largest| *largest >= PLACES) {
            column.remap = true;
            self.remark(format!(
                "{shown} has indices up to {largest}, beyond the {PLACES} places of sparsevec: they are replaced by \
                 numbers from a dictionary, through which queries have to go as well"
            ));
        }
        if sparse.idf {
            self.remark(format!(
                "{shown} is weighed by how rare each index is (idf) when Qdrant searches: pgvector does not do that"
            ));
        }
        self.remark(format!(
            "{shown} gets no index: hnsw with distance = \"ip\" takes sparse vectors of up to 1,000 values, if all are such"
        ));
        self.table.columns.push(column);
    }
}

fn path(name: Option<&str>) -> FieldPath {
    let vector = FieldPath::top("vector");
    match name {
        Some(name) => vector.below(name),
        None => vector,
    }
}

fn shown(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("vector {:?}", crate::visible(name)),
        None => "the unnamed vector".into(),
    }
}
