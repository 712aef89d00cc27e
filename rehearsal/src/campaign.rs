//! Campaigns: many cases of one law, each made from a seed of its own.
//!
//! A case that fails is made smaller, its seed is kept in the source tree beside the campaign, where every later run
//! plays it first, and the one command that plays exactly it again is printed. What a case is made of and what holds of
//! it is the campaign's own business.
//!
//! `make campaign NAME=… N=… SEED=… SIZE=…` sets `ETL_CAMPAIGN_COUNT`, `ETL_CAMPAIGN_SEED` and `ETL_CAMPAIGN_SIZE`; a
//! campaign is the test `campaign::NAME` of whichever test binary it belongs to.

mod bound;
mod kept;
mod quiet;
#[cfg(test)]
mod tests;

use kept::Kept;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::fmt;
use std::panic::Location;
use std::path::Path;
use std::time::{Duration, Instant};

/// The size of cases, unless a smaller one is asked for.
const LARGEST: usize = 100;
/// A campaign ends after so many failures: more of them would tell the same.
const FAILURES: usize = 5;
/// How often a long one says how far it is.
const EVERY: Duration = Duration::from_secs(60);

/// A law to be tried on many cases.
#[derive(Debug)]
pub struct Campaign {
    name: &'static str,
    /// Events to be seen.
    count: u64,
    seed: u64,
    size: usize,
    /// One case that is known, to be seen as it is: nothing is caught, made smaller or kept.
    replay: bool,
    kept: Kept,
}

/// One case: what it is made from.
#[derive(Debug)]
pub struct Case {
    /// What decides everything about the case.
    pub dice: StdRng,
    /// How large the case may be, from 1 to 100; what is made is scaled by it.
    pub size: usize,
    events: Option<u64>,
}

/// A case that failed, as small as it was found to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failure {
    seed: u64,
    size: usize,
    message: String,
}

/// What a campaign came to.
#[derive(Debug)]
struct Told {
    name: &'static str,
    seed: u64,
    /// Events of new cases; those of kept ones are no matter of chance.
    events: u64,
    cases: u64,
    kept: usize,
    took: Duration,
    failures: Vec<Failure>,
}

impl Campaign {
    /// The campaign of this name, with as many events as are right for every change of the source.
    ///
    /// To be called in the test `campaign::name`; failing seeds are kept in `tests/campaign/` of the crate it is in.
    ///
    /// # Panics
    /// When a variable is set to something else than a number.
    #[track_caller]
    pub fn named(name: &'static str, per_change: u64) -> Campaign {
        let (count, seed) = (setting("COUNT"), setting("SEED"));
        let size = setting("SIZE").map_or(LARGEST, |size| {
            usize::try_from(size).unwrap_or(LARGEST).clamp(1, LARGEST)
        });
        Campaign {
            name,
            count: count.unwrap_or(per_change),
            seed: seed.unwrap_or_else(rand::random),
            size,
            replay: count == Some(1) && seed.is_some(),
            kept: Kept::beside(Path::new(Location::caller().file()), name),
        }
    }

    /// How many events are asked for.
    pub fn events(&self) -> u64 {
        self.count
    }

