//! How much memory a build may take: what it needs, as far as the server seems to have it.
//!
//! PostgreSQL does not say how much memory its machine has. An operator who tuned it said so in a roundabout way:
//! `shared_buffers` is a quarter of it by custom, `effective_cache_size` three quarters. A quarter of what that
//! suggests is taken, for all builds together; `maintenance_memory` of the settings overrides the guess.

use super::definition::Effort;

const MIB: u64 = 1 << 20;
/// More than this does not make sorting faster by much.
const SORT: u64 = 256 * MIB;
/// PostgreSQL counts `maintenance_work_mem` in kilobytes and 31 bits.
const MOST: u64 = (i32::MAX as u64) << 10;

/// What the server says that lets its memory be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hints {
    /// `shared_buffers`, in bytes.
    pub(super) shared_buffers: u64,
    /// `effective_cache_size`, in bytes, where somebody set it.
    pub(super) cache: Option<u64>,
    /// The server's own `maintenance_work_mem`, in bytes.
    pub(super) work: u64,
}

impl Hints {
    /// What all builds together may take.
    pub(super) fn ceiling(&self, asked: Option<u64>) -> u64 {
        let by_buffers = self.shared_buffers.saturating_mul(4);
        let by_cache = self.cache.unwrap_or(0) / 3 * 4;
        asked.unwrap_or(by_buffers.max(by_cache) / 4).max(MIB)
    }
}

/// What a build takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    /// `maintenance_work_mem`, in bytes.
    pub(super) bytes: u64,
    /// What it would need to be as fast as can be, in bytes.
    pub(super) needed: u64,
}

/// What a build of `effort` over `rows` takes, where `share` is its part of the ceiling and `asked` says that an
/// operator set the ceiling.
pub(super) fn grant(effort: Effort, rows: u64, share: u64, hints: &Hints, asked: bool) -> Grant {
    // Nobody is worse off than with the server's own setting, unless the operator said less.
    let floor = if asked { MIB } else { hints.work };
    let (needed, bytes) = match effort {
        Effort::Sort => (0, share.min(SORT)),
        Effort::Graph { vector_bytes, m } => {
            let needed = graph(rows, vector_bytes, m);
            (needed, needed.min(share))
        }
        // Without it the server refuses, so the ceiling does not hold.
        Effort::Lists { vector_bytes, lists } => {
            let needed = means(rows, vector_bytes, lists);
            (needed, needed)
        }
    };
    Grant {
        bytes: bytes.max(floor).min(MOST),
        needed,
    }
}

/// The HNSW graph of `rows` vectors while it is built, with a tenth to spare; the processes that build it need a few
/// MiB for themselves.
pub(super) fn graph(rows: u64, vector_bytes: u64, m: u16) -> u64 {
    const LINK: u64 = 16;
    const ELEMENT: u64 = 240;
    let m = u64::from(m).max(2);
    // 2 m links at the bottom; each level above holds one row of m, with m links.
    let links = LINK * (2 * m + m.div_ceil(m - 1));
    let bytes = rows.saturating_mul(vector_bytes + links + ELEMENT);
    (bytes / 10).saturating_mul(11).saturating_add(16 * MIB)
}

