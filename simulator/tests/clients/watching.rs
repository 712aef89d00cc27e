//! A listener of the crate, told the way Node's client tells its snapshots: at each consistent moment, what was added,
//! modified and removed since the one before.

use crate::rust::say;
use crate::spelling::{References, path};
use firestore::gcloud_sdk::google::firestore::v1::target_change::TargetChangeType;
use firestore::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Says what a query finds and then what changes, until the document `last` is gone.
pub(crate) async fn watch(
    db: &FirestoreDb,
    query: select_builder::FirestoreSelectDocBuilder<'_, FirestoreDb>,
    last: &str,
) -> anyhow::Result<()> {
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut listener = db.create_listener(FirestoreMemListenStateStorage::new()).await?;
    query
        .listen()
        .add_target(FirestoreListenerTarget::new(1), &mut listener)?;
    listener
        .start(move |event| {
            let sent = sender.send(event);
            async move { Ok(sent?) }
        })
        .await?;
    let mut view = View::default();
    while let Some(event) = events.recv().await {
        if view.sees(event) && view.tell().iter().any(|gone| gone == last) {
            break;
        }
    }
    Ok(listener.shutdown().await?)
}

#[derive(Default)]
struct View {
    /// Documents by path, as far as the stream has told.
    documents: BTreeMap<String, Json>,
    /// What was told last.
    told: BTreeMap<String, Json>,
    /// Everything that was there in the beginning has come.
    current: bool,
    /// It was told before.
    begun: bool,
}

impl View {
    /// Takes an event in; true at a moment at which the view is whole.
    fn sees(&mut self, event: FirestoreListenEvent) -> bool {
        match event {
            FirestoreListenEvent::DocumentChange(change) => {
                let Some(document) = change.document else {
                    return false;
                };
                if change.removed_target_ids.is_empty() {
                    let line = References::Names.document(&document);
                    self.documents.insert(path(&document.name).to_owned(), line);
                } else {
                    self.documents.remove(path(&document.name));
                }
                false
            }
            FirestoreListenEvent::DocumentDelete(gone) => {
                self.documents.remove(path(&gone.document));
                false
            }
            FirestoreListenEvent::DocumentRemove(gone) => {
                self.documents.remove(path(&gone.document));
                false
            }
            FirestoreListenEvent::TargetChange(change) => match change.target_change_type() {
                TargetChangeType::Current => {
                    self.current = true;
                    false
                }
                TargetChangeType::Reset => {
                    self.current = false;
                    self.documents.clear();
                    false
                }
                TargetChangeType::NoChange => {
                    self.current && change.target_ids.is_empty() && change.read_time.is_some()
                }
                TargetChangeType::Add | TargetChangeType::Remove => false,
            },
            FirestoreListenEvent::Filter(_) => false,
        }
    }

    /// Says what has changed since it was last told, and returns which documents are gone.
    fn tell(&mut self) -> Vec<String> {
        let told = std::mem::replace(&mut self.told, self.documents.clone());
        let gone: Vec<String> = told
            .keys()
            .filter(|path| !self.told.contains_key(*path))
            .cloned()
            .collect();
        let mut changes: Vec<Json> = gone
            .iter()
            .map(|path| change("removed", told[path].clone()))
            .collect();
        changes.extend(self.told.iter().filter_map(|(path, line)| match told.get(path) {
            None => Some(change("added", line.clone())),
            Some(before) if before != line => Some(change("modified", line.clone())),
            Some(_) => None,
        }));
        // Moments at which nothing changed come too.
        if !(self.begun && changes.is_empty()) {
            changes.into_iter().for_each(say);
            say(json!({"current": self.told.len()}));
            self.begun = true;
        }
        gone
    }
}

fn change(kind: &str, mut line: Json) -> Json {
    line["change"] = json!(kind);
    line
}