    /// Tries case after case until as many events were seen as are asked for. A case fails by panicking.
    ///
    /// # Panics
    /// When a case failed, and when cases hold so few events that there is no end to them.
    pub fn run(self, mut law: impl FnMut(&mut Case)) {
        eprintln!(
            "campaign {}: seed {}, {} events",
            self.name, self.seed, self.count
        );
        if self.replay {
            return law(&mut Case::new(self.seed, self.size));
        }
        let told = self.play(&mut law);
        eprintln!("{told}");
        let failures: Vec<String> = told.failures.iter().map(|each| each.told(self.name)).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    fn play(&self, law: &mut dyn FnMut(&mut Case)) -> Told {
        let began = Instant::now();
        let kept = self.kept.seeds();
        let mut told = Told {
            name: self.name,
            seed: self.seed,
            events: 0,
            cases: 0,
            kept: kept.len(),
            took: Duration::ZERO,
            failures: Vec::new(),
        };
        for (seed, size) in kept {
            if let (_, Some(failure)) = attempt(seed, size, law) {
                eprintln!("{}", failure.told(self.name));
                told.failures.push(failure);
            }
        }
        let mut said = Instant::now();
        while told.events < self.count && told.failures.len() < FAILURES {
            if said.elapsed() >= EVERY {
                said = Instant::now();
                eprintln!("{}", self.standing(&told, began.elapsed()));
            }
            let seed = seed_of(self.seed, told.cases);
            let (events, failed) = attempt(seed, self.size, law);
            told.cases += 1;
            told.events += events;
            if let Some(failure) = failed {
                let failure = smallest(failure, law);
                self.kept.keep(failure.seed, failure.size);
                // A campaign may last for hours yet.
                eprintln!("{}", failure.told(self.name));
                told.failures.push(failure);
            }
            let endless = told.cases > 1000 + 10 * self.count;
            assert!(!endless, "{} events in {} cases", told.events, told.cases);
        }
        told.took = began.elapsed();
        told
    }

    /// How far it is.
    fn standing(&self, told: &Told, took: Duration) -> String {
        let failures = told.failures.len();
        let left =
            took.as_secs_f64() * self.count.saturating_sub(told.events) as f64 / told.events.max(1) as f64;
        format!(
            "campaign {}: {} of {} events in {} cases, {failures} failures, {:.0} s; about {left:.0} s to go",
            self.name,
            told.events,
            self.count,
            told.cases,
            took.as_secs_f64(),
        )
    }
}

impl Case {
    fn new(seed: u64, size: usize) -> Case {
        Case {
            dice: StdRng::seed_from_u64(seed),
            size,
            events: None,
        }
    }

    /// Counts events: kills, strikes, documents. A case that never says counts as one.
    pub fn note(&mut self, events: u64) {
        *self.events.get_or_insert(0) += events;
    }

    /// A number up to `most`, less of it in small cases, and never 0 unless `most` is.
    pub fn scaled(&self, most: usize) -> usize {
        (most * self.size).div_ceil(LARGEST)
    }
}

/// A number from the environment.
fn setting(what: &str) -> Option<u64> {
    let name = format!("ETL_CAMPAIGN_{what}");
    let value = std::env::var(&name).ok().filter(|value| !value.is_empty())?;
    match value.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name}={value} is no number"),
    }
}

/// The seed of a campaign's case: of the first it is the campaign's own, so that one case is a campaign of one.
/// The others follow as SplitMix64 (Steele, Lea, Flood 2014) has them: far apart, whatever the campaign's seed.
fn seed_of(campaign: u64, case: u64) -> u64 {
    if case == 0 {
        return campaign;
    }
    let x = campaign.wrapping_add(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The events of a case, and how it failed.
fn attempt(seed: u64, size: usize, law: &mut dyn FnMut(&mut Case)) -> (u64, Option<Failure>) {
    let mut case = Case::new(seed, size);
    let failed = quiet::caught(|| law(&mut case)).err();
    let failure = |message| Failure { seed, size, message };
    (case.events.unwrap_or(1), failed.map(failure))
}

/// The same seed at smaller sizes: half of it, and where that holds, less of a step, until no step is left.
fn smallest(mut failure: Failure, law: &mut dyn FnMut(&mut Case)) -> Failure {
    let mut step = failure.size / 2;
    while step > 0 {
        match attempt(failure.seed, failure.size - step, law) {
            (_, Some(smaller)) => {
                failure = smaller;
                step = step.min(failure.size / 2);
            }
            (_, None) => step /= 2,
        }
    }
    failure
}

impl Failure {
    fn told(&self, name: &str) -> String {
        let Failure { seed, size, message } = self;
        format!(
            "campaign {name} failed, at size {size}: {message}\nonce more: make campaign NAME={name} N=1 SEED={seed} SIZE={size}"
        )
    }
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures.len() as u64;
        write!(
            out,
            "campaign {}: {} events in {} cases and {} kept ones, {:.1} s, seed {}, {failures} failures; \
             an event fails with a chance of at most {:.3e} (95 %, {})",
            self.name,
            self.events,
            self.cases,
            self.kept,
            self.took.as_secs_f64(),
            self.seed,
            bound::upper(failures, self.events),
            bound::HOW,
        )
    }
}
