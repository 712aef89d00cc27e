//! The order of document names, and points between them.
//!
//! Firestore orders paths segment by segment; numeric ids (`__id7__`) come before all others, by their number,
//! the others by their UTF-8 bytes. Plain string order is wrong wherever a segment ends or a number begins.

use std::cmp::Ordering;

/// Bytes of the longest id there can be (firebase.google.com/docs/firestore/quotas).
const LONGEST_ID: usize = 1_500;

/// Bytes of the longest path: a name has at most 6 KiB, of which up to 124 name the database.
const LONGEST_PATH: usize = 6_020;

/// The lowest document id there can be.
const LOWEST_ID: &str = "__id-9223372036854775808__";

/// Where everything below a root collection begins.
pub(super) fn beginning(collection: &str) -> String {
    format!("{collection}/{LOWEST_ID}")
}

/// Compares two paths below the root as Firestore does.
///
/// Asked of every document, so only the segments in which the paths differ are looked at: without a number in them,
/// the first byte that differs decides, where a segment's end is below all bytes.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left_bytes, right_bytes) = (left.as_bytes(), right.as_bytes());
    let at = common(left_bytes, right_bytes);
    let same = left_bytes.get(..at).unwrap_or_default();
    let begin = same
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |slash| slash + 1);
    let may_be_number = |path: &[u8]| path.get(begin..).is_some_and(|rest| rest.starts_with(b"__id"));
    if may_be_number(left_bytes) || may_be_number(right_bytes) {
        return compare_by_segments(left, right);
    }
    // Ends and slashes come before every byte that a segment may have.
    let rank = |path: &[u8]| match path.get(at) {
        None => 0,
        Some(b'/') => 1,
        Some(byte) => u16::from(*byte) + 2,
    };
    rank(left_bytes).cmp(&rank(right_bytes))
}

/// How many bytes two texts have in common at their beginning.
fn common(left: &[u8], right: &[u8]) -> usize {
    let (words, others) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
    let same = words
        .iter()
        .zip(others)
        .take_while(|(word, other)| word == other)
        .count()
        * 8;
    let rest = left.iter().zip(right).skip(same);
    same + rest.take_while(|(byte, other)| byte == other).count()
}

