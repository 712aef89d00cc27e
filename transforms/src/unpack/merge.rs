//! Putting a value back at its place among others: maps grow together, and what is there already stays as it is.

use std::collections::HashSet;

use crate::json::Owned;

/// Puts a value at a path below `at`. Maps on the way are made; where something else stands, it stays.
pub(super) fn put(at: &mut Option<Owned>, path: &[String], value: Owned) {
    let value = path
        .iter()
        .rev()
        .fold(value, |inner, name| Owned::Map(vec![(name.clone(), inner)]));
    match at {
        None => *at = Some(value),
        Some(there) => merge(there, value),
    }
}

/// Whether something other than a map stands at the path or on the way to it, so that nothing can be put there.
pub(super) fn is_taken(at: Option<&Owned>, path: &[String]) -> bool {
    let mut at = at;
    for name in path {
        match at {
            None => return false,
            Some(Owned::Map(entries)) => {
                at = entries
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value);
            }
            Some(_) => return true,
        }
    }
    !matches!(at, None | Some(Owned::Map(_)))
}

fn merge(there: &mut Owned, value: Owned) {
    let (Owned::Map(entries), Owned::Map(more)) = (there, value) else {
        return;
    };
    if let [_] = more.as_slice() {
        for (name, value) in more {
            match entries.iter_mut().find(|(key, _)| *key == name) {
                Some((_, inner)) => merge(inner, value),
                None => entries.push((name, value)),
            }
        }
        return;
    }
    // Two large maps: looked up by hash, because looking through would take the square of their size.
    let known: HashSet<String> = entries.iter().map(|(key, _)| key.clone()).collect();
    for (name, value) in more {
        if !known.contains(&name) {
            entries.push((name, value));
        } else if let Some((_, inner)) = entries.iter_mut().find(|(key, _)| *key == name) {
            merge(inner, value);
        }
    }
}
