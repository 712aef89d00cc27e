//! Names of documents and collections, and the one order that Firestore gives them.
//!
//! Segments are compared one by one: numeric ids (`__id7__`) come first, by number, then all others by their UTF-8
//! bytes; a name comes before everything below it. Names compared as plain strings are in another order, because `/`
//! is not the smallest byte.

use std::fmt;

/// One segment of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// `__id7__`: what a number became that Datastore had as an id.
    Number(i64),
    /// Anything else.
    Text(Box<str>),
}

/// Segments below the root of a database: an even number for a document, an odd number for a collection, none for the
/// root itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<Id>);

/// Why something is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no valid resource name: {why}")]
pub struct BadName {
    name: String,
    why: &'static str,
}

const LONGEST_ID: usize = 1_500;

impl Id {
    /// The segment `text`, unless Firestore would refuse it as an id.
    pub fn parse(text: &str) -> Result<Id, &'static str> {
        if let Some(number) = number(text) {
            return Ok(Id::Number(number));
        }
        match text {
            "" => Err("an id must not be empty"),
            "." | ".." => Err("an id must not be . or .."),
            _ if text.len() > LONGEST_ID => Err("an id must not be longer than 1,500 bytes"),
            _ if text.len() >= 4 && text.starts_with("__") && text.ends_with("__") => {
                Err("ids that match __.*__ are reserved")
            }
            _ => Ok(Id::Text(text.into())),
        }
    }
}

/// The number of a numeric id; no other spelling of it is one.
fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("__id")?.strip_suffix("__")?;
    let number: i64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Number(number) => write!(f, "__id{number}__"),
            Id::Text(text) => f.write_str(text),
        }
    }
}

impl Path {
    /// The path of these segments.
    pub fn of(ids: impl IntoIterator<Item = Id>) -> Path {
        Path(ids.into_iter().collect())
    }

    /// The path below the root, spelled with slashes; the empty text is the root.
    pub fn parse(text: &str) -> Result<Path, BadName> {
        if text.is_empty() {
            return Ok(Path::default());
        }
        text.split('/')
            .map(Id::parse)
            .collect::<Result<_, _>>()
            .map(Path)
            .map_err(|why| BadName {
                name: text.to_owned(),
                why,
            })
    }

    /// The path of a resource name below `root`, which is `projects/P/databases/D/documents`.
    pub fn below(root: &str, name: &str) -> Result<Path, BadName> {
        let stranger = || BadName {
            name: name.to_owned(),
            why: "it does not lie in this database",
        };
        let rest = name.strip_prefix(root).ok_or_else(stranger)?;
        match rest.strip_prefix('/') {
            Some(path) => Path::parse(path),
            None if rest.is_empty() => Ok(Path::default()),
            None => Err(stranger()),
        }
    }

    /// The resource name below `root`.
    pub fn name(&self, root: &str) -> String {
        if self.is_root() {
            return root.to_owned();
        }
        format!("{root}/{self}")
    }

    /// The segments.
    pub fn ids(&self) -> &[Id] {
        &self.0
    }

    /// No segment at all.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// An even number of segments, at least two.
    pub fn is_document(&self) -> bool {
        !self.0.is_empty() && self.0.len().is_multiple_of(2)
    }

    /// The last segment.
    pub fn last(&self) -> Option<&Id> {
        self.0.last()
    }

    /// The id of the collection a document lies in.
    pub fn collection_id(&self) -> Option<&Id> {
        self.0.len().checked_sub(2).and_then(|place| self.0.get(place))
    }

    /// What lies above: a document's collection, a collection's document or the root.
    pub fn parent(&self) -> Option<Path> {
        let (_, above) = self.0.split_last()?;
        Some(Path(above.to_vec()))
    }

    /// The first `segments` segments.
    pub fn first(&self, segments: usize) -> Path {
        Path(self.0.iter().take(segments).cloned().collect())
    }

    /// One segment deeper.
    pub fn child(&self, id: Id) -> Path {
        let mut ids = self.0.clone();
        ids.push(id);
        Path(ids)
    }

    /// Whether this lies below `above`, or is it.
    pub fn lies_in(&self, above: &Path) -> bool {
        self.0.starts_with(&above.0)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, id) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("/")?;
            }
            write!(f, "{id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn numbers_come_first_then_bytes_and_a_name_before_what_is_below_it() {
        let sorted = [
            "c/__id-3__",
            "c/__id7__",
            "c/__id7__/d/x",
            "c/__id9223372036854775807__",
            "c/\0",
            "c/A",
            "c/a",
            "c/a/d/1",
            "c/a\0",
            "c/a!",
            "c/ä",
            "c!/a",
        ];
        for pair in sorted.windows(2) {
            assert!(path(pair[0]) < path(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn what_is_reserved_is_refused() {
        for bad in ["c/", "/c", "c/.", "c/..", "c/__x__", "c/__id07__", "c/____"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
        assert!(Path::parse("c/___").is_ok());
    }

    proptest! {
        #[test]
        fn a_path_survives_its_name(ids in prop::collection::vec("[a-z0-9 !\u{0}ä]{1,8}|__id-?[1-9][0-9]{0,9}__", 0..6)) {
            let path = Path::parse(&ids.join("/")).unwrap();
            let root = "projects/p/databases/d/documents";
            prop_assert_eq!(&Path::below(root, &path.name(root)).unwrap(), &path);
        }
    }
}
