//! Sparse vectors with numbers from a dictionary in place of their indices.

use super::Dictionary;
use super::encode::{self, Fit, Refusal, Taste};
use crate::mapping::Column;
use crate::{Floats, Sparse, Value};

/// Who knows the numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remapping<'r> {
    pub(super) dictionary: &'r dyn Dictionary,
    /// The name of the relation that the row is of.
    pub(super) table: &'r str,
}

/// Appends the cell. A vector with an index that has no number is a misfit.
pub(super) fn write(
    column: &Column,
    sparse: &Sparse<'_>,
    remapping: Option<Remapping<'_>>,
    taste: Taste<'_>,
    out: &mut Vec<u8>,
) -> Result<Fit, Refusal> {
    let indices = sparse.indices();
    let numbers = |Remapping { dictionary, table }| dictionary.numbers(table, &column.name, indices);
    let numbers = remapping.and_then(numbers);
    let Some(numbers) = numbers.filter(|numbers| numbers.len() == indices.len()) else {
        return Ok(Fit::Misfit);
    };
    let mut pairs: Vec<(u32, f32)> = numbers.into_iter().zip(sparse.values().iter()).collect();
    pairs.sort_by_key(|(number, _)| *number);
    let (numbers, values): (Vec<u32>, Floats<'_>) = pairs.into_iter().unzip();
    let Some(renumbered) = Sparse::new(numbers, values).map(Box::new).map(Value::Sparse) else {
        return Ok(Fit::Misfit);
    };
    // Going back, the indices are put in their order again: another one was not told.
    Ok(match encode::write(column.sql, &renumbered, taste, out)? {
        Fit::Whole if !indices.is_sorted_by(|a, b| a < b) => Fit::Beside,
        fit => fit,
    })
}
