//! A page of points as Qdrant's REST interface writes it, turned into the messages that gRPC would have sent.
//!
//! Every component is read as the 32-bit number it is: by way of 64 bits, one in a billion would come out as its
//! neighbour. Two things JSON cannot say: `null` stands for NaN and for both infinities, and all of them become NaN; and
//! a whole number above `i64::MAX` becomes a double, as gRPC makes it one.

use proto::value::Kind;
use proto::vector_output::Vector;
use proto::vectors_output::VectorsOptions;
use qdrant_client::qdrant as proto;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use transforms::qdrant::PointId;

/// What a vector of some name looks like, which its JSON does not tell before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Dense,
    Multi,
    Sparse,
}

/// The forms of a collection's vectors, by name; the one without a name has the empty one.
pub(super) type Forms = BTreeMap<String, Form>;

/// Points in order, and the id that the next page begins with.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) points: Vec<(PointId, proto::RetrievedPoint)>,
    pub(super) next: Option<PointId>,
}

/// Reads an answer.
pub(super) fn page(body: &[u8], forms: &Forms) -> Result<Page, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let answer = Object(Answer { forms, page: None }).deserialize(&mut json)?;
    json.end()?;
    answer.page.ok_or_else(|| Error::missing_field("result"))
}

/// What takes the entries of an object, one after another.
trait Entries<'de>: Sized {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

struct Object<E>(E);

impl<'de, E: Entries<'de>> DeserializeSeed<'de> for Object<E> {
    type Value = E;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<E, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, E: Entries<'de>> Visitor<'de> for Object<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<E, A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            self.0.entry(&key, &mut map)?;
        }
        Ok(self.0)
    }
}

struct Answer<'f> {
    forms: &'f Forms,
    page: Option<Page>,
}

impl<'de> Entries<'de> for Answer<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != "result" {
            return map.next_value::<IgnoredAny>().map(drop);
        }
        let empty = Paged {
            forms: self.forms,
            points: None,
            next: None,
        };
        let Paged { points, next, .. } = map.next_value_seed(Object(empty))?;
        // A page without points says so: without a word about them it is none.
        let points = points.ok_or_else(|| Error::missing_field("points"))?;
        self.page = Some(Page { points, next });
        Ok(())
    }
}

struct Paged<'f> {
    forms: &'f Forms,
    points: Option<Vec<(PointId, proto::RetrievedPoint)>>,
    next: Option<PointId>,
}

impl<'de> Entries<'de> for Paged<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "points" => self.points = Some(map.next_value_seed(Points(self.forms))?),
            "next_page_offset" => {
                let next: Option<Value> = map.next_value()?;
                self.next = next.as_ref().map(id).transpose()?;
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

struct Points<'f>(&'f Forms);

impl<'de> DeserializeSeed<'de> for Points<'_> {
    type Value = Vec<(PointId, proto::RetrievedPoint)>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Points<'_> {
    type Value = Vec<(PointId, proto::RetrievedPoint)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("points")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let fresh = || {
            Object(Point {
                forms: self.0,
                id: None,
                message: proto::RetrievedPoint::default(),
            })
        };
        let mut points = Vec::new();
        while let Some(point) = all.next_element_seed(fresh())? {
            let id = point.id.ok_or_else(|| Error::missing_field("id"))?;
            points.push((id, point.message));
        }
        Ok(points)
    }
}

struct Point<'f> {
    forms: &'f Forms,
    id: Option<PointId>,
    message: proto::RetrievedPoint,
}

