//! What no Firestore should send: names that come twice, names of documents that are none, moments outside the calendar,
//! texts that are no UTF-8, fields that nobody knows, and bytes that were cut, turned, lost or doubled on their way.

use rand::RngExt;
use rand::rngs::StdRng;
use transforms::Timestamp;
use transforms::json::Owned;

use crate::mappings::documents::{ROOT, Sample};
use crate::sent::{bytes, delimited};

/// The bytes of a document, and whether any of them are other than an encoder would write.
pub(super) struct Sent {
    pub(super) body: Vec<u8>,
    pub(super) is_damaged: bool,
}

/// Sends the document, mostly not quite as it is.
pub(super) fn sent(sample: &Sample, dice: &mut StdRng) -> Sent {
    let mut sample = sample.clone();
    let mut is_damaged = false;
    match dice.random_range(0..16) {
        0 | 1 => twice(&mut sample, dice),
        2 => sample.name = odd_name(dice),
        3 => outside_the_calendar(&mut sample, dice),
        4 => return no_utf8(sample, dice),
        _ => {}
    }
    let mut body = bytes(&sample);
    match dice.random_range(0..8) {
        0 => unknown(&mut body, dice),
        1 | 2 => {
            is_damaged = true;
            for _ in 0..dice.random_range(1..4) {
                damage(&mut body, dice);
            }
        }
        _ => {}
    }
    Sent { body, is_damaged }
}

/// Some names once more, with other values: the last counts.
fn twice(sample: &mut Sample, dice: &mut StdRng) {
    let count = sample.fields.len();
    for _ in 0..count.min(2) {
        let (name, value) = sample.fields[dice.random_range(0..count)].clone();
        let (_, other) = &mut sample.fields[dice.random_range(0..count)];
        if let Owned::Map(entries) = other {
            // Within a map.
            let first = entries.first().map(|(key, _)| key.clone());
            entries.extend(first.map(|key| (key, value.clone())));
        }
        sample.fields.push((name, Owned::Array(vec![value])));
    }
}

fn odd_name(dice: &mut StdRng) -> String {
    let names = [
        String::new(),
        "items/1".to_owned(),
        ROOT.to_owned(),
        format!("{ROOT}/"),
        format!("{ROOT}//items/1"),
        format!("{ROOT}/items"),
        format!("{ROOT}/items/"),
        format!("{ROOT}/items/1/"),
        format!("{ROOT}X/items/1"),
        format!("{ROOT}/items/1/more"),
        format!("{ROOT}/else/1"),
        "projects/q/databases/d/documents/items/1".to_owned(),
        format!("{ROOT}/items/\0"),
        format!("{ROOT}/items/{}", "x".repeat(6000)),
    ];
    names[dice.random_range(0..names.len())].clone()
}

/// The seconds just outside, or anywhere.
fn outside_the_calendar(sample: &mut Sample, dice: &mut StdRng) {
    let seconds = [
        -62_135_596_801,
        253_402_300_800,
        i64::MIN,
        i64::MAX,
        dice.random(),
    ][dice.random_range(0..5)];
    let nanos = [0, 1_000_000_000, u32::MAX, 999_999_999][dice.random_range(0..4)];
    let moment = Timestamp { seconds, nanos };
    match dice.random_range(0..3) {
        0 => sample.created = Some(moment),
        1 => sample.updated = Some(moment),
        _ => sample.fields.push(("when".to_owned(), Owned::Timestamp(moment))),
    }
}

/// A text, a key or the name of the document with bytes that stand for no character: half a surrogate pair as some
/// languages leave it behind, a zero in two bytes, a character cut off.
fn no_utf8(mut sample: Sample, dice: &mut StdRng) -> Sent {
    const MARK: &str = "\u{2620}\u{2620}";
    let wrong: [&[u8; 6]; 4] = [
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xc0\x80abcd",
        b"ab\xe2\x98xy",
        b"\xff\xfeabcd",
    ];
    let wrong = wrong[dice.random_range(0..4)];
    let value = Owned::Text(MARK.to_owned());
    match dice.random_range(0..4) {
        0 => sample.name.push_str(MARK),
        1 => sample.fields.push((MARK.to_owned(), Owned::Null)),
        2 => sample.fields.push(("text".to_owned(), value)),
        _ => sample.fields.push(("list".to_owned(), Owned::Array(vec![value]))),
    }
    let mut body = bytes(&sample);
    let mark = MARK.as_bytes();
    let at = body
        .windows(mark.len())
        .position(|window| window == mark)
        .unwrap();
    body[at..at + mark.len()].copy_from_slice(wrong);
    Sent {
        body,
        is_damaged: true,
    }
}

/// Fields of later versions, in front and behind.
fn unknown(body: &mut Vec<u8>, dice: &mut StdRng) {
    let mut field = Vec::new();
    match dice.random_range(0..4) {
        0 => delimited(&[0xa2, 0x06], b"later", &mut field),
        1 => field.extend([0xa0, 0x06, 0xff, 0xff, 0x01]),
        2 => field.extend([0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]),
        _ => field.extend([0xa3, 0x06, 0x08, 0x01, 0xa4, 0x06]),
    }
    match dice.random() {
        true => body.splice(..0, field).for_each(drop),
        false => body.extend(field),
    }
}

fn damage(body: &mut Vec<u8>, dice: &mut StdRng) {
    if body.is_empty() {
        return;
    }
    let at = dice.random_range(0..body.len());
    let end = body.len().min(at + dice.random_range(1..30));
    match dice.random_range(0..8) {
        0..3 => body[at] ^= 1 << dice.random_range(0..8),
        3 => body[at] = dice.random(),
        4 => body.truncate(at),
        5 => drop(body.drain(at..end)),
        6 => {
            let again = body[at..end].to_vec();
            body.splice(at..at, again).for_each(drop);
        }
        _ => body[at..end].fill(0),
    }
}
