//! Which mutants were caught before, as the project keeps it: by which test, while the file they are in was as it is.
//!
//! A test that noticed a change of a file notices it as long as that file is the same and the test is there: so what is
//! known is not found out again, and a change of one file costs the mutants of that file. (Somebody may weaken a test, or
//! what calls the code; to find out everything anew, remove the file.)

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::kill::{End, Outcome};
use crate::list::Mutant;
use crate::suite::Record;
use crate::tree;

/// Where it is kept, from the root.
const FILE: &str = "mutants/caught.json";

/// What is known of one mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// What the file was that it is in.
    file: String,
    /// The test.
    by: String,
}

/// By the names that mutants have.
#[derive(Debug, Default)]
pub(crate) struct Caught {
    known: BTreeMap<String, Known>,
    /// What files are now.
    files: HashMap<String, String>,
}

impl Caught {
    /// What is kept below `root`, for files as they are there.
    pub(crate) fn kept(root: &Path, all: &[Mutant]) -> anyhow::Result<Caught> {
        let files: BTreeSet<&str> = all.iter().map(|mutant| mutant.file.as_str()).collect();
        let mut caught = Caught::default();
        for file in files {
            let mark = tree::mark_of_file(&root.join(file))?;
            caught.files.insert(file.to_owned(), mark);
        }
        let place = root.join(FILE);
        if place.exists() {
            let text = std::fs::read_to_string(&place).with_context(|| format!("read {FILE}"))?;
            caught.known = serde_json::from_str(&text).with_context(|| format!("read {FILE}"))?;
        }
        Ok(caught)
    }

    /// What is known of `mutant`, where one of `records` is the test that caught it.
    pub(crate) fn of(&self, mutant: &Mutant, records: &[Record]) -> Option<Outcome> {
        let known = self.known.get(&mutant.key)?;
        let holds = self.files.get(&mutant.file) == Some(&known.file)
            && records.iter().any(|record| record.test.name == known.by);
        holds.then(|| Outcome {
            number: mutant.number,
            end: End::Caught(known.by.clone()),
            spent: 0.0,
            budget: 0.0,
            ran: 0,
            of: 0,
        })
    }

    /// Keeps what became of `all`; says nothing more of those that are not there any more.
    pub(crate) fn keep(
        mut self,
        root: &Path,
        all: &[Mutant],
        outcomes: &BTreeMap<u32, Outcome>,
    ) -> anyhow::Result<()> {
        let mut known = BTreeMap::new();
        for mutant in all {
            let by = match outcomes.get(&mutant.number).map(|outcome| &outcome.end) {
                Some(End::Caught(by) | End::Hung(by)) => first(by),
                _ => {
                    let before = self.known.remove(&mutant.key);
                    let before = before.filter(|before| self.files.get(&mutant.file) == Some(&before.file));
                    known.extend(before.map(|before| (mutant.key.clone(), before)));
                    continue;
                }
            };
            let file = self.files.get(&mutant.file).cloned().unwrap_or_default();
            let by = by.to_owned();
            known.insert(mutant.key.clone(), Known { file, by });
        }
        let text = serde_json::to_string_pretty(&known).context("write what was caught")?;
        std::fs::write(root.join(FILE), text + "\n").with_context(|| format!("write {FILE}"))
    }
}

/// The name of the first test that is named: where a process ended, several were in it.
fn first(by: &str) -> &str {
    let names = by.rsplit(": ").next().unwrap_or(by);
    names.split(", ").next().unwrap_or(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Genre;
    use crate::suite::Test;

    #[test]
    fn of_several_tests_the_first_is_named() {
        for by in ["a::b", "a::b, c::d", "it ended with signal 6: a::b, c::d"] {
            assert_eq!(first(by), "a::b");
        }
    }

    #[test]
    fn what_was_caught_is_known_until_its_file_changes_or_its_test_is_gone() {
        let root = tempfile::TempDir::new().unwrap();
        std::fs::create_dir_all(root.path().join("mutants")).unwrap();
        let mutant = |number, file: &str| Mutant {
            number,
            file: file.to_owned(),
            function: String::new(),
            genre: Genre::FnValue,
            at: (1, 1),
            replacement: String::new(),
            change: String::new(),
            key: format!("{file}: replace a with b in {number}"),
        };
        let all = [mutant(1, "one.rs"), mutant(2, "two.rs"), mutant(3, "one.rs")];
        for file in ["one.rs", "two.rs"] {
            std::fs::write(root.path().join(file), "as it is").unwrap();
        }
        let ends = [
            (1, End::Caught("t::one".to_owned())),
            (2, End::Hung("t::two".to_owned())),
            (3, End::Lived),
        ];
        let outcomes = ends.map(|(number, end)| {
            (
                number,
                Outcome {
                    number,
                    end,
                    spent: 1.0,
                    budget: 1.0,
                    ran: 1,
                    of: 1,
                },
            )
        });
        let records = ["t::one", "t::two"].map(|name| Record {
            test: Test {
                of: "lib".to_owned(),
                name: name.to_owned(),
            },
            passed: true,
            took: 1.0,
            reached: BTreeSet::new(),
        });
        let caught = Caught::kept(root.path(), &all).unwrap();
        assert!(all.iter().all(|mutant| caught.of(mutant, &records).is_none()));
        caught.keep(root.path(), &all[..2], &outcomes.into()).unwrap();
        let caught = Caught::kept(root.path(), &all).unwrap();
        assert_eq!(
            caught.of(&all[0], &records).unwrap().end,
            End::Caught("t::one".to_owned())
        );
        assert_eq!(
            caught.of(&all[1], &records).unwrap().end,
            End::Caught("t::two".to_owned())
        );
        assert!(caught.of(&all[1], &records[..1]).is_none());
        std::fs::write(root.path().join("two.rs"), "otherwise").unwrap();
        let caught = Caught::kept(root.path(), &all).unwrap();
        assert!(caught.of(&all[1], &records).is_none() && caught.of(&all[0], &records).is_some());
        // What nobody asked about stays, unless it is another one by now.
        caught.keep(root.path(), &all[..2], &BTreeMap::new()).unwrap();
        let caught = Caught::kept(root.path(), &all).unwrap();
        assert_eq!(caught.known.len(), 1);
    }
}
