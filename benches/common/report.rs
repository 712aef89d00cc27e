//! The tables, how the ways compare, and what bounds each.

use crate::ends::Figures;
use crate::process::cores;

const MEBIBYTE: f64 = (1 << 20) as f64;
/// A processor that is this busy is what holds a way up.
const BUSY: f64 = 0.85;

/// What a way is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads, and nothing else.
    Source,
    /// Loads, and nothing else.
    Target,
    /// `etl`: both.
    Load,
    /// Something that says what a part of it costs.
    Beside,
    /// Somebody else.
    Peer,
}

/// A way, and what it came to in each round.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) rounds: Vec<Figures>,
}

/// A way to move records.
pub(crate) struct Way<'a> {
    kind: Kind,
    name: String,
    run: Box<dyn Fn() -> Figures + 'a>,
    /// In one round only: what takes minutes shows what it takes in one.
    pub(crate) once: bool,
}

pub(crate) fn way<'a>(kind: Kind, name: impl Into<String>, run: impl Fn() -> Figures + 'a) -> Way<'a> {
    let (name, run) = (name.into(), Box::new(run));
    Way {
        kind,
        name,
        run,
        once: false,
    }
}

/// Runs every way so many times, in turn.
pub(crate) fn rounds_of(ways: &[Way<'_>], rounds: usize) -> Vec<Row> {
    let new = |way: &Way<'_>| Row {
        kind: way.kind,
        name: way.name.clone(),
        rounds: Vec::new(),
    };
    let mut rows: Vec<Row> = ways.iter().map(new).collect();
    for round in 0..rounds {
        for (row, way) in rows
            .iter_mut()
            .zip(ways)
            .filter(|(_, way)| round == 0 || !way.once)
        {
            row.rounds.push((way.run)());
        }
    }
    rows
}

impl Row {
    pub(crate) fn middle(&self, take: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(take).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// Records a second.
    fn rate(&self) -> f64 {
        self.middle(|it| it.records / it.seconds)
    }

    /// Seconds of CPU that all processes spend on a record.
    fn cost(&self) -> f64 {
        self.middle(|it| (it.client + it.source + it.postgres) / it.records)
    }

    /// Seconds of CPU that the client spends on a record.
    fn client(&self) -> f64 {
        self.middle(|it| it.client / it.records)
    }

    /// What holds it up: all processors together, a process that has work for one, or neither.
    fn bound(&self) -> String {
        let parts = [
            ("client", self.middle(|it| it.client / it.seconds)),
            ("source", self.middle(|it| it.source / it.seconds)),
            ("PostgreSQL", self.middle(|it| it.postgres / it.seconds)),
            ("others", self.middle(|it| it.others)),
        ];
        let share = |busy: f64| busy / cores() as f64;
        let shares = parts.map(|(name, busy)| format!("{name} {:.0} %", share(busy) * 100.0));
        let all: f64 = parts.iter().map(|(_, busy)| share(*busy)).sum();
        let ours: f64 = parts[..3].iter().map(|(_, busy)| share(*busy)).sum();
        let single = parts[..3].iter().find(|(_, busy)| *busy >= BUSY);
        let what = match single {
            _ if ours >= BUSY => "the cores".to_owned(),
            Some((name, busy)) => format!("{name}, busy for {busy:.2} of a core"),
            None if all >= BUSY => "the cores, for others use them".to_owned(),
            None => "waiting for one another".to_owned(),
        };
        format!("{what}; of all cores {}", shares.join(", "))
    }
}

/// Rows about records of one kind.
pub(crate) struct Table<'a> {
    /// What was measured, of which there are "so many".
    pub(crate) heading: String,
    /// "documents".
    pub(crate) records: &'a str,
    /// Bytes of a record on the wire.
    pub(crate) bytes: f64,
    pub(crate) rows: &'a [Row],
}

impl Table<'_> {
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.kind == kind)
    }

    fn fastest(&self, kind: Kind) -> f64 {
        self.of(kind).map(Row::rate).fold(0.0, f64::max)
    }

    fn cheapest(&self, kind: Kind, take: fn(&Row) -> f64) -> f64 {
        self.of(kind).map(take).fold(f64::INFINITY, f64::min)
    }

    /// What the slower of the two ends can do.
    fn ceiling(&self) -> f64 {
        self.fastest(Kind::Source).min(self.fastest(Kind::Target))
    }

    /// A row for each way, the ratios that matter, and what bounds each.
    pub(crate) fn print(&self) {
        println!(
            "{}; medians of {} interleaved rounds; CPU in µs, log in bytes and reads for each of the {}",
            self.heading,
            self.rows[0].rounds.len(),
            self.records
        );
        println!(
            "{:30} {:>9} {:>7} {:>9} {:>7} {:>7} | {:>7} {:>7} {:>10} | {:>7} {:>6} {:>6}",
            "",
            self.records,
            "wall s",
            "a second",
            "MiB/s",
            "ceiling",
            "client",
            "source",
            "PostgreSQL",
            "RSS MiB",
            "log",
            "reads"
        );
        for row in self.rows {
            self.print_row(row);
        }
        println!();
        for row in self
            .rows
            .iter()
            .filter(|row| row.rounds.len() < self.rows[0].rounds.len())
        {
            println!("  in one round only: {}", row.name.trim());
        }
        self.compare();
        println!("  what bounds them, by the CPU of all processes:");
        for row in self.rows {
            println!("    {:30} {}", row.name.trim(), row.bound());
        }
        println!();
    }

    fn print_row(&self, row: &Row) {
        let each = |take: fn(&Figures) -> f64| row.middle(|it| take(it) / it.records);
        println!(
            "{:30} {:>9.0} {:>7.2} {:>9.0} {:>7.0} {:>7.2} | {:>7.2} {:>7.2} {:>10.2} | {:>7.0} {:>6.0} {:>6.2}",
            row.name,
            row.middle(|it| it.records),
            row.middle(|it| it.seconds),
            row.rate(),
            row.rate() * self.bytes / MEBIBYTE,
            row.rate() / self.ceiling(),
            each(|it| it.client * 1e6),
            each(|it| it.source * 1e6),
            each(|it| it.postgres * 1e6),
            row.middle(|it| it.peak) / MEBIBYTE,
            each(|it| it.wal),
            each(|it| it.reads),
        );
    }

    fn compare(&self) {
        let (records, etl) = (self.records, self.fastest(Kind::Load));
        // Whoever reads and loads cannot spend less on a record than one who only reads and one who only loads together.
        let least = self.cheapest(Kind::Source, Row::cost) + self.cheapest(Kind::Target, Row::cost);
        let allowed = cores() as f64 / least;
        println!(
            "  ceilings: source {:.0} {records}/s, target {:.0} {records}/s",
            self.fastest(Kind::Source),
            self.fastest(Kind::Target)
        );
        println!("  what the cores allow one who does both and thinks nothing: {allowed:.0} {records}/s");
        println!(
            "  etl, at its fastest: {:.2} of the slower ceiling, {:.2} of what the cores allow",
            etl / self.ceiling(),
            etl / allowed
        );
        // What others do on this machine meanwhile changes how long it all takes, and this hardly.
        println!(
            "  CPU of both ceilings together: {:.2} of what etl and both ends take",
            least / self.cheapest(Kind::Load, Row::cost)
        );
        let ours = self.cheapest(Kind::Load, Row::client);
        for peer in self.of(Kind::Peer) {
            println!(
                "  etl, at its fastest: {:.1} times {}, for 1/{:.1} of its client's CPU",
                etl / peer.rate(),
                peer.name,
                peer.client() / ours
            );
        }
    }
}
