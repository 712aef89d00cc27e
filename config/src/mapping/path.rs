//! Where things lie: fields inside documents, and documents inside the database.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field, by the names of the maps that lead to it. Never empty.
///
/// Written with dots; names that are not plain words stand in backticks, as in Firestore's own field paths:
/// ``address.`zip code` ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldPath(pub Vec<String>);

impl FieldPath {
    /// A field of the document itself.
    pub fn top(name: impl Into<String>) -> FieldPath {
        FieldPath(vec![name.into()])
    }

    /// The same field seen from one map further out.
    #[must_use]
    pub fn below(&self, name: impl Into<String>) -> FieldPath {
        let mut names = self.0.clone();
        names.push(name.into());
        FieldPath(names)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            if at > 0 {
                out.write_str(".")?;
            }
            if !name.is_empty() && name.chars().all(is_plain) {
                out.write_str(name)?;
            } else {
                let escaped = name.replace('\\', "\\\\").replace('`', "\\`");
                write!(out, "`{escaped}`")?;
            }
        }
        Ok(())
    }
}

/// What may stand in a name without backticks: letters of any script, digits, `_` and `-`.
pub(super) fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

/// Which documents a table is made of: `users`, `users/*/workouts`, `**/workouts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pattern {
    /// The path may begin with anything (`**/`): the pattern speaks of a collection group.
    pub anywhere: bool,
    /// Collections and documents in turn; the first and the last are collections. Never empty.
    pub segments: Vec<Segment>,
}

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// This collection or this document.
    Named(String),
    /// Any document: `*`.
    Any,
}

impl Pattern {
    /// Every collection of this id, wherever it lies.
    pub fn group(collection: impl Into<String>) -> Pattern {
        Pattern {
            anywhere: true,
            segments: vec![Segment::Named(collection.into())],
        }
    }

    /// The collection at the root.
    pub fn root(collection: impl Into<String>) -> Pattern {
        Pattern {
            anywhere: false,
            segments: vec![Segment::Named(collection.into())],
        }
    }

    /// The id of the collections that its documents lie in.
    pub fn collection(&self) -> &str {
        match self.segments.last() {
            Some(Segment::Named(id)) => id,
            // The last segment is a collection, and those are named.
            _ => "",
        }
    }

    /// The ids that the `*` stand for if the document at `path` is one of these.
    pub fn matches<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut rest = path.rsplit('/');
        // The document's own id.
        rest.next()?;
        let mut wildcards = Vec::new();
        for segment in self.segments.iter().rev() {
            let name = rest.next()?;
            match segment {
                Segment::Named(named) if named == name => {}
                Segment::Named(_) => return None,
                Segment::Any => wildcards.push(name),
            }
        }
        let whole = rest.next().is_none();
        wildcards.reverse();
        (whole || self.anywhere).then_some(wildcards)
    }

    /// Whether it matches every path that the other one matches.
    pub(super) fn covers(&self, other: &Pattern) -> bool {
        let (own, others) = (self.segments.len(), other.segments.len());
        let long_enough = match self.anywhere {
            true => own <= others,
            false => own == others && !other.anywhere,
        };
        let mut pairs = self.segments.iter().rev().zip(other.segments.iter().rev());
        long_enough && pairs.all(|(own, other)| *own == Segment::Any || own == other)
    }

    /// How many `*` it has.
    pub fn wildcards(&self) -> usize {
        self.segments
            .iter()
            .filter(|segment| **segment == Segment::Any)
            .count()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.anywhere {
            out.write_str("**/")?;
        }
        for (at, segment) in self.segments.iter().enumerate() {
            if at > 0 {
                out.write_str("/")?;
            }
            match segment {
                Segment::Any => out.write_str("*")?,
                // A document or collection that is really called `*`, or so that it might be meant as a pattern.
                Segment::Named(name) if name.contains('*') || name.starts_with('\\') => {
                    write!(out, "\\{name}")?;
                }
                Segment::Named(name) => out.write_str(name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths_and_say_what_the_stars_stand_for() {
        let below = Pattern {
            anywhere: false,
            segments: vec![
                Segment::Named("users".into()),
                Segment::Any,
                Segment::Named("workouts".into()),
            ],
        };
        assert_eq!(below.to_string(), "users/*/workouts");
        assert_eq!(below.matches("users/alice/workouts/w1"), Some(vec!["alice"]));
        assert_eq!(below.matches("teams/alice/workouts/w1"), None);
        assert_eq!(below.matches("a/b/users/alice/workouts/w1"), None);
        assert_eq!(below.matches("workouts/w1"), None);
        let group = Pattern::group("workouts");
        assert_eq!(group.matches("users/alice/workouts/w1"), Some(vec![]));
        assert_eq!(group.matches("workouts/w1"), Some(vec![]));
        assert_eq!(group.matches("workouts/w1/sets/s1"), None);
        assert_eq!(Pattern::root("users").matches("users/alice"), Some(vec![]));
        assert_eq!(Pattern::root("users").matches("a/b/users/alice"), None);
    }

    #[test]
    fn a_document_id_may_hold_what_a_pattern_means() {
        let path = FieldPath(vec!["a".into(), "b.c".into(), "d`\\".into()]);
        assert_eq!(path.to_string(), "a.`b.c`.`d\\`\\\\`");
    }
}
