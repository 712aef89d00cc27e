//! One page of a scroll: where its points lie, and where the next page begins.
//! Nothing of a point is looked into; a page that is not what it should be is refused whole.

use std::ops::Range;

use super::PointId;
use crate::wire::{Malformed, Reader};

/// What a migration needs of a `ScrollResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Where in the body the bytes of each `RetrievedPoint` lie, in order, so that a shared buffer can be sliced.
    pub points: Vec<Range<usize>>,
    /// The id that the next page begins with; none on the last page.
    pub next: Option<PointId>,
}

/// Decodes the outer message of a scroll's answer.
pub fn page(body: &[u8]) -> Result<Page, Malformed> {
    let mut reader = Reader::new(body);
    let mut page = Page::default();
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => page.next = Some(PointId::read(field.message()?)?),
            2 => page.points.push(field.message()?.range()),
            _ => {}
        }
    }
    Ok(page)
}
