//! What points come to in a few bytes, so that a second reading can be held against the first without keeping it.
//! Points with equal digests are the same document. The order in which a server sent the entries of a map does not
//! count, for servers keep maps without one; the order of a list does. What is sent differently and means the same, or
//! is not understood here, makes digests differ at worst, never agree.
//! Hashing is keyed and not cryptographic: the key is made by chance for each run, and nobody who writes points has it.

use std::ops::AddAssign;

use twox_hash::XxHash3_128;

use super::PointId;
use crate::wire::{Malformed, Reader};

/// Values nested deeper are no point that is ever stored; they count as the bytes that they came in.
const DEPTH: usize = 100;
/// Names of a map that are held against each other; more of them are sorted.
const FEW: usize = 16;

/// What points come to together, in whatever order they are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// How many.
    pub count: u64,
    /// Their ids.
    pub ids: u128,
    /// Everything of them.
    pub points: u128,
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Digest) {
        self.count += other.count;
        self.ids = self.ids.wrapping_add(other.ids);
        self.points = self.points.wrapping_add(other.points);
    }
}

/// Makes digests under one key; those of different keys have nothing to do with each other.
#[derive(Debug, Clone, Copy)]
pub struct Digester {
    seed: u64,
}

/// What is hashed, so that one thing is never taken for another.
#[derive(Clone, Copy)]
enum Of {
    Bytes = 1,
    Id,
    Link,
    Map,
    Plain,
    Unreadable,
}

/// The messages in which something is a map, or holds one.
#[derive(Clone, Copy)]
enum Message {
    Vectors,
    Named,
    Entry,
    Value,
    Struct,
    List,
}

/// What becomes of a field.
enum Part {
    /// It counts as its bytes.
    Bytes,
    /// It is looked into.
    Inner(Message),
    /// An entry of a map: as its bytes, or looked into.
    Entry(Option<Message>),
}

impl Message {
    fn part(self, number: u32) -> Part {
        match (self, number) {
            (Message::Vectors, 2) => Part::Inner(Message::Named),
            (Message::Named, 1) => Part::Entry(None),
            (Message::Entry, 2) | (Message::List, 1) => Part::Inner(Message::Value),
            (Message::Value, 6) => Part::Inner(Message::Struct),
            (Message::Value, 7) => Part::Inner(Message::List),
            (Message::Struct, 1) => Part::Entry(Some(Message::Entry)),
            _ => Part::Bytes,
        }
    }
}

/// The entries of a map, in no order.
#[derive(Default)]
struct Entries<'a> {
    names: Vec<&'a [u8]>,
    sum: u128,
}

