//! What the generator says lies in a database, asked document by document, apart from everything that serves it.

use crate::errand::{Client, Place};
use crate::spelling::{References, root};
use firestore::gcloud_sdk::google::firestore::v1::Document;
use serde_json::{Value as Json, json};
use simulator::dataset::Dataset;
use simulator::{Id, Path};
use std::collections::{BTreeMap, BTreeSet};

/// All documents of a database, in name order.
#[derive(Debug)]
pub(crate) struct Oracle {
    documents: BTreeMap<Path, Document>,
    references: References,
}

impl Oracle {
    /// What `client` should read of a dataset in a project.
    pub(crate) fn new(dataset: &Dataset, project: &str, client: Client) -> Oracle {
        let mut documents = BTreeMap::new();
        for sequence in dataset.sequences(&root(project)) {
            documents
                .extend((0..sequence.len()).map(|index| (sequence.path(index), sequence.document(index))));
        }
        let references = match client {
            Client::Rust => References::Names,
            Client::Node => References::Paths,
        };
        Oracle {
            documents,
            references,
        }
    }

    /// The documents of a place, as lines, in name order.
    pub(crate) fn lines(&self, place: &Place) -> Vec<Json> {
        self.of(place).map(|path| self.line(path)).collect()
    }

    /// One document, as a line; one that says so for a document that is missing.
    pub(crate) fn line(&self, path: &Path) -> Json {
        match self.documents.get(path) {
            Some(document) => self.references.document(document),
            None => json!({"path": path.to_string(), "missing": true}),
        }
    }

    /// The paths of the documents of a place, in name order.
    pub(crate) fn of(&self, place: &Place) -> impl Iterator<Item = &Path> {
        self.documents.keys().filter(move |path| match place {
            Place::Group(id) => path
                .collection_id()
                .is_some_and(|collection| collection.to_string() == *id),
            Place::Collection(collection) => path
                .parent()
                .is_some_and(|above| above.to_string() == *collection),
        })
    }

    /// The ids of the collections that lie directly below a document, or the root.
    pub(crate) fn collections(&self, below: &Path) -> BTreeSet<String> {
        let deeper = self.documents.keys().filter(|path| path.lies_in(below));
        deeper
            .filter_map(|path| path.ids().get(below.ids().len()))
            .map(Id::to_string)
            .collect()
    }

    /// The documents of a collection that exist or have something below them.
    pub(crate) fn with_missing(&self, collection: &Path) -> BTreeSet<Path> {
        let below = self.documents.keys().filter(|path| path.lies_in(collection));
        below.map(|path| path.first(collection.ids().len() + 1)).collect()
    }

    /// The ids of all collections that documents lie in.
    pub(crate) fn groups(&self) -> BTreeSet<String> {
        self.documents
            .keys()
            .filter_map(Path::collection_id)
            .map(Id::to_string)
            .collect()
    }
}
