//! Runs errands with the crate `firestore`, as any application would: through its fluent interface and with nothing but
//! FIRESTORE_EMULATOR_HOST to tell it where to go. The counterpart of client.js.
//!
//! A variable of the environment cannot be set for a test without being set for all of them, so this test program
//! starts itself once more, and the one test in here does the work then.

use crate::errand::{ERRANDS, Errand, Place};
use crate::spelling::{References, path};
use crate::watching;
use firestore::errors::FirestoreError;
use firestore::gcloud_sdk::google::firestore::v1::value::ValueType;
use firestore::gcloud_sdk::google::firestore::v1::{Document, Value};
use firestore::*;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Told {
    project: String,
    errands: Vec<Errand>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    text: String,
}

#[tokio::test]
async fn errands() -> anyhow::Result<()> {
    let Ok(told) = std::env::var(ERRANDS) else {
        return Ok(());
    };
    let told: Told = serde_json::from_str(&told)?;
    let db = FirestoreDb::new(&told.project).await?;
    for (number, errand) in told.errands.into_iter().enumerate() {
        // The harness may have begun a line of its own.
        println!();
        say(json!({"errand": number}));
        run(&db, errand).await?;
    }
    Ok(())
}

pub(crate) fn say(line: Json) {
    println!("{line}");
}

fn say_document(document: &Document) {
    say(References::Names.document(document));
}

async fn run(db: &FirestoreDb, errand: Errand) -> anyhow::Result<()> {
    match errand {
        Errand::Paged { from, limit } => paged(db, &from, limit).await,
        Errand::Streamed { from } => say_all(query(db, &from, None)?.stream_query_with_errors().await?).await,
        Errand::StreamedWithoutErrors { from } => {
            let documents = query(db, &from, None)?.stream_query().await?;
            say_all(documents.map(Ok).boxed()).await
        }
        Errand::Partitioned { group, partitions } => partitioned(db, group, partitions).await,
        Errand::Counted { from } => counted(db, &from).await,
        Errand::Selected { from, fields } => {
            say_all(query(db, &from, Some(fields))?.stream_query_with_errors().await?).await
        }
        Errand::Collections { below } => collections(db, below).await,
        Errand::Listed { collection } => listed(db, &collection).await,
        Errand::Got { path } => got(db, &path).await,
        Errand::GotMany { collection, ids } => got_many(db, &collection, &ids).await,
        Errand::Copied { path, to } => copied(db, &path, &to).await,
        Errand::Written { path, text } => written(db, &path, text).await,
        Errand::Deleted { path } => deleted(db, &path).await,
        Errand::Watched { from, last } => watching::watch(db, query(db, &from, None)?, &last).await,
    }
}

/// A name as the crate wants it: the document above, if there is one, and then the last segments.
struct Address {
    parent: Option<String>,
    collection: String,
    id: String,
}

impl Address {
    /// The address of a document, or of a collection, whose `id` is empty then.
    fn of(db: &FirestoreDb, path: &str) -> anyhow::Result<Address> {
        let mut segments: Vec<&str> = path.split('/').collect();
        let id = if segments.len().is_multiple_of(2) {
            segments.pop()
        } else {
            None
        };
        let collection = segments.pop().unwrap_or_default().to_owned();
        let mut parent: Option<ParentPathBuilder> = None;
        for pair in segments.chunks(2) {
            parent = Some(match parent {
                None => db.parent_path(pair[0], pair[1])?,
                Some(above) => above.at(pair[0], pair[1])?,
            });
        }
        Ok(Address {
            parent: parent.map(|parent| parent.to_string()),
            collection,
            id: id.unwrap_or_default().to_owned(),
        })
    }
}

type Query<'a> = select_builder::FirestoreSelectDocBuilder<'a, FirestoreDb>;

fn query<'a>(db: &'a FirestoreDb, from: &Place, fields: Option<Vec<String>>) -> anyhow::Result<Query<'a>> {
    let mut select = db.fluent().select();
    if let Some(fields) = fields {
        select = select.fields(fields);
    }
    Ok(match from {
        Place::Group(id) => select.from(id.as_str()).all_descendants(),
        Place::Collection(path) => {
            let address = Address::of(db, path)?;
            let query = select.from(address.collection.as_str());
            match address.parent {
                Some(parent) => query.parent(parent),
                None => query,
            }
        }
    })
}

async fn say_all(mut documents: BoxStream<'_, Result<Document, FirestoreError>>) -> anyhow::Result<()> {
    while let Some(document) = documents.try_next().await? {
        say_document(&document);
    }
    Ok(())
}

