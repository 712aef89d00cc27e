//! A target: the documents that somebody listens to.
//!
//! Either a query (a collection or a group, below a parent, between two names, in name order) or documents by name. A
//! document never moves from one target to another, because nothing but its name decides: it enters by being created
//! and leaves by being deleted. So no Listen here ever says document_remove, nor names a target that a changed document
//! has left.

use super::token::fingerprint;
use crate::clock::Moment;
use crate::database::{Change, Database, Stretch};
use crate::path::Path;
use crate::service::structured::{self, Select, understand};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::target::{QueryTarget, TargetType, query_target};
use std::collections::BTreeSet;
use std::ops::Bound;
use tonic::Status;

/// One target of a stream.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) id: i32,
    pub(super) covers: Covers,
    /// The same for the same documents of the same database.
    pub(super) fingerprint: u64,
    /// It is removed as soon as the client has all of it.
    pub(super) once: bool,
}

/// Which documents.
#[derive(Debug, Clone)]
pub(super) enum Covers {
    Query(Stretch),
    Names(BTreeSet<Path>),
}

impl Target {
    /// What `target` asks for, or why it cannot be had.
    pub(super) fn understand(database: &Database, id: i32, target: &proto::Target) -> Result<Target, Status> {
        let covers = match &target.target_type {
            Some(TargetType::Query(query)) => Covers::Query(stretch(database, query)?),
            Some(TargetType::Documents(documents)) => {
                let names = documents.documents.iter().map(|name| document(database, name));
                Covers::Names(names.collect::<Result<_, _>>()?)
            }
            None => return Err(Status::invalid_argument("a target needs a query or documents")),
        };
        Ok(Target {
            id,
            fingerprint: covers.fingerprint(database.root()),
            covers,
            once: target.once,
        })
    }

    /// How many documents there were.
    pub(super) fn count(&self, database: &Database, at: Moment) -> u64 {
        match &self.covers {
            Covers::Query(stretch) => database.count(stretch, at),
            Covers::Names(names) => names
                .iter()
                .filter(|name| database.get(name, at).is_some())
                .count() as u64,
        }
    }

    /// What became of them after `since` and not after `until`.
    pub(super) fn changes(&self, database: &Database, since: Moment, until: Moment) -> Vec<Change> {
        match &self.covers {
            Covers::Query(stretch) => database.changes(stretch, since, until),
            Covers::Names(names) => {
                let changes = |name| database.changes(&only(name), since, until);
                names.iter().flat_map(changes).collect()
            }
        }
    }
}

impl Covers {
    fn fingerprint(&self, root: &str) -> u64 {
        match self {
            Covers::Query(of) => fingerprint(&(
                root,
                &of.collection,
                &of.below,
                of.all_descendants,
                &of.from,
                &of.to,
            )),
            Covers::Names(names) => fingerprint(&(root, names)),
        }
    }
}

/// The collection a target is about, for faults that strike only there.
pub(super) fn collection(target: &proto::Target) -> Option<String> {
    let Some(TargetType::Query(query)) = &target.target_type else {
        return None;
    };
    let query_target::QueryType::StructuredQuery(query) = query.query_type.as_ref()?;
    structured::collection(Some(query))
}

fn stretch(database: &Database, target: &QueryTarget) -> Result<Stretch, Status> {
    let Some(query_target::QueryType::StructuredQuery(query)) = &target.query_type else {
        return Err(Status::invalid_argument("a query is missing"));
    };
    let asked = understand(database, &target.parent, query)?;
    if asked.stretch.collection.is_none() {
        // The emulator sends what there is and then never an update; the real one refuses.
        return Err(Status::invalid_argument(
            "a query without a collection id cannot be listened to",
        ));
    }
    if asked.limit.is_some() || asked.offset > 0 || asked.select != Select::Everything {
        return Err(Status::unimplemented(
            "the simulator does not listen to queries with a limit, an offset or a projection",
        ));
    }
    Ok(asked.stretch)
}

fn document(database: &Database, name: &str) -> Result<Path, Status> {
    let path = structured::path(database, name)?;
    match path.is_document() {
        true => Ok(path),
        false => Err(Status::invalid_argument(format!(
            "{name:?} is the name of no document"
        ))),
    }
}

/// The stretch that holds one document.
fn only(document: &Path) -> Stretch {
    Stretch {
        collection: document.collection_id().map(ToString::to_string),
        below: document.first(document.ids().len().saturating_sub(2)),
        all_descendants: false,
        from: Bound::Included(document.clone()),
        to: Bound::Included(document.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::StructuredQuery;
    use proto::structured_query::CollectionSelector;
    use tonic::Code;

    const ROOT: &str = "projects/p/databases/d/documents";

    fn database() -> Database {
        Database::new(ROOT.to_owned(), Vec::new())
    }

    fn query(collection: &str, group: bool) -> StructuredQuery {
        StructuredQuery {
            from: vec![CollectionSelector {
                collection_id: collection.to_owned(),
                all_descendants: group,
            }],
            ..Default::default()
        }
    }

    fn target_below(parent: &str, query: StructuredQuery) -> proto::Target {
        proto::Target {
            target_type: Some(TargetType::Query(QueryTarget {
                parent: parent.to_owned(),
                query_type: Some(query_target::QueryType::StructuredQuery(query)),
            })),
            ..Default::default()
        }
    }

    fn target(query: StructuredQuery) -> proto::Target {
        target_below(ROOT, query)
    }

    fn named(paths: &[&str]) -> proto::Target {
        let documents = paths.iter().map(|path| format!("{ROOT}/{path}")).collect();
        proto::Target {
            target_type: Some(TargetType::Documents(proto::target::DocumentsTarget {
                documents,
            })),
            ..Default::default()
        }
    }

    fn understood(target: &proto::Target) -> Result<Target, Code> {
        Target::understand(&database(), 1, target).map_err(|status| status.code())
    }

    #[test]
    fn what_cannot_be_listened_to_is_refused() {
        let invalid = [
            target(query("", true)),
            target(query("", false)),
            target_below("projects/p/databases/other/documents", query("c", false)),
            target_below(&format!("{ROOT}/c"), query("c", false)),
            named(&["c"]),
            named(&["c/a/d"]),
            proto::Target::default(),
        ];
        for target in invalid {
            let code = understood(&target).map(|_| ()).unwrap_err();
            assert!(
                [Code::InvalidArgument, Code::Unimplemented].contains(&code),
                "{target:?}: {code:?}"
            );
        }
        let limited = StructuredQuery {
            limit: Some(1),
            ..query("c", false)
        };
        assert_eq!(understood(&target(limited)).map(|_| ()), Err(Code::Unimplemented));
    }

    #[test]
    fn a_fingerprint_tells_different_documents_apart_and_nothing_else() {
        let targets = [
            target(query("c", false)),
            target(query("c", true)),
            target(query("d", false)),
            target_below(&format!("{ROOT}/c/a"), query("c", false)),
            named(&["c/a"]),
            named(&["c/a", "c/b"]),
            named(&[]),
        ];
        let prints: BTreeSet<u64> = targets
            .iter()
            .map(|target| understood(target).unwrap().fingerprint)
            .collect();
        assert_eq!(prints.len(), targets.len());
        let again = proto::Target {
            once: true,
            target_id: 9,
            ..named(&["c/b", "c/a", "c/b"])
        };
        assert!(prints.contains(&understood(&again).unwrap().fingerprint));
    }
}
