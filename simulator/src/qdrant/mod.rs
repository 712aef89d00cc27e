//! A Qdrant of our own: points from a seed, the methods a migration uses, and everything that can go wrong with them.
//!
//! What it does where Qdrant's documentation is silent was observed on a real server (1.18.3) or read in its sources;
//! the places say which.

mod collection; // a description
mod contents; // generated points, and written ones on top
mod description; // a file
mod encode; // the bytes of a point
mod fault; // what goes wrong
mod filter;
mod generate; // points from a seed
mod half; // numbers of 16 bits
mod id;
mod nearness; // scores
mod path; // ways into a payload
mod point;
mod rest; // the methods as JSON
mod select; // what a request wants of a point
mod server; // all of it, running
mod service; // the methods
mod space; // what becomes of vectors, and how near two are
mod state; // what the methods share
mod store; // a collection as it stands
mod value;
mod version;

pub use collection::{Collection, Index, Odds, Strict};
pub use fault::{Fault, Plan, Strike, Struck};
pub use generate::{Ids, Mix};
pub use id::{BadId, PointId};
pub use point::{Point, ShardKey, Vector};
pub use server::{Options, Qdrant};
pub use space::{Datatype, Distance, Hnsw, SparseParams, VectorParams};
pub use value::{Payload, Value};
pub use version::{BadVersion, Version};
