//! Numbers as people read them.

use config::in_line;
use config::mapping::Records;
use std::borrow::Cow;
use std::time::Duration;

/// 1234567 as "1,234,567".
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 row", "2,000 rows".
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// The same of what a source holds.
pub(crate) fn held(number: u64, records: Records) -> String {
    counted(number, records.one(), records.many())
}

/// Bytes in decimal units, as network and disk vendors count them.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (number as f64, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{number} B")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// `text` with what a terminal would obey written out, for names and values of documents come from anybody. The
/// lines and tabs of a page stay: what is put into a page is on one line ([`config::in_line`]).
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    config::spelled(text, |character| matches!(character, '\n' | '\t'))
}

/// "0:42", "12:03", "3:20:00".
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// `rows` under `heads`, columns aligned; columns whose head starts with `>` to the right. A cell stays in its row.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |row: &Vec<String>| row.iter().map(|cell| in_line(cell)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let names: Vec<&str> = heads.iter().map(|head| head.trim_start_matches('>')).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([names[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if heads[column].starts_with('>') {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(names.clone());
    for row in &rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 999, 1000, 1_500_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "1.5 MB"]
        );
        assert_eq!(
            [42, 723, 12_000].map(|s| duration(Duration::from_secs(s))),
            ["0:42", "12:03", "3:20:00"]
        );
    }

    #[test]
    fn one_is_one_and_all_else_is_many() {
        let told = [0, 1, 2_000].map(|number| counted(number, "row", "rows"));
        assert_eq!(told, ["0 rows", "1 row", "2,000 rows"]);
        assert_eq!(held(1, Records::Points), "1 point");
    }

    #[test]
    fn nothing_a_terminal_obeys_is_left_and_json_means_the_same() {
        let json = serde_json::json!({ "a\u{1b}[31m": "\u{7}\u{7f}\u{9b}2J\n\0\u{202e}" });
        let tame = tame(&json.to_string()).into_owned();
        assert!(!tame.contains(config::is_obeyed));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&tame).expect("JSON"),
            json
        );
    }

    #[test]
    fn columns_are_aligned() {
        let rows = vec![
            vec!["users".to_owned(), "5".to_owned()],
            vec!["a".to_owned(), "1,000".to_owned()],
        ];
        assert_eq!(
            table(&["table", ">rows"], &rows),
            "table   rows\nusers      5\na      1,000\n"
        );
    }
}
