//! Rows of text in columns: numbers to the right, everything else to the left.
//! It promises that a column is as wide as its widest cell and that no line ends in blanks.
//! Where the rows come from and how they are painted is left to others.

use tokio_postgres::SimpleQueryMessage;

/// A heading and rows, all of the same length.
#[derive(Debug, Default)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// What a query answered, in the server's own notation.
    pub(crate) fn of(messages: &[SimpleQueryMessage]) -> Table {
        let mut table = Table::default();
        for message in messages {
            match message {
                SimpleQueryMessage::RowDescription(columns) => {
                    table.heading = columns.iter().map(|column| column.name().to_owned()).collect();
                }
                SimpleQueryMessage::Row(row) => {
                    let cell = |place| row.get(place).unwrap_or_default().to_owned();
                    table.rows.push((0..row.len()).map(cell).collect());
                }
                _ => {}
            }
        }
        table
    }

    /// A table of one's own.
    #[cfg(test)]
    fn new(heading: Vec<String>, rows: Vec<Vec<String>>) -> Table {
        Table { heading, rows }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The heading, then the rows.
    pub(crate) fn lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.heading).chain(&self.rows);
        let width = |place: usize| all().map(|row| letters(&row[place])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let right: Vec<bool> = (0..self.heading.len())
            .map(|place| self.is_number(place))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).zip(&right);
            let cells = cells.map(|((cell, width), right)| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
        };
        all().map(line).collect()
    }

    /// Whether all that stands in a column is numbers.
    fn is_number(&self, place: usize) -> bool {
        let plain = |row: &Vec<String>| row[place].replace(',', "").parse::<f64>().is_ok();
        !self.rows.is_empty() && self.rows.iter().all(plain)
    }
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_stand_on_the_right_and_words_on_the_left() {
        let cells = |row: &[&str]| row.iter().map(|&cell| cell.to_owned()).collect();
        let rows = vec![cells(&["chair", "7.5"]), cells(&["headphones", "1,200"])];
        let table = Table::new(cells(&["name", "price"]), rows);
        assert_eq!(
            table.lines(),
            ["name         price", "chair          7.5", "headphones   1,200"]
        );
    }

    proptest! {
        #[test]
        fn every_cell_is_shown_whole_at_the_place_of_its_column(
            rows in proptest::collection::vec(proptest::collection::vec("[a-zé家]{1,9}", 3), 1..6),
        ) {
            let heading = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
            let lines = Table::new(heading, rows.clone()).lines();
            let widest = |place: usize| rows.iter().map(|row| letters(&row[place])).max().unwrap();
            for (row, line) in rows.iter().zip(&lines[1..]) {
                let line: Vec<char> = line.chars().collect();
                let mut at = 0;
                for (place, cell) in row.iter().enumerate() {
                    let shown: String = line[at..at + letters(cell)].iter().collect();
                    prop_assert_eq!(&shown, cell);
                    at += widest(place) + 3;
                }
            }
        }
    }
}
