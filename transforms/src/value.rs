//! A document and its values as its source means them, borrowed from the bytes they came in.
//! Equality for verification is [`Value::same`]: doubles by meaning of their bits, maps without order.
//! How values travel (protobuf), rest (columns) and read (JSON) is left to the modules of those names.

use std::borrow::Cow;

use crate::mapping::Records;
use crate::{Floats, Sparse, Timestamp};

/// A document of Firestore, or a point of Qdrant, as it came over the wire, decoded without copying text or bytes.
///
/// A point has the fields that Qdrant's REST API gives it: `payload`, `vector`, and where sharding is custom
/// `shard_key`. What it does not have is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// Full resource name: `projects/p/databases/d/documents/…`, of a point `points/<collection>/<id>`.
    pub name: Cow<'a, str>,
    /// When the document was created; of a point nobody knows.
    pub created: Option<Timestamp>,
    /// When the document was last changed; of a point nobody knows.
    pub updated: Option<Timestamp>,
    /// The fields in wire order, each name once.
    pub fields: Vec<(&'a str, Value<'a>)>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// An explicit null.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A 64-bit integer; Firestore keeps it apart from doubles.
    Integer(i64),
    /// A double, including NaN, the infinities and -0.0.
    Double(f64),
    /// A moment.
    Timestamp(Timestamp),
    /// A string; U+0000 is legal here.
    Text(&'a str),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// The full resource name of another document, possibly in another database.
    Reference(&'a str),
    /// A point on Earth.
    GeoPoint {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// A list.
    Array(Vec<Value<'a>>),
    /// A map, each key once.
    Map(Vec<(&'a str, Value<'a>)>),
    /// An embedding of Firestore's. Decoded ones have 1 to 16,000 components, what a pgvector column can hold.
    Vector(Vec<f64>),
    /// An embedding of Qdrant's. A multivector is an array of them.
    Floats(Floats<'a>),
    /// A sparse embedding of Qdrant's.
    Sparse(Box<Sparse<'a>>),
}

impl<'a> Document<'a> {
    /// The value at a path of names, each that of a field or of a key of the map before it.
    pub fn at<'n>(&self, path: impl IntoIterator<Item = &'n str>) -> Option<&Value<'a>> {
        let mut fields = self.fields.as_slice();
        let mut found = None;
        for name in path {
            let (_, value) = fields.iter().find(|(field, _)| *field == name)?;
            fields = match value {
                Value::Map(fields) => fields,
                _ => &[],
            };
            found = Some(value);
        }
        found
    }

    /// What it is: points have no times.
    pub(crate) fn kind(&self) -> Records {
        match (self.created, self.updated) {
            (None, None) => Records::Points,
            _ => Records::Documents,
        }
    }
}

impl Value<'_> {
    /// Whether both are the same value: every NaN of 64 bits equals every other, -0.0 differs from 0.0, an integer
    /// from a double, and the order of map keys does not count. Components of 32 bits are compared bit by bit.
    pub fn same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Double(a), Value::Double(b)) => same_double(*a, *b),
            (
                Value::GeoPoint { latitude, longitude },
                Value::GeoPoint {
                    latitude: other_latitude,
                    longitude: other_longitude,
                },
            ) => same_double(*latitude, *other_latitude) && same_double(*longitude, *other_longitude),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Value::Vector(a), Value::Vector(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_double(*a, *b))
            }
            (Value::Map(a), Value::Map(b)) => same_fields(a, b),
            _ => self == other,
        }
    }
}

/// Whether two sets of fields hold the same values under the same names.
fn same_fields(a: &[(&str, Value<'_>)], b: &[(&str, Value<'_>)]) -> bool {
    fn sorted<'s, 'v>(fields: &'s [(&'v str, Value<'v>)]) -> Vec<&'s (&'v str, Value<'v>)> {
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        sorted
    }
    a.len() == b.len()
        && sorted(a)
            .iter()
            .zip(sorted(b))
            .all(|(a, b)| a.0 == b.0 && a.1.same(&b.1))
}

fn same_double(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The path of a resource below the database's root (`projects/p/databases/d/documents`), if it lies there.
pub fn below<'n>(name: &'n str, root: &str) -> Option<&'n str> {
    name.strip_prefix(root)?
        .strip_prefix('/')
        .filter(|path| !path.is_empty() && !root.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_its_own_root_only() {
        assert_eq!(
            below(
                "projects/p/databases/d/documents/a/b",
                "projects/p/databases/d/documents"
            ),
            Some("a/b")
        );
        assert_eq!(
            below(
                "projects/p/databases/d2/documents/a/b",
                "projects/p/databases/d/documents"
            ),
            None
        );
        assert_eq!(below("root", "root"), None);
        assert_eq!(below("root/", "root"), None);
        assert_eq!(below("rooted/a", "root"), None);
        assert_eq!(below("/a", ""), None);
    }

    #[test]
    fn sameness_looks_at_meaning_not_order() {
        let a = Value::Map(vec![("x", Value::Double(f64::NAN)), ("y", Value::Integer(1))]);
        let b = Value::Map(vec![("y", Value::Integer(1)), ("x", Value::Double(-f64::NAN))]);
        assert!(a.same(&b));
        assert!(!Value::Double(0.0).same(&Value::Double(-0.0)));
        assert!(!Value::Double(1.0).same(&Value::Integer(1)));
        assert!(!Value::Map(vec![]).same(&Value::Array(vec![])));
    }
}
