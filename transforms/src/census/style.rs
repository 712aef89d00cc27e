//! What a text looks like: an id of some make, a date, an address, a number.
//! A style is a guess from the spelling alone. What follows from it is for others to decide.

/// The looks that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Style {
    /// Twenty letters and digits in no order, as Firestore makes its ids.
    Auto,
    /// Twenty-eight of them, as Firebase Authentication makes its ids.
    Uid,
    /// A UUID in canonical form: lower case, with hyphens.
    Uuid,
    /// A UUID in capitals.
    UuidCapitals,
    /// Digits, perhaps with a sign and a point; `__id7__` among document ids.
    Number,
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
    /// `2024-01-31`.
    Date,
    /// `2024-01-31T12:00…`.
    Moment,
    /// Letters, digits, hyphens, dots and underscores.
    Slug,
    /// Anything else.
    Other,
}

impl Style {
    pub(crate) const ALL: [Style; 11] = [
        Style::Auto,
        Style::Uid,
        Style::Uuid,
        Style::UuidCapitals,
        Style::Number,
        Style::Email,
        Style::Url,
        Style::Date,
        Style::Moment,
        Style::Slug,
        Style::Other,
    ];
}

/// How many there are.
pub(crate) const STYLES: usize = Style::ALL.len();

/// Longer texts are not looked at.
const LONGEST: usize = 256;

/// The bytes of a text by sort.
#[derive(Default)]
struct Letters {
    lower: usize,
    upper: usize,
    digits: usize,
    /// `-`, `_`, `.`
    marks: usize,
    at_signs: usize,
    others: usize,
    spaces: usize,
    /// How often the sort changes, but for a capital followed by a small letter: often in random letters.
    breaks: usize,
}

impl Letters {
    fn of(bytes: &[u8]) -> Letters {
        let mut letters = Letters::default();
        let mut last = 0;
        for byte in bytes {
            let sort = match byte {
                b'a'..=b'z' => {
                    letters.lower += 1;
                    1
                }
                b'A'..=b'Z' => {
                    letters.upper += 1;
                    2
                }
                b'0'..=b'9' => {
                    letters.digits += 1;
                    3
                }
                b'-' | b'_' | b'.' => {
                    letters.marks += 1;
                    4
                }
                b'@' => {
                    letters.at_signs += 1;
                    5
                }
                b' ' | b'\n' | b'\t' => {
                    letters.spaces += 1;
                    6
                }
                _ => {
                    letters.others += 1;
                    7
                }
            };
            letters.breaks += usize::from(sort != 4 && sort != last && last != 0 && (last, sort) != (2, 1));
            // Marks part words, which then begin as they like.
            last = if sort == 4 { 0 } else { sort };
        }
        letters
    }

    fn is_plain(&self) -> bool {
        self.at_signs + self.others + self.spaces == 0
    }
}

/// What a text looks like.
pub(crate) fn of(text: &str) -> Style {
    let bytes = text.as_bytes();
    if text.starts_with("https://") || text.starts_with("http://") {
        return Style::Url;
    }
    if bytes.is_empty() || bytes.len() > LONGEST {
        return Style::Other;
    }
    let letters = Letters::of(bytes);
    if !letters.is_plain() {
        return unplain(text, &letters);
    }
    // Of a million random ids some ten have fewer breaks.
    let jumbled = letters.marks == 0 && letters.breaks >= 2;
    match bytes.len() {
        20 if jumbled => Style::Auto,
        28 if jumbled => Style::Uid,
        36 if is_uuid(bytes) && letters.upper == 0 => Style::Uuid,
        36 if is_uuid(bytes) && letters.lower == 0 => Style::UuidCapitals,
        10 if is_date(bytes) => Style::Date,
        _ if is_number(bytes) => Style::Number,
        _ => Style::Slug,
    }
}

