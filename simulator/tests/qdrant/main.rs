//! The simulated Qdrant obeys Qdrant's laws: asked by the official client, judged by a naive model and by the generator.

#![allow(clippy::unwrap_used)]

mod reading; // every kind of point, over every version's wire
mod stage; // a server, and the official client

mod client {
    //! The official client, by a name that its own generated module does not hide.
    pub(crate) use ::qdrant_client::{Qdrant, qdrant};
}
