//! Where tuples gather: bytes ready to be sent, and where each tuple begins.
//! A tuple is there wholly or not at all.

use super::{Packed, reject};
use crate::Reason;

/// One byte less than PostgreSQL's limit for a field, applied to the whole tuple.
const LARGEST: usize = 0x3fff_ffff - 1;

/// Tuples of one relation, one after another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tuples {
    /// The tuples, without header and trailer.
    pub bytes: Vec<u8>,
    /// Where each tuple begins.
    pub starts: Vec<usize>,
}

impl Tuples {
    /// Takes back everything after the first `rows` tuples.
    pub fn truncate(&mut self, rows: usize) {
        if let Some(start) = self.starts.get(rows) {
            self.bytes.truncate(*start);
            self.starts.truncate(rows);
        }
    }

    /// Appends one tuple if all of it is written, or leaves everything as it was.
    pub(super) fn attempt<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<T>) -> Option<T> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes).filter(|_| self.bytes.len() - start <= LARGEST);
        match written {
            Some(_) => self.starts.push(start),
            None => self.bytes.truncate(start),
        }
        written
    }

    /// Appends one tuple, or leaves everything as it was.
    pub(super) fn tuple<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Packed<T>) -> Packed<T> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes).and_then(|written| match self.bytes.len() - start {
            ..=LARGEST => Ok(written),
            size => Err(reject(Reason::TooLarge, None, format!("{size} bytes in one row"))),
        });
        match written {
            Ok(_) => self.starts.push(start),
            Err(_) => self.bytes.truncate(start),
        }
        written
    }
}
