//! One collection's table: its key, the columns that say where a document lies, its fields, its tables of elements.

use std::collections::HashSet;

use super::Evidence;
use super::children;
use super::columns::{Draft, Walk, of_document};
use super::evidence::{percent, thousands};
use super::sites::{LONGEST_KEY, Site, Sites, called};
use crate::infer::shown;
use crate::mapping::{
    Column, ColumnRef, Document, ForeignKey, Index, Method, Nul, Pattern, RESERVED_COLUMNS, Segment, Table,
};
use crate::{inline, naming};

/// PostgreSQL ends at 1600; beyond some hundreds a table is no longer readable.
const COLUMNS: usize = 250;

/// A table, with what is to be said about it.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) table: Table,
    pub(super) evidence: Vec<(String, Evidence)>,
    pub(super) remarks: Vec<String>,
}

/// Draws the table of one collection. `names` are those of all tables so far.
pub(super) fn draw(site: &Site<'_>, sites: &Sites<'_>, names: &mut HashSet<String>) -> Drawn {
    let census = site.census;
    let remarks = census
        .cut()
        .iter()
        .map(|cut| format!("the sample of {} holds {cut}", shown(site.collection)))
        .collect();
    let mut walk = Walk::new(sites, census.documents(), "documents", true);
    let place = Place::of(site, sites);
    walk.place = place.drafts.iter().map(|draft| draft.wanted.clone()).collect();
    walk.fields(census.top(), &[]);
    let Walk {
        drafts,
        parts,
        mut left_out,
        ..
    } = walk;

    let fields = arrange(drafts, &mut left_out);
    let named = Named::of(place.drafts.into_iter().chain(fields), &RESERVED_COLUMNS);
    let mut table = Table {
        name: site.table.clone(),
        from: site.pattern.clone(),
        key: named.names[..place.key].to_vec(),
        nul: if nul(site) { Nul::Escape } else { Nul::default() },
        children: Vec::new(),
        drop: Vec::new(),
        indexes: named.indexes,
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: inline::toast_tuple_target(&named.columns, census.beside_vectors(&named.columns)),
        load: Default::default(),
        columns: named.columns,
    };
    if place.key == 0 {
        table
            .indexes
            .insert(0, super::kinds::index(&named.names[1], parent_method(site)));
    }
    table
        .foreign_keys
        .extend(place.foreign.map(|(above, columns)| ForeignKey {
            columns: named.names[..columns].to_vec(),
            table: above.table.clone(),
            to: (0..columns).map(|at| key_name(above, at)).collect(),
        }));
    let mut evidence = vec![(
        table.name.clone(),
        Evidence {
            lines: about(site),
            columns: named.lines,
            left_out,
        },
    )];
    for part in parts {
        let (child, said) = children::draw(site, sites, part, names);
        evidence.push((child.name.clone(), said));
        table.children.push(child);
    }
    Drawn {
        table,
        evidence,
        remarks,
    }
}

/// Columns with their final names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
    pub(super) lines: std::collections::BTreeMap<String, Vec<String>>,
}

impl Named {
    /// What says where the document lies chooses first, then the fields by how often they are; of equally frequent
    /// ones those that bear a good name already.
    pub(super) fn of(drafts: impl IntoIterator<Item = Draft>, reserved: &[&str]) -> Named {
        let drafts: Vec<Draft> = drafts.into_iter().collect();
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|&at| (std::cmp::Reverse(drafts[at].present), !drafts[at].exact));
        let wanted: Vec<String> = drafts.iter().map(|draft| draft.wanted.clone()).collect();
        let mut taken = reserved.iter().map(|name| String::from(*name)).collect();
        let names = naming::settle(&wanted, &order, &mut taken);
        let mut named = Named {
            names: names.clone(),
            columns: Vec::new(),
            indexes: Vec::new(),
            lines: std::collections::BTreeMap::new(),
        };
        for (draft, name) in drafts.into_iter().zip(names) {
            named.indexes.extend(draft.index.map(|mut index| {
                index.on.iter_mut().for_each(|on| on.name.clone_from(&name));
                index
            }));
            named.lines.insert(name.clone(), draft.lines);
            named.columns.push(Column { name, ..draft.column });
        }
        named
    }
}

/// What says where a document lies: columns, how many of them are the key, what the key's beginning refers to.
struct Place<'s, 'c> {
    drafts: Vec<Draft>,
    key: usize,
    foreign: Option<(&'s Site<'c>, usize)>,
}

impl<'s, 'c> Place<'s, 'c> {
    fn of(site: &Site<'c>, sites: &'s Sites<'c>) -> Place<'s, 'c> {
        let mut place = Place {
            drafts: Vec::new(),
            key: 0,
            foreign: None,
        };
        let mut id = of_document("id".into(), Document::Id);
        id.lines = ids(site);
        if !site.keyed {
            place.drafts = vec![id, of_document("parent".into(), Document::Parent)];
            return place;
        }
        place.drafts = above(&site.pattern)
            .into_iter()
            .zip(1..)
            .map(|(wanted, star)| of_document(wanted, Document::Wildcard(star)))
            .collect();
        place.drafts.push(id);
        place.key = place.drafts.len();
        place.refer(&site.pattern, sites);
        place
    }

