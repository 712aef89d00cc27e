//! Values and documents between JSON and protobuf, without loss.
//!
//! Whatever a document may hold comes back as it was; of NaN there is one. Kinds of value that only pipelines have are
//! refused, since no document holds them.

use super::read::{Json, Members, object, unreadable, wrong};
use super::{scalar, time};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::r#type::LatLng;
use proto::value::ValueType;
use serde_json::{Map, json};
use std::collections::HashMap;
use tonic::Status;

/// `{"integerValue": "7"}` and the like; an empty object is a value without a type.
pub(super) fn read(json: Json) -> Result<proto::Value, Status> {
    let Json::Object(members) = json else {
        return Err(wrong(&json, "value"));
    };
    let mut members = members.into_iter();
    let value_type = match (members.next(), members.next()) {
        (None, _) => None,
        (Some((kind, json)), None) => typed(&kind, json)?,
        (Some((kind, _)), Some((other, _))) => {
            return Err(unreadable(format!("a value is either {kind} or {other}.")));
        }
    };
    Ok(proto::Value { value_type })
}

fn typed(kind: &str, json: Json) -> Result<Option<ValueType>, Status> {
    Ok(Some(match kind {
        "nullValue" | "null_value" => null(&json)?,
        _ if json.is_null() => return Ok(None),
        "booleanValue" | "boolean_value" => ValueType::BooleanValue(scalar::boolean(json)?),
        "integerValue" | "integer_value" => ValueType::IntegerValue(scalar::integer(json)?),
        "doubleValue" | "double_value" => ValueType::DoubleValue(scalar::double(json)?),
        "timestampValue" | "timestamp_value" => ValueType::TimestampValue(time::read(json)?),
        "stringValue" | "string_value" => ValueType::StringValue(scalar::text(json)?),
        "bytesValue" | "bytes_value" => ValueType::BytesValue(scalar::bytes(json)?),
        "referenceValue" | "reference_value" => ValueType::ReferenceValue(scalar::text(json)?),
        "geoPointValue" | "geo_point_value" => ValueType::GeoPointValue(object(json, place)?),
        "arrayValue" | "array_value" => ValueType::ArrayValue(array(json)?),
        "mapValue" | "map_value" => {
            let fields = object(json, |members| members.table("fields", read))?;
            ValueType::MapValue(proto::MapValue { fields })
        }
        other => return Err(unreadable(format!("there is no {other}."))),
    }))
}

fn null(json: &Json) -> Result<ValueType, Status> {
    match json {
        Json::Null => {}
        Json::String(name) if name == "NULL_VALUE" => {}
        Json::Number(_) => {}
        other => return Err(wrong(other, "null")),
    }
    Ok(ValueType::NullValue(0))
}

fn place(members: &mut Members) -> Result<LatLng, Status> {
    Ok(LatLng {
        latitude: members.plain("latitude", scalar::double)?,
        longitude: members.plain("longitude", scalar::double)?,
    })
}

pub(super) fn array(json: Json) -> Result<proto::ArrayValue, Status> {
    let values = object(json, |members| members.list("values", read))?;
    Ok(proto::ArrayValue { values })
}

pub(super) fn write(value: proto::Value) -> Json {
    let Some(value) = value.value_type else {
        return json!({});
    };
    match value {
        ValueType::NullValue(_) => json!({"nullValue": null}),
        ValueType::BooleanValue(yes) => json!({"booleanValue": yes}),
        ValueType::IntegerValue(number) => json!({"integerValue": number.to_string()}),
        ValueType::DoubleValue(number) => json!({"doubleValue": scalar::write_double(number)}),
        ValueType::TimestampValue(moment) => json!({"timestampValue": time::write(&moment)}),
        ValueType::StringValue(text) => one("stringValue", text.into()),
        ValueType::BytesValue(bytes) => json!({"bytesValue": scalar::write_bytes(&bytes)}),
        ValueType::ReferenceValue(name) => one("referenceValue", name.into()),
        ValueType::GeoPointValue(place) => one("geoPointValue", write_place(&place)),
        ValueType::ArrayValue(array) => one("arrayValue", write_array(array)),
        ValueType::MapValue(map) => {
            let mut inner = Map::new();
            insert_fields(&mut inner, map.fields);
            one("mapValue", inner.into())
        }
        // Commits refuse these, so no document holds one.
        ValueType::FieldReferenceValue(_)
        | ValueType::VariableReferenceValue(_)
        | ValueType::FunctionValue(_)
        | ValueType::PipelineValue(_) => json!({}),
    }
}

/// An object of one member, which is moved into it.
fn one(name: &str, json: Json) -> Json {
    Map::from_iter([(name.to_owned(), json)]).into()
}

/// Zeros are left out, as everywhere in protobuf's JSON; a negative one is none.
fn write_place(place: &LatLng) -> Json {
    let mut inner = Map::new();
    for (name, degrees) in [("latitude", place.latitude), ("longitude", place.longitude)] {
        if degrees.to_bits() != 0 {
            inner.insert(name.to_owned(), scalar::write_double(degrees));
        }
    }
    inner.into()
}

fn write_array(array: proto::ArrayValue) -> Json {
    match array.values.is_empty() {
        true => json!({}),
        false => one("values", array.values.into_iter().map(write).collect()),
    }
}

fn insert_fields(into: &mut Map<String, Json>, fields: HashMap<String, proto::Value>) {
    if !fields.is_empty() {
        into.insert("fields".to_owned(), write_table(fields));
    }
}

/// Values by name.
pub(super) fn write_table(fields: HashMap<String, proto::Value>) -> Json {
    let fields: Map<String, Json> = fields
        .into_iter()
        .map(|(name, value)| (name, write(value)))
        .collect();
    fields.into()
}

pub(super) fn read_document(json: Json) -> Result<proto::Document, Status> {
    object(json, |members| {
        Ok(proto::Document {
            name: members.plain("name", scalar::text)?,
            fields: members.table("fields", read)?,
            create_time: members.one("createTime", time::read)?,
            update_time: members.one("updateTime", time::read)?,
        })
    })
}

pub(super) fn write_document(document: proto::Document) -> Json {
    let mut members = Map::new();
    members.insert("name".to_owned(), document.name.into());
    insert_fields(&mut members, document.fields);
    if let Some(time) = &document.create_time {
        members.insert("createTime".to_owned(), time::write(time));
    }
    if let Some(time) = &document.update_time {
        members.insert("updateTime".to_owned(), time::write(time));
    }
    members.into()
}
