//! What the sample says about a field, in lines short enough for a comment.
//! A hundred percent means all, nought means none, and an estimate says that it is one. No values of documents: a
//! mapping file is read by more people than the database is.

use super::kinds::{self, constant_length};
use crate::census::{Distinct, Epoch, Field, Kind, LONGEST_KEY, Style, size};
use crate::mapping::{Holds, Scalar, Type};

/// The lines about one column. `of` is how many documents (or elements) could have had the field.
pub(super) fn lines(field: &Field, of: u64, column: Option<(Type, Holds)>) -> Vec<String> {
    let mut first = vec![types(field, of)];
    first.extend(distinct(field));
    first.extend(measures(field));
    let mut lines = vec![first.join("; ")];
    lines.extend(hints(field, column));
    lines
}

/// `98.7 % map, 1.3 % null`: the types, explicit nulls and where nothing stood.
pub(super) fn types(field: &Field, of: u64) -> String {
    let mut parts: Vec<(u64, &str)> = field
        .kinds()
        .into_iter()
        .map(|(kind, count)| (count, kind.word()))
        .collect();
    parts.push((field.count(Kind::Null), Kind::Null.word()));
    parts.push((of.saturating_sub(field.seen()), "missing"));
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", percent(count, of)))
        .collect();
    parts.join(", ")
}

fn distinct(field: &Field) -> Option<String> {
    let kind = kinds::majority(field)?;
    let counted = matches!(
        kind,
        Kind::Double | Kind::Timestamp | Kind::Text | Kind::Bytes | Kind::Reference
    );
    (counted && field.present() > 1).then(|| different(&field.distinct, field.present()))
}

fn different(distinct: &Distinct, values: u64) -> String {
    match distinct.count() {
        count if distinct.is_exact() && count == values => "all distinct".into(),
        count if distinct.is_exact() => format!("{} distinct", thousands(count)),
        // The estimate's standard error is 1.6 %: two digits are honest.
        count if count * 20 > values * 19 => "nearly all distinct".into(),
        count => format!("~{} distinct", thousands(two_digits(count))),
    }
}

/// What there is to say about the sizes of values of the usual type.
fn measures(field: &Field) -> Option<String> {
    match kinds::majority(field)? {
        Kind::Text => {
            let length = field.texts.as_ref()?.length;
            Some(range(length.least, length.most, "character", "characters"))
        }
        Kind::Bytes => Some({
            let bytes = |spread: u64| size::payload(spread);
            range(bytes(field.size.least), bytes(field.size.most), "byte", "bytes")
        }),
        Kind::Double => numbers(field),
        Kind::Array => {
            let length = field.arrays.as_ref()?.length;
            Some(range(length.least, length.most, "element", "elements"))
        }
        Kind::Map => {
            let entries = field.maps.as_ref()?.entries;
            Some(range(entries.least, entries.most, "entry", "entries"))
        }
        Kind::Vector => {
            let mut dimensions: Vec<(&usize, &u64)> = field.vectors.iter().collect();
            dimensions.sort_by_key(|(dimension, count)| (std::cmp::Reverse(**count), **dimension));
            let said = |(dimension, count): &(&usize, &u64)| format!("{dimension} ({})", thousands(**count));
            let dimensions: Vec<String> = dimensions.iter().take(5).map(said).collect();
            (field.vectors.len() > 1).then(|| format!("dimensions: {}", dimensions.join(", ")))
        }
        _ => None,
    }
}

