//! The tables, and how the ways compare.

use crate::machine::{Case, Figures, cores};

/// How much more or less memory a run may take for twice as many points, in bytes.
const FLAT: f64 = (16 << 20) as f64;
/// Four lanes at a time, of a hundred thousand points.
const ALL_LANES: f64 = 400_000.0;
const MEBIBYTE: f64 = (1 << 20) as f64;

/// What a way is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads, and nothing else.
    Scroll,
    /// Loads, and nothing else.
    Copy,
    /// `etl`: both.
    Load,
    /// The same for half as many points.
    Half,
    /// And what else a run does.
    Whole,
    /// Somebody else.
    Peer,
}

/// A way, and what it came to in each round.
pub(crate) struct Row {
    kind: Kind,
    name: &'static str,
    pub(crate) rounds: Vec<Figures>,
}

impl Row {
    pub(crate) fn new(kind: Kind, name: &'static str) -> Row {
        Row {
            kind,
            name,
            rounds: Vec::new(),
        }
    }

    fn middle(&self, take: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(take).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// Points a second.
    fn rate(&self) -> f64 {
        self.middle(|it| it.points / it.seconds)
    }

    /// Seconds of CPU that all processes spend on a point.
    fn cost(&self) -> f64 {
        self.middle(|it| (it.client + it.qdrant + it.postgres) / it.points)
    }
}

/// A row for each way, and the ratios that matter.
pub(crate) fn print(case: &Case, rows: &[Row]) {
    println!(
        "{} points of {} components, plain payload; medians of {} interleaved rounds; CPU in µs a point",
        case.points,
        case.size,
        rows[0].rounds.len()
    );
    println!(
        "{:30} {:>9} {:>8} {:>9} {:>8} {:>8} {:>10} {:>8} {:>9}",
        "", "points", "wall s", "points/s", "client", "Qdrant", "PostgreSQL", "RSS MiB", "accounted"
    );
    for row in rows {
        let micros = |take: fn(&Figures) -> f64| row.middle(|it| take(it) * 1e6 / it.points);
        let accounted =
            row.middle(|it| (it.client + it.qdrant + it.postgres) / (it.seconds * cores() as f64) * 100.0);
        println!(
            "{:30} {:>9.0} {:>8.2} {:>9.0} {:>8.1} {:>8.1} {:>10.1} {:>8.0} {:>7.0} %",
            row.name,
            row.middle(|it| it.points),
            row.middle(|it| it.seconds),
            row.rate(),
            micros(|it| it.client),
            micros(|it| it.qdrant),
            micros(|it| it.postgres),
            row.middle(|it| it.peak) / MEBIBYTE,
            accounted,
        );
    }
    println!();
    compare(rows);
}

fn compare(rows: &[Row]) {
    let of = |kind: Kind| rows.iter().filter(move |row| row.kind == kind);
    let fastest = |kind: Kind| of(kind).map(Row::rate).fold(0.0, f64::max);
    let cheapest = |kind: Kind| of(kind).map(Row::cost).fold(f64::INFINITY, f64::min);
    let (source, target, etl) = (fastest(Kind::Scroll), fastest(Kind::Copy), fastest(Kind::Load));
    // Whoever reads and loads cannot spend less on a point than one who only reads and one who only loads together.
    let allowed = cores() as f64 / (cheapest(Kind::Scroll) + cheapest(Kind::Copy));
    println!("  ceilings: source {source:.0} points/s, target {target:.0} points/s");
    println!("  what the cores allow one who does both and thinks nothing: {allowed:.0} points/s");
    println!(
        "  etl, at its fastest: {:.2} of the slower ceiling, {:.2} of what the cores allow",
        etl / source.min(target),
        etl / allowed
    );
    // What others do on this machine meanwhile changes how long it all takes, and this hardly.
    println!(
        "  CPU of both ceilings together: {:.2} of what etl and both ends take",
        (cheapest(Kind::Scroll) + cheapest(Kind::Copy)) / cheapest(Kind::Load)
    );
    for peer in of(Kind::Peer) {
        println!(
            "  etl, at its fastest: {:.1} times {}",
            etl / peer.rate(),
            peer.name
        );
    }
    println!();
}

/// Memory does not grow with the points: said, and seen to where there are enough of them.
pub(crate) fn flat(rows: &[Row]) {
    let of = |kind: Kind| rows.iter().find(|row| row.kind == kind).unwrap();
    let (half, whole) = (of(Kind::Half), of(Kind::Load));
    let more = whole.middle(|it| it.peak) - half.middle(|it| it.peak);
    let judged = half.middle(|it| it.points) >= ALL_LANES;
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
