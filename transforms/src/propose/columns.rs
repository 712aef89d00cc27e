//! Columns for the fields of documents, or of the elements of a table of their own.
//! Records are flattened, so that `address.city` becomes `address_city`; what is rare or always null stays in
//! `_extra`, with the reason; arrays and maps that deserve a table are handed back.

use super::evidence::{self, percent};
use super::kinds::{self, Shape};
use super::sites::{LONGEST_KEY, Sites};
use crate::census::{Field, Kind, Maps};
use crate::mapping::{
    Collection, Column, ColumnRef, Document, FieldPath, Function, Holds, Index, Method, Scalar, Source, Type,
};
use crate::{naming, visible};

/// A field gets a column when at least one in so many documents of the sample has it.
const RARE: u64 = 50;
/// Maps within maps that are flattened.
const DEPTH: usize = 4;

/// A column before it has its final name.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) wanted: String,
    /// The name of the field was a good one already.
    pub(super) exact: bool,
    pub(super) column: Column,
    pub(super) lines: Vec<String>,
    pub(super) index: Option<Index>,
    /// In how many documents (or elements) there was something.
    pub(super) present: u64,
}

impl Draft {
    pub(super) fn new(wanted: String, column: Column, lines: Vec<String>) -> Draft {
        Draft {
            exact: wanted == column.name,
            wanted,
            column,
            lines,
            index: None,
            present: u64::MAX,
        }
    }
}

/// An array or a map that deserves a table.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) from: FieldPath,
    pub(super) of: Collection,
    /// All elements together.
    pub(super) elements: Field,
    /// What the sample says about the array or map itself.
    pub(super) lines: Vec<String>,
}

