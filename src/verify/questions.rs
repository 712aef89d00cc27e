//! Vectors of the operator's own to search with: one a line, as JSON. Every line that cannot be asked is told, with its
//! number and what is wrong with it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Lines that are told one by one; more are counted.
const TOLD: usize = 10;

/// The vectors of a file.
#[derive(Debug)]
pub(super) struct Questions {
    file: PathBuf,
    lines: Vec<usize>,
    pub(super) vectors: Vec<Vec<f32>>,
}

impl Questions {
    /// What stands in `file`; empty lines are none.
    pub(super) fn read(file: &Path) -> Result<Questions, String> {
        let bytes =
            std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let mut questions = Questions {
            file: file.to_path_buf(),
            lines: Vec::new(),
            vectors: Vec::new(),
        };
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match vector(line) {
                Ok(vector) => {
                    questions.lines.push(number);
                    questions.vectors.push(vector);
                }
                Err(why) => wrong.push((number, why)),
            }
        }
        match (wrong.is_empty(), questions.vectors.is_empty()) {
            (false, _) => Err(told(file, &wrong)),
            (true, true) => Err(format!(
                "{} holds no vector; write one a line: [0.1, 0.2, …]",
                file.display()
            )),
            (true, false) => Ok(questions),
        }
    }

    /// What is wrong where none of the `sizes` of vectors that can be searched is a line's.
    pub(super) fn strangers(&self, sizes: &BTreeSet<usize>) -> Option<String> {
        let known: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let lines = self.lines.iter().zip(&self.vectors);
        let wrong: Vec<(usize, String)> = lines
            .filter(|(_, vector)| !sizes.contains(&vector.len()))
            .map(|(line, vector)| {
                let of = known.join(" or ");
                let why = format!(
                    "it has {} components, and the vectors that can be searched have {of}",
                    vector.len()
                );
                (*line, why)
            })
            .collect();
        (!wrong.is_empty()).then(|| told(&self.file, &wrong))
    }
}

/// The vector of a line, if it can be asked with.
fn vector(line: &[u8]) -> Result<Vec<f32>, String> {
    let numbers: Vec<f64> = serde_json::from_slice(line)
        .map_err(|error| format!("a vector is written as [0.1, 0.2, …], one a line: {error}"))?;
    if numbers.is_empty() {
        return Err("it has no components".to_owned());
    }
    let narrow = |number: &f64| *number as f32;
    match numbers.iter().position(|number| !narrow(number).is_finite()) {
        Some(place) => Err(format!(
            "component {} is {:e}, and the largest that a vector holds is {:e}",
            place + 1,
            numbers[place],
            f32::MAX
        )),
        None => Ok(numbers.iter().map(narrow).collect()),
    }
}

fn told(file: &Path, wrong: &[(usize, impl fmt::Display)]) -> String {
    let lines = wrong.iter().take(TOLD);
    let mut lines: Vec<String> = lines
        .map(|(line, why)| format!("{} line {line}: {why}", file.display()))
        .collect();
    if wrong.len() > TOLD {
        lines.push(format!("and {} lines more", wrong.len() - TOLD));
    }
    lines.join("\n")
}
