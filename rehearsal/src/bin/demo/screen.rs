//! How the demo speaks: headings, facts, commands, tables, and one line that is written over.
//! It promises colour and moving lines on a terminal only, and none where `NO_COLOR` asks for none; a reader who
//! goes away does not end the demo.
//! What is said is left to the scenes.

use std::io::{IsTerminal, Write};

use crate::table::Table;

/// Standard output, and what it can show.
#[derive(Debug)]
pub(crate) struct Screen {
    live: bool,
    colour: bool,
}

/// What a text is meant to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    Heading,
    Command,
    Quiet,
    Good,
    Bad,
}

impl Screen {
    /// Standard output as it is now.
    pub(crate) fn here() -> Screen {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let live = std::io::stdout().is_terminal() && variable("TERM").is_none_or(|term| term != "dumb");
        Screen {
            live,
            colour: live && variable("NO_COLOR").is_none(),
        }
    }

    /// The beginning of a scene.
    pub(crate) fn heading(&self, text: &str) {
        self.line(&format!("\n{}", self.paint(Tone::Heading, text)));
    }

    /// A line as it is.
    pub(crate) fn line(&self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// A name and what there is to say of it.
    pub(crate) fn fact(&self, name: &str, text: &str) {
        self.line(&format!("  {name:<22} {text}"));
    }

    /// A command line, as it is run or can be.
    pub(crate) fn command(&self, text: &str) {
        self.line(&format!("  {}", self.paint(Tone::Command, text)));
    }

    /// A table with its heading, indented.
    pub(crate) fn table(&self, table: &Table) {
        let lines = table.lines();
        for (number, line) in lines.iter().enumerate() {
            match number {
                0 => self.line(&format!("    {}", self.paint(Tone::Quiet, line))),
                _ => self.line(&format!("    {line}")),
            }
        }
    }

    /// How far something is; said only where it can be written over.
    pub(crate) fn progress(&self, text: &str) {
        if self.live {
            self.write(&format!("\r\x1b[K  {text}"));
        }
    }

    /// Takes the last progress away, for what comes of it to stand in its place.
    pub(crate) fn progress_done(&self) {
        if self.live {
            self.write("\r\x1b[K");
        }
    }

    /// The text in the colour of its tone, where there is colour.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Heading => "1",
            Tone::Command => "36",
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Bad => "1;31",
        };
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn write(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        // `demo | head` closes the pipe; the verdict is still the exit code.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// A number as people read it: 12,345.
pub(crate) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_grouped_in_threes_from_the_right() {
        for (plain, grouped) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (20_000, "20,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(plain), grouped);
        }
    }

    proptest! {
        #[test]
        fn grouping_changes_no_digit(plain in any::<usize>()) {
            prop_assert_eq!(number(plain).replace(',', ""), plain.to_string());
        }
    }
}