impl Entries<'_> {
    /// Of a name that comes twice the last value counts, so that the order would matter.
    fn repeat(mut self) -> bool {
        let names = &mut self.names;
        if names.len() <= FEW {
            let before = |at: usize, name: &&[u8]| names[..at].contains(name);
            return names.iter().enumerate().any(|(at, name)| before(at, name));
        }
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

impl Digester {
    /// Under this key.
    pub fn new(key: u128) -> Digester {
        // Both halves: the version of a UUID is in one of them.
        Digester {
            seed: (key >> 64) as u64 ^ key as u64,
        }
    }

    /// The digest of a point by the bytes of its `RetrievedPoint`, and its id if it has one. The value that a scroll was
    /// ordered by does not count.
    pub fn point(&self, body: &[u8]) -> (Option<PointId>, Digest) {
        let (id, points) = match self.read(body) {
            Ok(read) => read,
            Err(_) => (super::id(body).ok(), self.hash(Of::Unreadable, body)),
        };
        let ids = id.map_or(points, |id| self.id(id));
        let digest = Digest {
            count: 1,
            ids,
            points,
        };
        (id, digest)
    }

    /// What an id adds to [`Digest::ids`].
    pub fn id(&self, id: PointId) -> u128 {
        match id {
            PointId::Number(number) => self.hash(Of::Id, &number.to_le_bytes()),
            PointId::Uuid(bytes) => self.hash(Of::Id, &bytes),
        }
    }

    fn read(&self, body: &[u8]) -> Result<(Option<PointId>, u128), Malformed> {
        let mut reader = Reader::new(body);
        let (mut id, mut order, mut entries) = (None, 0, Entries::default());
        loop {
            let before = reader;
            let Some(field) = reader.next_field()? else {
                break;
            };
            match field.number {
                1 => {
                    let read = PointId::read(field.message()?)?;
                    order = self.link(order, 1, self.id(read));
                    id = Some(read);
                }
                2 => self.entry(field.message()?, &mut entries, 1)?,
                4 => {
                    let vectors = self.message(Message::Vectors, field.message()?, 1)?;
                    order = self.link(order, 4, vectors);
                }
                // The value that the scroll was ordered by.
                6 => {}
                _ => order = self.link(order, 0, self.hash(Of::Bytes, reader.since(&before))),
            }
        }
        let id = id.ok_or_else(|| reader.malformed("a point without an id"))?;
        Ok((Some(id), self.with(order, entries, &reader)?))
    }

    fn message(&self, message: Message, mut reader: Reader<'_>, depth: usize) -> Result<u128, Malformed> {
        if depth > DEPTH {
            return Err(reader.malformed("values nested too deep"));
        }
        let (mut order, mut entries) = (message as u128, Entries::default());
        loop {
            let before = reader;
            let Some(field) = reader.next_field()? else {
                return self.with(order, entries, &reader);
            };
            match message.part(field.number) {
                Part::Bytes => order = self.link(order, 0, self.hash(Of::Bytes, reader.since(&before))),
                Part::Inner(inner) => {
                    let inner = self.message(inner, field.message()?, depth + 1)?;
                    order = self.link(order, field.number, inner);
                }
                Part::Entry(Some(_)) => self.entry(field.message()?, &mut entries, depth + 1)?,
                Part::Entry(None) => {
                    let entry = field.message()?;
                    entries.names.push(name(entry)?);
                    entries.sum = entries.sum.wrapping_add(self.hash(Of::Plain, entry.bytes()));
                }
            }
        }
    }

    /// An entry of a payload, or of a struct in it. Those without a map in them, which is nearly all, are one hash.
    fn entry<'a>(&self, entry: Reader<'a>, entries: &mut Entries<'a>, depth: usize) -> Result<(), Malformed> {
        entries.names.push(name(entry)?);
        let digest = match holds_map(Message::Entry, entry, depth)? {
            false => self.hash(Of::Plain, entry.bytes()),
            true => self.message(Message::Entry, entry, depth)?,
        };
        entries.sum = entries.sum.wrapping_add(digest);
        Ok(())
    }

    fn with(&self, order: u128, entries: Entries<'_>, reader: &Reader<'_>) -> Result<u128, Malformed> {
        if entries.names.is_empty() {
            return Ok(order);
        }
        let sum = entries.sum;
        match entries.repeat() {
            true => Err(reader.malformed("a name that comes twice")),
            false => Ok(self.joined(Of::Map, 0, order, sum)),
        }
    }

    /// What came before, and what follows it.
    fn link(&self, before: u128, number: u32, next: u128) -> u128 {
        self.joined(Of::Link, number, before, next)
    }

    fn joined(&self, of: Of, number: u32, one: u128, other: u128) -> u128 {
        let mut bytes = [0; 36];
        bytes[..16].copy_from_slice(&one.to_le_bytes());
        bytes[16..32].copy_from_slice(&other.to_le_bytes());
        bytes[32..].copy_from_slice(&number.to_le_bytes());
        self.hash(of, &bytes)
    }

    fn hash(&self, of: Of, bytes: &[u8]) -> u128 {
        XxHash3_128::oneshot_with_seed(self.seed.wrapping_add(of as u64), bytes)
    }
}

/// The name of an entry: the last, where it has several.
fn name(mut entry: Reader<'_>) -> Result<&[u8], Malformed> {
    let mut name: &[u8] = &[];
    while let Some(field) = entry.next_field()? {
        if field.number == 1 {
            name = field.message()?.bytes();
        }
    }
    Ok(name)
}

fn holds_map(message: Message, mut reader: Reader<'_>, depth: usize) -> Result<bool, Malformed> {
    if depth > DEPTH {
        return Err(reader.malformed("values nested too deep"));
    }
    while let Some(field) = reader.next_field()? {
        let holds = match message.part(field.number) {
            Part::Inner(Message::Struct) => true,
            Part::Inner(inner) => holds_map(inner, field.message()?, depth + 1)?,
            Part::Bytes | Part::Entry(_) => false,
        };
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}