async fn paged(db: &FirestoreDb, from: &Place, limit: u32) -> anyhow::Result<()> {
    let first = query(db, from, None)?
        .order(|o| o.fields([o.field("__name__").asc()]))
        .limit(limit);
    let mut found = first.clone().query().await?;
    while let Some(last) = found.last() {
        let last = Value {
            value_type: Some(ValueType::ReferenceValue(last.name.clone())),
        };
        found.iter().for_each(say_document);
        let after = FirestoreQueryCursor::AfterValue(vec![FirestoreValue::from(last)]);
        found = first.clone().start_at(after).query().await?;
    }
    Ok(())
}

async fn partitioned(db: &FirestoreDb, group: String, partitions: u32) -> anyhow::Result<()> {
    let cut = query(db, &Place::Group(group), None)?
        .order(|o| o.fields([o.field("__name__").asc()]))
        .partition_query()
        .partition_count(partitions - 1);
    let mut documents = cut.stream_partitions_with_errors().await?;
    let mut seen = BTreeSet::new();
    while let Some((partition, document)) = documents.try_next().await? {
        seen.insert(format!("{partition:?}"));
        say_document(&document);
    }
    say(json!({"partitions": seen.len()}));
    Ok(())
}

async fn counted(db: &FirestoreDb, from: &Place) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
    }
    let counted: Vec<Counted> = query(db, from, None)?
        .aggregate(|a| a.fields([a.field("count").count()]))
        .obj()
        .query()
        .await?;
    counted
        .iter()
        .for_each(|counted| say(json!({"count": counted.count})));
    Ok(())
}

async fn collections(db: &FirestoreDb, below: Option<String>) -> anyhow::Result<()> {
    let mut list = db.fluent().list().collections();
    if let Some(below) = below {
        list = list.parent(format!("{}/{below}", db.get_documents_path()));
    }
    let mut ids = list.stream_all_with_errors().await?;
    while let Some(id) = ids.try_next().await? {
        say(json!({"collection": id}));
    }
    Ok(())
}

async fn listed(db: &FirestoreDb, collection: &str) -> anyhow::Result<()> {
    let address = Address::of(db, collection)?;
    let mut list = db.fluent().list().from(&address.collection);
    if let Some(parent) = address.parent {
        list = list.parent(parent);
    }
    let mut documents = list.stream_all_with_errors().await?;
    while let Some(document) = documents.try_next().await? {
        say(json!({"path": path(&document.name)}));
    }
    Ok(())
}

async fn read(db: &FirestoreDb, path: &str) -> anyhow::Result<Option<Document>> {
    let address = Address::of(db, path)?;
    let mut by_id = db.fluent().select().by_id_in(&address.collection);
    if let Some(parent) = address.parent {
        by_id = by_id.parent(parent);
    }
    Ok(by_id.one(address.id).await?)
}

async fn got(db: &FirestoreDb, path: &str) -> anyhow::Result<()> {
    match read(db, path).await? {
        Some(document) => say_document(&document),
        None => say(json!({"path": path, "missing": true})),
    }
    Ok(())
}

async fn got_many(db: &FirestoreDb, collection: &str, ids: &[String]) -> anyhow::Result<()> {
    let address = Address::of(db, collection)?;
    let mut by_id = db.fluent().select().by_id_in(&address.collection);
    if let Some(parent) = address.parent {
        by_id = by_id.parent(parent);
    }
    let mut found = by_id.batch_with_errors(ids).await?;
    while let Some((id, document)) = found.try_next().await? {
        match document {
            Some(document) => say_document(&document),
            None => say(json!({"path": format!("{collection}/{id}"), "missing": true})),
        }
    }
    Ok(())
}

async fn copied(db: &FirestoreDb, path: &str, to: &str) -> anyhow::Result<()> {
    let original = read(db, path)
        .await?
        .ok_or_else(|| anyhow::anyhow!("{path} is missing"))?;
    let copy = Document {
        name: String::new(),
        create_time: None,
        update_time: None,
        ..original
    };
    let address = Address::of(db, to)?;
    let mut insert = db
        .fluent()
        .insert()
        .into(&address.collection)
        .document_id(address.id);
    if let Some(parent) = address.parent {
        insert = insert.parent(parent);
    }
    insert.document(copy).execute().await?;
    got(db, to).await
}

async fn written(db: &FirestoreDb, path: &str, text: String) -> anyhow::Result<()> {
    let address = Address::of(db, path)?;
    let mut update = db
        .fluent()
        .update()
        .in_col(&address.collection)
        .document_id(address.id);
    if let Some(parent) = address.parent {
        update = update.parent(parent);
    }
    let note: Note = update.object(&Note { text }).execute().await?;
    drop(note);
    Ok(())
}

async fn deleted(db: &FirestoreDb, path: &str) -> anyhow::Result<()> {
    let address = Address::of(db, path)?;
    let mut delete = db
        .fluent()
        .delete()
        .from(&address.collection)
        .document_id(address.id);
    if let Some(parent) = address.parent {
        delete = delete.parent(parent);
    }
    Ok(delete.execute().await?)
}
