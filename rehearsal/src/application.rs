//! A whole application's data in Firestore's REST form: a shop with its people, goods and paperwork, and
//! the oddities that years of use leave behind.
//! It promises that a seed and a size always give the same documents, and that each can be made again from
//! its name alone, so a test needs no copy of what it wrote.
//! Writing it is left to [`rest`](crate::rest), judging what became of it to the [`judge`](crate::judge).

mod commerce;
mod dice;
mod measurements;
mod operations;
mod people;
mod products;
mod quirks;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rest::Write;
use dice::Dice;
pub use products::{CATEGORIES, DIMENSIONS, embedding};
pub use values::Fields;

/// A deterministic application: `seed` chooses the data, the number of documents its size.
#[derive(Debug, Clone)]
pub struct Application {
    seed: u64,
    documents: usize,
    root: String,
    quirks: BTreeMap<String, Fields>,
}

/// A document as the application would write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Path below the database root.
    pub path: String,
    /// Field name to REST value.
    pub fields: Fields,
}

/// The documents of one kind: where they lie, how many they are beside the others, how they are made.
struct Family {
    /// Collection ids with `*` for every document between them, such as `users/*/orders`.
    pattern: &'static str,
    share: usize,
    ids: Ids,
    fields: fn(&mut Maker<'_>) -> Fields,
}

/// How the ids of a family look.
enum Ids {
    /// Letters and digits, as Firestore makes them.
    Auto,
    /// As Firebase Authentication makes them.
    User,
    /// A prefix and a running number.
    Numbered(&'static str),
    /// Numbers, as an import from Datastore leaves them.
    Imported,
}

/// What a family makes a document's fields from.
struct Maker<'a> {
    application: &'a Application,
    path: &'a str,
    dice: Dice,
}

impl Application {
    /// The smallest size there is: a thousand documents.
    pub fn small(seed: u64) -> Self {
        Self::sized(seed, 1_000)
    }

    /// An application of `documents` documents, at least a thousand.
    pub fn sized(seed: u64, documents: usize) -> Self {
        let root = String::new();
        let empty = Self {
            seed,
            documents: documents.max(1_000),
            root,
            quirks: BTreeMap::new(),
        };
        empty.in_database("rehearsal", "(default)")
    }

    /// The same application in another database; references between documents carry its name.
    pub fn in_database(mut self, project: &str, database: &str) -> Self {
        self.root = format!("projects/{project}/databases/{database}/documents");
        self.quirks = quirks::all(&self.root)
            .into_iter()
            .map(|draft| (draft.path, draft.fields))
            .collect();
        self
    }

    /// How many documents there are.
    pub fn count(&self) -> usize {
        self.documents
    }

    /// The paths of all documents, each once, in no particular order.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let natural = families()
            .flat_map(move |family| (0..self.count_of(family)).map(move |index| self.path_of(family, index)));
        self.quirks.keys().cloned().chain(natural)
    }

    /// All documents, each made when it is asked for.
    pub fn documents(&self) -> impl Iterator<Item = Draft> {
        self.paths().filter_map(|path| {
            Some(Draft {
                fields: self.fields(&path)?,
                path,
            })
        })
    }

    /// The fields of the document of this name, or nothing where the application has none like it.
    pub fn fields(&self, path: &str) -> Option<Fields> {
        if let Some(fields) = self.quirks.get(path) {
            return Some(fields.clone());
        }
        let family = family(&pattern(path))?;
        let dice = Dice::of(self.seed, path);
        Some((family.fields)(&mut Maker {
            application: self,
            path,
            dice,
        }))
    }

    /// The collection ids that have documents, wherever they lie.
    pub fn collection_ids(&self) -> BTreeSet<String> {
        let natural = families().map(|family| family.pattern.rsplit('/').next().unwrap_or_default());
        let odd = self.quirks.keys().filter_map(|path| path.rsplit('/').nth(1));
        natural.chain(odd).map(str::to_owned).collect()
    }

