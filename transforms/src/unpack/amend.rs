//! Putting the values that `etl.amendment` records back into a rebuilt document.
//! Every amendment holds the whole original value of its field, so the order matters only in this: those that hold
//! what U+0000 was taken out of come last, because the others were recorded without it.

use super::{Rebuilt, Unreadable};
use crate::json::{self, Owned};
use crate::mapping::FieldPath;

impl Rebuilt {
    /// Puts the original value of a field back. `field` is spelled as [`crate::mapping::FieldPath`] displays it,
    /// `original` is tagged JSON, references in it lie below `root`.
    ///
    /// A field whose name lost U+0000 is spelled as it is called in `_extra`, and its original is
    /// `{"$entries": [[name, value], …]}`: every field of the document that came to be called so.
    ///
    /// # Errors
    /// Where `field` is no path, `original` no tagged JSON, or the path leads through something that is no map.
    pub fn amend(&mut self, field: &str, original: &str, root: &str) -> Result<(), Unreadable> {
        let unreadable = |what: &str| Unreadable::new("etl.amendment", field, what);
        let FieldPath(path) = field.parse().map_err(|_| unreadable("no path of a field"))?;
        let value =
            json::read(original, root).map_err(|_| unreadable("an original that is no tagged JSON"))?;
        match (path.as_slice(), value) {
            ([name], Owned::Map(entries)) if is_renamed(original) => {
                let renamed = |key: &String| key == name || entries.iter().any(|(other, _)| other == key);
                self.fields.retain(|(key, _)| !renamed(key));
                self.fields.extend(entries);
            }
            (_, value) => {
                replace(&mut self.fields, &path, value)
                    .ok_or_else(|| unreadable("a path through something that is no map"))?;
            }
        }
        self.fields.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(())
    }
}

/// Whether this is `{"$entries": …}`, which `json` has no other use for: there U+0000 can be spelled.
fn is_renamed(original: &str) -> bool {
    let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(original);
    object.is_ok_and(|members| members.len() == 1 && members.contains_key("$entries"))
}

fn replace(fields: &mut Vec<(String, Owned)>, path: &[String], value: Owned) -> Option<()> {
    let (name, rest) = path.split_first()?;
    let place = match fields.iter().position(|(key, _)| key == name) {
        Some(place) => place,
        None => {
            fields.push((name.clone(), Owned::Map(Vec::new())));
            fields.len() - 1
        }
    };
    let inner = &mut fields.get_mut(place)?.1;
    match (rest, inner) {
        ([], inner) => *inner = value,
        (rest, Owned::Map(entries)) => replace(entries, rest, value)?,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rebuilt(text: &str) -> Rebuilt {
        Rebuilt {
            path: "c/d".into(),
            created: None,
            updated: None,
            fields: json::read_object(text, "").unwrap(),
        }
    }

    #[test]
    fn originals_come_back_where_they_were() {
        for (before, field, original, after) in [
            (r#"{"a":"5"}"#, "a", "5", r#"{"a":5}"#),
            ("{}", "a.`b c`", "5", r#"{"a":{"b c":5}}"#),
            (r#"{"a":{"b":1}}"#, "a.c", "5", r#"{"a":{"b":1,"c":5}}"#),
            (
                "{}",
                "a",
                r#"{"$entries":1,"b":2}"#,
                r#"{"a":{"$entries":1,"b":2}}"#,
            ),
            (
                r#"{"fo":1}"#,
                "fo",
                r#"{"$entries":[["f\u0000o",1]]}"#,
                r#"{"f\u0000o":1}"#,
            ),
            (
                r#"{"fo":1}"#,
                "fo",
                r#"{"$entries":[["f\u0000o",1],["fo",2]]}"#,
                r#"{"f\u0000o":1,"fo":2}"#,
            ),
        ] {
            let mut document = rebuilt(before);
            document.amend(field, original, "").unwrap();
            assert_eq!(document, rebuilt(after));
            document.amend(field, original, "").unwrap();
            assert_eq!(document, rebuilt(after), "a second time changes nothing");
        }
    }

    #[test]
    fn what_is_no_amendment_is_refused_by_name() {
        for (field, original) in [
            ("", "1"),
            ("a.", "1"),
            ("`a", "1"),
            ("`a`b", "1"),
            ("a", "{"),
            ("a.b", "1"),
        ] {
            let said = rebuilt(r#"{"a":1}"#).amend(field, original, "").unwrap_err();
            assert!(said.to_string().contains(&format!("{field:?}")), "{said}");
        }
    }
}
