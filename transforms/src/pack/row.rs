//! One document, or one element of its arrays and maps, becomes one tuple.
//! The fields are walked once, the cells written in their order, and what no cell tells exactly goes to `_extra`.
//! Which documents become rows of which relation, and taking back half a row, are the packer's.

use super::column;
use super::encode;
use super::layout::{Branch, Layout, Level};
use super::remap::Remapping;
use super::subject::Subject;
use super::told::Told;
use super::{Packed, Rules, cell, reject};
use crate::json::{Left, Writer};
use crate::mapping::{Collection, Load, Nul, Records};
use crate::{Notes, Reason, Timestamp, Value};

/// A value that somebody asks for, and what has become of it so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot<'d> {
    pub(super) value: Option<&'d Value<'d>>,
    pub(super) told: Told,
    /// An amendment records it.
    pub(super) amended: bool,
    /// The rows of a child table hold its elements.
    rows: bool,
}

impl Slot<'_> {
    fn is_whole(&self) -> bool {
        self.told.whole().unwrap_or(self.amended)
    }

    fn is_beside(&self) -> bool {
        self.told.whole() == Some(false)
    }

    /// A column gives it back, and the maps that lead to it.
    fn comes_back(&self) -> bool {
        self.told.whole() == Some(true) && !self.amended
    }
}

/// Arrays and maps whose elements become rows of the child tables, by the children's number.
pub(super) type Elements<'d> = Vec<(usize, &'d Value<'d>)>;

/// A row on its way.
pub(super) struct Row<'p, 'd, 'n> {
    pub(super) layout: &'p Layout<'p>,
    pub(super) subject: Subject<'d>,
    pub(super) rules: Rules<'p>,
    pub(super) exact_vectors: bool,
    pub(super) remapping: Option<Remapping<'p>>,
    pub(super) embeddings: &'p [Option<Vec<f32>>],
    pub(super) slots: Vec<Slot<'d>>,
    /// Paths that a default was filled in for.
    pub(super) missing: Vec<&'p str>,
    pub(super) notes: &'n mut Notes,
}

/// What goes to `_extra`, by name.
type Members<'d> = Vec<(&'d str, Left<'d>)>;

