//! One column of one row: where its value comes from, and what is done if it has none or cannot hold it.
//! Whatever happens, exactly one cell is appended, or the row is refused.

use super::apply::{self, Applied};
use super::cast::spelled;
use super::encode::{self, Fit, Refusal, Taste};
use super::layout::{Cell, From};
use super::row::Row;
use super::{Packed, Rules, cell, reject, remap, text, vector};
use crate::json;
use crate::mapping::{Document, Function, Holds, Misfit, Records, Zero};
use crate::{Amendment, Policy, Reason, Reject, Value};

/// Appends the cell.
pub(super) fn write<'p>(row: &mut Row<'p, '_, '_>, cell: &'p Cell<'_>, out: &mut Vec<u8>) -> Packed<()> {
    match &cell.from {
        From::Slot(slot) => field(row, cell, *slot, out),
        From::Constant(Ok(constant)) => {
            out.extend_from_slice(constant);
            Ok(())
        }
        From::Constant(Err(())) => Err(unspeakable(cell, "value")),
        From::Document(document) => {
            let value = text::about(*document, &row.subject);
            derived(row.rules, cell, value.as_ref(), out)
        }
        From::Template(parts) => {
            let text = text::text(parts, &row.subject, &row.slots);
            derived(row.rules, cell, text.as_deref().map(Value::Text).as_ref(), out)
        }
        From::Embedding(at) => {
            let embedding = row.embeddings.get(*at).and_then(Option::as_ref);
            let components = |embedding: &Vec<f32>| embedding.iter().copied().map(f64::from).collect();
            let value = embedding.map(components).map(Value::Vector);
            derived(row.rules, cell, value.as_ref(), out)
        }
    }
}

/// A value that is not the document's own: nothing is lost where the column cannot hold it.
pub(super) fn derived(
    rules: Rules<'_>,
    cell: &Cell<'_>,
    value: Option<&Value<'_>>,
    out: &mut Vec<u8>,
) -> Packed<()> {
    let Some(value) = value else {
        return nothing(cell, "nothing to make it from", out);
    };
    let start = out.len();
    let taste = Taste {
        holds: natural(value),
        casts: true,
        rules,
    };
    let fit = take(cell, value, taste, out).map_err(|refusal| refused(cell, refusal))?;
    if fit == Fit::Misfit {
        out.truncate(start);
        // A point without its id is none.
        let is_id = rules.of == Records::Points && matches!(cell.from, From::Document(Document::Id));
        if is_id || cell.column.misfit == Misfit::Quarantine {
            return Err(misfit(cell, value));
        }
        return none(cell, "a value that the column cannot hold", out);
    }
    Ok(())
}

fn field<'p>(row: &mut Row<'p, '_, '_>, cell: &'p Cell<'_>, slot: usize, out: &mut Vec<u8>) -> Packed<()> {
    match row.slots[slot].value {
        None => fill(row, cell, "the field is missing", out),
        Some(Value::Null) if cell.fills_nulls() => {
            // Where `_extra` keeps the null it says enough.
            fill(row, cell, "the field is null", out)
        }
        Some(Value::Null) => none(cell, "the field is null", out),
        Some(value) => some(row, cell, slot, value, out),
    }
}

fn some(
    row: &mut Row<'_, '_, '_>,
    cell: &Cell<'_>,
    slot: usize,
    value: &Value<'_>,
    out: &mut Vec<u8>,
) -> Packed<()> {
    let start = out.len();
    let policy = cell.column.misfit;
    let taste = Taste {
        holds: cell.column.holds,
        casts: false,
        rules: row.rules,
    };
    if cell.column.sql.dimension().is_some() && vector::is_zero(value) && !zero(row, cell)? {
        amend(row, cell, slot, value, Policy::Null);
        return none(cell, "a vector of zeros", out);
    }
    let taken = match (value, row.remapping) {
        (Value::Sparse(sparse), remapping) if cell.column.remap => {
            remap::write(cell.column, sparse, remapping, taste, out)
        }
        _ => take(cell, value, taste, out),
    };
    let of_points = matches!(value, Value::Floats(_) | Value::Sparse(_));
    let fit = match taken {
        // An embedding of the wrong kind is not quietly put aside, unless the mapping gives it up. Those of points
        // are a misfit like others: Qdrant takes what pgvector does not.
        Err((Reason::VectorDimension | Reason::VectorNotFinite, _))
            if policy == Misfit::Null || of_points && policy != Misfit::Quarantine =>
        {
            Fit::Misfit
        }
        Err(refusal) => return Err(refused(cell, refusal)),
        Ok(fit) => fit,
    };
    row.notes.rounded |= fit == Fit::Rounded;
    if fit != Fit::Misfit {
        row.slots[slot].told.by(cell, fit, row.exact_vectors);
        return Ok(());
    }
    out.truncate(start);
    match policy {
        Misfit::Quarantine => return Err(misfit(cell, value)),
        Misfit::Cast => {
            let taste = Taste { casts: true, ..taste };
            let fit = take(cell, value, taste, out).map_err(|refusal| refused(cell, refusal))?;
            if fit != Fit::Misfit {
                amend(row, cell, slot, value, Policy::Cast);
                row.slots[slot].told.by(cell, Fit::Cast, row.exact_vectors);
                return Ok(());
            }
            out.truncate(start);
        }
        Misfit::Null => amend(row, cell, slot, value, Policy::Null),
        Misfit::Overflow => {}
    }
    none(cell, "a value that the column cannot hold", out)
}

