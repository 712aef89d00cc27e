//! The mapping as it stands in settings files.
//! Tables come in the order they are written, whatever way; a table written in a later file takes the place of the one
//! before, whole. Every part that cannot be read is a problem with its line and hides no other; what is left is
//! judged as a whole by `check`, which then knows what it cannot rely on.

mod column;
mod index;
mod literal;
mod reader;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{self, Spot};
use super::{Mapping, Nul, Records, Table, Unmapped};
use crate::answers::Answers;
use crate::file::{Page, article};
use crate::origin::{Origin, Problem, shown};
use reader::Reader;

/// What was written about the shape of the target, over all files.
#[derive(Default)]
pub(crate) struct Shape {
    sheets: Vec<Sheet>,
    unmapped: Option<(Unmapped, Origin)>,
    nul: Option<Nul>,
    problems: Vec<Problem>,
    /// After a syntax error something may be missing, and its absence is not to be judged.
    in_doubt: bool,
}

/// One table as it was read.
pub(super) struct Sheet {
    path: PathBuf,
    table: Table,
    /// What it says itself its rows are made of.
    of: Option<Records>,
    /// What it says itself about U+0000.
    nul: Option<Nul>,
    notes: Notes,
}

/// What is remembered of a table beside its meaning.
#[derive(Default)]
pub(super) struct Notes {
    /// Where things stand.
    lines: BTreeMap<Spot, usize>,
    /// What could not be read: something else stands in its place.
    refused: BTreeSet<Spot>,
    /// How many problems there were.
    refusals: usize,
}

impl Shape {
    /// The mapping, its problems noted. `embeds` says whether texts can be embedded, or nobody will want it; `of` is
    /// what the source has, for tables that do not say themselves.
    pub(crate) fn relied_on(self, answers: &mut Answers, embeds: bool, of: Records) -> Mapping {
        for problem in self.problems {
            answers.refuse(problem.origin, problem.what);
        }
        let nul = self.nul.unwrap_or_default();
        let (policy, unmapped) = self.unmapped.unwrap_or((Unmapped::default(), Origin::Default));
        let mut mapping = Mapping {
            tables: Vec::new(),
            unmapped: policy,
            nul,
        };
        let mut notes = Vec::new();
        for sheet in self.sheets {
            notes.push((sheet.path, sheet.notes));
            mapping.tables.push(Table {
                of: sheet.of.unwrap_or(of),
                nul: sheet.nul.unwrap_or(nul),
                ..sheet.table
            });
        }
        mapping.resolve_references();
        if self.in_doubt {
            return mapping;
        }
        let distrusted = |table: usize, spot: Spot| {
            notes
                .get(table)
                .is_some_and(|(_, notes)| notes.refused.contains(&spot))
        };
        let mut findings = check::findings(&mapping, &distrusted);
        if !embeds {
            findings.extend(check::without_endpoint(&mapping));
        }
        for finding in findings {
            let origin = match finding.table.and_then(|table| notes.get(table)) {
                Some((path, notes)) => Origin::File {
                    path: path.clone(),
                    line: notes.line(finding.spot),
                },
                None => unmapped.clone(),
            };
            answers.refuse(origin, finding.what);
        }
        mapping
    }

    fn take(&mut self, sheet: Sheet) {
        match self
            .sheets
            .iter_mut()
            .find(|known| known.table.name == sheet.table.name)
        {
            Some(known) => *known = sheet,
            None => self.sheets.push(sheet),
        }
    }
}

/// Reads `[mapping]`.
pub(crate) fn policies(page: &mut Page<'_>, table: &DeTable<'_>) {
    page.written.shape.in_doubt |= page.is_in_doubt();
    let mut notes = Notes::default();
    let mut reader = Reader::new(page, &mut notes, "[mapping]".to_owned());
    reader.only(table, &["unmapped", "nul"]);
    let (unmapped, nul) = (reader.read(table, "unmapped"), reader.read(table, "nul"));
    let line = notes.line(Spot {
        key: "unmapped",
        ..Spot::default()
    });
    let origin = page.origin(line);
    let shape = &mut page.written.shape;
    if let Some(unmapped) = unmapped {
        shape.unmapped = Some((unmapped, origin));
    }
    shape.nul = nul.or(shape.nul);
}

/// Reads `[tables]`.
pub(crate) fn tables(page: &mut Page<'_>, tables: &DeTable<'_>) {
    page.written.shape.in_doubt |= page.is_in_doubt();
    for (name, span, value) in in_order(tables) {
        if page.is_lost() {
            return;
        }
        let DeValue::Table(table) = value.get_ref() else {
            let (line, found) = (page.line(span), article(value.get_ref().type_str()));
            let what = format!(
                "table `{}` is {found}; begin it with [tables.{}]",
                shown(name),
                shown(name)
            );
            page.written.shape.refuse(page.path.to_owned(), line, what);
            continue;
        };
        let sheet = table::read(page, name, span, table);
        page.written.shape.take(sheet);
    }
}

impl Shape {
    /// How many problems are noted by now.
    pub(crate) fn mistakes(&self) -> usize {
        self.problems.len()
    }

    fn refuse(&mut self, path: PathBuf, line: usize, what: String) {
        let origin = Origin::File { path, line };
        self.problems.push(Problem { origin, what });
    }
}

impl Notes {
    /// The line a place stands on, or the nearest thing around it that has one.
    pub(super) fn line(&self, spot: Spot) -> usize {
        let around = [
            spot,
            Spot { item: None, ..spot },
            Spot {
                item: None,
                key: "",
                ..spot
            },
            Spot {
                column: None,
                item: None,
                key: "",
                ..spot
            },
        ];
        let found = around.iter().find_map(|spot| self.lines.get(spot));
        let whole = || self.lines.get(&Spot::default());
        found.or_else(whole).copied().unwrap_or_default()
    }
}

/// The entries of a table in the order written.
fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> impl Iterator<Item = (&'t str, Range<usize>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
        .into_iter()
        .map(|(name, value)| (name.get_ref().as_ref(), name.span(), value))
}
