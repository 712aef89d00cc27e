//! Parts of documents: field paths as Firestore spells them, and what a mask shows or changes.

use super::stored::Fields;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::value::ValueType;
use proto::{MapValue, Value};
use tonic::Status;

/// Names of fields from the outside in.
pub(super) type FieldPath = Vec<String>;

/// Fields of a document, and of maps in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mask(Vec<FieldPath>);

/// Not a field, but a mask may name it: it is always shown and never changed.
const NAME: &str = "__name__";

impl Mask {
    /// The mask of these paths, unless one of them is none.
    pub(crate) fn parse<'p>(paths: impl IntoIterator<Item = &'p String>) -> Result<Mask, Status> {
        let paths = paths.into_iter().filter(|path| *path != NAME);
        paths
            .map(|path| field_path(path))
            .collect::<Result<_, _>>()
            .map(Mask)
    }

    /// What it shows of these fields.
    pub(crate) fn shown(&self, fields: &Fields) -> Fields {
        let mut shown = Fields::new();
        self.copy(fields, &mut shown);
        shown
    }

    /// Makes `to` like `from` where the mask says so: what `from` does not have is removed.
    pub(super) fn copy(&self, from: &Fields, to: &mut Fields) {
        for path in &self.0 {
            match at(from, path) {
                Some(value) => set(to, path, value.clone()),
                None => remove(to, path),
            }
        }
    }
}

/// The value at a path.
pub(super) fn at<'f>(fields: &'f Fields, path: &[String]) -> Option<&'f Value> {
    let (first, rest) = path.split_first()?;
    let value = fields.get(first)?;
    if rest.is_empty() {
        return Some(value);
    }
    match &value.value_type {
        Some(ValueType::MapValue(map)) => at(&map.fields, rest),
        _ => None,
    }
}

/// Sets the value at a path; whatever is in the way becomes a map.
pub(super) fn set(fields: &mut Fields, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        fields.insert(first.clone(), value);
        return;
    }
    let inner = &mut fields.entry(first.clone()).or_default().value_type;
    if !matches!(inner, Some(ValueType::MapValue(_))) {
        *inner = Some(ValueType::MapValue(MapValue::default()));
    }
    if let Some(ValueType::MapValue(map)) = inner {
        set(&mut map.fields, rest, value);
    }
}

fn remove(fields: &mut Fields, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        fields.remove(first);
    } else if let Some(ValueType::MapValue(map)) =
        fields.get_mut(first).and_then(|value| value.value_type.as_mut())
    {
        remove(&mut map.fields, rest);
    }
}

/// The names in a field path: simple ones, or quoted with backticks, between dots.
pub(super) fn field_path(text: &str) -> Result<FieldPath, Status> {
    if text.is_empty() {
        return Err(Status::invalid_argument("Invalid empty property path string."));
    }
    let bad = || {
        Status::invalid_argument(format!(
            "Invalid property path \"{text}\". Unquoted property paths must match regex ([a-zA-Z_][a-zA-Z_0-9]*), and \
             quoted property paths must match regex (`(?:[^`\\\\]|(?:\\\\.))+`)"
        ))
    };
    let (mut names, mut rest) = (Vec::new(), text);
    loop {
        let (name, behind) = first_name(rest).ok_or_else(bad)?;
        if is_reserved(&name) {
            return Err(Status::invalid_argument(format!(
                "Invalid reserved name in field path {text}"
            )));
        }
        names.push(name);
        if behind.is_empty() {
            return Ok(names);
        }
        rest = behind.strip_prefix('.').ok_or_else(bad)?;
    }
}

/// The first name of a path, and what stands behind it.
fn first_name(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('`') else {
        let end = text.find('.').unwrap_or(text.len());
        let (name, behind) = text.split_at(end);
        let simple = |place: usize, byte: u8| {
            byte == b'_' || byte.is_ascii_alphabetic() || place > 0 && byte.is_ascii_digit()
        };
        let is_simple = !name.is_empty() && name.bytes().enumerate().all(|(place, byte)| simple(place, byte));
        return is_simple.then(|| (name.to_owned(), behind));
    };
    let (mut name, mut rest) = (String::new(), quoted.chars());
    loop {
        match rest.next()? {
            '`' => return (!name.is_empty()).then_some((name, rest.as_str())),
            '\\' => name.push(rest.next()?),
            other => name.push(other),
        }
    }
}

/// Whether a field must not be called that.
pub(super) fn is_reserved(name: &str) -> bool {
    name.len() >= 4 && name.starts_with("__") && name.ends_with("__")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(name: &str) -> String {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }

    proptest! {
        #[test]
        fn any_names_can_be_quoted(names in prop::collection::vec("[a.`\\\\ 0ä]{1,6}", 1..4)) {
            let text: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            prop_assert_eq!(field_path(&text.join(".")).unwrap(), names);
        }

        #[test]
        fn a_path_that_is_set_is_there_and_shown(names in prop::collection::vec("[ab]", 1..4), old in "[ab]") {
            let value = Value { value_type: Some(ValueType::BooleanValue(true)) };
            let mut fields = Fields::from([(old, Value { value_type: Some(ValueType::IntegerValue(1)) })]);
            set(&mut fields, &names, value.clone());
            prop_assert_eq!(at(&fields, &names), Some(&value));
            let shown = Mask(vec![names.clone()]).shown(&fields);
            prop_assert_eq!(at(&shown, &names), Some(&value));
            remove(&mut fields, &names);
            prop_assert_eq!(at(&fields, &names), None);
        }
    }

    #[test]
    fn what_the_emulator_refuses_is_refused() {
        for bad in [
            "", "a..b", ".a", "a.", "0a", "a-b", "`ab", "``", "`a`b", "a.__x__", "__x__", "____",
        ] {
            assert!(field_path(bad).is_err(), "{bad}");
        }
        for good in ["a", "_", "___", "a.b0", "`a b`.c", "`\\``"] {
            assert!(field_path(good).is_ok(), "{good}");
        }
    }
}
