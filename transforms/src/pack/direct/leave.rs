//! What columns do not tell of a document, put in its `_extra` from where it lies.

use super::{Direct, Rules, cell, encode};
use crate::Notes;
use crate::firestore::lying::Lying;
use crate::json::{Writer, is_marked};
use crate::pack::layout::{Branch, Layout, Level};

impl<'t: 'b, 'b> Direct<'_, 't, 'b> {
    /// Appends the cell of `_extra`.
    pub(super) fn leave(
        &mut self,
        layout: &Layout<'t>,
        rules: Rules<'_>,
        notes: &mut Notes,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        for branch in &layout.fields.branches {
            let slot = self.slots.get(branch.slot)?;
            // What most fields come to needs no second look: missing, or whole in a column.
            let plain = branch.inner.is_none() && !branch.dropped;
            if slot.value.is_none() || plain && slot.told.whole() == Some(true) {
                continue;
            }
            if self.is_left(branch, notes)? {
                let value = slot.value?;
                self.unasked.push((branch.name.as_bytes(), value));
            }
        }
        if self.unasked.is_empty() {
            cell::null(out);
            return Some(());
        }
        notes.overflowed = true;
        let mut written = None;
        encode::json(rules, out, |writer| written = self.members(writer)).ok()?;
        written
    }

    /// Whether a field is to be left whole; none where only a part of it is, or where that is no simple question.
    fn is_left(&self, branch: &Branch<'_>, notes: &mut Notes) -> Option<bool> {
        let slot = self.slots.get(branch.slot)?;
        let Some(value) = slot.value else {
            return Some(false);
        };
        if branch.dropped {
            // Nobody looked at it yet, and bytes that are no value are to be refused.
            value.value()?;
            notes.dropped = notes.dropped.saturating_add(1);
            return Some(false);
        }
        if value == Lying::Null && branch.forgets {
            return Some(false);
        }
        match (&branch.inner, value) {
            (None, _) => Some(!slot.told.in_json && slot.told.whole() != Some(true)),
            (Some(inner), Lying::Map(map)) if slot.told.whole().is_none() => {
                (!map.is_empty() && self.is_told_below(inner)?).then_some(false)
            }
            (Some(_), _) if slot.told.whole().is_none() => Some(true),
            _ => None,
        }
    }

    /// Whether columns tell all that is asked for of a map and that it has.
    fn is_told_below(&self, level: &Level<'_>) -> Option<bool> {
        let mut all = true;
        for branch in &level.branches {
            let slot = self.slots.get(branch.slot)?;
            all &= match (slot.value, &branch.inner) {
                (None, _) => true,
                (Some(Lying::Map(map)), Some(inner)) => {
                    slot.told.whole().is_none() && !map.is_empty() && self.is_told_below(inner)?
                }
                (Some(_), Some(_)) => false,
                (Some(_), None) => !branch.dropped && slot.told.whole() == Some(true),
            };
        }
        Some(all)
    }

    /// Appends the members of `_extra`.
    fn members(&self, writer: &mut Writer<'_>) -> Option<()> {
        let mut before = "{";
        for (at, (name, value)) in self.unasked.iter().enumerate() {
            let earlier = self.unasked.get(..at)?;
            if is_marked(name) || earlier.iter().any(|(other, _)| other == name) {
                return None;
            }
            writer.raw(before);
            writer.lying_text(name)?;
            writer.raw(":");
            writer.lying(*value)?;
            before = ",";
        }
        writer.raw("}");
        Some(())
    }
}