/// The same, segment by segment: what [`compare`] is held to, and asks where numbers may be.
fn compare_by_segments(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('/'), right.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match compare_segments(a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn compare_segments(left: &str, right: &str) -> Ordering {
    match (numeric(left), numeric(right)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

/// The number of an id such as `__id-3__`: signed 64-bit, without leading zeros.
fn numeric(segment: &str) -> Option<i64> {
    let digits = segment.strip_prefix("__id")?.strip_suffix("__")?;
    let number: i64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// A path strictly between two, about half-way in the space of names; nothing when none is easily had.
/// Whether a document of that name exists does not matter.
pub(super) fn between(low: &str, high: Option<&str>) -> Option<String> {
    let lows: Vec<&str> = low.split('/').collect();
    let highs: Vec<&str> = high.map(|high| high.split('/').collect()).unwrap_or_default();
    let place = match high {
        // Without an end, the first document id (or collection) is where names differ most.
        None => 0,
        // Where the lower name ends, everything below it lies between.
        Some(_) => lows
            .iter()
            .zip(&highs)
            .position(|(a, b)| a != b)
            .unwrap_or(lows.len()),
    };
    let depth = lows.len().max(highs.len());
    let lies_between =
        |path: &String| compare(low, path).is_lt() && high.is_none_or(|high| compare(path, high).is_lt());
    // Where a segment is exhausted, a point is looked for deeper, among the names that share it.
    (place..lows.len().max(place + 1)).find_map(|deeper| {
        let top = highs.get(place).copied().filter(|_| deeper == place);
        let bottom = lows.get(deeper).copied().unwrap_or_default();
        candidates(bottom, top)
            .filter_map(|segment| path(&lows[..deeper], segment, depth))
            .find(lies_between)
    })
}

/// A document path of at most `depth` segments that starts with `prefix` and `segment`, unless it is too long for one.
fn path(prefix: &[&str], segment: String, depth: usize) -> Option<String> {
    let mut segments: Vec<&str> = prefix.to_vec();
    segments.push(&segment);
    // A cursor must name a document: a collection id needs a document id behind it.
    if segments.len() % 2 == 1 {
        segments.push("!");
    }
    let path = (segments.len() <= depth.max(2)).then(|| segments.join("/"));
    path.filter(|path| path.len() <= LONGEST_PATH)
}

/// Segments that may lie between `low` and `high`, the most even split first.
fn candidates(low: &str, high: Option<&str>) -> impl Iterator<Item = String> {
    const FIRST_STRING: &str = " ";
    let numbers = numeric(low).map(|low| {
        let top = high.and_then(numeric).unwrap_or(i64::MAX);
        let middle = ((i128::from(low) + i128::from(top)) / 2) as i64;
        format!("__id{middle}__")
    });
    let border = numeric(low).map(|_| FIRST_STRING.to_owned());
    let ends: Vec<String> = match high {
        Some(high) if numeric(high).is_none() => vec![high.to_owned()],
        Some(_) => Vec::new(),
        None => vec!["~".to_owned(), "\u{10FFFF}".to_owned()],
    };
    let start = if numeric(low).is_some() { "" } else { low }.to_owned();
    let strings = ends.into_iter().filter_map(move |end| middle(&start, &end));
    // With an unbounded end, find out first whether there are other ids than numbers at all.
    border
        .into_iter()
        .filter(move |_| high != Some(FIRST_STRING))
        .chain(numbers)
        .chain(strings)
}

/// Half-way between two strings, read as fractions whose digits are the characters an id had best be made of.
fn middle(low: &str, high: &str) -> Option<String> {
    let digits = match low.is_ascii() && high.is_ascii() {
        true => PRINTABLE,
        false => ANY,
    };
    let shared: String = low
        .chars()
        .zip(high.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect();
    let (low, high) = (
        digits.number(&low[shared.len()..]),
        digits.number(&high[shared.len()..]),
    );
    let middle = digits.of(low + high.checked_sub(low)? / 2);
    let floor = digits.of(low);
    // Three digits from where it leaves the lower end are as even a split as anybody needs, and readable.
    let leaves = middle.iter().zip(&floor).position(|(a, b)| a != b).unwrap_or(0);
    let mut text = shared;
    text.extend(
        middle
            .iter()
            .take(leaves + 3)
            .map_while(|digit| digits.letter(*digit)),
    );
    // What is cut off may have told it from the lower end; whoever asked sees to that.
    text.truncate(text.floor_char_boundary(LONGEST_ID));
    let reserved =
        matches!(text.as_str(), "" | "." | "..") || (text.starts_with("__") && text.ends_with("__"));
    (!reserved).then_some(text)
}

/// Characters as digits: from the lowest on, one more than the distance to it; 0 is where a text has ended.
#[derive(Clone, Copy)]
struct Digits {
    lowest: u32,
    highest: u32,
    /// Digits of a number; so many fit into 128 bits.
    places: usize,
}

const PRINTABLE: Digits = Digits {
    lowest: 0x20,
    highest: 0x7e,
    places: 16,
};
const ANY: Digits = Digits {
    lowest: 0x20,
    highest: 0x10_FFFF,
    places: 6,
};

impl Digits {
    fn base(self) -> u128 {
        u128::from(self.highest - self.lowest) + 2
    }

    fn number(self, text: &str) -> u128 {
        let digit =
            |letter: char| u128::from(u32::from(letter).clamp(self.lowest, self.highest) - self.lowest) + 1;
        let mut letters = text.chars();
        (0..self.places).fold(0, |sum, _| sum * self.base() + letters.next().map_or(0, digit))
    }

    fn of(self, mut number: u128) -> Vec<u128> {
        let mut digits = vec![0; self.places];
        for digit in digits.iter_mut().rev() {
            *digit = number % self.base();
            number /= self.base();
        }
        digits
    }

    /// The character of a digit, or one beside it that may stand in an id; nothing where the text ends.
    fn letter(self, digit: u128) -> Option<char> {
        let code = u32::try_from(digit.checked_sub(1)?).ok()? + self.lowest;
        match code {
            0x2f => Some('0'),
            0xD800..=0xDFFF => Some('\u{E000}'),
            code => char::from_u32(code),
        }
    }
}

#[cfg(test)]
mod tests;