impl<'de> Entries<'de> for Point<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => {
                let id = id(&map.next_value()?)?;
                (self.id, self.message.id) = (Some(id), Some(super::super::client::spelled(id)));
            }
            "payload" => {
                let payload: Option<HashMap<String, Value>> = map.next_value()?;
                let payload = payload.unwrap_or_default().into_iter();
                self.message.payload = payload.map(|(key, value)| (key, self::value(value))).collect();
            }
            "shard_key" => self.message.shard_key = shard_key(map.next_value()?)?,
            "vector" => {
                let vectors_options = map.next_value_seed(Vectors(self.forms))?;
                self.message.vectors = Some(proto::VectorsOutput { vectors_options });
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

fn id<E: Error>(id: &Value) -> Result<PointId, E> {
    let read = match id {
        Value::Number(number) => number.as_u64().map(PointId::Number),
        // A text of digits alone is no number here, but may be a UUID without its hyphens.
        Value::String(text) => text.parse().ok().filter(|id| matches!(id, PointId::Uuid(_))),
        _ => None,
    };
    read.ok_or_else(|| E::custom("an id that is neither a number nor a UUID"))
}

fn shard_key<E: Error>(key: Option<Value>) -> Result<Option<proto::ShardKey>, E> {
    let Some(key) = key else {
        return Ok(None);
    };
    let read = super::super::shard::key(&key.to_string());
    read.map(Some)
        .map_err(|_| E::custom("a shard key that is neither a text nor a number"))
}

fn value(value: Value) -> proto::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(proto::NullValue::NullValue.into()),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Kind::IntegerValue(whole),
            (None, double) => Kind::DoubleValue(double.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(proto::ListValue {
            values: values.into_iter().map(self::value).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(proto::Struct {
            fields: fields
                .into_iter()
                .map(|(key, value)| (key, self::value(value)))
                .collect(),
        }),
    };
    proto::Value { kind: Some(kind) }
}

/// The unnamed vector, or an object of named ones; an empty object where nothing is known to be named.
struct Vectors<'f>(&'f Forms);

impl Vectors<'_> {
    fn form(&self, name: &str) -> Form {
        self.0.get(name).copied().unwrap_or(Form::Dense)
    }
}

impl<'de> DeserializeSeed<'de> for Vectors<'_> {
    type Value = Option<VectorsOptions>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Vectors<'_> {
    type Value = Option<VectorsOptions>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vector, or an object of vectors")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, components: A) -> Result<Self::Value, A::Error> {
        let vector = Inner(self.form("")).visit_seq(components)?;
        Ok(Some(VectorsOptions::Vector(output(vector))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut named: A) -> Result<Self::Value, A::Error> {
        let mut vectors = HashMap::new();
        while let Some(name) = named.next_key::<String>()? {
            let vector = named.next_value_seed(Inner(self.form(&name)))?;
            vectors.insert(name, output(vector));
        }
        let unnamed = vectors.is_empty() && self.0.contains_key("");
        Ok((!unnamed).then_some(VectorsOptions::Vectors(proto::NamedVectorsOutput { vectors })))
    }
}

fn output(vector: Vector) -> proto::VectorOutput {
    proto::VectorOutput {
        vector: Some(vector),
        ..Default::default()
    }
}

/// One vector of a form.
struct Inner(Form);

#[derive(Deserialize)]
struct Sparse {
    indices: Vec<u32>,
    values: Row,
}

type Row = Vec<Option<f32>>;

fn dense(row: Row) -> proto::DenseVector {
    proto::DenseVector {
        data: row
            .into_iter()
            .map(|component| component.unwrap_or(f32::NAN))
            .collect(),
    }
}

impl<'de> DeserializeSeed<'de> for Inner {
    type Value = Vector;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vector, D::Error> {
        if self.0 != Form::Sparse {
            return json.deserialize_seq(self);
        }
        let Sparse { indices, values } = Sparse::deserialize(json)?;
        let values = dense(values).data;
        Ok(Vector::Sparse(proto::SparseVector { values, indices }))
    }
}

impl<'de> Visitor<'de> for Inner {
    type Value = Vector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the components of a vector")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut components: A) -> Result<Vector, A::Error> {
        if self.0 == Form::Multi {
            let mut vectors = Vec::new();
            while let Some(row) = components.next_element::<Row>()? {
                vectors.push(dense(row));
            }
            return Ok(Vector::MultiDense(proto::MultiDenseVector { vectors }));
        }
        let mut row = Row::new();
        while let Some(component) = components.next_element()? {
            row.push(component);
        }
        Ok(Vector::Dense(dense(row)))
    }
}

#[cfg(test)]
mod tests;
