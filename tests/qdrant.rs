//! Qdrant, moved: every point of every kind, once, as it is, whatever happens on the way.

mod kinds; // every kind of id, vector and payload
mod world;
