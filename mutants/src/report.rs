//! What became of all mutants: each is in exactly one class. A table by file, and everything that lives, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::kill::{End, Outcome};
use crate::list::Mutant;

/// Of a hundred mutants whose end is known, so many have to be caught.
const SHARE: usize = 95;

/// What is known after all passes.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Why some are not in the build.
    pub(crate) unplaced: BTreeMap<u32, String>,
    /// What the compiler says against some.
    pub(crate) unviable: BTreeMap<u32, String>,
    /// How many tests come by each that any comes by.
    pub(crate) reached: BTreeMap<u32, usize>,
    pub(crate) outcomes: BTreeMap<u32, Outcome>,
    /// Why some that live may, by key.
    pub(crate) explained: BTreeMap<String, String>,
}

/// What a mutant is; of two that would fit, the upper one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// It cannot be put where a program chooses.
    Unplaced,
    /// It does not compile.
    Unviable,
    /// No test comes by it.
    Unreached,
    Caught,
    /// Caught: a test does not end.
    Hung,
    Lived,
    Undecided,
    /// It is not known yet.
    Open,
}

impl Facts {
    pub(crate) fn class(&self, mutant: &Mutant) -> Class {
        let number = &mutant.number;
        if self.unplaced.contains_key(number) {
            return Class::Unplaced;
        }
        if self.unviable.contains_key(number) {
            return Class::Unviable;
        }
        if !self.reached.contains_key(number) {
            return Class::Unreached;
        }
        match self.outcomes.get(number).map(|outcome| &outcome.end) {
            Some(End::Caught(_)) => Class::Caught,
            Some(End::Hung(_)) => Class::Hung,
            Some(End::Lived) => Class::Lived,
            Some(End::Undecided) => Class::Undecided,
            None => Class::Open,
        }
    }
}

/// How many there are of each class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sums(BTreeMap<Class, usize>);

impl Sums {
    pub(crate) fn of<'a>(facts: &Facts, mutants: impl IntoIterator<Item = &'a Mutant>) -> Sums {
        let mut sums = Sums::default();
        for mutant in mutants {
            *sums.0.entry(facts.class(mutant)).or_default() += 1;
        }
        sums
    }

    pub(crate) fn all(&self) -> usize {
        self.0.values().sum()
    }

    pub(crate) fn count(&self, classes: &[Class]) -> usize {
        classes.iter().filter_map(|class| self.0.get(class)).sum()
    }

    fn caught(&self) -> usize {
        self.count(&[Class::Caught, Class::Hung])
    }

    /// Those that were caught or certainly are not.
    fn decided(&self) -> usize {
        self.caught() + self.count(&[Class::Lived, Class::Unreached])
    }

    fn row(&self, name: &str) -> String {
        let placed = self.all() - self.count(&[Class::Unplaced, Class::Unviable]);
        let share = match self.decided() {
            0 => "–".to_owned(),
            decided => format!("{:.1} %", 100.0 * self.caught() as f64 / decided as f64),
        };
        format!(
            "| {name} | {} | {} | {} | {placed} | {} | {} | {} | {} | {} | {share} |\n",
            self.all(),
            self.count(&[Class::Unviable]),
            self.count(&[Class::Unplaced]),
            placed - self.count(&[Class::Unreached]),
            self.caught(),
            self.count(&[Class::Lived]),
            self.count(&[Class::Undecided]),
            self.count(&[Class::Open]),
        )
    }
}

/// The report, and whether all is as it should be.
pub(crate) fn report(mutants: &[Mutant], facts: &Facts) -> (String, bool) {
    let mut text = table(mutants, facts);
    let sums = Sums::of(facts, mutants);
    let _ = writeln!(
        text,
        "\nOf those caught, {} by a test that did not end.",
        sums.count(&[Class::Hung])
    );
    let lives = |mutant: &&Mutant| matches!(facts.class(mutant), Class::Lived | Class::Unreached);
    let (explained, unexplained): (Vec<_>, Vec<_>) = mutants
        .iter()
        .filter(lives)
        .partition(|mutant| facts.explained.contains_key(&mutant.key));
    let undecided: Vec<&Mutant> = of(mutants, facts, Class::Undecided);
    list(&mut text, "Alive, and nobody said why", &unexplained, facts);
    list(&mut text, "Alive, and may be", &explained, facts);
    list(&mut text, "Not decided in the time they had", &undecided, facts);
    let unplaced = of(mutants, facts, Class::Unplaced);
    list(&mut text, "Not placed", &unplaced, facts);
    let living: BTreeSet<&str> = explained.iter().map(|mutant| mutant.key.as_str()).collect();
    for key in facts
        .explained
        .keys()
        .filter(|key| !living.contains(key.as_str()))
    {
        let _ = writeln!(text, "survivors.toml explains what does not live: {key}");
    }
    let share = sums.caught() * 100 >= SHARE * sums.decided();
    let is_good = share && unexplained.is_empty() && sums.count(&[Class::Open]) == 0;
    (text, is_good)
}

fn of<'a>(mutants: &'a [Mutant], facts: &Facts, class: Class) -> Vec<&'a Mutant> {
    let all = mutants.iter();
    all.filter(|mutant| facts.class(mutant) == class).collect()
}

fn table(mutants: &[Mutant], facts: &Facts) -> String {
    let mut text = String::from(
        "| file | mutants | do not compile | not placed | placed | reached | caught | lived | not decided | open | caught of decided |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        files.entry(&mutant.file).or_default().push(mutant);
    }
    for (file, mutants) in files {
        text += &Sums::of(facts, mutants).row(&format!("`{file}`"));
    }
    text + &Sums::of(facts, mutants).row("all")
}

fn list(text: &mut String, title: &str, mutants: &[&Mutant], facts: &Facts) {
    if mutants.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title} ({}):\n", mutants.len());
    for mutant in mutants {
        let Mutant {
            number,
            file,
            at: (line, _),
            function,
            change,
            key,
            ..
        } = mutant;
        let _ = write!(text, "- {number} {file}:{line} `{function}`: {change}; ");
        let _ = match facts.class(mutant) {
            Class::Unplaced => write!(text, "{}", facts.unplaced.get(number).map_or("", |why| why)),
            Class::Unreached => write!(text, "no test comes by it"),
            _ => write!(text, "{}", asked(facts, *number)),
        };
        let why = facts.explained.get(key).map(|why| format!(". {}", why.trim()));
        let _ = writeln!(text, "{}", why.unwrap_or_default());
    }
}

/// What was tried.
fn asked(facts: &Facts, number: u32) -> String {
    let (ran, of) = facts
        .outcomes
        .get(&number)
        .map_or((0, 0), |outcome| (outcome.ran, outcome.of));
    format!("{ran} of the {of} tests that come by it say nothing")
}

#[cfg(test)]
mod tests;
