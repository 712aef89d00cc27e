//! Vectors in the three forms in which servers send them.
//! Since 1.17 a vector says its kind (fields 101 to 103); before, a dense one is `data`, a sparse one `data` with
//! `indices`, and a multivector `data` of all its rows with their number. 1.16 gives every float of `data` a key of
//! its own. Components stay in the bytes they came in, except those.

use std::borrow::Cow;

use crate::wire::{Field, Malformed, Reader, settle};
use crate::{Floats, Sparse, Value};

/// What a point has for vectors: the unnamed one, a map of named ones, or none.
pub(super) fn vectors<'a>(mut reader: Reader<'a>) -> Result<Option<Value<'a>>, Malformed> {
    let mut found = None;
    while let Some(field) = reader.next_field()? {
        found = match field.number {
            1 => Some(vector(field.message()?)?),
            2 => named(field.message()?)?,
            _ => found,
        };
    }
    Ok(found)
}

fn named<'a>(mut reader: Reader<'a>) -> Result<Option<Value<'a>>, Malformed> {
    let mut vectors = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            vectors.push(entry(field.message()?)?);
        }
    }
    settle(&mut vectors);
    Ok((!vectors.is_empty()).then_some(Value::Map(vectors)))
}

fn entry<'a>(mut reader: Reader<'a>) -> Result<(&'a str, Value<'a>), Malformed> {
    let (mut name, mut found) = ("", None);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => name = field.text()?,
            2 => found = Some(vector(field.message()?)?),
            _ => {}
        }
    }
    Ok((
        name,
        found.ok_or_else(|| reader.malformed("a name without a vector"))?,
    ))
}

fn vector<'a>(mut reader: Reader<'a>) -> Result<Value<'a>, Malformed> {
    let mut data = Gathered::default();
    let (mut indices, mut rows, mut found) = (None, None, None);
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => data.take(&field, &mut reader)?,
            2 => indices = Some(self::indices(field.message()?)?),
            3 => rows = Some(field.varint()?),
            101 => found = Some(Value::Floats(dense(field.message()?)?)),
            102 => found = Some(sparse(field.message()?)?),
            103 => found = Some(multi(field.message()?)?),
            104.. => return Err(reader.malformed("a vector of a kind that points are not known to have")),
            _ => {}
        }
    }
    match (found, indices, rows) {
        (Some(found), ..) => Ok(found),
        (None, Some(indices), _) => pairs(indices, data.floats(&reader)?, &reader),
        (None, None, Some(rows)) => parted(data.floats(&reader)?, rows, &reader),
        (None, None, None) => Ok(Value::Floats(data.floats(&reader)?)),
    }
}

fn dense<'a>(mut reader: Reader<'a>) -> Result<Floats<'a>, Malformed> {
    let mut data = Gathered::default();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            data.take(&field, &mut reader)?;
        }
    }
    data.floats(&reader)
}

fn sparse<'a>(mut reader: Reader<'a>) -> Result<Value<'a>, Malformed> {
    let (mut values, mut indices) = (Gathered::default(), Vec::new());
    while let Some(field) = reader.next_field()? {
        match field.number {
            1 => values.take(&field, &mut reader)?,
            2 => add_indices(&field, &reader, &mut indices)?,
            _ => {}
        }
    }
    pairs(indices, values.floats(&reader)?, &reader)
}

fn pairs<'a>(indices: Vec<u32>, values: Floats<'a>, reader: &Reader<'_>) -> Result<Value<'a>, Malformed> {
    let sparse = Sparse::new(indices, values);
    let sparse =
        sparse.ok_or_else(|| reader.malformed("a sparse vector with other than one value an index"))?;
    Ok(Value::Sparse(Box::new(sparse)))
}

fn multi<'a>(mut reader: Reader<'a>) -> Result<Value<'a>, Malformed> {
    let mut rows = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            rows.push(Value::Floats(dense(field.message()?)?));
        }
    }
    Ok(Value::Array(rows))
}

/// Rows of one length, one after another.
fn parted<'a>(data: Floats<'a>, rows: u64, reader: &Reader<'_>) -> Result<Value<'a>, Malformed> {
    let unequal = || reader.malformed("a multivector whose rows are not of one length");
    let rows = usize::try_from(rows).map_err(|_| unequal())?;
    if rows == 0 && data.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    if rows == 0 || data.is_empty() || !data.len().is_multiple_of(rows) {
        return Err(unequal());
    }
    let length = data.len() / rows;
    Ok(Value::Array(
        data.parted(length).into_iter().map(Value::Floats).collect(),
    ))
}

fn indices(mut reader: Reader<'_>) -> Result<Vec<u32>, Malformed> {
    let mut indices = Vec::new();
    while let Some(field) = reader.next_field()? {
        if field.number == 1 {
            add_indices(&field, &reader, &mut indices)?;
        }
    }
    Ok(indices)
}

fn add_indices(field: &Field<'_>, reader: &Reader<'_>, indices: &mut Vec<u32>) -> Result<(), Malformed> {
    let mut add = |number: u64| {
        let index = u32::try_from(number).map_err(|_| reader.malformed("an index beyond 32 bits"))?;
        indices.push(index);
        Ok(())
    };
    if field.is_varint() {
        return add(field.varint()?);
    }
    field.message()?.packed().try_for_each(|number| add(number?))
}

/// The bytes of repeated floats, as far as they have come.
#[derive(Default)]
struct Gathered<'a>(Cow<'a, [u8]>);

impl<'a> Gathered<'a> {
    /// Adds a field of packed floats, or one float and those that follow it with the same key.
    fn take(&mut self, field: &Field<'a>, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        /// Field 1 of four bytes.
        const KEY: u8 = 1 << 3 | 5;
        if let Some(float) = field.float() {
            let run = reader.run(KEY);
            let bytes = self.0.to_mut();
            bytes.reserve(4 * (run.len() + 1));
            bytes.extend_from_slice(&float);
            bytes.extend(run.iter().flat_map(|[_, float @ ..]| float));
            return Ok(());
        }
        let packed = field.message()?.bytes();
        if !packed.len().is_multiple_of(4) {
            return Err(reader.malformed("a float cut off"));
        }
        if self.0.is_empty() {
            self.0 = Cow::Borrowed(packed);
        } else {
            self.0.to_mut().extend_from_slice(packed);
        }
        Ok(())
    }

    fn floats(self, reader: &Reader<'_>) -> Result<Floats<'a>, Malformed> {
        Floats::from_le_bytes(self.0).ok_or_else(|| reader.malformed("a float cut off"))
    }
}
