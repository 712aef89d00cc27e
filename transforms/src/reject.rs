//! What packing has to say about a document: notes when it went in, a reason when it did not.
//! A reject's texts can be stored in PostgreSQL as they are and never repeat a document's values.
//! Counting rejects and writing them to the quarantine are the pipeline's.

use std::fmt;

/// What is worth counting about a document that went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes {
    /// Something went to `_extra`.
    pub overflowed: bool,
    /// A vector's component is not the same number as `f32`, which is what pgvector stores.
    pub rounded: bool,
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
    /// A create or update time that `timestamptz` cannot say exactly.
    TimestampPrecision,
    /// More bytes than PostgreSQL takes for a row.
    TooLarge,
    /// Bytes that are no Firestore document of this database.
    Malformed,
    /// PostgreSQL refused the row; the detail is its message.
    RefusedByPostgres,
}

impl Reason {
    /// Every kind there is.
    pub const ALL: [Reason; 7] = [
        Reason::NulCharacter,
        Reason::VectorDimension,
        Reason::VectorNotFinite,
        Reason::TimestampPrecision,
        Reason::TooLarge,
        Reason::Malformed,
        Reason::RefusedByPostgres,
    ];

    /// The label, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NulCharacter => "nul_character",
            Reason::VectorDimension => "vector_dimension",
            Reason::VectorNotFinite => "vector_not_finite",
            Reason::TimestampPrecision => "timestamp_precision",
            Reason::TooLarge => "too_large",
            Reason::Malformed => "malformed",
            Reason::RefusedByPostgres => "refused_by_postgres",
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
