//! A file with all of its mutants in it: where each would be, the program asks whether it is the one that lives.
//!
//! `a < b` becomes `(if crate::mutant::is(7) { a > b } else { a < b })`; a function may return at once; an arm gets a
//! condition. Marks in comments say which mutant an error of the compiler is about: `/*<7*/…/*>7*/` is the alternative,
//! `/*[7*/…/*]7*/` all that it is a part of.

use crate::find::{self, Found, Range};
use crate::list::Mutant;

/// What became of a file.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// Those that are not in it, with the reason.
    pub(crate) unplaced: Vec<(u32, &'static str)>,
}

/// The file that says `text`, with these mutants in it.
pub(crate) fn rewrite(text: &str, mutants: &[&Mutant]) -> anyhow::Result<Rewritten> {
    let found = find::find(text, mutants)?;
    Ok(Rewritten {
        text: with(text, &found),
        unplaced: found.unplaced,
    })
}

/// What is put in somewhere; in the order of these where several are put in at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The end of what began last.
    Close,
    Beside,
    /// The beginning of what ends last.
    Open,
}

/// All that is put into one file.
#[derive(Default)]
struct Pieces {
    /// Where, what kind, which first, what.
    all: Vec<(usize, Kind, usize, usize, String)>,
}

impl Pieces {
    /// Puts `open` and `close` around; of two around the same, the later one inside.
    fn around(&mut self, (start, end): Range, open: String, close: String) {
        let nth = self.all.len();
        self.all.push((start, Kind::Open, usize::MAX - end, nth, open));
        let inside = usize::MAX - nth;
        self.all
            .push((end, Kind::Close, usize::MAX - start, inside, close));
    }

    fn beside(&mut self, at: usize, what: String) {
        self.all.push((at, Kind::Beside, 0, self.all.len(), what));
    }

    fn put_into(mut self, text: &str) -> String {
        self.all.sort();
        let (mut whole, mut done) = (String::new(), 0);
        for (at, _, _, _, what) in self.all {
            whole += &text[done..at];
            whole += &what;
            done = at;
        }
        whole + &text[done..]
    }
}

fn with(text: &str, found: &Found) -> String {
    let mut pieces = Pieces::default();
    for (range, others) in &found.choices {
        let (mut open, mut close) = (marks('[', others), " }".to_owned());
        open += "(";
        for (number, other) in others {
            open += &format!("/*<{number}*/if crate::mutant::is({number}) {{ {other} }}/*>{number}*/ else ");
        }
        open += "{ ";
        close += ")";
        close += &marks(']', others);
        pieces.around(*range, open, close);
    }
    for (range, others) in &found.bodies {
        let mut open = marks('[', others);
        for (number, other) in others {
            open +=
                &format!("/*<{number}*/ if crate::mutant::is({number}) {{ return {other}; }}/*>{number}*/\n");
        }
        pieces.around(*range, open, marks(']', others));
    }
    for arm in &found.arms {
        let number = arm.number;
        let lives = format!("/*<{number}*/!crate::mutant::is({number})/*>{number}*/");
        let condition = if arm.has_guard {
            format!("{lives} && ")
        } else {
            format!(" if {lives}")
        };
        pieces.beside(arm.at, condition);
        pieces.around(arm.whole, format!("/*[{number}*/"), format!("/*]{number}*/"));
    }
    pieces.put_into(text)
}

fn marks(which: char, of: &[(u32, String)]) -> String {
    of.iter()
        .map(|(number, _)| format!("/*{which}{number}*/"))
        .collect()
}

#[cfg(test)]
mod tests;
