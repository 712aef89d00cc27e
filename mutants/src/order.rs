//! In which order tests are asked about a mutant, and which of them together.

use std::collections::BTreeMap;

use crate::suite::{Record, Test};

/// How many seconds of tests the first batch has; each has twice as many as the one before it, up to the last.
const FIRST: f64 = 3.0;
const LAST: f64 = 48.0;

/// `records` in batches, each of one program: the favourites first, then what is short, and comes by few others.
pub(crate) fn batches<'a>(records: &[&'a Record], favourites: &[Test]) -> Vec<Vec<&'a Record>> {
    let (mut first, mut rest): (Vec<&Record>, Vec<&Record>) = records
        .iter()
        .partition(|record| favourites.contains(&record.test));
    first.sort_by(|a, b| a.took.total_cmp(&b.took));
    rest.sort_by(|a, b| worth(a).total_cmp(&worth(b)));
    let mut batches = by_program(first);
    let (mut size, mut batch, mut sum) = (FIRST, Vec::new(), 0.0);
    for record in rest {
        if !batch.is_empty() && sum + record.took > size {
            batches.extend(by_program(std::mem::take(&mut batch)));
            (size, sum) = ((size * 2.0).min(LAST), 0.0);
        }
        sum += record.took;
        batch.push(record);
    }
    batches.extend(by_program(batch));
    batches
}

/// A test that is over at once costs its process; one that comes by everything says little about this mutant.
fn worth(record: &Record) -> f64 {
    record.took.max(0.05) * record.reached.len() as f64
}

/// The shorter ones first.
fn by_program(records: Vec<&Record>) -> Vec<Vec<&Record>> {
    let mut programs: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        programs.entry(&record.test.of).or_default().push(record);
    }
    let mut batches: Vec<Vec<&Record>> = programs.into_values().collect();
    let sum = |batch: &Vec<&Record>| batch.iter().map(|record| record.took).sum::<f64>();
    batches.sort_by(|a, b| sum(a).total_cmp(&sum(b)));
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(of: &str, name: &str, took: f64, reached: u32) -> Record {
        Record {
            test: Test {
                of: of.to_owned(),
                name: name.to_owned(),
            },
            passed: true,
            took,
            reached: (1..=reached).collect(),
        }
    }

    fn named(batches: &[Vec<&Record>]) -> Vec<Vec<String>> {
        let names = |batch: &Vec<&Record>| batch.iter().map(|record| record.test.name.clone()).collect();
        batches.iter().map(names).collect()
    }

    #[test]
    fn the_favourite_goes_first_and_the_long_and_general_last() {
        let all = [
            record("a", "general", 4.0, 90),
            record("a", "special", 4.0, 2),
            record("b", "quick", 0.1, 50),
            record("a", "quicker", 0.01, 50),
            record("a", "favourite", 9.0, 90),
        ];
        let all: Vec<&Record> = all.iter().collect();
        let favourites = [all[4].test.clone()];
        assert_eq!(
            named(&batches(&all, &favourites)),
            [
                vec!["favourite"],
                vec!["quicker"],
                vec!["quick"],
                vec!["special"],
                vec!["general"]
            ]
        );
    }

    #[test]
    fn every_test_is_in_one_batch_and_every_batch_is_of_one_program() {
        let all: Vec<Record> = (0..200)
            .map(|n| {
                record(
                    ["a", "b", "c"][n % 3],
                    &n.to_string(),
                    n as f64 / 7.0,
                    n as u32 % 9,
                )
            })
            .collect();
        let all: Vec<&Record> = all.iter().collect();
        let batches = batches(&all, &[]);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 200);
        for batch in &batches {
            assert!(batch.iter().all(|record| record.test.of == batch[0].test.of));
        }
    }
}
