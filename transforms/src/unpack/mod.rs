//! Rows back into the documents that they were made from: [`crate::Packer`] the other way.
//! `_extra` is the beginning and always wins; columns and the rows of child tables add what it does not say.
//! With its amendments put back, a rebuilt document is the original, but for what the mapping drops or forgets.
//! Bytes that no packer wrote are refused by table and column; nothing here panics, whatever it is given.

mod amend;
mod cell;
mod extra;
mod merge;
mod numeric;
mod tell;
#[cfg(test)]
mod tests;

use crate::json::Owned;
use crate::mapping::{Child, Collection, Records, Table};
use crate::{Dictionary, Timestamp};
use cell::Trouble;
use extra::Extra;
use tell::{Homes, Teller, Way, home, tellers};

/// A row's binary cells, NULL as none, in the order of [`crate::Relation::columns`] without generated ones.
pub type Row<'r> = Vec<Option<&'r [u8]>>;

/// A document put together again.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuilt {
    /// Its path below the database's root, or below all points.
    pub path: String,
    /// When it was created; of a point nobody knows.
    pub created: Option<Timestamp>,
    /// When it was last changed; of a point nobody knows.
    pub updated: Option<Timestamp>,
    /// Its fields, ordered by name.
    pub fields: Vec<(String, Owned)>,
}

/// Why rows are no document: they were not written by this tool, or under another mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {table:?}, {column:?}: {what}; was the table changed, or loaded under another mapping?")]
pub struct Unreadable {
    /// The table.
    pub table: String,
    /// Its column; of an amendment, the field.
    pub column: String,
    /// What was found. Never a value of the document.
    pub what: String,
}

impl Unreadable {
    fn new(table: &str, column: &str, what: &str) -> Unreadable {
        Unreadable {
            table: table.into(),
            column: crate::visible(column).into_owned(),
            what: what.into(),
        }
    }
}

/// Rebuilds documents of one table.
#[derive(Debug, Clone)]
pub struct Unpacker<'t> {
    table: &'t Table,
    root: &'t str,
    dictionary: Option<&'t dyn Dictionary>,
    documents: Rows<'t>,
    children: Vec<Rows<'t>>,
}

/// How the rows of one relation are read.
#[derive(Debug, Clone)]
struct Rows<'t> {
    name: &'t str,
    tellers: Vec<Teller<'t>>,
    /// How many cells a row has; the last is `_extra`.
    cells: usize,
}

impl<'t> Unpacker<'t> {
    /// `root` is `projects/p/databases/d/documents`. Ids of references stay what they are without
    /// [`Unpacker::among`].
    pub fn new(table: &'t Table, root: &'t str) -> Self {
        Unpacker::knowing(table, root, &Homes::new())
    }

    /// Lets columns that hold only the id of a reference be undone: these are all tables of the mapping, among
    /// which is the one that such a column refers to. As the packer was told.
    #[must_use]
    pub fn among(self, tables: impl IntoIterator<Item = &'t Table>) -> Self {
        let homes = tables
            .into_iter()
            .filter_map(|table| Some((table.name.as_str(), home(&table.from)?)))
            .collect();
        Unpacker {
            dictionary: self.dictionary,
            ..Unpacker::knowing(self.table, self.root, &homes)
        }
    }

    /// Gives back the indices of sparse vectors for the numbers that stand for them. As the packer was told.
    #[must_use]
    pub fn with_dictionary(self, dictionary: &'t dyn Dictionary) -> Self {
        Unpacker {
            dictionary: Some(dictionary),
            ..self
        }
    }

    fn knowing(table: &'t Table, root: &'t str, homes: &Homes<'t>) -> Self {
        let rows = |name, fixed, columns, dropped| {
            let columns: &'t [_] = columns;
            Rows {
                name,
                tellers: tellers(columns, fixed, dropped, homes, table.of),
                cells: fixed + columns.iter().filter(|column| column.is_loaded()).count() + 1,
            }
        };
        let fixed = match table.of {
            Records::Documents => 3,
            Records::Points => 1,
        };
        let child = |child: &'t Child| rows(child.name.as_str(), 2, &child.columns, &[]);
        Unpacker {
            table,
            root,
            dictionary: None,
            documents: rows(table.name.as_str(), fixed, &table.columns, table.drop.as_slice()),
            children: table.children.iter().map(child).collect(),
        }
    }

    /// The document of a row and of its rows in each child table (in the order of [`Table::children`], the rows of
    /// each in any order).
    ///
    /// # Errors
    /// Where a row has other cells than the relation has columns, a cell is not what its column's type says, or
    /// child rows are not the elements of one array or map of this document.
    pub fn document(&self, row: &[Option<&[u8]>], children: &[Vec<Row<'_>>]) -> Result<Rebuilt, Unreadable> {
        let rows = &self.documents;
        let path = rows.text(row, 0, "_path")?;
        let moment = |at: usize, column| {
            let micros = rows
                .fixed(row, at, column)
                .and_then(|cell| cell::moment(cell).map_err(|what| rows.unreadable(column, what)))?;
            tell::timestamp(micros)
                .ok_or_else(|| rows.unreadable(column, "a moment outside the years 1 to 9999"))
        };
        let (created, updated) = match self.table.of {
            Records::Documents => (Some(moment(1, "_created_at")?), Some(moment(2, "_updated_at")?)),
            Records::Points => (None, None),
        };
        let extra = rows.extra(row, self.root, false)?;
        let mut document = Some(Owned::Map(extra.fields));
        self.columns(rows, row, &extra.missing, &mut document)?;
        if children.len() != self.children.len() {
            let what = "rows of another number of child tables than it has";
            return Err(rows.unreadable("_path", what));
        }
        for ((child, rows), elements) in self.table.children.iter().zip(&self.children).zip(children) {
            if elements.is_empty()
                || child.of == Collection::Array && merge::is_taken(document.as_ref(), &child.from.0)
            {
                continue;
            }
            let value = match child.of {
                Collection::Array => self.array(rows, path, elements)?,
                Collection::Map => self.map(rows, path, elements)?,
            };
            merge::put(&mut document, &child.from.0, value);
        }
        let mut fields = match document {
            Some(Owned::Map(fields)) => fields,
            _ => Vec::new(),
        };
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Rebuilt {
            path: path.into(),
            created,
            updated,
            fields,
        })
    }

