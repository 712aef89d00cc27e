//! Documents of Firestore packed as they lie in their bytes, without being decoded: what nearly all of them are.
//! The same tuples come out as of decoded ones, or none: whatever is unusual about a table, a document or a value is
//! left to those who decode (`a_document_packed_directly_is_packed_alike` holds the two together).
//!
//! Decoding a document of thirteen fields, and packing what that made, takes three times the instructions
//! (`make instructions`): most of them went into values that were built, looked at once and dropped.

mod field;
mod leave;

use super::layout::{Branch, Cell, From, Layout, Level};
use super::subject::Subject;
use super::told::Told;
use super::{Packer, Prepared, Rules, Tuples, cell, column, encode, text};
use crate::ascii::{is, is_text, none};
use crate::firestore::lying::{self, Lying, Part};
use crate::mapping::{self, Load, Nul, Records, Table};
use crate::{Document, Notes, Timestamp};

/// Packs documents one after another, in memory that is used again.
#[derive(Debug)]
pub struct Direct<'p, 't, 'b> {
    packer: &'p Packer<'t>,
    /// Where the last document lay, and the table of all that lie there.
    home: Option<(&'b [u8], &'p Prepared<'t>)>,
    slots: Vec<Slot<'b>>,
    /// Fields that nobody asks for.
    unasked: Vec<(&'b [u8], Lying<'b>)>,
}

/// A value that somebody asks for, and what columns tell of it.
#[derive(Debug, Clone, Copy, Default)]
struct Slot<'b> {
    value: Option<Lying<'b>>,
    told: Told,
}

/// Whether documents of a table can be packed so: those of others ask for more than one look at a value, or for
/// values that nobody decoded.
pub(super) fn is_possible(table: &Table, layout: &Layout<'_>) -> bool {
    let plain = |from: &From<'_>| matches!(from, From::Slot(_) | From::Document(_) | From::Constant(Ok(_)));
    table.of == Records::Documents
        && table.load == Load::Copy
        && table.nul != Nul::Strip
        && table.children.is_empty()
        && layout
            .cells
            .iter()
            .all(|cell| plain(&cell.from) && !cell.column.remap)
}

impl<'t> Packer<'t> {
    /// What packs bytes of documents directly where that can be done.
    pub fn direct<'p, 'b>(&'p self) -> Direct<'p, 't, 'b> {
        Direct {
            packer: self,
            home: None,
            slots: Vec::new(),
            unasked: Vec::new(),
        }
    }
}

impl<'p, 't: 'b, 'b> Direct<'p, 't, 'b> {
    /// Appends the document's tuple as [`Packer::pack`] would, or nothing: then that one is to be asked.
    pub fn pack(&mut self, body: &'b [u8], out: &mut [Tuples]) -> Option<Notes> {
        let (name, rest) = lying::name(body)?;
        let (prepared, path) = self.route(name)?;
        let out = out.get_mut(prepared.documents.relation)?;
        if !prepared.is_direct {
            return None;
        }
        let times = self.look(&prepared.documents, rest)?;
        out.attempt(|out| self.tuple(prepared, path, times, out))
    }

    /// The document's table and its path. Most documents lie where the last one lay.
    fn route(&mut self, name: &'b [u8]) -> Option<(&'p Prepared<'t>, &'b [u8])> {
        let packer = self.packer;
        let path = name.get(packer.root.len() + 1..);
        if let Some((home, prepared)) = self.home
            && let Some(id) = name.strip_prefix(home)
            && none(id, |word| is(word, b'/') != 0)
        {
            return Some((prepared, path?));
        }
        let text = std::str::from_utf8(name).ok()?;
        let (prepared, ..) = packer.route(text, Records::Documents).ok()?;
        let (home, _) = text.rsplit_once('/')?;
        self.home = name.get(..=home.len()).map(|home| (home, prepared));
        Some((prepared, path?))
    }

    /// Puts what is asked for in its slots; when the document was created and last changed.
    fn look(&mut self, layout: &Layout<'_>, mut rest: &'b [u8]) -> Option<(Timestamp, Timestamp)> {
        self.slots.clear();
        self.slots.resize(layout.slots, Slot::default());
        self.unasked.clear();
        let (mut created, mut updated, mut next) = (None, None, 0);
        while !rest.is_empty() {
            match lying::part(&mut rest)? {
                Part::Field(name, value) => match layout.fields.find(name, &mut next) {
                    Some(branch) => self.put(branch, value)?,
                    None => self.unasked.push((name, value)),
                },
                Part::Created(moment) => created = Some(moment),
                Part::Updated(moment) => updated = Some(moment),
            }
        }
        Some((created?, updated?))
    }

    #[inline(always)]
    fn put(&mut self, branch: &Branch<'_>, value: Lying<'b>) -> Option<()> {
        let slot = self.slots.get_mut(branch.slot)?;
        if slot.value.replace(value).is_some() {
            // Of a name that comes twice the last value counts.
            return None;
        }
        match (&branch.inner, value) {
            (Some(inner), Lying::Map(map)) => self.below(inner, map),
            _ => Some(()),
        }
    }

    /// Puts what is in a map in its slots, if all of it is asked for.
    fn below(&mut self, level: &Level<'_>, mut map: &'b [u8]) -> Option<()> {
        let mut next = 0;
        while !map.is_empty() {
            let (name, value) = lying::member(&mut map)?;
            self.put(level.find(name, &mut next)?, value)?;
        }
        Some(())
    }

    fn tuple(
        &mut self,
        of: &'p Prepared<'t>,
        path: &'b [u8],
        (created, updated): (Timestamp, Timestamp),
        out: &mut Vec<u8>,
    ) -> Option<Notes> {
        let (layout, mut notes) = (&of.documents, Notes::default());
        let rules = self.rules(of.table);
        out.extend_from_slice(&((layout.cells.len() + 4) as i16).to_be_bytes());
        match is_text(path) {
            true => cell::bytes(out, path),
            false => {
                encode::plain(std::str::from_utf8(path).ok()?, Nul::Quarantine, out).ok()?;
            }
        }
        for moment in [created, updated] {
            cell::moment(moment.micros()?, out);
        }
        for cell in &layout.cells {
            match &cell.from {
                From::Slot(slot) => self.field(rules, cell, *slot, &mut notes, out)?,
                From::Constant(Ok(constant)) => out.extend_from_slice(constant),
                From::Document(about) => known(*about, (rules, cell), path, (created, updated), out)?,
                _ => return None,
            }
        }
        self.leave(layout, rules, &mut notes, out)?;
        Some(notes)
    }

    fn rules(&self, table: &Table) -> Rules<'p> {
        Rules {
            root: self.packer.root,
            nul: table.nul,
            of: table.of,
            load: table.load,
        }
    }
}

/// Appends the cell of what is known about a document, but for what the `*` of its table's pattern stand for.
fn known(
    about: mapping::Document,
    (rules, cell): (Rules<'_>, &Cell<'_>),
    path: &[u8],
    (created, updated): (Timestamp, Timestamp),
    out: &mut Vec<u8>,
) -> Option<()> {
    if let mapping::Document::Wildcard(_) = about {
        return None;
    }
    let path = std::str::from_utf8(path).ok()?;
    let document = Document {
        name: path.into(),
        created: Some(created),
        updated: Some(updated),
        fields: Vec::new(),
    };
    let value = text::about(about, &Subject::document(&document, path, &[]));
    column::derived(rules, cell, value.as_ref(), out).ok()
}
