//! Vectors of every kind that Qdrant stores, as it stores them.

use super::hits;
use crate::dataset::dice::Dice;
use crate::qdrant::collection::Odds;
use crate::qdrant::point::Vector;
use crate::qdrant::space::{Datatype, SparseParams, VectorParams};
use std::collections::BTreeMap;

/// Rows of a multivector, at most.
const ROWS: u64 = 4;
/// Components of a sparse vector, at most.
const COMPONENTS: u64 = 24;

/// A vector of that kind, unless it is missing.
pub(super) fn make(
    params: Result<&VectorParams, &SparseParams>,
    odds: &Odds,
    dice: &mut Dice,
) -> Option<Vector> {
    if hits(odds.missing, dice) {
        return None;
    }
    Some(match params {
        Ok(params) if params.multi => {
            let rows = 1 + dice.below(ROWS);
            Vector::Multi((0..rows).map(|_| row(params, odds, dice)).collect())
        }
        Ok(params) => Vector::Dense(row(params, odds, dice)),
        Err(params) => sparse(params.max_index.unwrap_or(u32::MAX), dice),
    })
}

/// A row as it is stored.
fn row(params: &VectorParams, odds: &Odds, dice: &mut Dice) -> Vec<f32> {
    if hits(odds.zero, dice) {
        return vec![0.0; params.size];
    }
    let mut row = random(params.size, dice);
    if params.datatype == Datatype::Uint8 {
        row.iter_mut().for_each(|value| *value = (*value + 1.0) * 128.0);
    }
    params.stored(&mut row);
    // Afterwards: a NaN before would make NaN of all the others where they are normalised.
    if hits(odds.not_finite, dice) && params.datatype != Datatype::Uint8 {
        let place = dice.below(row.len() as u64) as usize;
        row[place] = dice.pick(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    }
    row
}

/// Components from -1 up to and without 1, two of each throw.
fn random(size: usize, dice: &mut Dice) -> Vec<f32> {
    let component = |bits: u32| bits.cast_signed() as f32 * (1.0 / 2_147_483_648.0);
    let mut row = vec![0.0; size];
    for pair in row.chunks_mut(2) {
        let bits = dice.throw();
        for (value, bits) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
            *value = component(bits);
        }
    }
    row
}

/// One in sixteen is empty, one component in sixteen an explicit zero, and the highest index comes up.
fn sparse(max_index: u32, dice: &mut Dice) -> Vector {
    let components = match dice.below(16) {
        0 => 0,
        _ => 1 + dice.below(COMPONENTS),
    };
    let mut pairs = BTreeMap::new();
    for _ in 0..components {
        let index = match dice.below(32) {
            0 => max_index,
            _ => dice.below(u64::from(max_index) + 1) as u32,
        };
        let value = match dice.below(16) {
            0 => 0.0,
            _ => (dice.below(2_000_001) as f32 - 1_000_000.0) / 65_536.0,
        };
        pairs.insert(index, value);
    }
    let (indices, values) = pairs.into_iter().unzip();
    Vector::Sparse { indices, values }
}
