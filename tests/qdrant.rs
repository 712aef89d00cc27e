//! Qdrant, moved: every point of every kind, once, as it is, whatever happens on the way.

mod by_key; // passes that go by a key of the payload
mod gone; // what leaves, and from which tables
mod judge; // exported points held against the simulator's
mod kinds; // every kind of id, vector and payload
mod merged; // into a table of the application
mod moving; // points that change meanwhile, kills, and what is promised about both
mod readme; // what README tells, done
mod searched; // search answers the same
mod spans; // what is remembered of the points of each span
mod swept; // one change at a time, anywhere
mod together; // points that several processes move
mod words; // what they are called
mod world;