/// The k-means of IVFFlat: samples, three sets of centres, and bounds between samples and centres.
fn means(rows: u64, vector_bytes: u64, lists: u32) -> u64 {
    const FEWEST_SAMPLES: u64 = 10_000;
    let lists = u64::from(lists);
    let samples = (lists * 50).max(FEWEST_SAMPLES).min(rows.max(1));
    let bytes = (samples + 3 * lists)
        .saturating_mul(vector_bytes + 8)
        .saturating_add(samples.saturating_mul(4 * lists + 16))
        .saturating_add(lists * lists * 4);
    (bytes / 10).saturating_mul(11).saturating_add(MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const SMALL: Hints = Hints {
        shared_buffers: 128 * MIB,
        cache: None,
        work: 64 * MIB,
    };
    const TUNED: Hints = Hints {
        shared_buffers: 8 * GIB,
        cache: Some(24 * GIB),
        work: 2 * GIB,
    };

    fn hnsw(dimension: u64) -> Effort {
        Effort::Graph {
            vector_bytes: 8 + 4 * dimension,
            m: 16,
        }
    }

    #[test]
    fn the_ceiling_is_a_quarter_of_what_the_settings_suggest() {
        for (hints, asked, ceiling) in [
            (SMALL, None, 128 * MIB),
            (TUNED, None, 8 * GIB),
            (TUNED, Some(3 * GIB), 3 * GIB),
            (SMALL, Some(3 * GIB), 3 * GIB),
            (
                Hints {
                    cache: Some(12 * GIB),
                    ..SMALL
                },
                None,
                4 * GIB,
            ),
            (SMALL, Some(0), MIB),
        ] {
            assert_eq!(hints.ceiling(asked), ceiling, "{hints:?} {asked:?}");
        }
    }

    #[test]
    fn a_graph_gets_what_it_needs_and_never_more_than_its_share() {
        // Rows, dimensions, what it needs in MiB from and to, and what it gets of `share`.
        for (rows, dimension, from, to, share, got) in [
            (100_000, 384, 220, 280, 8 * GIB, None),
            (1_000_000, 1536, 6_500, 8_000, 8 * GIB, None),
            (10_000_000, 1536, 65_000, 80_000, 8 * GIB, Some(8 * GIB)),
            (0, 384, 16, 16, 8 * GIB, None),
            (u64::MAX, 2_000, 1 << 40, u64::MAX / MIB, 8 * GIB, Some(8 * GIB)),
        ] {
            let hints = Hints { work: MIB, ..TUNED };
            let grant = grant(hnsw(dimension), rows, share, &hints, false);
            let needed = grant.needed / MIB;
            assert!(
                (from..=to).contains(&needed),
                "{rows} x {dimension}: {needed} MiB"
            );
            assert_eq!(grant.bytes, got.unwrap_or(grant.needed), "{rows} x {dimension}");
        }
    }

    #[test]
    fn the_estimate_is_a_little_above_what_was_measured() {
        // How many vectors filled 16 MiB in pgvector 0.8.5, by their bytes and m.
        for (vector_bytes, m, filled) in [
            (8 + 4 * 384, 16, 7_446),
            (8 + 4 * 384, 48, 5_126),
            (8 + 4 * 1536, 16, 2_437),
            (8 + 2 * 384, 16, 11_311),
            (8 + 4 * 3, 16, 22_952),
        ] {
            let needed =
                grant(Effort::Graph { vector_bytes, m }, filled, GIB, &SMALL, true).needed - 16 * MIB;
            assert!(
                (16 * MIB..20 * MIB).contains(&needed),
                "{vector_bytes} bytes, m = {m}: {} KiB",
                needed >> 10
            );
        }
    }

    #[test]
    fn the_servers_own_setting_is_the_least_unless_the_operator_said_less() {
        assert_eq!(grant(hnsw(384), 1_000, MIB, &SMALL, false).bytes, 64 * MIB);
        assert_eq!(grant(hnsw(384), 1_000_000, 8 * MIB, &SMALL, true).bytes, 8 * MIB);
        assert_eq!(grant(Effort::Sort, 9, 8 * GIB, &SMALL, false).bytes, SORT);
        assert_eq!(grant(Effort::Sort, 9, 8 * GIB, &TUNED, false).bytes, 2 * GIB);
        assert_eq!(grant(hnsw(384), u64::MAX, u64::MAX, &TUNED, false).bytes, MOST);
    }

    #[test]
    fn lists_get_what_they_cannot_do_without() {
        let lists = |lists| Effort::Lists {
            vector_bytes: 8 + 4 * 384,
            lists,
        };
        let grant = grant(lists(1_000), 1_000_000, MIB, &SMALL, true);
        assert!(
            grant.bytes > 250 * MIB && grant.bytes < 400 * MIB,
            "{}",
            grant.bytes / MIB
        );
        assert_eq!(grant.bytes, grant.needed);
    }

    #[test]
    fn lists_need_samples_centres_and_the_bounds_between_them() {
        for (rows, vector_bytes, lists, bytes) in [
            // Fifty samples for each list, ten thousand at the least, and no more than there are rows.
            (1_000_000, 1_544, 1_000, 315_761_600),
            (1_000_000, 20, 10, 925_364),
            (100, 20, 10, 10_604),
        ] {
            assert_eq!(
                means(rows, vector_bytes, lists),
                bytes + MIB,
                "{rows} rows, {lists} lists"
            );
        }
    }
}
