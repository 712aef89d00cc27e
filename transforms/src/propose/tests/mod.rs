//! Proposals are valid, repeatable and lose nothing, whatever was sampled; and they look as a person would draw them.

#![allow(clippy::unwrap_used)]

mod drawn;
mod laws;
mod related;

use std::collections::BTreeMap;

use super::{Proposal, propose};
use crate::census::split;
use crate::mapping::{Column, Table};
use crate::{Census, Document, Timestamp, Value};

const ROOT: &str = "projects/p/databases/(default)/documents";

type Fields = Vec<(&'static str, Value<'static>)>;

/// Censuses of documents by their paths below the root.
fn censuses(documents: &[(String, Fields)]) -> BTreeMap<String, Census> {
    let mut censuses: BTreeMap<String, Census> = BTreeMap::new();
    for (path, fields) in documents {
        let name = format!("{ROOT}/{path}");
        let (_, below) = split(&name);
        let collection = below.rsplit('/').nth(1).unwrap_or_default();
        let (created, updated) = (Timestamp::default(), Timestamp::default());
        censuses.entry(collection.into()).or_default().observe(&Document {
            name: name.into(),
            created: Some(created),
            updated: Some(updated),
            fields: fields.clone(),
        });
    }
    censuses
}

fn proposed(documents: &[(String, Fields)]) -> Proposal {
    let censuses = censuses(documents);
    let counts = censuses
        .iter()
        .map(|(id, census)| (id.clone(), census.documents()))
        .collect();
    let proposal = propose(&censuses, &counts);
    assert_eq!(proposal.mapping.problems(), Vec::<String>::new());
    proposal
}

/// The same fields in so many documents of `items`.
fn items(count: usize, fields: impl Fn(usize) -> Fields) -> Vec<(String, Fields)> {
    (0..count).map(|n| (format!("items/i{n}"), fields(n))).collect()
}

fn table<'p>(proposal: &'p Proposal, name: &str) -> &'p Table {
    proposal
        .mapping
        .tables
        .iter()
        .find(|table| table.name == name)
        .unwrap()
}

/// `name type holds`, as far as a test looks at it.
fn said(columns: &[Column]) -> Vec<String> {
    columns
        .iter()
        .map(|column| format!("{} {} {:?}", column.name, column.sql, column.holds).to_lowercase())
        .collect()
}

/// The columns of the only table, without its `id`.
fn fields(proposal: &Proposal) -> Vec<String> {
    let [table] = proposal.mapping.tables.as_slice() else {
        panic!("several tables: {proposal:?}");
    };
    assert_eq!(said(&table.columns)[0], "id text text");
    said(&table.columns)[1..].to_vec()
}

/// The lines about a column of the only table.
fn lines<'p>(proposal: &'p Proposal, column: &str) -> &'p [String] {
    &proposal.evidence[&proposal.mapping.tables[0].name].columns[column]
}

fn leaked(text: String) -> &'static str {
    text.leak()
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text)
}
