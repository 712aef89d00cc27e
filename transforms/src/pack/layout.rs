//! A mapping's table made ready: where in a document each column's value lies, as one tree of names.
//! Every place that anybody asks for gets a slot, so that a document's fields are walked once whatever asks for them.
//! What becomes of the values is the row's.

use std::collections::HashMap;

use super::literal;
use crate::ascii::same;
use crate::mapping::{
    Child, Collection, Column, Document, FieldPath, Fill, Function, Null, Pattern, Piece, Scalar, Segment,
    Source, Table, Type,
};
use crate::visible;

/// The collections at the root, by the names of the tables made of them.
pub(super) type Homes<'t> = HashMap<&'t str, &'t str>;

/// The collection that a table is made of, if that lies at the root.
pub(super) fn home(pattern: &Pattern) -> Option<&str> {
    match pattern.segments.as_slice() {
        [Segment::Named(collection)] if !pattern.anywhere => Some(collection),
        _ => None,
    }
}

/// The rows of one relation.
#[derive(Debug, Clone)]
pub(super) struct Layout<'t> {
    /// Its place among all relations.
    pub(super) relation: usize,
    /// What of the rows is loaded, in order.
    pub(super) cells: Vec<Cell<'t>>,
    pub(super) fields: Level<'t>,
    /// The element itself, where a column asks for it.
    pub(super) itself: Option<usize>,
    /// How many slots there are.
    pub(super) slots: usize,
    /// In the tables of elements: where these lie.
    pub(super) child: Option<&'t Child>,
    /// Templates of the embedding columns, in order.
    pub(super) embeddings: Vec<Vec<Part<'t>>>,
}

/// The names inside one map.
#[derive(Debug, Clone, Default)]
pub(super) struct Level<'t> {
    pub(super) branches: Vec<Branch<'t>>,
    places: HashMap<&'t [u8], usize>,
}

/// One name inside a map.
#[derive(Debug, Clone)]
pub(super) struct Branch<'t> {
    pub(super) name: &'t str,
    pub(super) slot: usize,
    /// What lies below it, where something there is asked for.
    pub(super) inner: Option<Level<'t>>,
    /// Which of the table's children it holds the elements of.
    pub(super) child: Option<(usize, Collection)>,
    /// It is left behind.
    pub(super) dropped: bool,
    /// An explicit null is as good as no field.
    pub(super) forgets: bool,
}

/// One loaded column.
#[derive(Debug, Clone)]
pub(super) struct Cell<'t> {
    pub(super) column: &'t Column,
    pub(super) from: From<'t>,
    /// The field, or else the column, as a reject names it.
    pub(super) label: String,
    /// The field as `_extra` and amendments name it.
    pub(super) field: String,
    /// The cell of the default; an error if the column cannot hold it.
    pub(super) default: Option<Result<Vec<u8>, ()>>,
    /// The field's value can be had back from the column, as long as nothing is lost on the way in.
    pub(super) tells: bool,
    /// The collection at the root in which the documents lie that it refers to.
    pub(super) home: Option<&'t str>,
}

/// Where a cell comes from.
#[derive(Debug, Clone)]
pub(super) enum From<'t> {
    Slot(usize),
    Document(Document),
    /// A constant; an error if the column cannot hold it.
    Constant(Result<Vec<u8>, ()>),
    Template(Vec<Part<'t>>),
    /// Which of the embeddings.
    Embedding(usize),
}

/// One piece of a template.
#[derive(Debug, Clone)]
pub(super) enum Part<'t> {
    Text(&'t str),
    Slot(usize),
    Document(Document),
}

impl<'t> Layout<'t> {
    /// The rows of a table's documents.
    pub(super) fn of_documents(table: &'t Table, relation: usize, root: &str, homes: &Homes<'t>) -> Self {
        let mut layout = Layout::new(relation, None);
        layout.columns(&table.columns, root, homes);
        for path in &table.drop {
            if let Some(branch) = layout.branch(&path.0) {
                branch.dropped = true;
            }
            // What is dropped stays away, also where something was made from it.
            for cell in &mut layout.cells {
                cell.tells &=
                    !matches!(&cell.column.from, Source::Field(from) if from.0.starts_with(&path.0));
            }
        }
        for (at, child) in table.children.iter().enumerate() {
            if let Some(branch) = layout.branch(&child.from.0) {
                branch.child = Some((at, child.of));
            }
        }
        layout
    }

    /// The rows of the elements of one of a table's fields.
    pub(super) fn of_elements(child: &'t Child, relation: usize, root: &str, homes: &Homes<'t>) -> Self {
        let mut layout = Layout::new(relation, Some(child));
        layout.columns(&child.columns, root, homes);
        layout
    }

    fn new(relation: usize, child: Option<&'t Child>) -> Self {
        Layout {
            relation,
            cells: Vec::new(),
            fields: Level::default(),
            itself: None,
            slots: 0,
            child,
            embeddings: Vec::new(),
        }
    }

