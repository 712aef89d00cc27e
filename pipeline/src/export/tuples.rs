//! The rows of a query as PostgreSQL sends them: binary COPY, cell by cell, nothing converted.
//!
//! A stream that ends before PostgreSQL said that it was complete is an error, never a short answer.

use crate::fault::{Fault, Part};
use crate::load::postgres::{Lease, fault};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use std::ops::Range;
use std::pin::Pin;
use tokio_postgres::CopyOutStream;
use transforms::COPY_HEADER;

/// The rows of one query, in its order.
pub(super) struct Tuples {
    /// Held so that nobody else uses the connection meanwhile; it is thrown away at the end.
    _lease: Lease,
    stream: Pin<Box<CopyOutStream>>,
    waiting: BytesMut,
    action: String,
    begun: bool,
    complete: bool,
}

/// One row.
pub(super) struct Tuple {
    body: Bytes,
    cells: Vec<Option<Range<usize>>>,
}

impl Tuple {
    /// The cells as they came.
    pub(super) fn cells(&self) -> Vec<Option<&[u8]>> {
        self.cells
            .iter()
            .map(|cell| cell.clone().map(|range| &self.body[range]))
            .collect()
    }

    /// A cell's bytes; NULL and a cell that is not there are nothing.
    pub(super) fn cell(&self, place: usize) -> &[u8] {
        let range = self.cells.get(place).cloned().flatten();
        range.map_or(&[], |range| &self.body[range])
    }

    /// A cell that is text.
    pub(super) fn text(&self, place: usize) -> String {
        String::from_utf8_lossy(self.cell(place)).into_owned()
    }
}

impl Tuples {
    /// Asks for the rows of `query` inside the transaction that `lease` is in.
    pub(super) async fn ask(lease: Lease, query: &str, action: String) -> Result<Tuples, Fault> {
        let sql = format!("copy ({query}) to stdout (format binary)");
        let stream = lease
            .copy_out(&sql)
            .await
            .map_err(|error| fault(&action, &error))?;
        Ok(Tuples {
            _lease: lease,
            stream: Box::pin(stream),
            waiting: BytesMut::new(),
            action,
            begun: false,
            complete: false,
        })
    }

    /// The next row, or the end that PostgreSQL announced.
    pub(super) async fn next(&mut self) -> Result<Option<Tuple>, Fault> {
        loop {
            if self.complete {
                return Ok(None);
            }
            if let Some(tuple) = self.tuple()? {
                return Ok(Some(tuple));
            }
            if self.complete {
                continue;
            }
            match self.stream.next().await {
                Some(Ok(more)) => self.waiting.extend_from_slice(&more),
                Some(Err(error)) => return Err(fault(&self.action, &error)),
                None => return Err(self.broken("the rows ended before PostgreSQL said so")),
            }
        }
    }

    /// A whole row out of what has come, if one is there.
    fn tuple(&mut self) -> Result<Option<Tuple>, Fault> {
        if !self.begun {
            if self.waiting.len() < COPY_HEADER.len() {
                return Ok(None);
            }
            if self.waiting[..COPY_HEADER.len()] != COPY_HEADER {
                return Err(self.broken("the rows do not begin as binary COPY does"));
            }
            self.waiting.advance(COPY_HEADER.len());
            self.begun = true;
        }
        let Some((cells, end)) = cells(&self.waiting) else {
            return Ok(None);
        };
        let Some(cells) = cells else {
            self.complete = true;
            return Ok(None);
        };
        let body = self.waiting.split_to(end).freeze();
        Ok(Some(Tuple { body, cells }))
    }

    fn broken(&self, message: &str) -> Fault {
        Fault::transient(Part::Target, self.action.clone(), message).with_cause("broken")
    }
}

/// Where the cells of a row lie in its bytes; NULL is nothing.
pub type Cells = Vec<Option<Range<usize>>>;

/// Where the cells of the first row lie and where it ends; no cells at the trailer; nothing while bytes are missing.
pub fn cells(bytes: &[u8]) -> Option<(Option<Cells>, usize)> {
    let count = i16::from_be_bytes(*bytes.first_chunk()?);
    let Ok(count) = usize::try_from(count) else {
        return Some((None, 2));
    };
    let (mut cells, mut at) = (Vec::with_capacity(count), 2);
    for _ in 0..count {
        let length = i32::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        at += 4;
        match usize::try_from(length) {
            Ok(length) => {
                bytes.get(at..at + length)?;
                cells.push(Some(at..at + length));
                at += length;
            }
            // The only negative length is that of NULL.
            Err(_) => cells.push(None),
        }
    }
    Some((Some(cells), at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_row_is_seen_when_its_last_byte_has_come() {
        let row = [&[0, 3][..], &[0, 0, 0, 2, 7, 8], &[255; 4], &[0, 0, 0, 0]].concat();
        for short in 0..row.len() {
            assert!(cells(&row[..short]).is_none(), "{short}");
        }
        let (found, end) = cells(&row).unwrap();
        assert_eq!(
            (found.unwrap(), end),
            (vec![Some(6..8), None, Some(16..16)], row.len())
        );
        assert_eq!(cells(&[255, 255]).unwrap(), (None, 2));
    }
}
