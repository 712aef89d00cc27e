//! Which bytes of a text a JSON string does not hold as they are.

use crate::ascii::{self, HIGH, is, is_below};

/// Where the first byte stands that a string does not hold as it is.
pub(super) fn first_escaped(text: &[u8]) -> Option<usize> {
    let escaped = |byte: u8| byte < 0x20 || matches!(byte, b'"' | b'\\');
    ascii::first(text, any_escaped, escaped)
}

/// Whether a string holds all bytes as they are, and they are ASCII.
pub(super) fn is_plain(text: &[u8]) -> bool {
    ascii::none(text, |word| any_escaped(word) || word & HIGH != 0)
}

/// Whether one of eight bytes is below 0x20, a quote or a backslash.
fn any_escaped(word: u64) -> bool {
    is_below(word, 0x20) | is(word, b'"') | is(word, b'\\') != 0
}

/// Whether U+0000 is in a key.
pub(super) fn has_nul<W>(entries: &[(&str, W)]) -> bool {
    entries.iter().any(|(key, _)| key.as_bytes().contains(&0))
}