impl<'p, 'd> Row<'p, 'd, '_>
where
    'p: 'd,
{
    /// Appends the tuple of a document; the arrays and maps whose elements are rows of their own.
    pub(super) fn document(mut self, out: &mut Vec<u8>) -> Packed<Elements<'d>> {
        if self.rules.load == Load::Merge {
            return self.merged(out);
        }
        let document = self.subject.document;
        let has_times = self.rules.of == Records::Documents;
        self.begin(if has_times { 4 } else { 2 }, out);
        encode::plain(self.subject.path, Nul::Quarantine, out)
            .map_err(|(reason, detail)| reject(reason, Some("_path"), detail))?;
        if has_times {
            moment("_created_at", document.created, out)?;
            moment("_updated_at", document.updated, out)?;
        }
        let mut elements = Elements::new();
        let mut extra = self.look(&mut elements);
        self.cells(out)?;
        self.leave(&mut extra);
        self.extra(&extra, None, out)?;
        Ok(elements)
    }

    /// Appends the tuple of a document for a table that has nothing but the mapping's columns: what these do not hold
    /// would be lost, so the document is refused.
    fn merged(mut self, out: &mut Vec<u8>) -> Packed<Elements<'d>> {
        self.begin(0, out);
        let mut extra = self.look(&mut Elements::new());
        self.cells(out)?;
        self.leave(&mut extra);
        match extra.first() {
            None => Ok(Elements::new()),
            Some((name, _)) => {
                let detail = "no column of the table holds all of it; map it, or drop it".to_owned();
                Err(reject(Reason::LeftOver, Some(name), detail))
            }
        }
    }

    /// Walks the document's fields once; those that nobody asks for.
    pub(super) fn look(&mut self, elements: &mut Elements<'d>) -> Members<'d> {
        self.walk(&self.subject.document.fields, elements)
    }

    fn walk(&mut self, fields: &'d [(&'d str, Value<'d>)], elements: &mut Elements<'d>) -> Members<'d> {
        let (layout, mut extra, mut next) = (self.layout, Members::new(), 0);
        for (name, value) in fields {
            match layout.fields.find(name.as_bytes(), &mut next) {
                Some(branch) => self.gather(branch, value, elements),
                None => extra.push((name, Left::Whole(value))),
            }
        }
        extra
    }

    /// Appends the tuple of an element.
    pub(super) fn element(mut self, element: &'d Value<'d>, out: &mut Vec<u8>) -> Packed<()> {
        self.begin(3, out);
        cell::bytes(out, self.subject.path.as_bytes());
        match (self.subject.ordinal, self.subject.key) {
            (Some(ordinal), _) => cell::fixed(out, ordinal.to_be_bytes()),
            (None, key) => cell::bytes(out, key.unwrap_or_default().as_bytes()),
        }
        let layout = self.layout;
        if let Some(slot) = layout.itself {
            self.slots[slot].value = Some(element);
        }
        let mut extra = match element {
            Value::Map(entries) => self.walk(entries, &mut Elements::new()),
            _ => Members::new(),
        };
        self.cells(out)?;
        let below = self.is_beside_below(&layout.fields);
        match (layout.itself.map(|slot| self.slots[slot]), element) {
            // A column has it all, whatever it is.
            (Some(slot), _) if slot.told.in_json || slot.is_whole() && !slot.is_beside() && !below => {
                extra.clear()
            }
            (Some(slot), Value::Map(_)) if slot.is_whole() || slot.is_beside() => {
                return self.extra(&Members::new(), Some(element), out);
            }
            (_, Value::Map(_)) => {
                self.leave(&mut extra);
                // A row without anything is a null.
                if extra.is_empty() && !self.comes_back_below(&layout.fields) {
                    return self.empty(element, out);
                }
            }
            _ => return self.extra(&Members::new(), Some(element), out),
        }
        self.extra(&extra, None, out)
    }

    /// The `_extra` of an element that is a map of which nothing is in any column.
    fn empty(&mut self, element: &'d Value<'d>, out: &mut Vec<u8>) -> Packed<()> {
        if !self.missing.is_empty() {
            return self.extra(&Members::new(), Some(element), out);
        }
        self.notes.overflowed = true;
        cell::bytes(out, b"\x01{}");
        Ok(())
    }

    fn begin(&self, fixed: usize, out: &mut Vec<u8>) {
        // PostgreSQL's own limit of 1600 columns keeps this far from the end of an i16.
        out.extend_from_slice(&((self.layout.cells.len() + fixed) as i16).to_be_bytes());
    }

    /// Puts what is asked for of a field in its slots.
    fn gather(&mut self, branch: &Branch<'_>, value: &'d Value<'d>, elements: &mut Elements<'d>) {
        self.slots[branch.slot].value = Some(value);
        if let Some((child, of)) = branch.child
            && is_of(of, value)
        {
            self.slots[branch.slot].rows = true;
            elements.push((child, value));
        }
        if let (Some(inner), Value::Map(entries)) = (&branch.inner, value) {
            let mut next = 0;
            for (name, value) in entries {
                if let Some(branch) = inner.find(name.as_bytes(), &mut next) {
                    self.gather(branch, value, elements);
                }
            }
        }
    }

    fn cells(&mut self, out: &mut Vec<u8>) -> Packed<()> {
        let layout = self.layout;
        for cell in &layout.cells {
            column::write(self, cell, out)?;
        }
        Ok(())
    }

    /// Adds what is left of the fields that were asked for.
    fn leave(&mut self, extra: &mut Members<'d>) {
        let layout = self.layout;
        for branch in &layout.fields.branches {
            // What most fields come to needs no second look: missing, or whole in a column.
            let slot = &self.slots[branch.slot];
            let plain = branch.inner.is_none() && !branch.dropped;
            if slot.value.is_none() || plain && slot.told.whole() == Some(true) {
                continue;
            }
            if let Some(left) = self.left(branch) {
                extra.push((branch.name, left));
            }
        }
    }

    /// What `_extra` keeps of a field.
    fn left(&mut self, branch: &Branch<'_>) -> Option<Left<'d>> {
        let slot = self.slots[branch.slot];
        let value = slot.value?;
        if branch.dropped {
            self.notes.dropped = self.notes.dropped.saturating_add(1);
            return None;
        }
        let inner = branch.inner.as_ref();
        let beside = slot.is_beside() || inner.is_some_and(|inner| self.is_beside_below(inner));
        match (inner, value) {
            (_, Value::Null) if branch.forgets => None,
            // All of it is there as it was, whatever columns make of its parts.
            _ if slot.rows || slot.told.in_json || slot.is_whole() && !beside => None,
            (Some(inner), Value::Map(entries)) if slot.told.whole().is_none() && !slot.amended => {
                self.part(inner, entries).map(Left::Part)
            }
            _ => Some(Left::Whole(value)),
        }
    }

    /// What is left of a map of which a part is elsewhere; none if all of it comes back from there.
    fn part(&mut self, level: &Level<'_>, entries: &'d [(&'d str, Value<'d>)]) -> Option<Members<'d>> {
        let (mut members, mut next) = (Members::new(), 0);
        for (name, value) in entries {
            let left = match level.find(name.as_bytes(), &mut next) {
                Some(branch) => self.left(branch),
                None => Some(Left::Whole(value)),
            };
            members.extend(left.map(|left| (*name, left)));
        }
        (!members.is_empty() || !self.comes_back_below(level)).then_some(members)
    }

    fn is_beside_below(&self, level: &Level<'_>) -> bool {
        level.branches.iter().any(|branch| {
            let inner = branch.inner.as_ref();
            self.slots[branch.slot].is_beside() || inner.is_some_and(|inner| self.is_beside_below(inner))
        })
    }

    fn comes_back_below(&self, level: &Level<'_>) -> bool {
        level.branches.iter().any(|branch| {
            let inner = branch.inner.as_ref();
            self.slots[branch.slot].comes_back() || inner.is_some_and(|inner| self.comes_back_below(inner))
        })
    }

    /// The cell of `_extra`: fields by name, or an element that is not to be taken apart.
    fn extra(&mut self, members: &Members<'_>, element: Option<&Value<'_>>, out: &mut Vec<u8>) -> Packed<()> {
        if members.is_empty() && element.is_none() && self.missing.is_empty() {
            cell::null(out);
            return Ok(());
        }
        self.notes.overflowed = true;
        let missing = &self.missing;
        encode::json(self.rules, out, |writer| writer.extra(members, element, missing)).map_err(
            |(reason, detail)| {
                let culprit = members.iter().find(|(name, left)| self.holds_nul(name, left));
                let culprit = culprit.map(|(name, _)| *name).or(element.map(|_| "__value__"));
                reject(reason, culprit, detail)
            },
        )
    }

    fn holds_nul(&self, name: &str, left: &Left<'_>) -> bool {
        let mut scratch = Vec::new();
        let mut writer = Writer::new(&mut scratch, self.rules.root);
        writer.extra(&[(name, left.clone())], None, &[]);
        writer.nul
    }
}

/// Whether a value is an array or map whose elements can be rows. Empty ones have none, and a key with U+0000 has no
/// place in `_key`.
fn is_of(of: Collection, value: &Value<'_>) -> bool {
    match (of, value) {
        (Collection::Array, Value::Array(values)) => !values.is_empty(),
        (Collection::Map, Value::Map(entries)) => {
            !entries.is_empty() && !entries.iter().any(|(key, _)| key.contains('\0'))
        }
        _ => false,
    }
}

pub(super) fn moment(column: &'static str, timestamp: Option<Timestamp>, out: &mut Vec<u8>) -> Packed<()> {
    let Some(micros) = timestamp.and_then(Timestamp::micros) else {
        let detail = "not a whole microsecond between the years 1 and 9999".into();
        return Err(reject(Reason::TimestampPrecision, Some(column), detail));
    };
    cell::moment(micros, out);
    Ok(())
}
