//! Documents packed into binary COPY tuples under any mapping, ready to be sent.
//! The tuples of a document hold every value of it, in a column, in `_extra` or in the row of an element, but for
//! what the mapping drops, forgets or amends; a rejected document leaves the buffers as they were.
//! Header, trailer, batching and sending are the pipeline's.

mod apply;
mod array;
mod cast;
mod cell;
mod column;
mod dictionary;
mod direct;
mod encode;
mod floats;
mod geo;
mod layout;
mod literal;
mod numeric;
mod remap;
mod row;
mod strip;
mod subject;
mod text;
mod told;
mod tuples;
mod vector;

pub use dictionary::Dictionary;
pub use direct::Direct;

use crate::mapping::{Load, Nul, Records, Source, Table};
use crate::{Document, Notes, Reason, Reject, below, visible};
use layout::{Homes, Layout, home};
use remap::Remapping;
use row::{Elements, Row, Slot};
use subject::Subject;
pub use tuples::Tuples;

/// What stands before the first tuple: signature, no flags, no header extension.
pub const COPY_HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last tuple; PostgreSQL does not miss it, so the pipeline compares counts.
pub const COPY_TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// What packing gives, or why it is refused.
type Packed<T> = Result<T, Reject>;

/// Packs documents of one collection id.
#[derive(Debug, Clone)]
pub struct Packer<'t> {
    all: &'t [Table],
    tables: Vec<Prepared<'t>>,
    root: &'t str,
    exact_vectors: bool,
    dictionary: Option<&'t dyn Dictionary>,
}

/// One table, made ready.
#[derive(Debug, Clone)]
struct Prepared<'t> {
    table: &'t Table,
    documents: Layout<'t>,
    children: Vec<Layout<'t>>,
    /// Whether documents can be packed without being decoded.
    is_direct: bool,
}

/// What decides, beside type and value, how a cell is written.
#[derive(Debug, Clone, Copy)]
struct Rules<'r> {
    root: &'r str,
    nul: Nul,
    of: Records,
    load: Load,
}

impl<'t> Packer<'t> {
    /// `tables` are those of one collection id, the first that matches wins; `root` is
    /// `projects/p/databases/d/documents`, of points [`crate::qdrant::ROOT`]; `exact_vectors` keeps in `_extra` the doubles of every vector that
    /// pgvector's floats would change.
    pub fn new(tables: &'t [Table], root: &'t str, exact_vectors: bool) -> Self {
        Packer {
            all: tables,
            tables: prepared(tables, root, &Homes::new()),
            root,
            exact_vectors,
            dictionary: None,
        }
    }

    /// Gives columns that ask for it smaller numbers for the indices of sparse vectors; without a dictionary, such a
    /// vector is a misfit.
    #[must_use]
    pub fn with_dictionary(self, dictionary: &'t dyn Dictionary) -> Self {
        Packer {
            dictionary: Some(dictionary),
            ..self
        }
    }

    /// Lets columns that hold only the id of a reference hold it whole: these are all tables of the mapping, among
    /// which is the one that such a column refers to. As the unpacker is told.
    #[must_use]
    pub fn among(self, tables: impl IntoIterator<Item = &'t Table>) -> Self {
        let homes = tables
            .into_iter()
            .filter_map(|table| Some((table.name.as_str(), home(&table.from)?)))
            .collect();
        Packer {
            tables: prepared(self.all, self.root, &homes),
            ..self
        }
    }

    /// Whether any of the tables has a column that holds the embedding of a text.
    pub fn embeds(&self) -> bool {
        self.tables
            .iter()
            .any(|table| !table.documents.embeddings.is_empty())
    }

    /// The texts to embed, one for each embedding column of the document's table, in order; none where a field of
    /// the text is missing or the text is empty.
    pub fn texts(&self, document: &Document<'_>) -> Vec<Option<String>> {
        let Ok((prepared, path, wildcards)) = self.route(&document.name, document.kind()) else {
            return Vec::new();
        };
        let layout = &prepared.documents;
        if layout.embeddings.is_empty() {
            return Vec::new();
        }
        let mut notes = Notes::default();
        let subject = Subject::document(document, path, &wildcards);
        let mut row = self.row(prepared.table, layout, subject, &[], &mut notes);
        row.look(&mut Elements::new());
        let text = |parts: &Vec<_>| {
            let text = text::text(parts, &row.subject, &row.slots)?.replace('\0', "");
            Some(text).filter(|text| !text.trim().is_empty())
        };
        layout.embeddings.iter().map(text).collect()
    }

    /// The dimensions of those columns, in the same order.
    pub fn dimensions(&self, document: &Document<'_>) -> Vec<usize> {
        let Ok((prepared, ..)) = self.route(&document.name, document.kind()) else {
            return Vec::new();
        };
        let columns = prepared.table.columns.iter();
        let embedded = columns.filter(|column| matches!(column.from, Source::Embedding(_)));
        embedded
            .map(|column| column.sql.dimension().unwrap_or(0))
            .collect()
    }

