//! Arbitrary mappings that make sense: what an operator might write, in every combination that the settings allow.
//! Made from a list of choices, so that whoever finds a failing one can make it shorter and simpler.
//! Nothing here knows its surroundings but the crate `transforms`: other test suites include this file by its path,
//! and what it speaks of lies beside it.

pub(crate) mod columns;
pub(crate) mod documents;
mod values;

use transforms::mapping::{
    Child, Collection, Column, Document, FieldPath, Function, Nul, Pattern, Scalar, Segment, Source, Table,
    Type,
};

use columns::{column, known, point_by_halves};
pub(crate) use values::noise;

/// Decisions, one after another. Where the list ends, everything is decided in the simplest way: the first.
pub(crate) struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    pub(crate) fn new(list: Vec<u16>) -> Choices {
        Choices(list.into_iter())
    }

    /// Choices that look like chance, the same every time and for ever: a corpus outlives releases of `rand`.
    pub(crate) fn scattered(seed: u64, count: usize) -> Choices {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u16
        };
        Choices::new(std::iter::repeat_with(next).take(count).collect())
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (usize::from(self.0.next().unwrap_or(0)) * count) >> 16
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    pub(crate) fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// So many of them at most, made one by one.
    pub(crate) fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Choices) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

/// Fields that columns and documents speak of: odd names, maps in maps, and one inside the other.
const FIELDS: [&[&str]; 20] = [
    &["a"],
    &["b"],
    &["c"],
    &["d"],
    &["zip code"],
    &["e"],
    &["f"],
    &["g"],
    &["m", "v"],
    &["m", "w"],
    &["m", "n", "y"],
    &["m", "x"],
    &["m", "y"],
    &["m", "n", "z"],
    &["é.`\\"],
    &["$value"],
    &["$map", "$double"],
    &["m"],
    &["", ""],
    &["m", "n"],
];
/// Fields that child tables are made of.
const COLLECTIONS: [&[&str]; 4] = [&["list"], &["entries"], &["m", "list"], &["o", "p", "q"]];
/// Fields of elements.
const PARTS: [&[&str]; 6] = [&["x"], &["y"], &["n", "z"], &["$text"], &["n"], &["a b"]];

fn path(names: &[&str]) -> FieldPath {
    FieldPath(names.iter().map(|name| String::from(*name)).collect())
}

/// Tables of the collection id `items`, in order of precedence: none hides another.
pub(crate) fn tables(choices: &mut Choices) -> Vec<Table> {
    let named = |names: &[&str]| Pattern {
        anywhere: false,
        segments: names
            .iter()
            .map(|name| match *name {
                "*" => Segment::Any,
                name => Segment::Named(name.into()),
            })
            .collect(),
    };
    let last = choices.pick(&[
        Pattern::group("items"),
        Pattern::root("items"),
        named(&["users", "*", "items"]),
    ]);
    let mut patterns = vec![last];
    if choices.once_in(4) {
        patterns.insert(0, named(&["users", "alice", "items"]));
    }
    let numbered = patterns.into_iter().enumerate();
    numbered
        .map(|(number, from)| table(format!("items_{number}"), from, choices))
        .collect()
}

/// Tables without what is never packed directly, half of the time.
pub(crate) fn often_plain(choices: &mut Choices) -> Vec<Table> {
    let mut tables = tables(choices);
    if choices.once_in(2) {
        for table in &mut tables {
            table.children.clear();
            table.nul = Nul::Escape;
            let plain = |column: &Column| !matches!(column.from, Source::Template(_) | Source::Embedding(_));
            table.columns.retain(plain);
        }
    }
    tables
}

/// The tables that the others refer to: `people` lie at the root, `things` anywhere.
pub(crate) fn neighbours() -> Vec<Table> {
    let neighbour = |name: &str, from| Table {
        key: vec!["id".into()],
        columns: vec![known("id".into(), Source::Document(Document::Id), TEXT)],
        ..empty(name.into(), from)
    };
    vec![
        neighbour("people", Pattern::root("people")),
        neighbour("things", Pattern::group("things")),
    ]
}

const TEXT: Type = Type::Scalar(Scalar::Text);

fn empty(name: String, from: Pattern) -> Table {
    Table {
        name,
        from,
        key: Vec::new(),
        nul: Nul::Quarantine,
        columns: Vec::new(),
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

fn table(name: String, from: Pattern, choices: &mut Choices) -> Table {
    let mut table = empty(name, from);
    table.nul = choices.pick(&[Nul::Escape, Nul::Strip, Nul::Quarantine, Nul::Escape]);
    for number in 0..choices.below(13) {
        let name = format!("c{number}");
        let made = column(name, &table.from, None, choices);
        table.columns.push(made);
        point_by_halves(&mut table.columns, choices);
    }
    for number in 0..choices.below(4) {
        let from = path(COLLECTIONS[choices.below(COLLECTIONS.len())]);
        let meets = |column: &Column| matches!(&column.from, Source::Field(path) if touch(path, &from));
        let taken = table.children.iter().any(|child| touch(&child.from, &from));
        if !taken && !table.columns.iter().any(meets) {
            let name = format!("{}_{number}", table.name);
            table.children.push(child(name, from, &table.from, choices));
        }
    }
    for dropped in choices.some(2, |choices| path(choices.pick(&FIELDS))) {
        let kept = |column: &Column| matches!(&column.from, Source::Field(path) if touch(path, &dropped));
        let taken = table.children.iter().any(|child| touch(&child.from, &dropped));
        let twice = table.drop.iter().any(|other| touch(other, &dropped));
        if !taken && !twice && !table.columns.iter().any(|column| keeps(column) && kept(column)) {
            table.drop.push(dropped);
        }
    }
    table
}

/// Whether one of two fields is in the other.
fn touch(a: &FieldPath, b: &FieldPath) -> bool {
    a.0.starts_with(&b.0) || b.0.starts_with(&a.0)
}

fn keeps(column: &Column) -> bool {
    use Function::{EpochMicros, EpochMillis, EpochSeconds};
    let mut apply = column.apply.iter();
    apply.all(|function| matches!(function, EpochSeconds | EpochMillis | EpochMicros))
}

fn child(name: String, from: FieldPath, pattern: &Pattern, choices: &mut Choices) -> Child {
    let of = choices.pick(&[Collection::Array, Collection::Map]);
    let mut columns = Vec::new();
    for number in 0..choices.below(5) {
        columns.push(column(format!("e{number}"), pattern, Some(of), choices));
        point_by_halves(&mut columns, choices);
    }
    Child {
        name,
        from,
        of,
        columns,
        indexes: Vec::new(),
    }
}
