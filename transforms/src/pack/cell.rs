//! The frame of a cell in a binary COPY tuple: a length, then the bytes; and the few types everything is made of.
//! What is written here is what PostgreSQL receives; which value goes in which column is decided next door.

/// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
const EPOCH: i64 = 946_684_800_000_000;
/// Days from 1970 to 2000.
const EPOCH_DAY: i64 = 10_957;

#[inline]
pub(super) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1i32).to_be_bytes());
}

/// Up to sixteen bytes, appended at once: that asks once whether there is room.
#[inline]
pub(super) fn fixed<const SIZE: usize>(out: &mut Vec<u8>, bytes: [u8; SIZE]) {
    const { assert!(SIZE <= 16) };
    let mut cell = [0; 20];
    cell[..4].copy_from_slice(&(SIZE as u32).to_be_bytes());
    cell[4..4 + SIZE].copy_from_slice(&bytes);
    out.extend_from_slice(&cell[..4 + SIZE]);
}

#[inline]
pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // A length beyond 32 bits is cut here, and its tuple rejected as too large before anyone reads it.
    let length = bytes.len() as u32;
    out.reserve(4 + bytes.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Whatever is written, with its length put before it afterwards.
pub(super) fn sized<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let written = write(out);
    // A length beyond 32 bits is cut here, and its tuple rejected as too large before anyone reads it.
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    written
}

/// A moment given in microseconds since 1970.
pub(super) fn moment(micros: i64, out: &mut Vec<u8>) {
    fixed(out, (micros - EPOCH).to_be_bytes());
}

/// A day counted from 1970-01-01.
pub(super) fn date(day: i64, out: &mut Vec<u8>) {
    // Firestore's years 1 to 9999 are a few million days.
    fixed(out, ((day - EPOCH_DAY) as i32).to_be_bytes());
}
