//! Names of indexes and constraints: the same for the same mapping, never longer than PostgreSQL keeps.

use std::collections::BTreeSet;

/// PostgreSQL cuts longer names off, and then two of them may be one.
const LONGEST: usize = 63;

/// Names given so far. Indexes share them with tables.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// These names belong to tables.
    pub(super) fn taken(names: impl IntoIterator<Item = String>) -> Names {
        Names(names.into_iter().collect())
    }

    /// `table_column_column_suffix`; what `definition` says tells it apart from another of the same name.
    pub(super) fn give(&mut self, parts: &[&str], suffix: &str, definition: &str) -> String {
        let plain = bounded(&parts.join("_"), suffix);
        let name = if self.0.contains(&plain) {
            other(&plain, definition)
        } else {
            plain
        };
        self.0.insert(name.clone());
        name
    }
}

/// Another name for the same thing, where `name` belongs to something else.
pub(super) fn other(name: &str, definition: &str) -> String {
    let (stem, suffix) = name.rsplit_once('_').unwrap_or((name, "idx"));
    bounded(&format!("{stem}_{:08x}", hash(definition)), suffix)
}

/// `stem_suffix`, with the end of a stem that is too long replaced by its hash.
fn bounded(stem: &str, suffix: &str) -> String {
    let whole = format!("{stem}_{suffix}");
    if whole.len() <= LONGEST {
        return whole;
    }
    let end = format!("_{:08x}_{suffix}", hash(stem));
    let room = LONGEST.saturating_sub(end.len());
    let cut = (0..=room)
        .rev()
        .find(|at| stem.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}{end}", &stem[..cut])
}

/// FNV-1a, folded: what it says of a text never changes, whichever build says it.
fn hash(text: &str) -> u32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Both halves are 32 bits wide.
    ((hash >> 32) ^ (hash & 0xffff_ffff)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_says_table_and_columns() {
        let mut names = Names::taken(["users_city_idx".to_owned()]);
        assert_eq!(
            names.give(&["orders", "city", "born"], "idx", ""),
            "orders_city_born_idx"
        );
        let again = names.give(&["orders", "city", "born"], "idx", "where x");
        assert!(
            again.starts_with("orders_city_born_") && again.ends_with("_idx"),
            "{again}"
        );
        let beside_a_table = names.give(&["users", "city"], "idx", "d");
        assert_eq!(beside_a_table, other("users_city_idx", "d"));
        assert_eq!(hash("etl"), hash("etl"));
        assert_ne!(hash("a"), hash("b"));
    }

    proptest! {
        #[test]
        fn names_fit_and_differ(parts in proptest::collection::vec("\\PC{0,40}", 1..4), more in "\\PC{1,40}") {
            let mut names = Names::default();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let longer: Vec<&str> = parts.iter().copied().chain([&*more]).collect();
            let given = [
                names.give(&parts, "idx", "one"),
                names.give(&parts, "idx", "two"),
                names.give(&longer, "idx", "one"),
            ];
            for name in &given {
                prop_assert!(name.len() <= LONGEST, "{name}");
                prop_assert!(name.ends_with("_idx"));
            }
            prop_assert_eq!(BTreeSet::from(given).len(), 3);
        }
    }
}
