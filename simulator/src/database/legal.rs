//! What may be stored, and how it is stored: names, values, nesting and size, by Firestore's rules.
//!
//! Messages are those of the official emulator, and so are the rules where the documentation has none.

use super::mask::is_reserved;
use super::size::size_of_document;
use super::stored::Fields;
use crate::path::{Id, Path};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proto::value::ValueType;
use proto::{ArrayValue, MapValue, Value};
use tonic::Status;

/// Bytes of a document, as Firestore counts them.
const LARGEST_DOCUMENT: usize = 1_048_576;
/// Bytes of one text or of bytes.
const LARGEST_VALUE: usize = 1_048_487;
/// Bytes of a field's name, and of a path from the outermost field to one in a map.
const LONGEST_NAME: usize = 1_500;
/// Maps and arrays within each other.
const DEEPEST: usize = 20;
const MOST_DIMENSIONS: usize = 2_048;
/// Collections above each other.
const LONGEST_PATH: usize = 100;
/// The first second of the year 1, and the last of 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

fn refuse<T>(why: impl Into<String>) -> Result<T, Status> {
    Err(Status::invalid_argument(why))
}

/// The path of a document of the database whose documents lie below `root`.
pub(crate) fn document_path(root: &str, name: &str) -> Result<Path, Status> {
    let path = resource("Document", name)?;
    if !name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')) {
        return refuse(format!(
            "Document name \"{name}\" is not in the database of the request, \"{root}\"."
        ));
    }
    Ok(path)
}

/// The path of a document of any database.
pub(super) fn resource(kind: &str, name: &str) -> Result<Path, Status> {
    if !name.starts_with("projects/") {
        return refuse(format!("{kind} name \"{name}\" lacks \"projects\" at index 0."));
    }
    let parts: Vec<&str> = name.split('/').collect();
    let ["projects", project, "databases", database, "documents", ids @ ..] = &parts[..] else {
        return refuse(format!(
            "{kind} name \"{name}\" is not projects/P/databases/D/documents/..."
        ));
    };
    if project.is_empty() || database.is_empty() || ids.is_empty() {
        return refuse(format!("{kind} name \"{name}\" names no document."));
    }
    let ids = ids.iter().enumerate().map(|(place, text)| match Id::parse(text) {
        Ok(Id::Number(_)) if place % 2 == 0 => reserved_id("Collection", text),
        // No number that Datastore gave was 0.
        Ok(Id::Number(0)) => reserved_id("Resource", text),
        Ok(id) => Ok(id),
        Err(_) if text.starts_with("__") && text.ends_with("__") => {
            reserved_id(if place % 2 == 0 { "Collection" } else { "Resource" }, text)
        }
        Err(why) => refuse(format!("{kind} name \"{name}\" is invalid: {why}.")),
    });
    let path = Path::of(ids.collect::<Result<Vec<_>, _>>()?);
    if !path.is_document() {
        return refuse(format!(
            "{kind} name \"{name}\" lacks \"/\" at index {}.",
            name.len()
        ));
    }
    if path.ids().len() > 2 * LONGEST_PATH {
        return refuse(format!(
            "Key path is too long. Cannot exceed {LONGEST_PATH} elements."
        ));
    }
    Ok(path)
}

fn reserved_id(kind: &str, id: &str) -> Result<Id, Status> {
    refuse(format!("{kind} id \"{id}\" is invalid because it is reserved."))
}

/// The fields of a document as they are stored.
pub(super) fn fields(given: &Fields) -> Result<Fields, Status> {
    let one = |(name, value): (&String, &Value)| {
        match name.len() {
            0 => return refuse("The property.name is the empty string."),
            1..=LONGEST_NAME if is_reserved(name) => return refuse(format!("field name {name} is reserved")),
            1..=LONGEST_NAME => {}
            _ => return refuse(format!("The property.name is longer than {LONGEST_NAME} bytes.")),
        }
        Ok((name.clone(), Within::field(name).value(value)?))
    };
    given.iter().map(one).collect()
}