    fn columns(&mut self, columns: &'t [Column], root: &str, homes: &Homes<'t>) {
        for column in columns {
            let (from, path) = match &column.from {
                Source::Generated(_) => continue,
                Source::Field(path) => match self.branch(&path.0) {
                    Some(branch) => (From::Slot(branch.slot), Some(path)),
                    None => continue,
                },
                Source::Document(Document::Value) => (From::Slot(self.element()), None),
                Source::Document(document) => (From::Document(*document), None),
                Source::Constant(literal) => {
                    let cell = literal::cell(column.sql, literal, root).ok_or(());
                    (From::Constant(cell), None)
                }
                Source::Template(template) => (From::Template(self.parts(&template.0)), None),
                Source::Embedding(template) => {
                    let parts = self.parts(&template.0);
                    self.embeddings.push(parts);
                    (From::Embedding(self.embeddings.len() - 1), None)
                }
            };
            let target = column.references.as_ref().map(|target| target.table.as_str());
            let default = column.default.as_ref();
            self.cells.push(Cell {
                column,
                from,
                label: self.label(path, column),
                field: path.map_or_else(|| "$value".into(), FieldPath::to_string),
                default: default.map(|literal| literal::cell(column.sql, literal, root).ok_or(())),
                tells: tells(column, columns),
                home: target.and_then(|table| homes.get(table).copied()),
            });
        }
        self.forget(columns);
    }

    /// A field as a reject names it: of an element below the field that holds them all.
    fn label(&self, path: Option<&FieldPath>, column: &Column) -> String {
        let own = match path {
            Some(FieldPath(names)) if names.len() == 1 => names[0].clone(),
            Some(path) => path.to_string(),
            None => column.name.clone(),
        };
        match self.child {
            Some(child) => visible(&format!("{}[].{own}", child.from)).into_owned(),
            None => visible(&own).into_owned(),
        }
    }

    /// Nulls are forgotten where a column says so and no other of the same field says otherwise.
    fn forget(&mut self, columns: &'t [Column]) {
        let of = |null: Null| {
            columns
                .iter()
                .filter(move |column| column.null == null)
                .filter_map(|column| match &column.from {
                    Source::Field(path) => Some(path),
                    _ => None,
                })
        };
        for path in of(Null::Forget).filter(|path| !of(Null::Keep).any(|kept| kept == *path)) {
            if let Some(branch) = self.branch(&path.0) {
                branch.forgets = true;
            }
        }
    }

    fn parts(&mut self, pieces: &'t [Piece]) -> Vec<Part<'t>> {
        let part = |piece: &'t Piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Document(Document::Value) => Part::Slot(self.element()),
            Piece::Document(document) => Part::Document(*document),
            Piece::Field(path) => match self.branch(&path.0) {
                Some(branch) => Part::Slot(branch.slot),
                None => Part::Text(""),
            },
        };
        pieces.iter().map(part).collect()
    }

    fn element(&mut self) -> usize {
        let slots = &mut self.slots;
        *self.itself.get_or_insert_with(|| {
            *slots += 1;
            *slots - 1
        })
    }

    /// The branch at a path, which is none only for a path without names.
    fn branch(&mut self, path: &'t [String]) -> Option<&mut Branch<'t>> {
        self.fields.branch(path, &mut self.slots)
    }
}

impl<'t> Level<'t> {
    /// The branch of this name. Documents mostly come with their fields in the columns' order: it is looked for at
    /// `next` before hashing.
    #[inline(always)]
    pub(super) fn find(&self, name: &[u8], next: &mut usize) -> Option<&Branch<'t>> {
        match self.branches.get(*next) {
            Some(branch) if same(branch.name.as_bytes(), name) => {
                *next += 1;
                Some(branch)
            }
            _ => self.look_up(name, next),
        }
    }

    #[inline(never)]
    fn look_up(&self, name: &[u8], next: &mut usize) -> Option<&Branch<'t>> {
        let place = *self.places.get(name)?;
        *next = place + 1;
        self.branches.get(place)
    }

    fn branch(&mut self, path: &'t [String], slots: &mut usize) -> Option<&mut Branch<'t>> {
        let (name, rest) = path.split_first()?;
        let next = self.branches.len();
        let place = *self.places.entry(name.as_bytes()).or_insert(next);
        if place == next {
            self.branches.push(Branch {
                name,
                slot: *slots,
                inner: None,
                child: None,
                dropped: false,
                forgets: false,
            });
            *slots += 1;
        }
        let branch = self.branches.get_mut(place)?;
        if rest.is_empty() {
            return Some(branch);
        }
        branch.inner.get_or_insert_default().branch(rest, slots)
    }
}

impl Cell<'_> {
    /// Whether the default is given for an explicit null.
    pub(super) fn fills_nulls(&self) -> bool {
        self.column.fill == Fill::MissingOrNull && self.default.is_some()
    }
}

/// Whether a field can be had back from a column, as the unpacker does it.
fn tells(column: &Column, columns: &[Column]) -> bool {
    let mut changing = column
        .apply
        .iter()
        .filter(|function| !matches!(function, Function::Lower | Function::Upper | Function::Trim));
    let tells = match changing.next() {
        None | Some(Function::EpochSeconds | Function::EpochMillis | Function::EpochMicros) => true,
        // Without its table among those known nobody undoes it; asking for less here only keeps more.
        Some(Function::Id) => true,
        Some(Function::Latitude) => {
            half(column, Function::Latitude) && other(column, columns, Function::Longitude)
        }
        // The other half tells the point.
        Some(_) => return false,
    };
    tells && changing.next().is_none()
}

fn half(column: &Column, function: Function) -> bool {
    column.apply == [function] && column.sql == Type::Scalar(Scalar::Double)
}

fn other(column: &Column, columns: &[Column], function: Function) -> bool {
    columns
        .iter()
        .any(|other| other.from == column.from && half(other, function))
}
