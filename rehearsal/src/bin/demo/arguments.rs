//! What the command line says: how many documents, and whether the servers stay.

use anyhow::{Context, Result, bail, ensure};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
usage: demo [--documents N] [--keep]

  --documents N   how large the application is (20000; at least 5000, or there is no half-way to speak of)
  --keep          keep the servers until Enter or Ctrl-C, to look around
  --help          print this

environment:
  ETL_BIN         the etl to run, instead of the one built beside this program
  NO_COLOR        no colour, on a terminal either
";

const FEWEST: usize = 5_000;

/// The command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// How many documents the application has.
    pub(crate) documents: usize,
    /// Whether the servers stay until somebody says otherwise.
    pub(crate) keep: bool,
}

impl Arguments {
    /// Nothing, where only help was asked for.
    pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Option<Arguments>> {
        let mut arguments = Arguments {
            documents: 20_000,
            keep: false,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--keep" => arguments.keep = true,
                "--documents" => {
                    let number = words.next().context("--documents needs a number")?;
                    let number = number.replace([',', '_'], "");
                    arguments.documents = number.parse().context("--documents needs a number")?;
                    ensure!(
                        arguments.documents >= FEWEST,
                        "--documents needs at least {FEWEST}"
                    );
                }
                "--help" | "-h" => return Ok(None),
                other => bail!("{other:?} is not an option"),
            }
        }
        Ok(Some(arguments))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(line: &str) -> Result<Option<Arguments>> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        let (documents, keep) = (20_000, false);
        assert_eq!(read("").unwrap(), Some(Arguments { documents, keep }));
        let (documents, keep) = (100_000, true);
        assert_eq!(
            read("--keep --documents 100_000").unwrap(),
            Some(Arguments { documents, keep })
        );
        assert_eq!(read("--keep --help").unwrap(), None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "--documents",
            "--documents many",
            "--documents 10",
            "--fast",
            "20000",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
