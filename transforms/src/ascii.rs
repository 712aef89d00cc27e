//! Texts looked at eight bytes at a time.

const ONES: u64 = u64::from_le_bytes([1; 8]);
/// The bit that no byte of ASCII has.
pub(crate) const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// All bytes of a text of up to eight, some of them twice, and letters where it is empty: whether one of
/// a text's bytes is looked for can be asked of it, where it stands cannot.
#[inline(always)]
fn gathered(text: &[u8]) -> u64 {
    match *text {
        [] => u64::from_le_bytes([b'a'; 8]),
        [one] => u64::from_le_bytes([one; 8]),
        [one, two] => u64::from_le_bytes([one, two, one, two, one, two, one, two]),
        [one, two, three] => u64::from_le_bytes([one, two, three, one, two, three, one, two]),
        [a, b, c, d, ..] => {
            let last = text.last_chunk::<4>().copied().unwrap_or([a, b, c, d]);
            u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(u32::from_le_bytes(last)) << 32
        }
    }
}

/// Whether a text has none of the bytes that `any` finds among eight.
#[inline(always)]
pub(crate) fn none(text: &[u8], any: impl Fn(u64) -> bool) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        return !any(gathered(text));
    };
    // Long texts four words at a time, without a decision in between: what the compiler makes one of vectors.
    let (lines, rest) = text.as_chunks::<32>();
    let found = lines.iter().any(|line| {
        let (words, _) = line.as_chunks::<8>();
        words
            .iter()
            .fold(false, |found, word| found | any(u64::from_le_bytes(*word)))
    });
    let (words, _) = rest.as_chunks::<8>();
    let found = found || words.iter().any(|word| any(u64::from_le_bytes(*word)));
    !found && !any(u64::from_le_bytes(*last))
}

/// Whether two texts are the same: names of fields, which are short, without a call.
#[inline(always)]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(first), Some(others)) if one.len() <= 16 => {
            first == others && one.last_chunk::<8>() == other.last_chunk::<8>()
        }
        (Some(_), _) => one == other,
        _ => gathered(one) == gathered(other),
    }
}

/// Where the first byte stands of those that are looked for: `any` says whether one of eight is, `one` whether one is.
/// Most texts have none.
#[inline]
pub(crate) fn first(text: &[u8], any: impl Fn(u64) -> bool, one: impl Fn(u8) -> bool) -> Option<usize> {
    if none(text, &any) {
        return None;
    }
    let (words, _) = text.as_chunks::<8>();
    let before = words.iter().take_while(|word| !any(u64::from_le_bytes(**word)));
    let start = 8 * before.count();
    let (_, rest) = text.split_at(start);
    rest.iter().position(|byte| one(*byte)).map(|at| start + at)
}

/// Whether PostgreSQL's `text` takes the bytes without a further look: ASCII, and no U+0000.
#[inline]
pub(crate) fn is_text(text: &[u8]) -> bool {
    none(text, |word| (word & HIGH) | is(word, 0) != 0)
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
        for length in 0..=75 {
            let plain = vec![b'a'; length];
            assert!(is_text(&plain));
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert_eq!(is_text(&text), byte != 0 && byte < 0x80, "{text:?}");
                    let found = first(&text, |word| is(word, b'"') != 0, |byte| byte == b'"');
                    assert_eq!(found, (byte == b'"').then_some(at));
                    assert_eq!(same(&plain, &text), byte == b'a');
                    assert!(!same(&plain, &text[1..]) && same(&text, &text.clone()));
                }
            }
        }
    }
}
