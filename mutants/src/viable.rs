//! Which mutants compile. All are built together; those that the compiler is against are left out, until it is against
//! none. An error names a place, and marks in the text say whose it is.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::build::{self, Built, Error, Executable, Span};
use crate::find::Range;
use crate::list::Mutant;
use crate::tree::{Mutated, Tree};

/// How often is tried at most: one wrong type hides others, but not without end.
const ROUNDS: usize = 30;

/// What was built of a list.
#[derive(Debug)]
pub(crate) struct Viable {
    pub(crate) executables: Vec<Executable>,
    pub(crate) mutated: Mutated,
    /// Those that do not compile, and what the compiler says.
    pub(crate) unviable: BTreeMap<u32, String>,
}

/// Builds as many of `mutants` as can be; what is known not to compile is kept in the file `known`.
pub(crate) fn build(tree: &Tree, target: &Path, mutants: &[Mutant], known: &Path) -> anyhow::Result<Viable> {
    let mark = tree.mark_of(mutants)?;
    let kept: Option<(String, BTreeMap<u32, String>)> = fs::read(known)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    let kept = kept.filter(|(of, _)| *of == mark);
    let mut unviable = kept.map(|(_, unviable)| unviable).unwrap_or_default();
    for _ in 0..ROUNDS {
        let rest = mutants
            .iter()
            .filter(|mutant| !unviable.contains_key(&mutant.number));
        let mutated = tree.write(&rest.collect::<Vec<_>>())?;
        match build::build(tree.copy(), target)? {
            Built::Executables(executables) => {
                return Ok(Viable {
                    executables,
                    mutated,
                    unviable,
                });
            }
            Built::Errors(errors) => {
                let found = blamed(tree.copy(), &errors)?;
                println!("  {} mutants do not compile", found.len());
                unviable.extend(found);
                let text =
                    serde_json::to_string(&(&mark, &unviable)).context("keep what does not compile")?;
                fs::write(known, text).with_context(|| format!("write {}", known.display()))?;
            }
        }
    }
    bail!("after {ROUNDS} rounds there are still mutants that do not compile")
}

/// The mutants that the errors are about.
fn blamed(tree: &Path, errors: &[Error]) -> anyhow::Result<BTreeMap<u32, String>> {
    let (mut found, mut marks) = (BTreeMap::new(), HashMap::new());
    let mut others = Vec::new();
    for error in errors {
        for span in &error.spans {
            if !marks.contains_key(&span.file_name) {
                let text = fs::read_to_string(tree.join(&span.file_name)).unwrap_or_default();
                marks.insert(span.file_name.clone(), Marks::of(&text));
            }
        }
        let whose = whose(error, &marks);
        if whose.is_empty() && !error.spans.is_empty() {
            others.push(error.rendered.as_ref().unwrap_or(&error.message));
        }
        found.extend(whose.into_iter().map(|number| (number, error.message.clone())));
    }
    if found.is_empty() {
        let other = others.first().map_or("", |other| other.as_str());
        bail!("it does not compile, and no mutant is to blame:\n{other}")
    }
    Ok(found)
}

/// The alternative that the error is in; else the one that it mentions; else those of what is around it.
fn whose(error: &Error, marks: &HashMap<String, Marks>) -> Vec<u32> {
    let seen = |primary| error.spans.iter().filter(move |span| span.is_primary == primary);
    let marks = |span: &Span| marks.get(&span.file_name);
    let within = |span: &Span, of: fn(&Marks) -> &[(u32, Range)]| {
        let all = marks(span).map(of).unwrap_or_default();
        innermost(all, (span.byte_start, span.byte_end))
    };
    let is_about_arms = error.code.as_ref().is_some_and(|code| code.code == "E0004");
    let mut found: Vec<u32> = Vec::new();
    if is_about_arms {
        found.extend(seen(true).flat_map(|span| within(span, |marks| &marks.matches)));
    }
    for primary in [true, false] {
        if found.is_empty() {
            found.extend(seen(primary).flat_map(|span| within(span, |marks| &marks.alternatives)));
        }
    }
    if found.is_empty() {
        found.extend(seen(true).flat_map(|span| within(span, |marks| &marks.wholes)));
    }
    found
}

