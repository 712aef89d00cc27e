//! Texts looked at eight bytes at a time.

const ONES: u64 = u64::from_le_bytes([1; 8]);
/// The bit that no byte of ASCII has.
pub(crate) const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the first byte stands of those that are looked for: `any` says whether one of eight is, `one` whether one is.
/// Most texts have none, and the last bytes are looked at together with some before them.
#[inline]
pub(crate) fn first(text: &[u8], any: impl Fn(u64) -> bool, one: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    let found = words.iter().position(|word| any(u64::from_le_bytes(*word)));
    let start = match found {
        Some(word) => 8 * word,
        None if rest.is_empty() => return None,
        None => {
            if let Some(last) = text.last_chunk::<8>()
                && !any(u64::from_le_bytes(*last))
            {
                return None;
            }
            text.len() - rest.len()
        }
    };
    let (_, rest) = text.split_at(start);
    rest.iter().position(|byte| one(*byte)).map(|at| start + at)
}

/// Whether PostgreSQL's `text` takes the bytes without a further look: ASCII, and no U+0000.
#[inline]
pub(crate) fn is_text(text: &[u8]) -> bool {
    first(
        text,
        |word| (word & HIGH) | is(word, 0) != 0,
        |byte| byte == 0 || byte >= 0x80,
    )
    .is_none()
}

/// Other than zero, if one of eight bytes is below `limit`: the high bit of such a byte; a borrow from below can set it
/// falsely only above one that truly is. `limit` is at most 0x80.
pub(crate) fn is_below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGH
}

/// Other than zero, if one of eight bytes is this one.
pub(crate) fn is(word: u64, byte: u8) -> u64 {
    is_below(word ^ (ONES * u64::from(byte)), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place of texts of every length up to three words.
    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for length in 0..=24 {
            let plain = vec![b'a'; length];
            assert!(is_text(&plain));
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert_eq!(is_text(&text), byte != 0 && byte < 0x80, "{text:?}");
                    let found = first(&text, |word| is(word, b'"') != 0, |byte| byte == b'"');
                    assert_eq!(found, (byte == b'"').then_some(at));
                }
            }
        }
    }
}
