//! The mapping language: which documents become rows of which table, and what each column holds.
//! One set of types for what the operator wrote, what `etl init` proposes, what is inferred where nothing is
//! written, and what a plan keeps; printing and reading it back changes nothing.
//! What a document becomes under a mapping is decided in `transforms`.

mod check;
mod column;
mod names;
mod number;
mod path;
pub(crate) mod read;
mod refer;
mod sense;
mod spelling;
mod sql_type;
mod words;
mod write;

use serde::{Deserialize, Serialize};

pub use column::{
    Column, ColumnRef, Document, Fill, Function, Holds, Literal, Misfit, Null, Piece, Source, Template, Zero,
};
pub use path::{FieldPath, Pattern, Segment};
pub use sql_type::{Scalar, Type};
pub use write::{Place, write};

/// A word or a phrase of the mapping language that is none: what is wrong; after a semicolon, what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misspelt(pub(crate) String);

/// Everything that is written about the shape of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Mapping {
    /// The tables, in the order written: a document goes to the first whose pattern matches its path.
    pub tables: Vec<Table>,
    /// What happens to collections that no pattern speaks of.
    pub unmapped: Unmapped,
    /// What happens to texts with U+0000 in collections that no table speaks of.
    pub nul: Nul,
}

/// What happens to a collection that no table's pattern speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// It gets a table inferred from a sample, as without any mapping.
    #[default]
    Infer,
    /// It stays behind; the plan and the summary count its documents.
    Skip,
    /// Planning fails and names it.
    Refuse,
}

/// What happens to a text with U+0000, which PostgreSQL can hold neither in `text` nor in `jsonb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Nul {
    /// The whole document goes to the quarantine.
    #[default]
    Quarantine,
    /// The column shows `␀` in its place, and `_extra` keeps the exact text, encoded.
    Escape,
    /// It is taken out, and the original value is recorded in `etl.amendment`.
    Strip,
}

/// What the rows of a table are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// Documents of Firestore.
    #[default]
    Documents,
    /// Points of Qdrant. A point is a document `<collection>/<id>` with the fields `payload`, `vector` and, where
    /// sharding is custom, `shard_key`; it has no times, and neither have the tables.
    Points,
}

impl Records {
    fn is_usual(&self) -> bool {
        *self == Records::default()
    }
}

/// How rows come into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Copied into a table that the run creates or finds empty.
    #[default]
    Copy,
    /// Merged by the key into a table that is there: a row of the same key gets the columns that are written here, and
    /// a new row is made where there is none.
    Merge,
}

impl Load {
    fn is_usual(&self) -> bool {
        *self == Load::default()
    }
}

/// One table and the documents that become its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name, unquoted, at most 63 bytes.
    pub name: String,
    /// Which documents.
    pub from: Pattern,
    /// What these are.
    #[serde(default, skip_serializing_if = "Records::is_usual")]
    pub of: Records,
    /// How rows come into it. One that is merged into has the columns written here and none besides.
    #[serde(default, skip_serializing_if = "Load::is_usual")]
    pub load: Load,
    /// The columns of the primary key; nothing means `_path`.
    pub key: Vec<String>,
    /// What happens to texts with U+0000.
    pub nul: Nul,
    /// The columns beside `_path`, `_created_at`, `_updated_at` and `_extra`, in order.
    pub columns: Vec<Column>,
    /// Arrays and maps of the documents whose elements become rows of tables of their own.
    pub children: Vec<Child>,
    /// Fields that are left behind; how many values that were is counted.
    pub drop: Vec<FieldPath>,
    /// Secondary indexes, made after the load.
    pub indexes: Vec<Index>,
    /// Foreign keys of several columns; those of one column are written with the column.
    pub foreign_keys: Vec<ForeignKey>,
    /// How the table is parted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// PostgreSQL's storage parameter of this name, in bytes: rows up to this long keep their large values, such as
    /// vectors, in the row. Nothing means PostgreSQL's own, about 2,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toast_tuple_target: Option<u16>,
}

/// A table in parts, one for each value of a column: `PARTITION BY LIST`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// The column, which belongs to the key.
    pub by: String,
    /// The values that get a part of their own. Every other value, and NULL, goes to the default part.
    pub values: Vec<Literal>,
}

impl Table {
    /// A table that takes documents as they are: no columns, the key is `_path`, every policy at its default.
    pub fn new(name: impl Into<String>, from: Pattern, of: Records) -> Table {
        Table {
            name: name.into(),
            from,
            of,
            load: Load::default(),
            key: Vec::new(),
            nul: Nul::default(),
            columns: Vec::new(),
            children: Vec::new(),
            drop: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            partition: None,
            toast_tuple_target: None,
        }
    }
}

/// A table of the elements of an array or a map inside each document.
///
/// Beside its own columns it has `_path` (the document's), `_ordinal integer` or `_key text` (the element's place),
/// and `_extra`; `_path` with the place is its primary key, `_path` refers to the documents' table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// The table's name, unquoted, at most 63 bytes.
    pub name: String,
    /// The field that holds the array or map. Values of another type stay in the document's `_extra`.
    pub from: FieldPath,
    /// What the field holds.
    pub of: Collection,
    /// The columns, in order. Their field paths start at the element; `$value` is the element itself.
    pub columns: Vec<Column>,
    /// Secondary indexes, made after the load.
    pub indexes: Vec<Index>,
}

/// What a child table is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// The elements of an array; `_ordinal` counts from 0.
    #[default]
    Array,
    /// The entries of a map; `_key` is the entry's key.
    Map,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to, by its name in the mapping.
    pub table: String,
    /// The columns referred to.
    pub to: Vec<String>,
}

/// A secondary index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// The columns, in order.
    pub on: Vec<IndexColumn>,
    /// Whether no two rows may agree.
    pub unique: bool,
    /// How it is built.
    pub method: Method,
    /// A condition in SQL for a partial index.
    pub filter: Option<String>,
}

/// One column of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexColumn {
    /// Its name.
    pub name: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// How an index is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `btree`.
    Btree,
    /// `hash`.
    Hash,
    /// `gin`; on `jsonb` with `jsonb_path_ops`.
    Gin,
    /// `gist`.
    Gist,
    /// pgvector's `hnsw`.
    Hnsw {
        /// What it orders by.
        distance: Distance,
        /// Links of each vector.
        m: u16,
        /// Candidates looked at while building.
        ef_construction: u16,
    },
    /// pgvector's `ivfflat`.
    Ivfflat {
        /// What it orders by.
        distance: Distance,
        /// Number of lists.
        lists: u32,
    },
}

impl Method {
    /// pgvector's own `m`.
    pub const LINKS: u16 = 16;
    /// pgvector's own `ef_construction`.
    pub const CANDIDATES: u16 = 64;
    /// pgvector's own `lists`.
    pub const LISTS: u32 = 100;
}

/// What vectors are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// `cosine`: operator `<=>`.
    Cosine,
    /// `l2`: operator `<->`.
    L2,
    /// `ip`: operator `<#>`.
    Ip,
    /// `l1`: operator `<+>`.
    L1,
}

/// Columns that every table of documents has, whatever the mapping (those of points lack the times), and those
/// PostgreSQL keeps for itself.
pub const RESERVED_COLUMNS: [&str; 12] = [
    "_path",
    "_created_at",
    "_updated_at",
    "_extra",
    "_ordinal",
    "_key",
    "ctid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "tableoid",
];
