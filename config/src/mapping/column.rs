//! One column: where its value comes from, which type it has, and what happens to a value that does not fit.

use serde::{Deserialize, Serialize};

use super::{FieldPath, Type};

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, unquoted, at most 63 bytes.
    pub name: String,
    /// Where its value comes from.
    pub from: Source,
    /// What is done to the value, in order, before it meets the type.
    pub apply: Vec<Function>,
    /// Its type in PostgreSQL.
    pub sql: Type,
    /// The Firestore type that it holds without a word in `_extra`.
    pub holds: Holds,
    /// What happens to a value that it cannot hold.
    pub misfit: Misfit,
    /// What happens to a vector without any component other than zero, in columns of vectors.
    #[serde(default, skip_serializing_if = "Zero::is_usual")]
    pub zero: Zero,
    /// In columns of type `sparsevec`: whether indices are replaced by smaller numbers, by way of a dictionary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remap: bool,
    /// What happens to an explicit null.
    pub null: Null,
    /// What it holds where the field is missing (and where it is null, if so asked). Also the column's DEFAULT.
    pub default: Option<Literal>,
    /// When the default is given.
    pub fill: Fill,
    /// Whether a document without a value for it goes to the quarantine. The column is then NOT NULL.
    pub required: bool,
    /// The table and column it refers to.
    pub references: Option<ColumnRef>,
}

impl Column {
    /// A column that takes a field as it is, with every policy at its default.
    pub fn field(name: impl Into<String>, from: FieldPath, sql: Type, holds: Holds) -> Column {
        Column {
            name: name.into(),
            from: Source::Field(from),
            apply: Vec::new(),
            sql,
            holds,
            misfit: Misfit::default(),
            zero: Zero::default(),
            remap: false,
            null: Null::default(),
            default: None,
            fill: Fill::default(),
            required: false,
            references: None,
        }
    }

    /// Whether rows carry it: PostgreSQL computes the others itself.
    pub fn is_loaded(&self) -> bool {
        !matches!(self.from, Source::Generated(_))
    }
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A field of the document (in a child table, of the element).
    Field(FieldPath),
    /// Something about the document itself.
    Document(Document),
    /// Always the same.
    Constant(Literal),
    /// A text put together from fields. NULL where one of them is missing or null.
    Template(Template),
    /// A column PostgreSQL generates: the SQL expression. Rows do not carry it.
    Generated(String),
    /// The embedding of a text put together from fields. NULL where the text is empty or a field of it missing.
    Embedding(Template),
}

/// Something about the document itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// `$id`: the last part of its path.
    Id,
    /// `$path`: its path below the database root.
    Path,
    /// `$parent`: the path of the document it lies below; NULL at the root.
    Parent,
    /// `$1`, `$2`, …: the document id that the pattern's first, second, … `*` stands for.
    Wildcard(u8),
    /// `$created`: its create time.
    Created,
    /// `$updated`: its update time.
    Updated,
    /// `$value`, in child tables: the element itself.
    Value,
    /// `$ordinal`, in child tables of arrays: the element's place, from 0.
    Ordinal,
    /// `$key`, in child tables of maps: the entry's key.
    Key,
}

/// What is done to a value before it meets its column.
///
/// A value changed by a function that cannot be undone also stays in `_extra`, unless the field is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// A text in lower case.
    Lower,
    /// A text in upper case.
    Upper,
    /// A text without white space around it.
    Trim,
    /// SHA-256: hexadecimal in `text`, 32 bytes in `bytea`. Of a text's UTF-8, of bytes.
    Sha256,
    /// The UUID version 5 of a text in the URL name space; of `$path` it is a stable surrogate key.
    Uuid5,
    /// Seconds since 1970: a number becomes a moment, a moment becomes a number. Undone exactly where it is exact.
    EpochSeconds,
    /// The same in milliseconds.
    EpochMillis,
    /// The same in microseconds.
    EpochMicros,
    /// Degrees north of a geopoint. With a column for each half the point is held whole.
    Latitude,
    /// Degrees east of a geopoint.
    Longitude,
    /// The last part of a reference's path (or of a text with slashes). Undone where `references` names a root
    /// collection's table.
    Id,
}

/// A text put together from literal text and fields: `"{first} {last}"`; `{{` is a brace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template(pub Vec<Piece>);

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// A field: texts as they are, numbers, booleans and moments as JSON spells them; anything else is NULL.
    Field(FieldPath),
    /// `{$id}` and the like.
    Document(Document),
}

/// The Firestore type that a column holds whole. Other values that its SQL type can say are there as well, but then
/// `_extra` keeps the original, because the column does not tell which type it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Booleans.
    Boolean,
    /// Integers.
    Integer,
    /// Doubles; an integer is kept in `_extra` as well.
    Double,
    /// Integers and doubles; an integral number without a word in `_extra` was an integer.
    Number,
    /// Moments.
    Timestamp,
    /// Strings.
    Text,
    /// Bytes.
    Bytes,
    /// References, as paths below the database root.
    Reference,
    /// Geopoints; of Qdrant's points, maps of `lat` and `lon`.
    Point,
    /// Embeddings as the source has them: Firestore's vector type; Qdrant's vectors, in `sparsevec` its sparse ones.
    Vector,
    /// Arrays (in `jsonb`, in array columns, and embeddings kept as plain arrays in vector columns).
    Array,
    /// Maps.
    Map,
    /// Whatever it is (`jsonb` only), but for explicit nulls.
    Any,
}

/// What happens to a value that its column cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// The column is NULL, and `_extra` keeps the value.
    #[default]
    Overflow,
    /// The whole document goes to the quarantine.
    Quarantine,
    /// The column is NULL, and `etl.amendment` records the value.
    Null,
    /// The value is converted where that changes nothing but its type or precision, and `etl.amendment` records the
    /// original; where there is no such conversion, as `overflow`.
    Cast,
}

/// What happens to a vector of nothing but zeros, which has no direction: pgvector's indexes for cosine distance leave
/// it out, so a search that uses them never finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Zero {
    /// The column holds it; how many there are is counted.
    #[default]
    Keep,
    /// The column is NULL, and `etl.amendment` records the vector.
    Null,
    /// The whole document goes to the quarantine.
    Quarantine,
}

impl Zero {
    fn is_usual(&self) -> bool {
        *self == Zero::default()
    }
}

/// What happens to an explicit null. SQL has one NULL for a field that is null and one that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// `_extra` keeps it, so that it is told apart from a missing field.
    #[default]
    Keep,
    /// Null and missing are one; nothing is kept.
    Forget,
}

/// When a column's default is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// Where the field is missing. `_extra` keeps that it was.
    #[default]
    Missing,
    /// Where it is missing or null.
    MissingOrNull,
}

/// A value written in the mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// `true`, `false`.
    Boolean(bool),
    /// `42`.
    Integer(i64),
    /// `0.5`.
    Double(#[serde(with = "super::number")] f64),
    /// `"text"`: in PostgreSQL's own spelling for types that are no text.
    Text(String),
}

/// NaN is what it is: a mapping that says it is the same mapping when it is read again.
impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        match (self, other) {
            (Literal::Boolean(one), Literal::Boolean(other)) => one == other,
            (Literal::Integer(one), Literal::Integer(other)) => one == other,
            (Literal::Double(one), Literal::Double(other)) => one == other || one.is_nan() && other.is_nan(),
            (Literal::Text(one), Literal::Text(other)) => one == other,
            _ => false,
        }
    }
}

/// A table's column, as the target of a reference: `users(id)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRef {
    /// The table, by its name in the mapping.
    pub table: String,
    /// Its column.
    pub column: String,
}
