//! What a document of Firestore or a point of Qdrant becomes: from wire bytes to a table's shape and to the rows that go in it.
//! Everything here is a pure function of its arguments: no clock, no I/O, no runtime, and no panic on any input.
//! Nothing is lost on the way: a value lands in its column, in `_extra`, or its document is rejected with the
//! reason; reading, loading and keeping rejected documents are the pipeline's.

mod ascii;
mod census;
pub mod firestore;
mod floats;
mod infer;
mod inline;
pub mod json;
mod naming;
mod pack;
pub mod points;
mod propose;
pub mod qdrant;
mod reject;
mod relation;
mod shape;
mod sql;
mod timestamp;
mod unpack;
mod uuid;
mod value;
mod wire;

#[cfg(test)]
#[path = "../tests/laws/arbitrary.rs"]
mod arbitrary;

pub use census::Census;
pub use config::mapping;
pub use floats::{Floats, Sparse};
pub use infer::{Shape, infer};
pub use pack::{COPY_HEADER, COPY_TRAILER, Dictionary, Direct, Packer, Tuples};
pub use propose::{Evidence, Proposal, propose};
pub use reject::{Amendment, Notes, Policy, Reason, Reject};
pub use relation::{Relation, RelationColumn, relations};
pub use shape::{shape, shape_of_points};
pub use sql::{literal, quote, visible};
pub use timestamp::Timestamp;
pub use unpack::{Rebuilt, Row, Unpacker, Unreadable};
pub use value::{Document, Value, below};
pub use wire::Malformed;
