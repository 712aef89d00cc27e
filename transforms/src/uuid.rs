//! How a UUID is written: hyphenated and in lower case, as PostgreSQL and Qdrant print it.

/// The canonical spelling.
pub(crate) fn hyphenated(uuid: [u8; 16]) -> String {
    spell(uuid, &mut [0; 36]).to_owned()
}

/// The canonical spelling, in a place of the caller's.
pub(crate) fn spell(uuid: [u8; 16], out: &mut [u8; 36]) -> &str {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    // Two digits a byte; hyphens stand before the 4th, 6th, 8th and 10th.
    let places = (0..16).map(|byte: usize| 2 * byte + (byte.clamp(2, 10) - 2) / 2);
    out.fill(b'-');
    for (byte, at) in uuid.iter().zip(places) {
        if let Some([high, low]) = out.get_mut(at..at + 2) {
            *high = DIGITS[usize::from(byte >> 4)];
            *low = DIGITS[usize::from(byte & 15)];
        }
    }
    std::str::from_utf8(out).unwrap_or_default()
}