fn unplain(text: &str, letters: &Letters) -> Style {
    let bytes = text.as_bytes();
    if letters.at_signs == 1 && letters.spaces == 0 {
        let host = text.split_once('@').map_or("", |(_, host)| host);
        return if host.contains('.') && !text.starts_with('@') {
            Style::Email
        } else {
            Style::Other
        };
    }
    let is_time = |time: &[u8]| matches!(time, [b'T' | b' ', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()));
    match bytes.split_at_checked(10) {
        Some((day, time)) if is_date(day) && is_time(time) => Style::Moment,
        _ => Style::Other,
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

fn is_date(bytes: &[u8]) -> bool {
    let shaped = bytes.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let number = |from: usize| (bytes[from] - b'0') * 10 + (bytes[from + 1] - b'0');
    shaped && bytes.len() == 10 && (1..=12).contains(&number(5)) && (1..=31).contains(&number(8))
}

fn is_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let points = digits.iter().filter(|byte| **byte == b'.').count();
    let plain = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let ends =
        digits.first().is_some_and(u8::is_ascii_digit) && digits.last().is_some_and(u8::is_ascii_digit);
    plain && ends && points <= 1
}

/// What a document id looks like; the numeric ids of imported databases are numbers.
pub(crate) fn of_id(id: &str) -> Style {
    let number = id.strip_prefix("__id").and_then(|rest| rest.strip_suffix("__"));
    of(number.unwrap_or(id))
}

/// Whether a map's key looks like data (an id, a date, a number) and not like a name that a person chose.
pub(crate) fn is_data(key: &str) -> bool {
    let bytes = key.as_bytes();
    match of_id(key) {
        // A name in camel case can have twenty letters as well.
        Style::Auto | Style::Uid | Style::Slug | Style::Other => {
            let letters = Letters::of(bytes);
            let jumbled = bytes.len() >= 16 && letters.breaks * 5 >= bytes.len();
            let counted = bytes.len() >= 6 && letters.digits * 2 > bytes.len();
            bytes.len() > 64 || counted || jumbled
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_by_its_looks() {
        for (text, style) in [
            ("4fT7sB1kQz09LmXy2WaR", Style::Auto),
            ("internationalization", Style::Slug),
            ("Zk3LmQ8xT1vB6nR0yW2pH5cJ9dFa", Style::Uid),
            ("123e4567-e89b-12d3-a456-426614174000", Style::Uuid),
            ("123E4567-E89B-12D3-A456-426614174000", Style::UuidCapitals),
            ("123e4567-E89b-12d3-a456-426614174000", Style::Slug),
            ("-12.5", Style::Number),
            ("1.2.3", Style::Slug),
            ("", Style::Other),
            ("ada@example.com", Style::Email),
            ("@ada", Style::Other),
            ("https://example.com/?a b", Style::Url),
            ("2024-02-29", Style::Date),
            ("2024-13-29", Style::Slug),
            ("2024-02-29T12:00:00Z", Style::Moment),
            ("two words", Style::Other),
            ("sku-000123", Style::Slug),
        ] {
            assert_eq!(of(text), style, "{text:?}");
        }
        assert_eq!(of_id("__id-3__"), Style::Number);
    }

    #[test]
    fn names_that_people_chose_are_no_data() {
        for name in [
            "shippingAddressLine2",
            "isShippingAddressVerifiedYet",
            "created_at_of_the_2nd_user_id",
            "flag17",
            "1st",
            "2fa",
            "camelCase",
            "a.b",
            "日本",
            "👍",
            "value0",
            "f017",
            "de",
        ] {
            assert!(!is_data(name), "{name:?}");
        }
        for key in [
            "4fT7sB1kQz09LmXy2WaR",
            "2024-02-29",
            "17",
            "E00017",
            "__id7__",
            "ada@example.com",
            "-NxK3f9aQ2LmZ81bTyRw",
        ] {
            assert!(is_data(key), "{key:?}");
        }
    }
}