/// The members of an array as they are stored.
pub(super) fn members(property: &str, array: &ArrayValue) -> Result<Vec<Value>, Status> {
    let within = Within {
        in_array: true,
        depth: 1,
        ..Within::field(property)
    };
    array.values.iter().map(|value| within.value(value)).collect()
}

/// A number, unless the value is something else.
pub(super) fn number(value: &Value) -> Result<Value, Status> {
    match Within::field("").value(value)?.value_type {
        number @ Some(ValueType::IntegerValue(_) | ValueType::DoubleValue(_)) => {
            Ok(Value { value_type: number })
        }
        _ => refuse("Input must be int64 or double."),
    }
}

/// Where in a document a value stands.
#[derive(Debug, Clone, Copy)]
struct Within<'a> {
    property: &'a str,
    depth: usize,
    /// Bytes of the names from the outermost field to here, with a dot between them.
    path: usize,
    in_map: bool,
    in_array: bool,
}

impl<'a> Within<'a> {
    fn field(property: &'a str) -> Within<'a> {
        Within {
            property,
            depth: 0,
            path: property.len(),
            in_map: false,
            in_array: false,
        }
    }

    /// The value as it is stored: times to the microsecond, and one NaN.
    fn value(self, value: &Value) -> Result<Value, Status> {
        let stored = match &value.value_type {
            None => return refuse("Cannot convert firestore.v1.Value with type unset."),
            Some(ValueType::TimestampValue(time)) => ValueType::TimestampValue(truncated(*time)?),
            Some(ValueType::DoubleValue(number)) if number.is_nan() => ValueType::DoubleValue(f64::NAN),
            Some(ValueType::StringValue(text)) => self
                .fits(text.len())
                .map(|()| ValueType::StringValue(text.clone()))?,
            Some(ValueType::BytesValue(bytes)) => self
                .fits(bytes.len())
                .map(|()| ValueType::BytesValue(bytes.clone()))?,
            Some(ValueType::ReferenceValue(name)) => {
                resource("Resource", name)?;
                ValueType::ReferenceValue(name.clone())
            }
            Some(ValueType::GeoPointValue(point)) => {
                in_range("latitude", point.latitude, 90.0)?;
                in_range("longitude", point.longitude, 180.0)?;
                ValueType::GeoPointValue(*point)
            }
            Some(ValueType::ArrayValue(array)) => ValueType::ArrayValue(self.array(array)?),
            Some(ValueType::MapValue(map)) => ValueType::MapValue(self.map(map)?),
            Some(plain @ (ValueType::NullValue(_) | ValueType::BooleanValue(_))) => plain.clone(),
            Some(plain @ (ValueType::IntegerValue(_) | ValueType::DoubleValue(_))) => plain.clone(),
            Some(_) => return refuse("Cannot convert firestore.v1.Value with a type that cannot be stored."),
        };
        Ok(Value {
            value_type: Some(stored),
        })
    }

    fn fits(self, bytes: usize) -> Result<(), Status> {
        match bytes {
            ..=LARGEST_VALUE => Ok(()),
            _ if self.in_map => self.invalid(),
            _ => refuse(format!(
                "The value of property \"{}\" is longer than {LARGEST_VALUE} bytes.",
                self.property
            )),
        }
    }

    fn invalid<T>(self) -> Result<T, Status> {
        refuse(format!(
            "Property {} contains an invalid nested entity.",
            self.property
        ))
    }

    fn deeper(self, in_array: bool) -> Result<Within<'a>, Status> {
        if self.depth == DEEPEST {
            return self.invalid();
        }
        Ok(Within {
            depth: self.depth + 1,
            in_map: self.in_map || !in_array,
            in_array,
            ..self
        })
    }

