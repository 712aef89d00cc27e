//! Columns as indexes and references name them: `born desc`, `users(id)`.
//! A name that could be taken for something else stands in double quotes, as in SQL; every name can be written.

use std::fmt;
use std::str::FromStr;

use super::{ColumnRef, ForeignKey, IndexColumn, Misspelt};
use crate::origin::shown;

/// As the mapping spells it.
impl fmt::Display for IndexColumn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.name.rsplit(char::is_whitespace).next().unwrap_or_default();
        let direction = ["asc", "desc"].iter().any(|word| last.eq_ignore_ascii_case(word));
        out.write_str(&quoted(&self.name, direction))?;
        out.write_str(if self.descending { " desc" } else { "" })
    }
}

impl FromStr for IndexColumn {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<IndexColumn, Misspelt> {
        let whole = text.trim();
        let (name, direction) = match whole.strip_prefix('"') {
            Some(_) => {
                let (name, rest) = name(whole, "")?;
                (name, rest.trim())
            }
            None => match whole.rsplit_once(char::is_whitespace) {
                Some((name, word))
                    if word.eq_ignore_ascii_case("asc") || word.eq_ignore_ascii_case("desc") =>
                {
                    (name.trim().to_owned(), word)
                }
                _ => (whole.to_owned(), ""),
            },
        };
        let descending = direction.eq_ignore_ascii_case("desc");
        if !(descending || direction.is_empty() || direction.eq_ignore_ascii_case("asc")) {
            let found = shown(direction);
            return Err(Misspelt(format!(
                "`{found}` stands behind a column; only `desc` may stand there"
            )));
        }
        Ok(IndexColumn { name, descending })
    }
}

/// As the mapping spells it.
impl fmt::Display for ColumnRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}({})", inside(&self.table), inside(&self.column))
    }
}

impl FromStr for ColumnRef {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<ColumnRef, Misspelt> {
        let (table, columns) = table_and_columns(text)?;
        let [column] = <[String; 1]>::try_from(columns).map_err(|_| {
            let what = "does not name one column";
            Misspelt(format!("`{}` {what}; write it as table(column)", shown(text)))
        })?;
        Ok(ColumnRef { table, column })
    }
}

impl ForeignKey {
    /// The table and its columns, as the mapping spells them: `other(a, b)`.
    pub(super) fn references(&self) -> String {
        let columns: Vec<String> = self.to.iter().map(|column| inside(column)).collect();
        format!("{}({})", inside(&self.table), columns.join(", "))
    }
}

/// `table(column, column)`; no column where only a table is named.
pub(super) fn table_and_columns(text: &str) -> Result<(String, Vec<String>), Misspelt> {
    let refused = |what: &str| {
        Misspelt(format!(
            "`{}` {what}; write table or table(column), names with other signs in double quotes",
            shown(text)
        ))
    };
    let (table, rest) = name(text.trim(), "(),")?;
    if table.is_empty() {
        return Err(refused("names no table"));
    }
    let mut columns = Vec::new();
    if rest.is_empty() {
        return Ok((table, columns));
    }
    let mut rest = rest
        .strip_prefix('(')
        .ok_or_else(|| refused("is no table with its columns"))?;
    loop {
        let column;
        (column, rest) = name(rest, "(),")?;
        if column.is_empty() {
            return Err(refused("has an empty name for a column"));
        }
        columns.push(column);
        match rest.split_at_checked(1) {
            Some((",", behind)) => rest = behind,
            Some((")", "")) => return Ok((table, columns)),
            _ => return Err(refused("does not end with a closing parenthesis")),
        }
    }
}

/// The name at the beginning of `text`: in double quotes, or as far as none of `ends`; and what comes behind it.
fn name<'t>(text: &'t str, ends: &str) -> Result<(String, &'t str), Misspelt> {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(|letter| ends.contains(letter)).unwrap_or(text.len());
        return Ok((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut name = String::new();
    while let Some((part, behind)) = rest.split_once('"') {
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => return Ok((name, behind.trim_start())),
        }
    }
    Err(Misspelt(format!(
        "a double quote opens a name in `{}` that none closes; close it",
        shown(text)
    )))
}

/// A name between parentheses and commas.
fn inside(name: &str) -> String {
    quoted(name, name.contains(['(', ')', ',']))
}

/// A name in double quotes, if it must be.
fn quoted(name: &str, must: bool) -> String {
    match must || name.is_empty() || name.trim() != name || name.starts_with('"') {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}
