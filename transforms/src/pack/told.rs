//! What the columns of a field tell of its value, as far as `_extra` has to know.

use super::encode::Fit;
use super::layout::Cell;
use crate::mapping::Type;

/// What is told of a value so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// By the column that is asked first: whether that has no functions, and whether it tells all.
    first: Option<(bool, bool)>,
    /// A column of type `jsonb` tells all of it.
    pub(super) in_json: bool,
}

impl Told {
    /// Whether a column tells all of it; none if no column tells it at all.
    pub(super) fn whole(self) -> Option<bool> {
        self.first.map(|(_, whole)| whole)
    }

    /// Remembers what a cell made of it.
    #[inline(always)]
    pub(super) fn by(&mut self, cell: &Cell<'_>, fit: Fit, exact_vectors: bool) {
        let whole = match fit {
            Fit::Whole | Fit::Cast => true,
            Fit::Rounded => !exact_vectors,
            Fit::Beside | Fit::Misfit => false,
        };
        let plain = cell.column.apply.is_empty();
        self.in_json |= whole && cell.tells && matches!(cell.column.sql, Type::Json);
        if cell.tells && self.first.is_none_or(|(before, _)| plain && !before) {
            self.first = Some((plain, whole));
        }
    }
}