    /// Why this document cannot be a row, where that follows from the document alone: Postgres has no text
    /// with U+0000, and the embeddings of `products` have one dimension and single precision.
    pub fn expected_quarantine(&self, path: &str) -> Option<&'static str> {
        let fields = self.fields(path)?;
        let product = pattern(path) == "products";
        match products::fault(fields.get("embedding")) {
            _ if path.contains('\0') || fields.iter().any(|(name, value)| nul(name, value)) => Some("U+0000"),
            Some(fault) if product => Some(fault),
            _ => None,
        }
    }

    /// Every document that must end in quarantine, with the reason.
    pub fn quarantined(&self) -> BTreeMap<String, &'static str> {
        let bound = |path: String| self.expected_quarantine(&path).map(|why| (path, why));
        self.paths().filter_map(bound).collect()
    }

    fn count_of(&self, family: &Family) -> usize {
        let natural = self.documents - self.quirks.len();
        let all: usize = families().map(|family| family.share).sum();
        let share = |family: &Family| (family.share * natural / all).max(1);
        match family.pattern {
            REST => {
                natural
                    - families()
                        .filter(|other| other.pattern != REST)
                        .map(share)
                        .sum::<usize>()
            }
            _ => share(family),
        }
    }

    fn path_of(&self, family: &Family, index: usize) -> String {
        let mut dice = Dice::of(self.seed, &format!("{}#{index}", family.pattern));
        let id = match family.ids {
            Ids::Auto => dice.id(20),
            Ids::User => dice.id(28),
            Ids::Numbered(prefix) => format!("{prefix}{index:06}"),
            Ids::Imported => format!("__id{}__", index as i64 * 7_919 - 20_000),
        };
        match family.pattern.rsplit_once("/*/") {
            Some((above, collection)) => format!("{}/{collection}/{id}", self.parent(above, &mut dice)),
            None => format!("{}/{id}", family.pattern),
        }
    }

    /// A document to lie under: mostly one that exists, else one that was deleted or never was.
    fn parent(&self, above: &str, dice: &mut Dice) -> String {
        match family(above) {
            Some(family) if !dice.once_in(50) => self.path_of(family, dice.below(self.count_of(family))),
            _ => match above.rsplit_once("/*/") {
                Some((higher, collection)) => format!(
                    "{}/{collection}/gone-{}",
                    self.parent(higher, dice),
                    dice.below(9)
                ),
                None => format!("{above}/gone-{}", dice.below(9)),
            },
        }
    }
}

impl From<Draft> for Write {
    fn from(draft: Draft) -> Self {
        Write::Set(draft.path, draft.fields)
    }
}

impl Maker<'_> {
    /// A reference to some document of the family with this pattern.
    fn some(&mut self, pattern: &str) -> Value {
        let path = self.application.parent(pattern, &mut self.dice);
        self.reference(&path)
    }

    /// A reference to the document this one lies under.
    fn owner(&self) -> Value {
        self.reference(self.path.rsplitn(3, '/').nth(2).unwrap_or(self.path))
    }

    fn reference(&self, path: &str) -> Value {
        values::reference(format!("{}/{path}", self.application.root))
    }
}

/// The family that takes whatever the rounding of all others leaves.
const REST: &str = "users/*/orders/*/items";

fn families() -> impl Iterator<Item = &'static Family> {
    people::FAMILIES
        .iter()
        .chain(commerce::FAMILIES)
        .chain(operations::FAMILIES)
}

fn family(pattern: &str) -> Option<&'static Family> {
    families().find(|family| family.pattern == pattern)
}

/// A document's path without the ids: `users/ada/orders/7` is of `users/*/orders`.
fn pattern(path: &str) -> String {
    path.split('/').step_by(2).collect::<Vec<_>>().join("/*/")
}

/// Whether U+0000 stands in a field's name or anywhere in its value. REST has no other text in a value
/// than what came from the document, and base64 has no NUL.
fn nul(name: &str, value: &Value) -> bool {
    let within = match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(|value| nul("", value)),
        Value::Object(fields) => fields.iter().any(|(name, value)| nul(name, value)),
        _ => false,
    };
    within || name.contains('\0')
}

#[cfg(test)]
mod tests;
