//! Documents one after another, as bytes.

use super::encode::{Encoder, Mark};
use super::ids::{Ids, Siblings};
use super::sequence::{Inner, Sequence};

/// Documents one after another, fast: what consecutive documents share is kept between them.
#[derive(Debug)]
pub struct Walk<'s> {
    of: &'s Inner,
    /// The next document.
    index: u64,
    /// What the names of all documents of the present parent begin with, slash included.
    prefix: Vec<u8>,
    siblings: Siblings<&'s Ids>,
    /// The next document among its siblings.
    place: u64,
    line: Vec<u64>,
    open: Vec<Mark>,
    room: String,
}

impl<'s> Walk<'s> {
    pub(super) fn new(sequence: &'s Sequence, index: u64) -> Walk<'s> {
        let of = sequence.0.as_ref();
        Walk {
            of,
            index: index.min(of.len()),
            prefix: Vec::new(),
            // No siblings: the first document looks for its parent.
            siblings: Siblings::new(&Ids::Auto, 0, 0),
            place: 0,
            line: Vec::new(),
            open: Vec::new(),
            room: String::new(),
        }
    }

    /// The index of the next document.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Appends the next document as an encoded `google.firestore.v1.Document`; false when there is none.
    pub fn append(&mut self, to: &mut Vec<u8>) -> bool {
        if self.index >= self.of.len() {
            return false;
        }
        if self.place == self.siblings.count {
            self.enter();
        }
        let mut encoder = Encoder::new(to, &mut self.open, |name| {
            name.extend_from_slice(&self.prefix);
            self.siblings.write(self.place, name);
        });
        let (created, updated) = self.of.content.compose(self.index, &mut self.room, &mut encoder);
        encoder.finish(created, updated);
        self.index += 1;
        self.place += 1;
        true
    }

    /// Finds the next document among its siblings, and what their names begin with.
    fn enter(&mut self) {
        self.of.line(self.index, &mut self.line);
        self.prefix.clear();
        self.prefix.extend_from_slice(self.of.root.as_bytes());
        let mut parent = 0;
        for (level, number) in self.of.levels.iter().zip(&self.line) {
            if self.prefix.len() > self.of.root.len() {
                self.siblings.write(self.place, &mut self.prefix);
            }
            self.prefix.push(b'/');
            self.prefix.extend_from_slice(level.collection.as_bytes());
            self.prefix.push(b'/');
            self.siblings = level.siblings(parent);
            self.place = number.saturating_sub(level.spread.start(parent));
            parent = *number;
        }
    }
}
