//! What packing has to say about a document: notes when it went in, a reason when it did not.
//! A reject's texts can be stored in PostgreSQL as they are and never repeat a document's values.
//! Counting rejects and writing them to the quarantine are the pipeline's.

use std::fmt;

/// What is worth counting about a document that went in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// Something went to an `_extra`, the document's or an element's.
    pub overflowed: bool,
    /// A vector's component is not the same number in its column, where pgvector stores 32 or 16 bits.
    pub rounded: bool,
    /// Vectors of nothing but zeros that went into a column: pgvector's indexes for cosine distance leave them out.
    pub zeros: u32,
    /// How many values were left behind because the mapping drops their field.
    pub dropped: u32,
    /// What the rows say otherwise than the document did, because the mapping asks for it.
    pub amendments: Vec<Amendment>,
}

/// One field that rows say otherwise than their document did, and what it was.
///
/// A document rebuilt from its rows, with the original of each amendment put back at its field, is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The relation whose row says it, by its place among [`crate::relations`].
    pub relation: usize,
    /// The column that says it; `_extra` where U+0000 was taken out of a field without a column.
    pub column: String,
    /// The document's field as [`crate::mapping::FieldPath`] displays it: the column's, for a table of elements the
    /// one that holds them all, under [`Policy::Strip`] one of the document's own as it is called now.
    pub field: String,
    /// What the mapping asked for.
    pub policy: Policy,
    /// The whole original value of the field as tagged JSON, with `\u0000` for U+0000. Where the field's name lost a
    /// U+0000, `{"$entries": [[name, value], …]}`: every field of the document that came to be called so.
    pub original: String,
}

/// What the mapping asked for where a row says something else than its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// NULL instead of a value that the column cannot hold.
    Null,
    /// The value converted.
    Cast,
    /// U+0000 taken out.
    Strip,
}

impl Policy {
    /// The word for it, as in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Policy::Null => "null",
            Policy::Cast => "cast",
            Policy::Strip => "strip",
        }
    }
}

/// Why a document cannot be stored as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}: {detail}", .column.as_ref().map(|column| format!(" in {column:?}")).unwrap_or_default())]
pub struct Reject {
    /// The kind of obstacle.
    pub reason: Reason,
    /// The Firestore field (or `_path`, `_created_at`, `_updated_at`) that holds it, U+0000 shown as `␀`.
    pub column: Option<String>,
    /// What was found, and what the table could have taken.
    pub detail: String,
}

/// The kinds of obstacle; a label in metrics and in the quarantine table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// U+0000 where PostgreSQL has no way to store it.
    NulCharacter,
    /// A vector of another length than its column.
    VectorDimension,
    /// A vector with a component that is no finite `f32`.
    VectorNotFinite,
    /// A vector of nothing but zeros, where the mapping asks for quarantine.
    VectorZero,
    /// A create or update time that `timestamptz` cannot say exactly.
    TimestampPrecision,
    /// More bytes than PostgreSQL takes for a row.
    TooLarge,
    /// Bytes that are no document of this database, or no point.
    Malformed,
    /// PostgreSQL refused the row; the detail is its message.
    RefusedByPostgres,
    /// A value that its column cannot hold, where the mapping asks for quarantine.
    Misfit,
    /// No value for a column that must have one.
    Required,
    /// A path that no table's pattern matches.
    NoTable,
    /// A text that the embedding endpoint refuses for good.
    Embedding,
    /// A value that no column holds, in a table that has no `_extra`.
    LeftOver,
}

impl Reason {
    /// Every kind there is.
    pub const ALL: [Reason; 13] = [
        Reason::NulCharacter,
        Reason::VectorDimension,
        Reason::VectorNotFinite,
        Reason::VectorZero,
        Reason::TimestampPrecision,
        Reason::TooLarge,
        Reason::Malformed,
        Reason::RefusedByPostgres,
        Reason::Misfit,
        Reason::Required,
        Reason::NoTable,
        Reason::Embedding,
        Reason::LeftOver,
    ];

    /// The label, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NulCharacter => "nul_character",
            Reason::VectorDimension => "vector_dimension",
            Reason::VectorNotFinite => "vector_not_finite",
            Reason::VectorZero => "vector_zero",
            Reason::TimestampPrecision => "timestamp_precision",
            Reason::TooLarge => "too_large",
            Reason::Malformed => "malformed",
            Reason::RefusedByPostgres => "refused_by_postgres",
            Reason::Misfit => "misfit",
            Reason::Required => "required",
            Reason::NoTable => "no_table",
            Reason::Embedding => "embedding",
            Reason::LeftOver => "left_over",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl From<crate::Malformed> for Reject {
    fn from(malformed: crate::Malformed) -> Reject {
        Reject {
            reason: Reason::Malformed,
            column: None,
            detail: malformed.to_string(),
        }
    }
}