fn numbers(field: &Field) -> Option<String> {
    let numbers = field.numbers.as_ref()?;
    let doubles = field.count(Kind::Double);
    if doubles == 0 {
        let (least, most) = numbers.integers?;
        let fits = if i16::try_from(least).is_ok() && i16::try_from(most).is_ok() {
            "would fit smallint"
        } else if i32::try_from(least).is_ok() && i32::try_from(most).is_ok() {
            "would fit integer"
        } else {
            return None;
        };
        return Some(fits.into());
    }
    let mut said = Vec::new();
    if numbers.integral == doubles {
        said.push(String::from("none has a fraction"));
    }
    if numbers.not_finite > 0 {
        said.push(format!("{} NaN or infinite", thousands(numbers.not_finite)));
    }
    if numbers.inexact > 0 {
        said.push(format!(
            "{} integers beyond 2^53 stay in _extra",
            thousands(numbers.inexact)
        ));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// What one might do that the proposal does not, because only a person can know.
fn hints(field: &Field, column: Option<(Type, Holds)>) -> Vec<String> {
    let mut hints = Vec::new();
    match column {
        Some((Type::Halfvec(dimension), _)) => hints.push(format!(
            "an hnsw index takes at most 2,000 dimensions of vector, so this is a halfvec, whose 16-bit floats round; \
             vector({dimension}) without an index rounds less"
        )),
        Some((Type::Scalar(Scalar::Date), _)) => hints.push("every moment is the beginning of a day in UTC".into()),
        Some((Type::Vector(_), _)) if field.vectors.len() > 1 => {
            hints.push("documents whose vector has another length go to the quarantine".into());
        }
        _ => {}
    }
    let numbers = field.count(Kind::Integer) + field.count(Kind::Double);
    let epoch = field.numbers.as_ref().and_then(|known| known.epoch_of(numbers));
    if let (Some(epoch), Some(Kind::Double)) = (epoch, kinds::majority(field)) {
        let (unit, function) = match epoch {
            Epoch::Seconds => ("seconds", "epoch_seconds"),
            Epoch::Millis => ("milliseconds", "epoch_millis"),
            Epoch::Micros => ("microseconds", "epoch_micros"),
        };
        hints.push(format!(
            "looks like {unit} since 1970: type = \"timestamptz\", apply = [\"{function}\"]"
        ));
    }
    match kinds::majority(field) {
        Some(Kind::Text) => hints.extend(looks(field)),
        Some(Kind::Double) if are_numbers(field) => hints.push(
            "the strings look like numbers: misfit = \"cast\" would convert them and keep the originals in etl.amendment"
                .into(),
        ),
        _ => {}
    }
    if field.nul > 0 {
        hints.push(format!("{} with U+0000", thousands(field.nul)));
    }
    if let (Some(length), Some((Type::Array(_), _))) = (constant_length(field), column) {
        hints.push(format!(
            "looks like embeddings: type = \"vector({length})\", holds = \"array\", at the price of 32-bit floats"
        ));
    }
    hints
}

/// Whether all texts look like numbers.
fn are_numbers(field: &Field) -> bool {
    let texts = field.texts.as_ref();
    texts.is_some_and(|texts| texts.looking(Style::Number) == texts.length.count)
}

/// What the texts looked like, where they all did.
fn looks(field: &Field) -> Vec<String> {
    let Some(texts) = field.texts.as_ref().filter(|texts| texts.length.count > 0) else {
        return Vec::new();
    };
    let count = texts.length.count;
    let named = [
        (Style::Uuid, "UUIDs"),
        (Style::UuidCapitals, "UUIDs in capitals"),
        (Style::Number, "numbers written as text"),
        (Style::Email, "e-mail addresses"),
        (Style::Url, "URLs"),
        (Style::Date, "dates written as text"),
        (Style::Moment, "moments written as text"),
    ];
    let mut lines = Vec::new();
    if let Some((_, name)) = named.iter().find(|(style, _)| texts.looking(*style) == count) {
        lines.push(format!("the texts look like {name}"));
    }
    if texts.own_id == count {
        lines.push("the same as the document's own id".into());
    }
    if texts.long > 0 {
        lines.push(format!(
            "{} of the texts are longer than a btree index takes ({} bytes)",
            percent(texts.long, count),
            thousands(LONGEST_KEY as u64)
        ));
    }
    lines
}

fn range(least: u64, most: u64, one: &str, many: &str) -> String {
    let unit = if most == 1 && least == 1 { one } else { many };
    if least == most {
        format!("{} {unit}", thousands(most))
    } else {
        format!("{}–{} {unit}", thousands(least), thousands(most))
    }
}

/// `98.7 %`. A hundred is all of them and nothing less, and what there is is never nought.
pub(super) fn percent(part: u64, of: u64) -> String {
    let tenths = (u128::from(part) * 1000 + u128::from(of) / 2)
        .checked_div(u128::from(of))
        .unwrap_or(0);
    match tenths {
        _ if part == of => "100 %".into(),
        0 => "<0.1 %".into(),
        1000.. => "99.9 %".into(),
        _ if tenths.is_multiple_of(10) => format!("{} %", tenths / 10),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// `12,400`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    (number + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_honest_at_both_ends() {
        assert_eq!(percent(300, 300), "100 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(1, 100_000), "<0.1 %");
        assert_eq!(percent(987, 1000), "98.7 %");
        assert_eq!(percent(1, 2), "50 %");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(12_400), "12,400");
        assert_eq!(thousands(999), "999");
        assert_eq!(two_digits(12_437), 12_000);
        assert_eq!(two_digits(7), 7);
    }
}
