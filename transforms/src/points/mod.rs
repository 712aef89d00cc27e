//! The tables that an operator would draw for collections of Qdrant, from what the server says of them.
//! The same descriptions always give the same tables; what a reader might miss, and what search loses on the way, is
//! said in a remark. A wrong guess costs comfort, never data: `payload` is there whole, and what a column does not
//! take is in `_extra`.

mod payload;
#[cfg(test)]
mod tests;
mod vectors;

use std::collections::{BTreeMap, HashSet};

use crate::mapping::{
    Column, Distance, Document, FieldPath, Holds, Pattern, RESERVED_COLUMNS, Records, Scalar, Source, Table,
    Type,
};
use crate::{Shape, inline, naming};

/// What Qdrant says of a collection, and what looking through its ids has shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PointCollection {
    /// Its name.
    pub name: String,
    /// The ids that occur.
    pub ids: Ids,
    /// Its dense vectors and multivectors.
    pub vectors: Vec<VectorParams>,
    /// Its sparse vectors.
    pub sparse: Vec<SparseParams>,
    /// The fields of its payload that are indexed.
    pub payload: Vec<PayloadField>,
    /// The kinds of shard keys, where sharding is custom.
    pub sharding: Option<ShardKeys>,
    /// How many points it has.
    pub points: u64,
    /// The bytes of a point beside its dense vectors, on average.
    pub beside: u64,
}

/// The kinds of ids that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ids {
    /// The largest number, if there are numbers.
    pub largest: Option<u64>,
    /// Whether there are UUIDs.
    pub uuids: bool,
}

/// The kinds of shard keys that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardKeys {
    /// Texts alone.
    Texts,
    /// Numbers alone.
    Numbers,
    /// Both.
    Mixed,
}

/// A dense vector or a multivector.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorParams {
    /// Its name; the unnamed one has none.
    pub name: Option<String>,
    /// How many components.
    pub size: u64,
    /// What it is compared by.
    pub distance: Distance,
    /// How the server keeps components.
    pub datatype: Datatype,
    /// Whether a point has any number of rows of it.
    pub multi: bool,
    /// Links of each vector in Qdrant's HNSW graph, if not its default; 0 means no graph.
    pub m: Option<u32>,
    /// Candidates looked at while Qdrant builds it, if not its default.
    pub ef_construct: Option<u32>,
}

/// How a server keeps the components of a vector. They always come as floats of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Datatype {
    /// Floats of 32 bits.
    #[default]
    Float32,
    /// Floats of 16 bits.
    Float16,
    /// Whole numbers from 0 to 255.
    Uint8,
    /// Compressed, without the originals.
    Turbo,
}

/// A sparse vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SparseParams {
    /// Its name.
    pub name: String,
    /// The largest index that was seen.
    pub largest: Option<u32>,
    /// Whether Qdrant weighs it by how rare each index is when it is searched.
    pub idf: bool,
}

/// A field of the payload that is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadField {
    /// The key, as Qdrant spells paths: `city`, `address.city`, `tags[]`.
    pub key: String,
    /// What it is indexed as.
    pub kind: PayloadKind,
    /// Whether it tells tenants apart.
    pub tenant: bool,
    /// Whether lists of values were seen in it.
    pub lists: bool,
}

/// What a field of the payload is indexed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "these are Qdrant's own words")]
pub enum PayloadKind {
    Keyword,
    Integer,
    Float,
    Geo,
    Text,
    Bool,
    Datetime,
    Uuid,
}

/// Draws the tables of all collections.
pub fn propose(collections: &[PointCollection]) -> Shape {
    let names: Vec<&str> = collections
        .iter()
        .map(|collection| collection.name.as_str())
        .collect();
    let tables = naming::assign(&names, &[], "collection");
    let mut taken: HashSet<String> = tables.iter().cloned().collect();
    let mut remarks = Vec::new();
    let mut drawn = BTreeMap::new();
    for (collection, name) in collections.iter().zip(tables) {
        let mut sketch = Sketch::new(collection, name, &mut taken);
        if sketch.table.name != naming::snake_case(&collection.name) {
            sketch.remark(format!("becomes table {:?}", sketch.table.name));
        }
        sketch.id();
        sketch.shard_key();
        sketch.vectors();
        sketch.payload();
        sketch.table.toast_tuple_target =
            inline::toast_tuple_target(&sketch.table.columns, collection.beside);
        remarks.append(&mut sketch.remarks);
        drawn.insert(collection.name.clone(), vec![sketch.table]);
    }
    Shape {
        collections: drawn,
        remarks,
    }
}

/// A table while it is drawn.
struct Sketch<'c> {
    collection: &'c PointCollection,
    table: Table,
    /// Names of tables that are in use.
    tables: &'c mut HashSet<String>,
    /// Names of columns that are in use.
    columns: HashSet<String>,
    remarks: Vec<String>,
}

impl<'c> Sketch<'c> {
    fn new(collection: &'c PointCollection, name: String, tables: &'c mut HashSet<String>) -> Self {
        let own = ["id", "shard_key", "payload"];
        Sketch {
            collection,
            table: Table::new(name, Pattern::root(&collection.name), Records::Points),
            tables,
            columns: own
                .iter()
                .chain(&RESERVED_COLUMNS)
                .map(|name| String::from(*name))
                .collect(),
            remarks: Vec::new(),
        }
    }

    fn remark(&mut self, what: impl std::fmt::Display) {
        let name = crate::visible(&self.collection.name).into_owned();
        self.remarks.push(format!("collection {name:?}: {what}"));
    }

    /// A name for a column that no other has.
    fn name(&mut self, wanted: &str, fallback: &str) -> String {
        let name = naming::free(&naming::identifier(wanted, fallback), &self.columns);
        self.columns.insert(name.clone());
        name
    }

    fn id(&mut self) {
        const LARGEST: u64 = i64::MAX as u64;
        let Ids { largest, uuids } = self.collection.ids;
        let scalar = match (largest, uuids) {
            (None, true) => Scalar::Uuid,
            (Some(..=LARGEST), false) => Scalar::BigInt,
            (Some(_), false) => {
                self.remark("ids beyond what bigint holds, so that `id` is numeric(20,0)");
                Scalar::Numeric(Some((20, 0)))
            }
            (Some(_), true) => {
                self.remark("both numbers and UUIDs for ids, so that `id` is text");
                Scalar::Text
            }
            // Nothing is known yet: text takes all.
            (None, false) => Scalar::Text,
        };
        self.table.key = vec!["id".into()];
        self.table.columns.push(id_column(Type::Scalar(scalar)));
    }

    fn shard_key(&mut self) {
        let scalar = match self.collection.sharding {
            None => return,
            Some(ShardKeys::Texts) => Scalar::Text,
            Some(ShardKeys::Numbers) => Scalar::BigInt,
            Some(ShardKeys::Mixed) => {
                // As text the number 5 and the text "5" would be one key.
                self.table.key.clear();
                self.remark("both numbers and texts for shard keys, so that the key is `_path`");
                return;
            }
        };
        let sql = Type::Scalar(scalar);
        let mut column = Column::field(
            "shard_key",
            FieldPath::top("shard_key"),
            sql,
            Holds::usual(sql, &[]),
        );
        column.required = true;
        self.table.columns.insert(0, column);
        self.table.key.insert(0, "shard_key".into());
    }
}

/// The column of a point's id.
fn id_column(sql: Type) -> Column {
    let mut column = Column::field("id", FieldPath::top("id"), sql, Holds::usual(sql, &[]));
    column.from = Source::Document(Document::Id);
    column
}