    /// To the nearest table above.
    fn refer(&mut self, pattern: &Pattern, sites: &'s Sites<'c>) {
        for levels in (1..=pattern.wildcards()).rev() {
            let segments = pattern.segments[..2 * levels - 1].to_vec();
            let Some(above) = sites.at(&Pattern {
                anywhere: false,
                segments,
            }) else {
                continue;
            };
            if !above.keyed {
                continue;
            }
            if above.is_root() {
                self.drafts[0].column.references = Some(ColumnRef {
                    table: above.table.clone(),
                    column: "id".into(),
                });
            } else {
                self.foreign = Some((above, levels));
            }
            return;
        }
    }
}

/// What the columns of a key that come from the stars of a pattern are called.
pub(super) fn above(pattern: &Pattern) -> Vec<String> {
    let collections = pattern.segments.iter().step_by(2).take(pattern.wildcards());
    collections
        .map(|segment| match segment {
            Segment::Named(collection) => {
                let singular = naming::singular(&naming::identifier(collection, "parent"));
                naming::identifier(&format!("{singular}_id"), "parent")
            }
            Segment::Any => "parent".into(),
        })
        .collect()
}

/// The name of the column number `at` of a table's key.
fn key_name(site: &Site<'_>, at: usize) -> String {
    let mut wanted = above(&site.pattern);
    wanted.push("id".into());
    let order: Vec<usize> = (0..wanted.len()).collect();
    let mut taken = RESERVED_COLUMNS.iter().map(|name| String::from(*name)).collect();
    naming::settle(&wanted, &order, &mut taken).swap_remove(at)
}

/// References first; then as they came. Of too many the most frequent.
fn arrange(mut drafts: Vec<Draft>, left_out: &mut Vec<(String, String)>) -> Vec<Draft> {
    if drafts.len() > COLUMNS {
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(drafts[at].present));
        let chosen: HashSet<usize> = order.into_iter().take(COLUMNS).collect();
        let mut at = 0;
        drafts.retain(|draft| {
            let kept = chosen.contains(&at);
            at += 1;
            if let (false, crate::mapping::Source::Field(path)) = (kept, &draft.column.from) {
                left_out.push((path.to_string(), "the table has 250 more frequent columns".into()));
            }
            kept
        });
    }
    drafts.sort_by_key(|draft| draft.column.holds != crate::mapping::Holds::Reference);
    drafts
}

/// Paths may be longer than a btree index takes.
fn parent_method(site: &Site<'_>) -> Method {
    let longest = site.census.longest_path();
    if longest > LONGEST_KEY {
        Method::Hash
    } else {
        Method::Btree
    }
}

/// Whether a text with U+0000 was seen anywhere, or a field's name with one.
fn nul(site: &Site<'_>) -> bool {
    site.census.top().holds_nul()
}

fn about(site: &Site<'_>) -> Vec<String> {
    let census = site.census;
    let documents = census.documents();
    let (average, largest) = census.sizes();
    let sampled = match site.count {
        Some(1) if documents == 1 => "the only document was sampled".into(),
        Some(count) if count <= documents => format!("all {} documents were sampled", thousands(documents)),
        Some(count) => format!(
            "a sample of {} of {} documents",
            thousands(documents),
            thousands(count)
        ),
        None => format!("a sample of {} documents", thousands(documents)),
    };
    let mut lines = vec![format!(
        "{sampled}; {} bytes of fields on average, {} at most",
        thousands(average),
        thousands(largest)
    )];
    let patterns = census.patterns();
    if site.pattern.anywhere {
        let parts = patterns
            .iter()
            .take(6)
            .map(|(pattern, count)| format!("{} {pattern}", percent(*count, documents)));
        let more = if patterns.len() > 6 { ", and more" } else { "" };
        lines.push(format!("{}{more}", parts.collect::<Vec<_>>().join(", ")));
    }
    if documents == 1 {
        lines[0] = format!("{sampled}; {} bytes of fields", thousands(average));
    }
    if nul(site) {
        lines.push(
            "some texts or names hold U+0000, which PostgreSQL cannot: nul = \"escape\" keeps them".into(),
        );
    }
    lines
}

fn ids(site: &Site<'_>) -> Vec<String> {
    let (style, count) = site.census.ids().look();
    let share = percent(count, site.census.documents());
    let said = format!("{share} {}", called(style));
    let (different, documents) = (&site.census.ids().distinct, site.census.documents());
    if site.is_root() {
        vec![said]
    } else if different.count() * 20 > documents * 19 && !different.is_exact() {
        vec![said + "; nearly all distinct"]
    } else if different.is_exact() && different.count() == documents {
        vec![said + "; all distinct"]
    } else {
        vec![said + "; the same ones under several parents"]
    }
}
