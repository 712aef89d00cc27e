//! Tagged JSON: every value as JSON that says its type, in `jsonb` columns, `_extra` and the quarantine.
//! Writing never fails and reading gives back the same value, bit for bit (of NaN, those of 32 bits only).
//! U+0000 is written as `\u0000`, which `json` takes and `jsonb` does not: whoever packs for `jsonb` has to ask.

mod direct;
mod escape;
mod float;
mod point;
mod read;
mod rest;
mod write;

pub(crate) use direct::is_marked;
pub use point::point;
pub use read::{Owned, Unreadable, read, read_object};
pub use rest::rest;
pub(crate) use write::{Left, Writer};

use crate::Value;

/// One value as tagged JSON. References below `root` (`projects/p/databases/d/documents`) are written as paths.
pub fn text(value: &Value<'_>, root: &str) -> String {
    written(root, |writer| writer.value(value))
}

/// Fields as one JSON object whose own keys are plain field names, never tags: a whole document for a person.
pub fn object(fields: &[(&str, Value<'_>)], root: &str) -> String {
    written(root, |writer| writer.fields(fields))
}

/// `{"$entries": [[name, value], …]}`: fields that an object cannot hold, because their names are not what they were.
pub(crate) fn entries(fields: &[(&str, &Value<'_>)], root: &str) -> String {
    written(root, |writer| writer.entries(fields))
}

fn written(root: &str, write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out, root));
    String::from_utf8(out).expect("JSON is written from strings and ASCII")
}
