//! Collections of points, and whether memory grows with them.

use crate::ends::Ends;
use crate::report::Row;

/// A page of about a megabyte is what Qdrant serves fastest.
const PAGE: u64 = 1 << 20;
/// Bytes of a plain payload, as it is sent.
const PAYLOAD: u64 = 400;
/// How much more or less memory a run may take for twice as many points, in bytes.
const FLAT: f64 = (16 << 20) as f64;
/// Four lanes at a time, of a hundred thousand points.
const ALL_LANES: f64 = 400_000.0;
const MEBIBYTE: f64 = (1 << 20) as f64;

/// A collection of points with numbers from 0 on for ids, a dense vector and a plain payload.
pub(crate) struct Case {
    pub(crate) collection: &'static str,
    pub(crate) points: u64,
    pub(crate) size: u64,
}

/// Points whose ids have gaps between them.
pub(crate) const GAPS: Case = Case {
    collection: "gaps",
    points: 1_000,
    size: 384,
};

impl Case {
    pub(crate) fn new(collection: &'static str, points: u64, size: u64) -> Case {
        Case {
            collection,
            points,
            size,
        }
    }

    /// Points that make a page.
    pub(crate) fn page(&self) -> u64 {
        PAGE / self.bytes()
    }

    /// Bytes of a point, as it is sent.
    pub(crate) fn bytes(&self) -> u64 {
        PAYLOAD + 4 * self.size
    }

    fn described(&self, ids: &str) -> String {
        let Case {
            collection,
            points,
            size,
        } = self;
        format!(
            "[[collection]]\nname = \"{collection}\"\npoints = {points}\nids = \"{ids}\"\npayload = \"plain\"\n\
             [collection.vector]\nsize = {size}\ndistance = \"cosine\"\n"
        )
    }
}

/// Both ends, with these collections at the source.
pub(crate) fn ends_of(cases: &[Case]) -> Ends {
    let described: Vec<String> = cases.iter().map(|case| case.described("dense")).collect();
    let described = described.concat() + &GAPS.described("gaps");
    Ends::start(&["--rest-port", "0", "--qdrant"], &described, None)
}

/// Memory does not grow with the points: said, and seen to where there are enough of them.
pub(crate) fn flat(half: &Row, whole: &Row) {
    let more = whole.middle(|it| it.peak) - half.middle(|it| it.peak);
    let judged = half.middle(|it| it.records) >= ALL_LANES;
    let peaks = |row: &Row| {
        let peaks = row.rounds.iter().map(|it| format!("{:.0}", it.peak / MEBIBYTE));
        peaks.collect::<Vec<_>>().join(", ")
    };
    println!(
        "memory of etl: {:+.1} MiB for twice as many points ({} against {}){}",
        more / MEBIBYTE,
        peaks(whole),
        peaks(half),
        if judged {
            ""
        } else {
            ", NOT JUDGED: too few to fill all lanes"
        }
    );
    assert!(!judged || more.abs() < FLAT, "memory grows with the points");
}