/// Walks over fields and decides about each.
#[derive(Debug)]
pub(super) struct Walk<'w> {
    pub(super) sites: &'w Sites<'w>,
    /// How many documents (or elements) could have had each field.
    pub(super) of: u64,
    /// What those are called.
    pub(super) called: &'static str,
    /// Whether arrays and maps may get tables.
    pub(super) parts_allowed: bool,
    /// What the columns are called that say where the document lies.
    pub(super) place: Vec<String>,
    /// What is to be said about the map around, with its first column.
    around: Option<String>,
    pub(super) drafts: Vec<Draft>,
    pub(super) parts: Vec<Part>,
    pub(super) left_out: Vec<(String, String)>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(sites: &'w Sites<'w>, of: u64, called: &'static str, parts_allowed: bool) -> Walk<'w> {
        Walk {
            sites,
            of,
            called,
            parts_allowed,
            place: Vec::new(),
            around: None,
            drafts: Vec::new(),
            parts: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Decides about every field of a map that lies at `above`.
    pub(super) fn fields(&mut self, maps: &Maps, above: &[String]) {
        let mut fields = maps.fields.sorted();
        // Fields that are always there in the order of the wire, the others by how often they are.
        fields.sort_by_key(|(_, field)| {
            if field.seen() * 100 >= maps.entries.count * 99 {
                (0, field.place())
            } else {
                (1, u64::MAX - field.present())
            }
        });
        for (name, field) in fields {
            let mut path = above.to_vec();
            path.push(name.into());
            self.field(field, FieldPath(path));
        }
    }

    fn field(&mut self, field: &Field, path: FieldPath) {
        let of = self.of;
        let name = path.0.last().map_or("", String::as_str);
        let reserved = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
        let why = if name.is_empty() || name.contains('\0') || reserved {
            Some(String::from("no column can be made of a field of such a name"))
        } else if field.present() == 0 {
            Some(format!(
                "null wherever the sample has it ({})",
                percent(field.seen(), of)
            ))
        } else if field.present() * RARE < of {
            Some(format!(
                "{} of the {} have it",
                percent(field.present(), of),
                self.called
            ))
        } else {
            None
        };
        match why {
            Some(why) => self.left_out.push((visible(&path.to_string()).into_owned(), why)),
            None => self.shaped(field, path),
        }
    }

    fn shaped(&mut self, field: &Field, path: FieldPath) {
        match kinds::shape(field) {
            Shape::Column(sql, holds) => self.column(field, path, sql, holds),
            Shape::Reference => {
                let mut draft = self.reference(field, Source::Field(path.clone()), &wanted(&path));
                draft.lines.extend(self.around.take());
                self.drafts.push(draft);
            }
            Shape::Record(maps) if path.0.len() < DEPTH => {
                let partly = field.count(Kind::Map) < self.of;
                self.around = partly.then(|| format!("{path}: {}", evidence::types(field, self.of)));
                self.fields(maps, &path.0);
                self.around = None;
            }
            Shape::Entries(maps) if self.parts_allowed => {
                let mut entries = Field::default();
                maps.fields.values().for_each(|field| entries.merge(field));
                self.part(field, path, Collection::Map, entries);
            }
            Shape::Elements(elements) if self.parts_allowed => {
                self.part(field, path, Collection::Array, elements.clone());
            }
            Shape::Record(_) | Shape::Entries(_) | Shape::Elements(_) | Shape::Mixed => {
                self.json(field, path)
            }
        }
    }

    /// A table pays where its elements are records of at least two fields, references, or (in maps) of one type;
    /// of arrays somebody must have had more than one.
    fn part(&mut self, field: &Field, from: FieldPath, of: Collection, elements: Field) {
        let several = field.arrays.as_ref().is_none_or(|arrays| arrays.length.most > 1);
        let pays = match kinds::shape(&elements) {
            Shape::Record(maps) => maps.fields.count() >= 2 && (several || of == Collection::Map),
            Shape::Reference => true,
            Shape::Column(..) => of == Collection::Map,
            _ => false,
        };
        if !pays {
            return self.json(field, from);
        }
        let lines = evidence::lines(field, self.of, None);
        self.parts.push(Part {
            from,
            of,
            elements,
            lines,
        });
    }

    fn json(&mut self, field: &Field, path: FieldPath) {
        self.column(field, path, Type::Json, Holds::Any);
    }

    fn column(&mut self, field: &Field, path: FieldPath, sql: Type, holds: Holds) {
        let wanted = wanted(&path);
        let mut lines = evidence::lines(field, self.of, Some((sql, holds)));
        lines.extend(self.around.take());
        lines.extend(self.ids(field, path.0.last().map_or("", String::as_str)));
        let exact = path.0.len() == 1 && path.0[0] == wanted;
        self.drafts.push(Draft {
            index: kinds::vector_index(&wanted, sql),
            exact,
            column: Column::field(wanted.clone(), path, sql, holds),
            wanted,
            lines,
            present: field.present(),
        });
    }

    /// A column of references, which refers to a table if all of them point to the documents of one.
    pub(super) fn reference(&self, field: &Field, from: Source, wanted: &str) -> Draft {
        let mut lines = evidence::lines(field, self.of, None);
        let target = self.target(field, &mut lines);
        let by_id = target.as_ref().is_some_and(|to| to.column == "id");
        let stem = wanted.strip_suffix("_ref").unwrap_or(wanted);
        let longer = naming::identifier(&format!("{stem}_id"), "field");
        let wanted = if by_id && !stem.ends_with("_id") && !self.place.contains(&longer) {
            longer
        } else {
            wanted.into()
        };
        let references = field.references.as_ref();
        let own_parent = references.is_some_and(|known| known.own_parent == field.count(Kind::Reference));
        if own_parent {
            lines.push("always the document that it lies below".into());
        }
        let method = if field.size.most > LONGEST_KEY {
            Method::Hash
        } else {
            Method::Btree
        };
        let text = Type::Scalar(Scalar::Text);
        let mut column = Column::field(wanted.clone(), FieldPath(Vec::new()), text, Holds::Reference);
        column.from = from;
        column.references = target;
        if by_id {
            column.apply = vec![Function::Id];
        }
        Draft {
            index: (!own_parent).then(|| kinds::index(&wanted, method)),
            exact: false,
            column,
            wanted,
            lines,
            present: field.present(),
        }
    }

    fn target(&self, field: &Field, lines: &mut Vec<String>) -> Option<ColumnRef> {
        let references = field.references.as_ref()?;
        if references.elsewhere > 0 {
            let share = percent(references.elsewhere, field.count(Kind::Reference));
            lines.push(format!("{share} point to another database; those stay in _extra"));
        }
        let known = references.targets.sorted();
        let mut tables: Vec<Option<ColumnRef>> = known
            .iter()
            .map(|(pattern, _)| self.sites.target(pattern).map(|(_, to)| to))
            .collect();
        tables.dedup();
        match tables.as_slice() {
            [Some(to)] if references.targets.cut() == 0 => Some(to.clone()),
            [] => None,
            _ => {
                let all: Vec<&str> = known.iter().take(4).map(|(pattern, _)| *pattern).collect();
                let more = if known.len() > all.len() { " and more" } else { "" };
                lines.push(format!("points to {}{more}", all.join(", ")));
                None
            }
        }
    }

    /// A hint where texts look like the ids of a collection that the field's name speaks of.
    fn ids(&self, field: &Field, name: &str) -> Option<String> {
        let texts = field.texts.as_ref()?;
        let site = self.sites.named_by(name)?;
        let (look, most) = site.census.ids().look();
        let alike = texts.looking(look) * 100 >= field.count(Kind::Text) * 95 && texts.looking(look) > 0;
        let agreed = most * 100 >= site.census.documents() * 95;
        (alike && agreed).then(|| {
            format!(
                "looks like ids of {table}: references = \"{table}(id)\" would say so",
                table = site.table
            )
        })
    }
}

/// The name that the field at a path would like its column to have.
fn wanted(path: &FieldPath) -> String {
    naming::identifier(&path.0.join("_"), "field")
}

/// A column of something about the document itself.
pub(super) fn of_document(wanted: String, what: Document) -> Draft {
    let text = Type::Scalar(Scalar::Text);
    let mut column = Column::field(wanted.clone(), FieldPath(Vec::new()), text, Holds::Text);
    column.from = Source::Document(what);
    Draft::new(wanted, column, Vec::new())
}
