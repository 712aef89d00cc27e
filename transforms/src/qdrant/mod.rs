//! The wire format of Qdrant's messages, as much of it as a migration reads: pages of points, and a point as a document.
//! Every function answers with the decoded message or [`Malformed`](crate::Malformed); none panics, and none recurses
//! without bound. A value of a type unknown here is refused, never dropped.
//! The layout is that of the client's proto files; which servers send which form is said where it matters.

mod digest;
mod id;
mod page;
mod payload;
mod point;
mod vector;

pub use digest::{Digest, Digester};
pub use id::{NoPointId, PointId};
pub use page::{Page, page};
pub use point::{ROOT, id, in_name, point};
