//! Documents of one table packed into binary COPY tuples, ready to be sent.
//! A packed tuple holds every value of its document, in its column or in `_extra`; a rejected document leaves the
//! buffer as it was. Header, trailer, batching and sending are the pipeline's.

mod cell;

use std::collections::HashMap;

use crate::json::Writer;
use crate::{Column, Document, Notes, Reason, Reject, Table, Timestamp, Value, below, visible};
use cell::Fit;

/// What stands before the first tuple: signature, no flags, no header extension.
pub const COPY_HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last tuple; PostgreSQL does not miss it, so the pipeline compares counts.
pub const COPY_TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// `_path`, `_created_at`, `_updated_at` and `_extra`.
const FIXED_COLUMNS: usize = 4;
/// One byte less than PostgreSQL's limit for a field, applied to the whole tuple.
const LARGEST: usize = 0x3fff_ffff - 1;

/// Packs documents of one table.
#[derive(Debug, Clone)]
pub struct Packer<'t> {
    columns: &'t [Column],
    places: HashMap<&'t str, usize>,
    options: Options<'t>,
}

/// What decides, beside kind and value, how a cell is written.
#[derive(Debug, Clone, Copy)]
struct Options<'t> {
    root: &'t str,
    exact_vectors: bool,
}

/// Fields on their way to `_extra`.
type Extra<'d> = Vec<(&'d str, &'d Value<'d>)>;

impl<'t> Packer<'t> {
    /// `root` is `projects/p/databases/d/documents`; `exact_vectors` keeps in `_extra` the doubles of every vector
    /// that pgvector's `f32` would change.
    pub fn new(table: &'t Table, root: &'t str, exact_vectors: bool) -> Self {
        let columns = table.columns.as_slice();
        let places = columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.field.as_str(), place))
            .collect();
        Packer {
            columns,
            places,
            options: Options { root, exact_vectors },
        }
    }

    /// Appends one tuple to `out`, or leaves `out` untouched and says why not.
    pub fn pack(&self, document: &Document<'_>, out: &mut Vec<u8>) -> Result<Notes, Reject> {
        let start = out.len();
        let packed = self
            .tuple(document, out)
            .and_then(|notes| match out.len() - start {
                ..=LARGEST => Ok(notes),
                size => Err(reject(Reason::TooLarge, None, format!("{size} bytes in one row"))),
            });
        if packed.is_err() {
            out.truncate(start);
        }
        packed
    }

    fn tuple(&self, document: &Document<'_>, out: &mut Vec<u8>) -> Result<Notes, Reject> {
        // PostgreSQL's own limit of 1600 columns keeps this far from the end of an i16.
        out.extend_from_slice(&((self.columns.len() + FIXED_COLUMNS) as i16).to_be_bytes());
        self.path(document.name, out)?;
        moment("_created_at", document.created, out)?;
        moment("_updated_at", document.updated, out)?;

        let mut notes = Notes::default();
        let (values, mut extra) = self.place(document);
        for (column, value) in self.columns.iter().zip(values) {
            let Some(value) = value else {
                cell::null(out);
                continue;
            };
            let named = |(reason, detail)| reject(reason, Some(&column.field), detail);
            let fit = cell::write(column.kind, value, self.options, out).map_err(named)?;
            notes.rounded |= fit == Fit::Rounded;
            if fit == Fit::Beside || fit == Fit::Aside || fit == Fit::Rounded && self.options.exact_vectors {
                extra.push((&column.field, value));
            }
        }
        notes.overflowed = !extra.is_empty();
        self.extra(extra, out)?;
        Ok(notes)
    }

    fn path(&self, name: &str, out: &mut Vec<u8>) -> Result<(), Reject> {
        let Some(path) = below(name, self.options.root) else {
            let detail = format!(
                "the name {:?} does not lie below {:?}",
                visible(name),
                self.options.root
            );
            return Err(reject(Reason::Malformed, Some("_path"), detail));
        };
        cell::text(path, out).map_err(|(reason, detail)| reject(reason, Some("_path"), detail))
    }

    /// The values in column order, and the fields without a column.
    fn place<'d>(&self, document: &'d Document<'d>) -> (Vec<Option<&'d Value<'d>>>, Extra<'d>) {
        let (mut values, mut extra) = (vec![None; self.columns.len()], Extra::new());
        // Documents mostly come with their fields in the columns' order: look there before hashing.
        let mut next = 0;
        for (name, value) in &document.fields {
            let expected = self.columns.get(next).is_some_and(|column| column.field == *name);
            let place = if expected {
                Some(next)
            } else {
                self.places.get(name).copied()
            };
            match place {
                Some(place) => {
                    values[place] = Some(value);
                    next = place + 1;
                }
                None => extra.push((name, value)),
            }
        }
        (values, extra)
    }

    fn extra(&self, extra: Extra<'_>, out: &mut Vec<u8>) -> Result<(), Reject> {
        if extra.is_empty() {
            cell::null(out);
            return Ok(());
        }
        let written = cell::json(self.options.root, out, |writer| {
            writer.fields(extra.iter().copied())
        });
        written.map_err(|(reason, detail)| {
            let culprit = extra.iter().find(|field| {
                let mut scratch = Vec::new();
                let mut writer = Writer::new(&mut scratch, self.options.root);
                writer.fields([**field]);
                writer.nul
            });
            reject(reason, culprit.map(|(name, _)| *name), detail)
        })
    }
}

fn moment(column: &'static str, timestamp: Timestamp, out: &mut Vec<u8>) -> Result<(), Reject> {
    let Some(micros) = timestamp.micros() else {
        let detail = "not a whole microsecond between the years 1 and 9999".into();
        return Err(reject(Reason::TimestampPrecision, Some(column), detail));
    };
    cell::timestamp(micros, out);
    Ok(())
}

fn reject(reason: Reason, column: Option<&str>, detail: String) -> Reject {
    Reject {
        reason,
        column: column.map(|name| visible(name).into_owned()),
        detail,
    }
}
