//! The cell of a field, straight from where its value lies.

use super::{Direct, Rules, cell, column, encode};
use crate::Notes;
use crate::ascii::{is, is_text, none};
use crate::firestore::lying::Lying;
use crate::mapping::{Column, Holds, Misfit, Scalar, Type};
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
        if cell.column.apply.is_empty() && as_it_is(cell.column, value, rules.root, out) {
            slot.told.by(cell, Fit::Whole, self.packer.exact_vectors);
            return Some(());
        }
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

/// Appends the cell of a value of the type that the column is for: what nearly all are, and what says all of them.
#[inline]
fn as_it_is(column: &Column, value: Lying<'_>, root: &str, out: &mut Vec<u8>) -> bool {
    let Type::Scalar(scalar) = column.sql else {
        return false;
    };
    match (scalar, column.holds, value) {
        (Scalar::Text, Holds::Text, Lying::Text(text)) if is_text(text) || is_whole_utf8(text) => {
            cell::bytes(out, text);
        }
        (Scalar::Text, Holds::Reference, Lying::Reference(name)) => {
            let path = name
                .strip_prefix(root.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"/"));
            match path.filter(|path| !path.is_empty() && is_text(path) && !root.is_empty()) {
                Some(path) => cell::bytes(out, path),
                None => return false,
            }
        }
        (Scalar::Boolean, Holds::Boolean, Lying::Boolean(boolean)) => cell::fixed(out, [u8::from(boolean)]),
        (Scalar::BigInt, Holds::Integer, Lying::Integer(integer)) => {
            cell::fixed(out, integer.to_be_bytes());
        }
        (Scalar::Double, Holds::Double, Lying::Double(double)) => cell::fixed(out, double.to_be_bytes()),
        (Scalar::Bytes, Holds::Bytes, Lying::Bytes(bytes)) => cell::bytes(out, bytes),
        (Scalar::Timestamp, Holds::Timestamp, Lying::Timestamp(timestamp)) => match timestamp.micros() {
            Some(micros) => cell::moment(micros, out),
            None => return false,
        },
        _ => return false,
    }
    true
}

/// Whether PostgreSQL's `text` takes the bytes, whatever they are.
fn is_whole_utf8(text: &[u8]) -> bool {
    none(text, |word| is(word, 0) != 0) && std::str::from_utf8(text).is_ok()
}

/// What the column makes of the value; none where that is a question for those who decode.
fn take(rules: Rules<'_>, cell: &Cell<'_>, value: Lying<'_>, out: &mut Vec<u8>) -> Option<Fit> {
    let column = cell.column;
    match (column.sql, value) {
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
