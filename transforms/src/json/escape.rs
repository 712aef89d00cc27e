//! Which bytes of a text a JSON string does not hold as they are.

/// Where the first byte stands that a string does not hold as it is. Most texts have none: eight bytes are looked at
/// at a time, and the last ones together with some before them.
pub(super) fn first_escaped(text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    let found = words
        .iter()
        .position(|word| any_escaped(u64::from_le_bytes(*word)));
    let start = match found {
        Some(word) => 8 * word,
        None if rest.is_empty() => return None,
        None => {
            if let Some(last) = text.last_chunk::<8>()
                && !any_escaped(u64::from_le_bytes(*last))
            {
                return None;
            }
            text.len() - rest.len()
        }
    };
    let escaped = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    let (_, rest) = text.split_at(start);
    rest.iter().position(escaped).map(|at| start + at)
}

/// Whether one of eight bytes is below 0x20, a quote or a backslash.
fn any_escaped(word: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The high bit of a byte says that it was below `limit`; a borrow from below can only make it so falsely above one
    // that truly is.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, 0x20) | is(b'"') | is(b'\\') != 0
}