    /// A field of the map this is in.
    fn named(self, name: &str) -> Result<Within<'a>, Status> {
        let path = self.path + 1 + name.len();
        if name.is_empty() || path > LONGEST_NAME {
            return self.invalid();
        }
        if is_reserved(name) {
            return refuse(format!("field name '{name}' is reserved."));
        }
        Ok(Within { path, ..self })
    }

    /// Refuses what lies too deep, or has too long a path.
    fn fits_in(self, value: &Value) -> Result<(), Status> {
        match &value.value_type {
            Some(ValueType::ArrayValue(array)) => {
                let within = self.deeper(true)?;
                array.values.iter().try_for_each(|value| within.fits_in(value))
            }
            Some(ValueType::MapValue(map)) if !map.fields.contains_key("__type__") => {
                let within = self.deeper(false)?;
                map.fields
                    .iter()
                    .try_for_each(|(name, value)| within.named(name)?.fits_in(value))
            }
            _ => Ok(()),
        }
    }

    fn array(self, array: &ArrayValue) -> Result<ArrayValue, Status> {
        if self.in_array {
            return refuse("Cannot convert an array value in an array value.");
        }
        let within = self.deeper(true)?;
        let values = array
            .values
            .iter()
            .map(|value| within.value(value))
            .collect::<Result<_, _>>()?;
        Ok(ArrayValue { values })
    }

    fn map(self, map: &MapValue) -> Result<MapValue, Status> {
        if let Some(kind) = map.fields.get("__type__") {
            self.vector(kind, map)?;
            return Ok(map.clone());
        }
        let within = self.deeper(false)?;
        let one = |(name, value): (&String, &Value)| {
            within
                .named(name)?
                .value(value)
                .map(|value| (name.clone(), value))
        };
        let fields = map.fields.iter().map(one).collect::<Result<_, _>>()?;
        Ok(MapValue { fields })
    }

    fn vector(self, kind: &Value, map: &MapValue) -> Result<(), Status> {
        match &kind.value_type {
            Some(ValueType::StringValue(kind)) if kind == "__vector__" => {}
            Some(ValueType::StringValue(_)) => return self.invalid(),
            _ => return refuse("Field __type__ is not a string."),
        }
        if self.in_array {
            return refuse("Cannot convert a vector value in an array value.");
        }
        let Some(value) = map.fields.get("value") else {
            return refuse("Vector map is missing key 'value'.");
        };
        let Some(ValueType::ArrayValue(array)) = &value.value_type else {
            return refuse("Vector Value type must be an array.");
        };
        let is_double = |value: &Value| matches!(value.value_type, Some(ValueType::DoubleValue(_)));
        match array.values.len() {
            _ if map.fields.len() > 2 => refuse("Vector Value map has extraneous entries."),
            0 => refuse("Cannot have a zero length vector."),
            1..=MOST_DIMENSIONS if array.values.iter().all(is_double) => Ok(()),
            1..=MOST_DIMENSIONS => refuse("Vector must only contain values of type 'double'"),
            _ => refuse(format!("Vectors must be at most {MOST_DIMENSIONS} dimensions.")),
        }
    }
}

fn truncated(time: Timestamp) -> Result<Timestamp, Status> {
    if !SECONDS.contains(&time.seconds) || !(0..1_000_000_000).contains(&time.nanos) {
        return refuse("Timestamp is outside of the years 1 to 9999.");
    }
    Ok(Timestamp {
        nanos: time.nanos / 1_000 * 1_000,
        ..time
    })
}

fn in_range(what: &str, degrees: f64, most: f64) -> Result<(), Status> {
    if (-most..=most).contains(&degrees) {
        return Ok(());
    }
    refuse(format!(
        "Geo point {what} '{degrees:?}' outside permitted range -{most:?} to {most:?}."
    ))
}

/// Refuses a document that became too large, or too deep, by changes that were each legal.
pub(super) fn document(path: &Path, fields: &Fields) -> Result<(), Status> {
    if size_of_document(path, fields) > LARGEST_DOCUMENT {
        return refuse(format!("maximum entity size is {LARGEST_DOCUMENT} bytes"));
    }
    fields
        .iter()
        .try_for_each(|(name, value)| Within::field(name).fits_in(value))
}