/// Those of the shortest range that holds `place`.
fn innermost(all: &[(u32, Range)], place: Range) -> Vec<u32> {
    let around = |range: &Range| range.0 <= place.0 && place.1 <= range.1;
    let holding = || all.iter().filter(|(_, range)| around(range));
    let shortest = holding().map(|(_, range)| range.1 - range.0).min();
    // Marks of the same lie side by side, so that their lengths differ by those of the marks.
    let about = |range: &Range| shortest.is_some_and(|shortest| range.1 - range.0 <= shortest + 32);
    holding()
        .filter(|(_, range)| about(range))
        .map(|(number, _)| *number)
        .collect()
}

/// Where the marks of a file are.
#[derive(Debug, Default)]
struct Marks {
    alternatives: Vec<(u32, Range)>,
    wholes: Vec<(u32, Range)>,
    /// Of those wholes, those that are a match with an arm that may be gone.
    matches: Vec<(u32, Range)>,
}

impl Marks {
    fn of(text: &str) -> Marks {
        let mut marks = Marks::default();
        let mut open: HashMap<(char, u32), usize> = HashMap::new();
        for (at, _) in text.match_indices("/*") {
            let mut rest = text[at + 2..].chars();
            let (Some(kind), Some((number, _))) = (rest.next(), rest.as_str().split_once("*/")) else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            match kind {
                '<' | '[' => {
                    open.insert((kind, number), at);
                }
                '>' => marks
                    .alternatives
                    .extend(open.get(&('<', number)).map(|from| (number, (*from, at)))),
                ']' => {
                    let range = open.get(&('[', number)).map(|from| (number, (*from, at)));
                    let is_arm = text.contains(&format!("/*<{number}*/!crate::mutant::is("));
                    marks.matches.extend(range.filter(|_| is_arm));
                    marks.wholes.extend(range);
                }
                _ => {}
            }
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "fn f() { /*[3*//*<3*/if crate::mutant::is(3) { return 0; }/*>3*/ /*[4*/match x { 0 if \
                        /*<4*/!crate::mutant::is(4)/*>4*/ => /*[5*/(/*<5*/if crate::mutant::is(5) { a - b }/*>5*/ else \
                        { a + b })/*]5*/ }/*]4*/ /*]3*/} fn g() {}";

    fn whose_is(places: &[(&str, bool)], code: &str) -> Vec<u32> {
        let span = |(what, primary): &(&str, bool)| {
            let at = TEXT.find(what).unwrap();
            serde_json::json!({
                "file_name": "x.rs", "byte_start": at, "byte_end": at + what.len(), "is_primary": primary,
            })
        };
        let spans: Vec<_> = places.iter().map(span).collect();
        let error = serde_json::json!({
            "message": "no", "level": "error", "code": { "code": code }, "spans": spans,
        });
        let marks = HashMap::from([("x.rs".to_owned(), Marks::of(TEXT))]);
        whose(&serde_json::from_value(error).unwrap(), &marks)
    }

    #[test]
    fn an_error_is_that_of_the_alternative_it_is_in_or_mentions() {
        assert_eq!(whose_is(&[("a - b", true)], "E0308"), [5]);
        assert_eq!(whose_is(&[("a + b", true), ("return 0", false)], "E0308"), [3]);
    }

    #[test]
    fn else_it_is_that_of_what_is_around_it() {
        assert_eq!(whose_is(&[("a + b", true)], "E0308"), [5]);
        assert_eq!(whose_is(&[("0 if", true)], "E0308"), [4]);
        assert_eq!(whose_is(&[("match x", true)], "E0004"), [4]);
        assert_eq!(whose_is(&[("fn g", true)], "E0308"), [0; 0]);
    }
}
