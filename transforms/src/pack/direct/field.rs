//! The cell of a field, straight from where its value lies.

use super::{Direct, Rules, cell, column, encode};
use crate::Notes;
use crate::ascii::is_text;
use crate::firestore::lying::Lying;
use crate::mapping::{Holds, Misfit, Scalar, Type};
use crate::pack::encode::{Fit, Taste, told};
use crate::pack::layout::Cell;
use crate::pack::vector;

impl Direct<'_, '_, '_> {
    /// Appends the cell.
    pub(super) fn field(
        &mut self,
        rules: Rules<'_>,
        cell: &Cell<'_>,
        slot: usize,
        notes: &mut Notes,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let slot = self.slots.get_mut(slot)?;
        let value = match slot.value {
            None if cell.default.is_some() => return None,
            Some(Lying::Null) if cell.fills_nulls() => return None,
            None | Some(Lying::Null) => return null(cell, out),
            Some(value) => value,
        };
        let start = out.len();
        let fit = take(rules, cell, value, out)?;
        if fit == Fit::Misfit {
            out.truncate(start);
            return match cell.column.misfit {
                Misfit::Overflow => null(cell, out),
                _ => None,
            };
        }
        notes.rounded |= fit == Fit::Rounded;
        slot.told.by(cell, fit, self.packer.exact_vectors);
        Some(())
    }
}

fn null(cell: &Cell<'_>, out: &mut Vec<u8>) -> Option<()> {
    cell::null(out);
    (!cell.column.required).then_some(())
}

/// What the column makes of the value; none where that is a question for those who decode.
fn take(rules: Rules<'_>, cell: &Cell<'_>, value: Lying<'_>, out: &mut Vec<u8>) -> Option<Fit> {
    let column = cell.column;
    match (column.sql, value) {
        (Type::Scalar(Scalar::Text), Lying::Text(text))
            if column.holds == Holds::Text && column.apply.is_empty() && is_text(text) =>
        {
            cell::bytes(out, text);
            return Some(Fit::Whole);
        }
        (Type::Json, Lying::Map(_) | Lying::Array(_)) if column.apply.is_empty() => {
            let mut written = None;
            encode::json(rules, out, |writer| written = writer.lying(value)).ok()?;
            written?;
            let exactly = match column.holds {
                Holds::Any => true,
                Holds::Map => matches!(value, Lying::Map(_)),
                Holds::Array => matches!(value, Lying::Array(_)),
                _ => false,
            };
            return Some(told(exactly));
        }
        _ => {}
    }
    let value = value.value()?;
    if column.sql.dimension().is_some() && vector::is_zero(&value) {
        return None;
    }
    let taste = Taste {
        holds: column.holds,
        casts: false,
        rules,
    };
    column::take(cell, &value, taste, out).ok()
}
