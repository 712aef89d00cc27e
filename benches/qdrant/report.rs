//! The tables, and how the ways compare.

use crate::machine::{Case, Figures, cores};

/// How much more memory a run may take for twice as many points, in bytes.
const FLAT: f64 = (16 << 20) as f64;
const MEBIBYTE: f64 = (1 << 20) as f64;

/// A way, and what it came to in each round.
pub(crate) struct Row {
    name: &'static str,
    pub(crate) rounds: Vec<Figures>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Row {
        Row {
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
    let named = |name: &str| rows.iter().find(|row| row.name == name);
    let [scroll, scrolls, copy, copies, etl] = [0, 1, 2, 3, 4].map(|at| &rows[at]);
    let faster = |one: &'static str, a: &Row, b: &Row| {
        println!("  {one}: {:.0} points/s", a.rate().max(b.rate()));
        a.rate().max(b.rate())
    };
    let source = faster("ceiling of the source", scroll, scrolls);
    let target = faster("ceiling of the target", copy, copies);
    let cheapest = |a: &Row, b: &Row| a.cost().min(b.cost());
    // Whoever reads and loads cannot spend less on a point than who only reads and who only loads.
    let allowed = cores() as f64 / (cheapest(scroll, scrolls) + cheapest(copy, copies));
    println!("  what the cores allow whoever does both: {allowed:.0} points/s");
    println!(
        "  etl, load alone: {:.2} of the slower ceiling, {:.2} of what the cores allow",
        etl.rate() / source.min(target),
        etl.rate() / allowed
    );
    for row in rows.iter().filter(|row| row.name.starts_with("Python")) {
        println!(
            "  etl, load alone: {:.1} times {}",
            etl.rate() / row.rate(),
            row.name
        );
    }
    if let Some(half) = named("etl, load alone, half as many") {
        let more = etl.middle(|it| it.peak) - half.middle(|it| it.peak);
        println!(
            "  memory of etl: {:+.1} MiB for twice as many points",
            more / MEBIBYTE
        );
        assert!(more.abs() < FLAT, "memory grows with the points");
    }
    println!();
}