    fn array(&self, rows: &Rows<'_>, path: &str, elements: &[Row<'_>]) -> Result<Owned, Unreadable> {
        let mut values = vec![None; elements.len()];
        for row in elements {
            let ordinal = i32::from_be_bytes(rows.fixed(row, 1, "_ordinal")?);
            let place = usize::try_from(ordinal)
                .ok()
                .and_then(|ordinal| values.get_mut(ordinal))
                .filter(|place| place.is_none())
                .ok_or_else(|| {
                    rows.unreadable("_ordinal", "elements that are not counted from 0 without a gap")
                })?;
            *place = Some(self.element(rows, path, row)?);
        }
        // As many as there are places, none twice: every place is filled.
        Ok(Owned::Array(values.into_iter().flatten().collect()))
    }

    fn map(&self, rows: &Rows<'_>, path: &str, elements: &[Row<'_>]) -> Result<Owned, Unreadable> {
        let mut entries = Vec::with_capacity(elements.len());
        for row in elements {
            let key = rows.text(row, 1, "_key")?;
            entries.push((key.to_owned(), self.element(rows, path, row)?));
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        if entries.array_windows().any(|[a, b]| a.0 == b.0) {
            return Err(rows.unreadable("_key", "two entries with one key"));
        }
        Ok(Owned::Map(entries))
    }

    fn element(&self, rows: &Rows<'_>, path: &str, row: &[Option<&[u8]>]) -> Result<Owned, Unreadable> {
        if rows.text(row, 0, "_path")? != path {
            return Err(rows.unreadable("_path", "a row of another document"));
        }
        let extra = rows.extra(row, self.root, true)?;
        if let Some(value) = extra.value {
            return Ok(value);
        }
        let is_map = row.last().is_some_and(Option::is_some) && !extra.bare;
        let mut element = is_map.then_some(Owned::Map(extra.fields));
        self.columns(rows, row, &extra.missing, &mut element)?;
        Ok(element.unwrap_or(Owned::Null))
    }
}

impl Unpacker<'_> {
    /// Adds to what `_extra` says what the columns tell.
    fn columns(
        &self,
        rows: &Rows<'_>,
        row: &[Option<&[u8]>],
        missing: &[String],
        into: &mut Option<Owned>,
    ) -> Result<(), Unreadable> {
        for teller in &rows.tellers {
            let Some(cell) = row.get(teller.cell).copied().flatten() else {
                continue;
            };
            let absent = !missing.is_empty() && missing.contains(&teller.field());
            if absent || merge::is_taken(into.as_ref(), teller.path) {
                continue;
            }
            let column = teller.column;
            let unreadable = |what| rows.unreadable(&column.name, what);
            let read = |cell| cell::read(column.sql, column.holds, cell, self.root).map_err(unreadable);
            let value = match teller.way {
                Way::Latitude(east) => match row.get(east).copied().flatten() {
                    Some(other) => tell::point(read(cell)?, read(other)?),
                    None => None,
                },
                _ if column.remap => {
                    let indices =
                        |numbers: &[u32]| self.dictionary?.indices(rows.name, &column.name, numbers);
                    let stored = read(cell)?.renumbered(indices).map_err(unreadable)?;
                    teller.value(stored, self.root).map_err(unreadable)?
                }
                _ => teller.value(read(cell)?, self.root).map_err(unreadable)?,
            };
            if let Some(value) = value {
                merge::put(into, teller.path, value);
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    fn unreadable(&self, column: &str, what: Trouble) -> Unreadable {
        Unreadable::new(self.name, column, what)
    }

    /// A cell that is never NULL.
    fn given<'r>(&self, row: &[Option<&'r [u8]>], at: usize, column: &str) -> Result<&'r [u8], Unreadable> {
        if row.len() != self.cells {
            return Err(self.unreadable(
                column,
                "a row of another number of cells than the table has columns",
            ));
        }
        let cell = row.get(at).copied().flatten();
        cell.ok_or_else(|| self.unreadable(column, "NULL"))
    }

    fn text<'r>(&self, row: &[Option<&'r [u8]>], at: usize, column: &str) -> Result<&'r str, Unreadable> {
        cell::text(self.given(row, at, column)?).map_err(|what| self.unreadable(column, what))
    }

    fn fixed<const SIZE: usize>(
        &self,
        row: &[Option<&[u8]>],
        at: usize,
        column: &str,
    ) -> Result<[u8; SIZE], Unreadable> {
        let cell = self.given(row, at, column)?;
        cell.try_into()
            .map_err(|_| self.unreadable(column, "another number of bytes than its type has"))
    }

    fn extra(&self, row: &[Option<&[u8]>], root: &str, element: bool) -> Result<Extra, Unreadable> {
        match row.last() {
            Some(Some(cell)) => {
                Extra::read(cell, root, element).map_err(|what| self.unreadable("_extra", what))
            }
            _ => Ok(Extra::default()),
        }
    }
}
