//! Which fields the documents of a collection have, by name and kind, as applications write them.

use super::wire::Key;
use serde::Deserialize;

/// The fields of a collection's documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// Thirteen fields of all eleven types.
    #[default]
    Order,
    /// Eight fields of six types: a person's profile.
    User,
    /// Five small fields: what is written often and never changed.
    Event,
}

/// What a field usually holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Moment,
    Boolean,
    /// A number that no other document of the collection has.
    Number,
    Price,
    /// A double, or nothing.
    Discount,
    Word(&'static [&'static str]),
    Email,
    Bytes,
    Reference,
    Point,
    /// One or two maps in an array.
    Items,
    /// One to three texts in an array.
    Tags,
    /// A map.
    Address,
    /// So many doubles, in the way Firestore marks them as a vector.
    Vector(u32),
    /// A text that makes up what the document lacks in size.
    Filler,
}

/// A field's name, and what it usually holds.
pub(super) type Field = (Key, Kind);

/// Where the vector of a collection that has one is.
pub(super) const VECTOR: &str = "embedding";

const CURRENCIES: &[&str] = &["EUR", "USD", "GBP", "JPY"];
const NAMES: &[&str] = &[
    "Ada Lovelace",
    "Grace Hopper",
    "Zoë Müller",
    "Seán O'Casey",
    "山田太郎",
    "Li",
];
const EVENTS: &[&str] = &["opened", "clicked", "closed", "bought"];

const ORDER: [(&str, Kind); 13] = [
    ("createdAt", Kind::Moment),
    ("currency", Kind::Word(CURRENCIES)),
    ("customer", Kind::Reference),
    ("discount", Kind::Discount),
    ("fulfilled", Kind::Boolean),
    ("items", Kind::Items),
    ("number", Kind::Number),
    ("place", Kind::Point),
    ("shipping", Kind::Address),
    ("signature", Kind::Bytes),
    ("tags", Kind::Tags),
    ("total", Kind::Price),
    ("wishes", Kind::Filler),
];

const USER: [(&str, Kind); 8] = [
    ("active", Kind::Boolean),
    ("address", Kind::Address),
    ("email", Kind::Email),
    ("joined", Kind::Moment),
    ("name", Kind::Word(NAMES)),
    ("number", Kind::Number),
    ("spent", Kind::Price),
    ("words", Kind::Filler),
];

const EVENT: [(&str, Kind); 5] = [
    ("at", Kind::Moment),
    ("kind", Kind::Word(EVENTS)),
    ("number", Kind::Number),
    ("score", Kind::Discount),
    ("text", Kind::Filler),
];

impl Mix {
    /// The fields in the order of their names, the filler last; with a vector when it has dimensions.
    pub(super) fn fields(self, dimensions: u32) -> Vec<Field> {
        let mut fields: Vec<Field> = match self {
            Mix::Order => &ORDER[..],
            Mix::User => &USER[..],
            Mix::Event => &EVENT[..],
        }
        .iter()
        .map(|(name, kind)| (Key::new(name), *kind))
        .collect();
        if dimensions > 0 {
            let place = fields.partition_point(|(key, _)| key.name() < VECTOR);
            fields.insert(place, (Key::new(VECTOR), Kind::Vector(dimensions)));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_by_name_and_the_filler_knows_how_much_the_others_took() {
        for mix in [Mix::Order, Mix::User, Mix::Event] {
            for dimensions in [0, 3] {
                let fields = mix.fields(dimensions);
                assert!(
                    fields.is_sorted_by(|(one, _), (next, _)| one.name() < next.name()),
                    "{fields:?}"
                );
                let fillers = fields.iter().filter(|(_, kind)| matches!(kind, Kind::Filler));
                assert_eq!(fillers.count(), 1);
                assert!(matches!(fields.last(), Some((_, Kind::Filler))));
            }
        }
    }
}
