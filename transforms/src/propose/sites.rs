//! Where each collection lies, which table it becomes, and how other tables can refer to its documents.

use std::collections::{BTreeMap, HashSet};

use crate::Census;
use crate::census::Style;
use crate::infer::shown;
use crate::mapping::{ColumnRef, Pattern, Segment};
use crate::naming;

/// Levels of parents that a key names. Deeper documents have their path for a key.
const LEVELS: usize = 8;
/// What a btree index takes, less some room for the rest of its entry.
pub(super) const LONGEST_KEY: u64 = 2_600;

/// One collection id and the table proposed for it.
#[derive(Debug)]
pub(super) struct Site<'c> {
    pub(super) collection: &'c str,
    pub(super) census: &'c Census,
    /// Documents in the database, where that is known.
    pub(super) count: Option<u64>,
    pub(super) table: String,
    pub(super) pattern: Pattern,
    /// Whether its documents are known by the ids on their paths; else by the path.
    pub(super) keyed: bool,
}

/// All collections.
#[derive(Debug)]
pub(super) struct Sites<'c>(Vec<Site<'c>>);

impl Site<'_> {
    /// Whether it is one collection at the root.
    pub(super) fn is_root(&self) -> bool {
        !self.pattern.anywhere && self.pattern.segments.len() == 1
    }

    /// What one of its documents is called.
    pub(super) fn singular(&self) -> String {
        naming::singular(&self.table)
    }
}

impl<'c> Sites<'c> {
    pub(super) fn of(
        censuses: &'c BTreeMap<String, Census>,
        counts: &BTreeMap<String, u64>,
        remarks: &mut Vec<String>,
    ) -> Sites<'c> {
        let sampled: Vec<(&String, &Census)> = censuses
            .iter()
            .filter(|(collection, census)| {
                let seen = census.documents() > 0;
                if !seen {
                    remarks.push(format!("no document of {} was sampled", shown(collection)));
                }
                seen
            })
            .collect();
        let ids: Vec<&str> = sampled
            .iter()
            .map(|(collection, _)| collection.as_str())
            .collect();
        let tables = naming::assign(&ids, &[], "collection");
        let sites = sampled
            .into_iter()
            .zip(tables)
            .map(|((collection, census), table)| {
                if table != naming::snake_case(collection) {
                    remarks.push(format!(
                        "collection {} becomes table {table:?}",
                        shown(collection)
                    ));
                }
                let pattern = place(collection, census);
                Site {
                    collection,
                    census,
                    count: counts.get(collection).copied(),
                    table,
                    keyed: is_keyed(&pattern, census),
                    pattern,
                }
            });
        let mut sites: Vec<Site<'c>> = sites.collect();
        // As a person would read them: by what they are called, parents first.
        sites.sort_by_cached_key(|site| {
            let words = |segment: &Segment| match segment {
                Segment::Named(name) => naming::snake_case(name),
                Segment::Any => String::new(),
            };
            let words: Vec<String> = site.pattern.segments.iter().map(words).collect();
            (site.pattern.anywhere, words, site.pattern.to_string())
        });
        Sites(sites)
    }

    /// A parent before what lies below it, and what lies anywhere last.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Site<'c>> {
        self.0.iter()
    }

    /// The names of all tables, which tables of elements must not take.
    pub(super) fn names(&self) -> HashSet<String> {
        self.0.iter().map(|site| site.table.clone()).collect()
    }

    /// The table of exactly this pattern.
    pub(super) fn at(&self, pattern: &Pattern) -> Option<&Site<'c>> {
        self.0.iter().find(|site| site.pattern == *pattern)
    }

    /// What to refer to for references that point into collections of this pattern (`users`, `users/*/orders`).
    pub(super) fn target(&self, pattern: &str) -> Option<(&Site<'c>, ColumnRef)> {
        let site = self.0.iter().find(|site| {
            let collection = site.collection;
            let last = pattern.rsplit('/').next().unwrap_or_default();
            site.pattern.to_string() == pattern || site.pattern.anywhere && last == collection
        })?;
        let column = if site.is_root() { "id" } else { "_path" };
        let to = ColumnRef {
            table: site.table.clone(),
            column: column.into(),
        };
        Some((site, to))
    }

    /// A root collection whose documents a field of this name may name by their ids: `userId` → `users`.
    pub(super) fn named_by(&self, field: &str) -> Option<&Site<'c>> {
        let snake = naming::snake_case(field);
        let stem = ["_id", "_ref", "_uid", "_key"]
            .iter()
            .find_map(|ending| snake.strip_suffix(ending))?;
        let fits = |site: &&Site<'c>| {
            let singular = site.singular();
            stem == singular || stem == site.table || stem.ends_with(&format!("_{singular}"))
        };
        self.0.iter().filter(|site| site.is_root()).find(fits)
    }
}

/// One id always fits into a btree index, several may not.
fn is_keyed(pattern: &Pattern, census: &Census) -> bool {
    let fits = pattern.wildcards() == 0 || census.longest_path() <= LONGEST_KEY;
    !pattern.anywhere && pattern.wildcards() <= LEVELS && fits
}

/// The pattern that speaks of the collection as the sample shows it.
fn place(collection: &str, census: &Census) -> Pattern {
    let patterns = census.patterns();
    let only = match patterns.as_slice() {
        [(only, _)] => only.split('/').collect::<Vec<_>>(),
        _ => return Pattern::group(collection),
    };
    // A wildcard column has a number of one byte; Firestore's own limit of levels is lower.
    let whole = only.len() % 2 == 1 && only.len() < 200 && only.last() == Some(&collection);
    if !whole {
        return Pattern::group(collection);
    }
    let segment = |(at, name): (usize, &&str)| {
        if at % 2 == 1 {
            Segment::Any
        } else {
            Segment::Named((*name).into())
        }
    };
    Pattern {
        anywhere: false,
        segments: only.iter().enumerate().map(segment).collect(),
    }
}

/// How ids of a style are called.
pub(super) fn called(style: Style) -> &'static str {
    match style {
        Style::Auto => "20 random characters",
        Style::Uid => "28 random characters, as Firebase Authentication makes them",
        Style::Uuid | Style::UuidCapitals => "UUIDs",
        Style::Number => "numbers",
        Style::Email => "e-mail addresses",
        Style::Url => "URLs",
        Style::Date | Style::Moment => "dates",
        Style::Slug => "letters, digits and hyphens",
        Style::Other => "other texts",
    }
}