/// Whether a vector of zeros goes into the column.
fn zero(row: &mut Row<'_, '_, '_>, cell: &Cell<'_>) -> Packed<bool> {
    match cell.column.zero {
        Zero::Keep => row.notes.zeros += 1,
        Zero::Null => return Ok(false),
        Zero::Quarantine => {
            let detail = format!(
                "a vector of zeros, which column {:?} is not to hold",
                cell.column.name
            );
            return Err(reject(Reason::VectorZero, Some(&cell.label), detail));
        }
    }
    Ok(true)
}

/// What the column's functions make of the value meets its type.
pub(super) fn take(
    cell: &Cell<'_>,
    value: &Value<'_>,
    taste: Taste<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    let column = cell.column;
    if column.apply.is_empty() {
        return encode::write(column.sql, value, taste, out);
    }
    let (root, casts) = (taste.rules.root, taste.casts);
    let made = apply::apply(column, value, root, cell.home).or_else(|| {
        let text = spelled(value, root).filter(|_| casts && is_of_texts(column.apply.first()))?;
        apply::apply(column, &Value::Text(&text), root, cell.home)
    });
    let Some(Applied { value: made, undoes }) = made else {
        return Ok(Fit::Misfit);
    };
    let made = made.view();
    let taste = Taste {
        holds: natural(&made),
        ..taste
    };
    Ok(match encode::write(column.sql, &made, taste, out)? {
        Fit::Whole if !undoes => Fit::Beside,
        fit => fit,
    })
}

fn is_of_texts(function: Option<&Function>) -> bool {
    use Function::{Lower, Sha256, Trim, Upper, Uuid5};
    matches!(function, Some(Lower | Upper | Trim | Sha256 | Uuid5))
}

/// What a column that is given nothing but such values holds.
fn natural(value: &Value<'_>) -> Holds {
    match value {
        Value::Boolean(_) => Holds::Boolean,
        Value::Integer(_) => Holds::Integer,
        Value::Double(_) => Holds::Double,
        Value::Timestamp(_) => Holds::Timestamp,
        Value::Text(_) => Holds::Text,
        Value::Bytes(_) => Holds::Bytes,
        Value::Vector(_) | Value::Floats(_) | Value::Sparse(_) => Holds::Vector,
        _ => Holds::Any,
    }
}

/// Records what a column says otherwise, once for all elements of an array or a map.
fn amend(row: &mut Row<'_, '_, '_>, cell: &Cell<'_>, slot: usize, value: &Value<'_>, policy: Policy) {
    if !cell.tells {
        // The field is in `_extra` or in another column.
        return;
    }
    row.slots[slot].amended = true;
    let (relation, column) = (row.layout.relation, &cell.column.name);
    let (field, original) = match (row.layout.child, row.subject.whole) {
        (Some(child), Some(whole)) => (child.from.to_string(), whole),
        _ => (cell.field.clone(), value),
    };
    let before = row.notes.amendments.iter();
    if row.layout.child.is_some()
        && before
            .clone()
            .any(|before| before.relation == relation && before.column == *column && before.policy == policy)
    {
        return;
    }
    row.notes.amendments.push(Amendment {
        relation,
        column: column.clone(),
        field,
        policy,
        original: json::text(original, row.rules.root),
    });
}

/// The default, if there is one.
fn fill<'p>(row: &mut Row<'p, '_, '_>, cell: &'p Cell<'_>, why: &str, out: &mut Vec<u8>) -> Packed<()> {
    match &cell.default {
        None => none(cell, why, out),
        Some(Err(())) => Err(unspeakable(cell, "default")),
        Some(Ok(default)) => {
            out.extend_from_slice(default);
            row.missing
                .extend((!row.missing.contains(&cell.field.as_str())).then_some(cell.field.as_str()));
            Ok(())
        }
    }
}

/// The default of a column that is not a field's: nobody will take it for one.
fn nothing(cell: &Cell<'_>, why: &str, out: &mut Vec<u8>) -> Packed<()> {
    match &cell.default {
        None => none(cell, why, out),
        Some(Err(())) => Err(unspeakable(cell, "default")),
        Some(Ok(default)) => {
            out.extend_from_slice(default);
            Ok(())
        }
    }
}

/// NULL, where that is allowed.
fn none(cell: &Cell<'_>, why: &str, out: &mut Vec<u8>) -> Packed<()> {
    if cell.column.required {
        let detail = format!("{why}, but column {:?} is required", cell.column.name);
        return Err(reject(Reason::Required, Some(&cell.label), detail));
    }
    cell::null(out);
    Ok(())
}

fn refused(cell: &Cell<'_>, (reason, detail): Refusal) -> Reject {
    reject(reason, Some(&cell.label), detail)
}

fn misfit(cell: &Cell<'_>, value: &Value<'_>) -> Reject {
    let column = cell.column;
    let detail = format!(
        "{} that column {:?} ({}) cannot hold",
        kind(value),
        column.name,
        column.sql
    );
    reject(Reason::Misfit, Some(&cell.label), detail)
}

fn unspeakable(cell: &Cell<'_>, what: &str) -> Reject {
    let column = cell.column;
    let detail = format!(
        "the mapping's {what} for column {:?} is no {}: correct it in the mapping",
        column.name, column.sql
    );
    reject(Reason::Misfit, Some(&cell.label), detail)
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "a null",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer",
        Value::Double(_) => "a double",
        Value::Timestamp(_) => "a timestamp",
        Value::Text(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::Reference(_) => "a reference",
        Value::GeoPoint { .. } => "a geopoint",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
        Value::Vector(_) | Value::Floats(_) => "a vector",
        Value::Sparse(_) => "a sparse vector",
    }
}
