//! Numbers of up to eight bytes, read all at once.

/// The number that these eight bytes begin with, and in how many of them it is, unless it needs more.
#[inline(always)]
pub(crate) fn short_varint(bytes: u64) -> Option<(u64, usize)> {
    const LAST: u64 = 0x8080_8080_8080_8080;
    let ends = !bytes & LAST;
    if ends == 0 {
        return None;
    }
    // Up to the highest bit of the byte that ends it; then seven bits of each byte move together, by pairs.
    let mine = bytes & (ends ^ (ends - 1)) & !LAST;
    let pairs = (mine & 0x007f_007f_007f_007f) | (mine & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (pairs & 0x0000_3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    let value = (fours & 0x0fff_ffff) | (fours & 0x0fff_ffff_0000_0000) >> 4;
    Some((value, ends.trailing_zeros() as usize / 8 + 1))
}
