//! Counts what a sample of documents holds, path by path.
//! The counts do not depend on the order of the documents, two censuses can be put together, and the memory is
//! bounded whatever the documents hold: what was cut is known. (Only how deep maps are looked into can depend on the
//! order, and only where the documents have thousands of different paths.) What follows from the counts is decided
//! elsewhere ([`crate::infer()`], [`crate::propose()`]).

mod bounded;
mod composites;
mod distinct;
mod field;
mod paths;
mod scalars;
pub(crate) mod size;
mod spread;
mod style;

use crate::Document;
use crate::mapping::{Column, Type};

pub(crate) use bounded::{Bounded, Places};
pub(crate) use composites::Maps;
pub(crate) use distinct::Distinct;
pub(crate) use field::{Field, Kind};
#[cfg(test)]
pub(crate) use paths::split;
pub(crate) use scalars::{Epoch, LONGEST_KEY};
pub(crate) use spread::Spread;
pub(crate) use style::Style;

/// Field names kept of the documents themselves.
const NAMES: Places = Places {
    chosen: 1000,
    data: 200,
};
/// Patterns of parents kept.
const PATTERNS: Places = Places { chosen: 48, data: 16 };
/// More paths than this are not described: the deepest maps are given up until the others fit.
const NODES: usize = 5_000;
/// Maps within maps that are looked into.
const DEPTH: usize = 20;

/// What a sample of one collection's documents holds, field by field.
#[derive(Debug, Clone)]
pub struct Census {
    documents: Spread,
    /// Bytes of the documents' paths.
    paths: Spread,
    top: Maps,
    ids: Ids,
    patterns: Bounded<u64>,
    nodes: usize,
    depth: usize,
}

/// What the documents' own ids had in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ids {
    styles: [u64; style::STYLES],
    pub(crate) distinct: Distinct,
}

/// What is known around a value while it is counted.
#[derive(Debug)]
pub(crate) struct Look<'d> {
    /// The database of the document.
    root: &'d str,
    /// The document's id.
    id: &'d str,
    /// The name of the document it lies below.
    parent: Option<&'d str>,
    /// Maps around the value, the document included.
    depth: usize,
    /// How many of them may be looked into.
    deepest: usize,
    /// Paths described.
    nodes: usize,
}

impl Look<'_> {
    fn admits(&self) -> bool {
        self.depth <= self.deepest
    }
}

impl Default for Census {
    fn default() -> Self {
        Census {
            documents: Spread::default(),
            paths: Spread::default(),
            top: Maps::new(NAMES),
            ids: Ids::default(),
            patterns: Bounded::new(PATTERNS),
            nodes: 0,
            depth: DEPTH,
        }
    }
}

impl Census {
    /// Counts one document.
    pub fn observe(&mut self, document: &Document<'_>) {
        let (root, path) = paths::split(&document.name);
        let mut look = Look {
            root,
            id: paths::id(path),
            parent: paths::parent(&document.name, path),
            depth: 0,
            deepest: self.depth,
            nodes: self.nodes,
        };
        self.ids.observe(look.id);
        self.paths.add(path.len() as u64);
        if let Some((count, _)) = self.patterns.of(&paths::pattern(path), 0) {
            *count += 1;
        }
        let bytes = self.top.observe(&document.fields, &mut look);
        self.documents.add(bytes);
        self.nodes = look.nodes;
        self.bound();
    }

    /// Adds everything that another census counted.
    pub fn merge(&mut self, other: &Census) {
        self.documents.merge(other.documents);
        self.paths.merge(other.paths);
        self.top.merge(&other.top);
        self.ids.merge(&other.ids);
        self.patterns
            .merge(&other.patterns, |ours, theirs| *ours += theirs);
        self.nodes += other.nodes;
        if other.depth < self.depth {
            self.depth = other.depth;
            self.top.prune(self.depth);
        }
        self.bound();
    }

    /// Gives up the deepest maps until few enough paths are described.
    fn bound(&mut self) {
        // What was let go one by one is still in the number, so it is looked at only now and then.
        if self.nodes <= 2 * NODES {
            return;
        }
        self.nodes = self.top.nodes();
        while self.nodes > NODES && self.depth > 1 {
            self.depth -= 1;
            self.top.prune(self.depth);
            self.nodes = self.top.nodes();
        }
    }

    /// How many documents were counted.
    pub fn documents(&self) -> u64 {
        self.documents.count
    }

    /// The bytes of the documents' fields on the wire: the average, and the largest.
    pub fn sizes(&self) -> (u64, u64) {
        (self.documents.mean(), self.documents.most)
    }

    /// The bytes of a document beside the vectors that go into these columns, on average.
    pub(crate) fn beside_vectors(&self, columns: &[Column]) -> u64 {
        // A component comes as a double in an element of an array.
        const COMPONENT: u64 = 11;
        let vectors = columns.iter().map(|column| match column.sql {
            Type::Vector(size) | Type::Halfvec(size) => COMPONENT * u64::from(size),
            _ => 0,
        });
        self.documents.mean().saturating_sub(vectors.sum())
    }

    /// What the sample held and this census does not describe; one sentence each.
    pub fn cut(&self) -> Vec<String> {
        let mut cut = Vec::new();
        if self.top.fields.cut() > 0 {
            cut.push(format!(
                "about {} field names; {} of them are described",
                self.top.fields.count(),
                self.top.fields.count() - self.top.fields.cut()
            ));
        }
        if self.depth < DEPTH {
            cut.push(format!(
                "more than {NODES} paths; maps more than {} deep are not looked into",
                self.depth
            ));
        }
        cut
    }

    /// The bytes of the longest path.
    pub(crate) fn longest_path(&self) -> u64 {
        self.paths.most
    }

    /// The documents' own fields.
    pub(crate) fn top(&self) -> &Maps {
        &self.top
    }

    /// The documents' ids.
    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Patterns of the collections the documents lie in, with how many documents, the most frequent first.
    pub(crate) fn patterns(&self) -> Vec<(&str, u64)> {
        let mut patterns: Vec<_> = self
            .patterns
            .sorted()
            .into_iter()
            .map(|(pattern, count)| (pattern, *count))
            .collect();
        patterns.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        patterns
    }
}

impl Ids {
    fn observe(&mut self, id: &str) {
        self.styles[style::of_id(id) as usize] += 1;
        self.distinct.add(id.as_bytes());
    }

    fn merge(&mut self, other: &Ids) {
        let styles = self.styles.iter_mut().zip(other.styles);
        styles.for_each(|(ours, theirs)| *ours += theirs);
        self.distinct.merge(&other.distinct);
    }

    /// How many ids looked so.
    pub(crate) fn looking(&self, style: Style) -> u64 {
        self.styles[style as usize]
    }

    /// The look most of them had, and how many that were.
    pub(crate) fn look(&self) -> (Style, u64) {
        Style::ALL
            .into_iter()
            .map(|style| (style, self.looking(style)))
            .max_by_key(|(style, count)| (*count, std::cmp::Reverse(*style)))
            .unwrap_or((Style::Other, 0))
    }
}

#[cfg(test)]
mod tests;