    /// Appends the document's tuples to `out`, which has one place for each of [`crate::relations`], or leaves
    /// `out` untouched and says why not. `embeddings` answer [`Packer::texts`], in order.
    pub fn pack(
        &self,
        document: &Document<'_>,
        embeddings: &[Option<Vec<f32>>],
        out: &mut [Tuples],
    ) -> Result<Notes, Reject> {
        let (prepared, path, wildcards) = self.route(&document.name, document.kind())?;
        let relation = prepared.documents.relation;
        let Some(out) = out.get_mut(relation..=relation + prepared.children.len()) else {
            let detail = "this program has no buffer for the rows of its table: report it".into();
            return Err(reject(Reason::NoTable, None, detail));
        };
        let strips = prepared.table.nul == Nul::Strip;
        let stripped = strips.then(|| strip::strip(document, prepared.table, relation, self.root));
        let Some(stripped) = stripped.flatten() else {
            return self.rows(
                prepared,
                Subject::document(document, path, &wildcards),
                embeddings,
                out,
            );
        };
        let clean = Document {
            name: document.name.as_ref().into(),
            created: document.created,
            updated: document.updated,
            fields: stripped
                .fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.view()))
                .collect(),
        };
        let mut notes = self.rows(
            prepared,
            Subject::document(&clean, path, &wildcards),
            embeddings,
            out,
        )?;
        // Last, because they hold the whole of their fields.
        notes.amendments.extend(stripped.amendments);
        Ok(notes)
    }

    /// The document's table, its path, and what the pattern's `*` stand for.
    fn route<'d>(&self, name: &'d str, kind: Records) -> Packed<(&Prepared<'t>, &'d str, Vec<&'d str>)> {
        let Some(path) = below(name, self.root) else {
            let detail = format!("the name {:?} does not lie below {:?}", visible(name), self.root);
            return Err(reject(Reason::Malformed, Some("_path"), detail));
        };
        let matching = |table: &'_ Prepared<'t>| {
            let matches = table.table.from.matches(path);
            matches.filter(|_| table.table.of == kind)
        };
        let found = self
            .tables
            .iter()
            .find_map(|table| matching(table).map(|wildcards| (table, path, wildcards)));
        found.ok_or_else(|| {
            let detail = "no table of the mapping is made of documents with such a path".into();
            reject(Reason::NoTable, Some("_path"), detail)
        })
    }

    /// Appends the row of a document and those of its elements, or nothing.
    fn rows(
        &self,
        prepared: &Prepared<'t>,
        subject: Subject<'_>,
        embeddings: &[Option<Vec<f32>>],
        out: &mut [Tuples],
    ) -> Packed<Notes> {
        let mut notes = Notes::default();
        let table = prepared.table;
        let Some((documents, children)) = out.split_first_mut() else {
            return Ok(notes);
        };
        let row = self.row(table, &prepared.documents, subject, embeddings, &mut notes);
        let elements = documents.tuple(|out| row.document(out))?;
        if elements.is_empty() {
            return Ok(notes);
        }
        let before: Vec<usize> = children.iter().map(|tuples| tuples.starts.len()).collect();
        let write = || {
            for (child, value) in elements {
                let (layout, tuples) = (&prepared.children[child], &mut children[child]);
                for (subject, element) in subject.elements(value) {
                    let row = self.row(table, layout, subject, &[], &mut notes);
                    tuples.tuple(|out| row.element(element, out))?;
                }
            }
            Ok(())
        };
        if let Err(reject) = write() {
            let last = documents.starts.len() - 1;
            documents.truncate(last);
            for (tuples, rows) in children.iter_mut().zip(before) {
                tuples.truncate(rows);
            }
            return Err(reject);
        }
        Ok(notes)
    }

    fn row<'p, 'd, 'n>(
        &'p self,
        table: &'p Table,
        layout: &'p Layout<'p>,
        subject: Subject<'d>,
        embeddings: &'p [Option<Vec<f32>>],
        notes: &'n mut Notes,
    ) -> Row<'p, 'd, 'n> {
        Row {
            layout,
            subject,
            rules: Rules {
                root: self.root,
                nul: table.nul,
                of: table.of,
                load: table.load,
            },
            exact_vectors: self.exact_vectors,
            remapping: self.dictionary.map(|dictionary| Remapping {
                dictionary,
                table: layout.child.map_or(&table.name, |child| &child.name),
            }),
            embeddings,
            slots: vec![Slot::default(); layout.slots],
            missing: Vec::new(),
            notes,
        }
    }
}

fn prepared<'t>(tables: &'t [Table], root: &str, homes: &Homes<'t>) -> Vec<Prepared<'t>> {
    let mut relation = 0;
    let one = |table: &'t Table| {
        let documents = Layout::of_documents(table, relation, root, homes);
        let children = table
            .children
            .iter()
            .zip(relation + 1..)
            .map(|(child, relation)| Layout::of_elements(child, relation, root, homes))
            .collect();
        relation += 1 + table.children.len();
        Prepared {
            is_direct: direct::is_possible(table, &documents),
            table,
            documents,
            children,
        }
    };
    tables.iter().map(one).collect()
}

fn reject(reason: Reason, column: Option<&str>, detail: String) -> Reject {
    Reject {
        reason,
        column: column.map(|name| visible(name).into_owned()),
        detail,
    }
}
