//! Values written as tagged JSON from where they lie in the bytes of their document, without being decoded.
//! Whatever is not written plainly (keys that look like tags, keys that come twice, vectors, U+0000) is left to
//! the writer of decoded values: nothing is said to be written then.

use super::Writer;
use super::escape::is_plain;
use crate::firestore::lying::{Lying, element, member};

/// Deeper ones are decoded.
const DEPTH: usize = 16;

impl Writer<'_> {
    /// Appends the value, or an unknown part of it.
    #[inline]
    pub(crate) fn lying(&mut self, value: Lying<'_>) -> Option<()> {
        self.lying_at(value, DEPTH)
    }

    // Into the loops below, which are what recurs: most values are no arrays or maps, and need no frame of their own.
    #[inline(always)]
    fn lying_at(&mut self, value: Lying<'_>, depth: usize) -> Option<()> {
        match value {
            Lying::Text(text) => return self.lying_text(text),
            Lying::Integer(integer) => self.integer(integer),
            Lying::Double(double) => self.double(double),
            Lying::Array(array) => return self.lying_array(array, depth.checked_sub(1)?),
            Lying::Map(map) => return self.lying_map(map, depth.checked_sub(1)?),
            Lying::Reference(name) if name.contains(&0) => return None,
            other => self.value(&other.value()?),
        }
        Some(())
    }

    /// Appends a text, in quotes.
    pub(crate) fn lying_text(&mut self, text: &[u8]) -> Option<()> {
        if is_plain(text) {
            self.plain(text);
            return Some(());
        }
        let text = std::str::from_utf8(text)
            .ok()
            .filter(|text| !text.contains('\0'))?;
        self.string(text);
        Some(())
    }

    #[inline(never)]
    fn lying_array(&mut self, mut rest: &[u8], depth: usize) -> Option<()> {
        let mut before = b'[';
        while !rest.is_empty() {
            let value = element(&mut rest)?;
            self.byte(before);
            self.lying_at(value, depth)?;
            before = b',';
        }
        if before == b'[' {
            self.byte(before);
        }
        self.byte(b']');
        Some(())
    }

    #[inline(never)]
    fn lying_map(&mut self, map: &[u8], depth: usize) -> Option<()> {
        let (mut rest, mut last, mut ascending): (_, &[u8], _) = (map, b"", true);
        let mut before = b'{';
        while !rest.is_empty() {
            let (key, value) = member(&mut rest)?;
            if is_marked(key) {
                return None;
            }
            ascending &= before == b'{' || is_below(last, key);
            last = key;
            self.byte(before);
            self.lying_text(key)?;
            self.byte(b':');
            self.lying_at(value, depth)?;
            before = b',';
        }
        if before == b'{' {
            self.byte(before);
        }
        self.byte(b'}');
        (ascending || !repeats(map)).then_some(())
    }
}

/// Whether a key comes before another: their first bytes mostly tell.
#[inline(always)]
fn is_below(one: &[u8], other: &[u8]) -> bool {
    match (one.first(), other.first()) {
        (Some(one), Some(other)) if one != other => one < other,
        _ => one < other,
    }
}

/// Whether a key may be more than a name: `$…` may be a tag, `__type__` makes a vector, and other names of that kind
/// are `_extra`'s own.
pub(crate) fn is_marked(key: &[u8]) -> bool {
    matches!(key, [b'$', ..] | [b'_', b'_', ..])
}

/// Whether a key of a map comes twice.
fn repeats(mut map: &[u8]) -> bool {
    let mut keys: Vec<&[u8]> = std::iter::from_fn(|| member(&mut map))
        .map(|(key, _)| key)
        .collect();
    keys.sort_unstable();
    keys.array_windows().any(|[one, next]| one == next)
}
