//! The simulated Qdrant obeys Qdrant's laws: asked by the official client, judged by a naive model and by the generator.

#![allow(clippy::unwrap_used)]

mod asking; // filters, counts, queries, facets against the obvious
mod describing; // collections, shard keys, versions, keys
mod faults; // what goes wrong, as the client meets it
mod reading; // every kind of point, over every version's wire
mod rest; // the same over JSON
mod stage; // a server, and the official client
mod wire; // the bytes, against the library's
mod writing; // a map of points, written and read

mod client {
    //! The official client, by a name that its own generated module does not hide.
    pub(crate) use ::qdrant_client::{Qdrant, QdrantError, qdrant};
}
