//! Which documents a query ranges over: everything between two names, of one collection id or of any.
//!
//! What lies below a document or a collection is an unbroken run of names, so a stretch is always two bounds and, at
//! most, a collection id and a number of segments.

use crate::path::{Id, Path};
use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

/// What a query ranges over.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// The id of the collections; none for documents of every collection.
    pub(crate) collection: Option<String>,
    /// A document or the root: nothing outside it is meant, nor itself.
    pub(crate) below: Path,
    /// At any depth below, or only directly below.
    pub(crate) all_descendants: bool,
    /// Where it begins in name order.
    pub(crate) from: Bound<Path>,
    /// Where it ends.
    pub(crate) to: Bound<Path>,
}

/// A stretch worked out.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) collection: Option<String>,
    /// Only documents whose paths have so many segments.
    pub(super) segments: Option<usize>,
    pub(super) from: Bound<Path>,
    pub(super) to: Bound<Path>,
}

impl Stretch {
    /// Its bounds in the order of all names; none when no name can lie in it.
    pub(super) fn span(&self) -> Option<Span> {
        let segments = (!self.all_descendants).then(|| self.below.ids().len() + 2);
        let above = match &self.collection {
            Some(id) if !self.all_descendants => self.below.child(Id::parse(id).ok()?),
            _ => self.below.clone(),
        };
        let span = Span {
            collection: self.collection.clone(),
            segments,
            from: self.from.clone(),
            to: self.to.clone(),
        };
        span.below(&above)
    }
}

impl Span {
    /// Every document below a path.
    pub(super) fn all_below(above: &Path, from: Bound<Path>) -> Option<Span> {
        let span = Span {
            collection: None,
            segments: None,
            from,
            to: Bound::Unbounded,
        };
        span.below(above)
    }

    /// What of it lies below a path.
    fn below(mut self, above: &Path) -> Option<Span> {
        if !above.is_root() {
            self.from = later(self.from, Bound::Excluded(above.clone()));
            self.to = earlier(self.to, Bound::Excluded(end(above)));
        }
        holds_names(&self.from, &self.to).then_some(self)
    }

    /// Whether a document at `path` is meant, when `path` lies between the bounds and has the right collection.
    pub(super) fn wants(&self, path: &Path) -> bool {
        self.segments.is_none_or(|segments| path.ids().len() == segments)
    }

    /// Whether a document at `path` is meant.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let right_collection =
            |wanted: &String| path.collection_id().is_some_and(|id| key(id) == wanted.as_str());
        (self.from.as_ref(), self.to.as_ref()).contains(path)
            && self.wants(path)
            && self.collection.as_ref().is_none_or(right_collection)
    }
}

/// An id as text, which is what collections are found by.
pub(super) fn key(id: &Id) -> Cow<'_, str> {
    match id {
        Id::Text(text) => Cow::Borrowed(text),
        Id::Number(_) => Cow::Owned(id.to_string()),
    }
}

/// The first path behind everything that lies in `path`. As a bound only: it may be no legal name.
pub(super) fn end(path: &Path) -> Path {
    let behind = match path.last() {
        None => return Path::default(),
        Some(Id::Number(number)) => number.checked_add(1).map_or(Id::Text("".into()), Id::Number),
        Some(Id::Text(text)) => Id::Text(format!("{text}\0").into()),
    };
    path.parent().unwrap_or_default().child(behind)
}

/// The later of two beginnings.
pub(crate) fn later(one: Bound<Path>, other: Bound<Path>) -> Bound<Path> {
    let is_later = match (&one, &other) {
        (Bound::Unbounded, _) => true,
        (_, Bound::Unbounded) => false,
        (Bound::Included(here) | Bound::Excluded(here), Bound::Included(there)) => there > here,
        (Bound::Included(here) | Bound::Excluded(here), Bound::Excluded(there)) => there >= here,
    };
    if is_later { other } else { one }
}

/// The earlier of two ends.
pub(crate) fn earlier(one: Bound<Path>, other: Bound<Path>) -> Bound<Path> {
    let is_earlier = match (&one, &other) {
        (Bound::Unbounded, _) => true,
        (_, Bound::Unbounded) => false,
        (Bound::Included(here) | Bound::Excluded(here), Bound::Included(there)) => there < here,
        (Bound::Included(here) | Bound::Excluded(here), Bound::Excluded(there)) => there <= here,
    };
    if is_earlier { other } else { one }
}

/// Whether a name can lie between these bounds; a map's range must not be asked for when none can.
fn holds_names(from: &Bound<Path>, to: &Bound<Path>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(from), Bound::Included(to)) => from <= to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            from < to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_lies_in_a_path_ends_where_it_says(
            above in "([a!\u{0}]{1,2}|__id-?[12]__)(/([a!\u{0}]{1,2}|__id-?[12]__)){0,2}",
            path in "([a!\u{0}]{1,2}|__id-?[123]__)(/([a!\u{0}]{1,2}|__id-?[123]__)){0,4}",
        ) {
            let (above, path) = (Path::parse(&above).unwrap(), Path::parse(&path).unwrap());
            prop_assert_eq!(path.lies_in(&above), path >= above && path < end(&above));
        }
    }

    #[test]
    fn the_greatest_number_ends_before_the_first_text() {
        let greatest = Path::parse("c/__id9223372036854775807__").unwrap();
        assert!(end(&greatest) > greatest.child(Id::Text("d".into())));
        assert!(end(&greatest) < Path::parse("c/\0").unwrap());
    }
}
