//! What came back is what was sent, but for what the mapping says: read off the mapping, the documents and the ledger,
//! without looking at rows.

use crate::cases::Case;
use crate::covered::Covered;
use crate::expectations::{explains, forget, leave_behind, leave_vectors_out, visit};
use crate::mappings::documents::{ROOT, Sample};
use crate::target::{Aside, Recorded};
use crate::wire;
use config::mapping::{Column, FieldPath, Source, Table};
use std::collections::HashMap;
use transforms::json::Owned;
use transforms::{Amendment, Policy, Rebuilt};

/// The case's documents by path.
pub(crate) type Samples<'c> = HashMap<&'c str, &'c Sample>;

pub(crate) fn path(sample: &Sample) -> &str {
    transforms::below(&sample.name, ROOT).unwrap()
}

/// What is wrong with the quarantine.
pub(crate) fn aside(
    case: &Case,
    samples: &Samples<'_>,
    aside: &[Aside],
    covered: &mut Covered,
) -> Result<(), String> {
    for Aside { path, body, reject } in aside {
        let path = std::str::from_utf8(path).map_err(|error| error.to_string())?;
        let Some(sample) = samples.get(path) else {
            return Err(format!("{path:?} is in quarantine and was never sent"));
        };
        if !explains(&case.tables, sample, reject) {
            return Err(format!("nothing explains why {path:?} was rejected: {reject}"));
        }
        if *body != wire::bytes(sample) {
            return Err(format!("{path:?} is not in quarantine as it came"));
        }
        *covered.rejected.entry(reject.reason.to_string()).or_default() += 1;
    }
    Ok(())
}

/// What is wrong with a document of `table`, as its rows and amendments tell it.
pub(crate) fn original(
    case: &Case,
    table: &Table,
    samples: &Samples<'_>,
    found: &Rebuilt,
    amendments: &[&Recorded],
    covered: &mut Covered,
) -> Result<(), String> {
    let Some(sample) = samples.get(found.path.as_str()) else {
        return Err(format!("{:?} was never sent", found.path));
    };
    let amendments: Vec<Amendment> = amendments
        .iter()
        .map(|recorded| recorded.amendment.clone())
        .collect();
    let (mut expected, mut back) = (
        Owned::Map(sample.fields.clone()),
        Owned::Map(found.fields.clone()),
    );
    leave_behind(table, &mut expected, &amendments);
    for document in [&mut expected, &mut back] {
        forget(table, document);
    }
    if (found.created, found.updated) != (sample.created, sample.updated) {
        return Err(format!("{:?} came back with other times", found.path));
    }
    if back.view().same(&expected.view()) {
        return Ok(());
    }
    if !case.exact_vectors {
        for document in [&mut expected, &mut back] {
            leave_vectors_out(table, document);
        }
        if back.view().same(&expected.view()) {
            covered.rounded += 1;
            return Ok(());
        }
    }
    let (sent, back) = different(&expected, &back);
    Err(format!(
        "{:?} came back otherwise: of\n  {}\ncame\n  {}\namended by {}",
        found.path,
        shown(&sent),
        shown(&back),
        shown(&amendments)
    ))
}

/// What is wrong with a document as its rows alone tell it: it may differ where it was amended, and nowhere else.
pub(crate) fn loaded(
    table: &Table,
    found: &Rebuilt,
    original: &Rebuilt,
    amendments: &[&Recorded],
    covered: &mut Covered,
) -> Result<(), String> {
    let (mut as_loaded, mut as_sent) = (
        Owned::Map(found.fields.clone()),
        Owned::Map(original.fields.clone()),
    );
    for Recorded { amendment, .. } in amendments {
        let FieldPath(path) = amendment
            .field
            .parse()
            .map_err(|_| format!("no field: {}", amendment.field))?;
        let (here, there) = (
            taken(&mut as_loaded, &path, amendment),
            taken(&mut as_sent, &path, amendment),
        );
        *covered
            .amendments
            .entry(amendment.policy.as_str().to_owned())
            .or_default() += 1;
        match Owned::Map(here).view().same(&Owned::Map(there.clone()).view()) {
            // What it is a part of was amended as well.
            true if there.is_empty() => {}
            // A conversion may have been exact after all.
            true if amendment.policy == Policy::Cast => covered.told_all_the_same += 1,
            true if amendments.len() > 1 || is_told_elsewhere(table, &path) => covered.told_all_the_same += 1,
            true => {
                return Err(format!(
                    "{:?} is amended and was not altered: {amendment:?}",
                    found.path
                ));
            }
            false => covered.told_otherwise += 1,
        }
    }
    if as_loaded.view().same(&as_sent.view()) {
        return Ok(());
    }
    let (sent, loaded) = different(&as_sent, &as_loaded);
    Err(format!(
        "{:?} as loaded differs where it was not amended: of\n  {}\nthere is\n  {}",
        found.path,
        shown(&sent),
        shown(&loaded)
    ))
}

/// Whether more than one column says something of the field, or of elements in it.
fn is_told_elsewhere(table: &Table, field: &[String]) -> bool {
    let touches = |path: &FieldPath| path.0.starts_with(field) || field.starts_with(&path.0);
    let of = |column: &&Column| matches!(&column.from, Source::Field(path) if touches(path));
    let child = table.children.iter().find(|child| touches(&child.from));
    table.columns.iter().filter(of).count() > 1 || child.is_some_and(|child| child.columns.len() > 1)
}

/// Takes an amended field out: what it was. Where U+0000 was taken out, all fields that are called so now.
fn taken(document: &mut Owned, path: &[String], amendment: &Amendment) -> Vec<(String, Owned)> {
    let mut taken = Vec::new();
    if let (Policy::Strip, Owned::Map(entries), [name]) = (amendment.policy, &mut *document, path) {
        let is = |key: &str| key.replace('\0', "") == *name;
        taken.extend(entries.extract_if(.., |(key, _)| is(key)));
        taken.sort_by(|one, other| one.0.cmp(&other.0));
        return taken;
    }
    visit(document, path, &mut |value| {
        taken.push((String::new(), std::mem::replace(value, Owned::Null)));
        true
    });
    taken
}

/// The fields that are not the same in both.
fn different(one: &Owned, other: &Owned) -> (Owned, Owned) {
    let (Owned::Map(one), Owned::Map(other)) = (one, other) else {
        return (one.clone(), other.clone());
    };
    let rest = |of: &[(String, Owned)], other: &[(String, Owned)]| {
        let same = |(name, value): &&(String, Owned)| {
            let there = other.iter().find(|(key, _)| key == name);
            !there.is_some_and(|(_, there)| there.view().same(&value.view()))
        };
        Owned::Map(of.iter().filter(same).cloned().collect())
    };
    (rest(one, other), rest(other, one))
}

fn shown(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.chars().take(4000).collect()
}
