//! What the tests of a database share: names, writes, and the naive model it must equal.

mod commit; // what Firestore makes of writes
mod laws; // a database equals its model
mod model;
mod moments; // what was read once never changes
mod transforms; // values the server works out
mod values;

use super::Database;
use crate::clock::Clock;
use crate::dataset::Sequence;
use crate::path::Path;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::value::ValueType;
use proto::{ArrayValue, MapValue, Value};
use std::collections::HashMap;
use tonic::{Code, Status};

const ROOT: &str = "projects/p/databases/d/documents";

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn name(text: &str) -> String {
    format!("{ROOT}/{text}")
}

fn value(of: ValueType) -> Value {
    Value { value_type: Some(of) }
}

fn int(number: i64) -> Value {
    value(ValueType::IntegerValue(number))
}

fn double(number: f64) -> Value {
    value(ValueType::DoubleValue(number))
}

fn text(text: impl Into<String>) -> Value {
    value(ValueType::StringValue(text.into()))
}

fn array(values: impl IntoIterator<Item = Value>) -> Value {
    let values = values.into_iter().collect();
    value(ValueType::ArrayValue(ArrayValue { values }))
}

fn map<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    value(ValueType::MapValue(MapValue {
        fields: fields(members),
    }))
}

fn fields<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> HashMap<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn set<'n>(path: &str, members: impl IntoIterator<Item = (&'n str, Value)>) -> proto::Write {
    let document = proto::Document {
        name: name(path),
        fields: fields(members),
        ..Default::default()
    };
    proto::Write {
        operation: Some(proto::write::Operation::Update(document)),
        ..Default::default()
    }
}

fn delete(path: &str) -> proto::Write {
    proto::Write {
        operation: Some(proto::write::Operation::Delete(name(path))),
        ..Default::default()
    }
}

/// A database on its own clock.
struct Place {
    database: std::sync::Arc<Database>,
    clock: Clock,
}

impl Place {
    fn new(generated: Vec<Sequence>) -> Place {
        Place {
            database: Database::new(ROOT.to_owned(), generated).into(),
            clock: Clock::default(),
        }
    }

    fn commit(&self, writes: &[proto::Write]) -> Result<Vec<proto::WriteResult>, Status> {
        self.database
            .commit(writes, &self.clock)
            .map(|(_, results)| results)
    }

    /// The fields of a document that is there now.
    fn fields(&self, at: &str) -> HashMap<String, Value> {
        self.get(at).unwrap().fields
    }

    fn get(&self, at: &str) -> Option<proto::Document> {
        self.database.get(&path(at), self.clock.now())
    }

    fn refused(&self, writes: &[proto::Write], code: Code, words: &str) {
        let status = self.commit(writes).unwrap_err();
        assert!(
            status.code() == code && status.message().contains(words),
            "{status:?} instead of {words:?}"
        );
    }
}
