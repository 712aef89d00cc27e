//! Smaller numbers for the indices of sparse vectors.
//! pgvector's `sparsevec` has at most 10⁹ places, and models that hash words use all 2³² indices. Where a column asks
//! for it, every index that occurs is given a number of its own; keeping these numbers is the pipeline's.

use std::fmt;

/// Knows which number stands for which index, one to one, for each column apart.
pub trait Dictionary: fmt::Debug + Send + Sync {
    /// The number of each index, in order; none if one of them has none.
    fn numbers(&self, table: &str, column: &str, indices: &[u32]) -> Option<Vec<u32>>;

    /// The index of each number, in order; none if one of them stands for none.
    fn indices(&self, table: &str, column: &str, numbers: &[u32]) -> Option<Vec<u32>>;
}
