//! The fixed words of the mapping language: each is spelled in one way, here, for reading and printing alike.
//! A word that is none of them is answered with the one that was meant, or with all there are.

use std::fmt;
use std::str::FromStr;

use super::{
    Collection, Distance, Document, Fill, Function, Holds, Load, Misfit, Misspelt, Nul, Null, Records,
    Unmapped, Zero,
};
use crate::nearest::nearest;
use crate::origin::shown;

/// Spells the variants of an enum, each by one word.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal => $variant:ident),+ $(,)?) => {
        impl $type {
            /// Every word, with what it stands for.
            const WORDS: &'static [(&'static str, $type)] = &[$(($word, <$type>::$variant)),+];
        }

        /// As the mapping spells it.
        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(match self {
                    $(<$type>::$variant => $word),+
                })
            }
        }

        impl FromStr for $type {
            type Err = Misspelt;

            fn from_str(text: &str) -> Result<$type, Misspelt> {
                let found = <$type>::WORDS.iter().find(|(word, _)| *word == text);
                let unknown = || unknown($what, text, <$type>::WORDS.iter().map(|(word, _)| *word));
                found.map(|(_, meaning)| *meaning).ok_or_else(unknown)
            }
        }
    };
}

words!(Unmapped, "policy for unmapped collections", "infer" => Infer, "skip" => Skip, "refuse" => Refuse);
words!(Nul, "policy for U+0000", "quarantine" => Quarantine, "escape" => Escape, "strip" => Strip);
words!(Collection, "kind of child table", "array" => Array, "map" => Map);
words!(Distance, "distance", "cosine" => Cosine, "l2" => L2, "ip" => Ip, "l1" => L1);
words!(
    Misfit, "policy for misfits",
    "overflow" => Overflow, "quarantine" => Quarantine, "null" => Null, "cast" => Cast,
);
words!(Records, "kind of records", "documents" => Documents, "points" => Points);
words!(Load, "way to load", "copy" => Copy, "merge" => Merge);
words!(Zero, "policy for zero vectors", "keep" => Keep, "null" => Null, "quarantine" => Quarantine);
words!(Null, "policy for null", "keep" => Keep, "forget" => Forget);
words!(Fill, "rule for defaults", "missing" => Missing, "missing-or-null" => MissingOrNull);
words!(
    Function, "function",
    "lower" => Lower, "upper" => Upper, "trim" => Trim, "sha256" => Sha256, "uuid5" => Uuid5,
    "epoch_seconds" => EpochSeconds, "epoch_millis" => EpochMillis, "epoch_micros" => EpochMicros,
    "latitude" => Latitude, "longitude" => Longitude, "id" => Id,
);
words!(
    Holds, "Firestore type",
    "boolean" => Boolean, "integer" => Integer, "double" => Double, "number" => Number,
    "timestamp" => Timestamp, "text" => Text, "bytes" => Bytes, "reference" => Reference, "point" => Point,
    "vector" => Vector, "array" => Array, "map" => Map, "any" => Any,
);

impl Records {
    /// What one of them is called: the one place that decides the word for everything that is told of a move.
    pub fn one(self) -> &'static str {
        match self {
            Records::Documents => "document",
            Records::Points => "point",
        }
    }

    /// What several of them are called.
    pub fn many(self) -> &'static str {
        match self {
            Records::Documents => "documents",
            Records::Points => "points",
        }
    }
}

/// What is said of a word that is none.
pub(super) fn unknown<'w>(what: &str, word: &str, known: impl Iterator<Item = &'w str> + Clone) -> Misspelt {
    let advice = match nearest(word, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Misspelt(format!("no {what} is called `{}`; {advice}", shown(word)))
}

/// What is known about a document, without the numbered ones.
const DOCUMENT: [(&str, Document); 8] = [
    ("$id", Document::Id),
    ("$path", Document::Path),
    ("$parent", Document::Parent),
    ("$created", Document::Created),
    ("$updated", Document::Updated),
    ("$value", Document::Value),
    ("$ordinal", Document::Ordinal),
    ("$key", Document::Key),
];

/// As the mapping spells it: `$id`, `$1`.
impl fmt::Display for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, DOCUMENT.iter().find(|(_, document)| document == self)) {
            (Document::Wildcard(number), _) => write!(out, "${number}"),
            (_, Some((word, _))) => out.write_str(word),
            // Every other one has its word in the table; the tests go through all of them.
            (_, None) => Err(fmt::Error),
        }
    }
}

impl FromStr for Document {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Document, Misspelt> {
        if let Some((_, document)) = DOCUMENT.iter().find(|(word, _)| *word == text) {
            return Ok(*document);
        }
        let digits = text.strip_prefix('$').unwrap_or(text);
        let number: Option<u8> = digits.parse().ok();
        match number.filter(|number| *number > 0 && number.to_string() == digits) {
            Some(number) if text.starts_with('$') => Ok(Document::Wildcard(number)),
            _ => {
                let known = DOCUMENT.iter().map(|(word, _)| *word);
                let Misspelt(what) = unknown("value of a document", text, known);
                Err(Misspelt(format!(
                    "{what} (a field that is really called so stands in backticks)"
                )))
            }
        }
    }
}
