//! Values, fields and targets, built in few words.

use firestore::gcloud_sdk::google::firestore::v1::{self as proto, value::ValueType};
use firestore::gcloud_sdk::google::r#type::LatLng;
use firestore::gcloud_sdk::prost_types::Timestamp;
use std::collections::HashMap;

pub(crate) type Fields = HashMap<String, proto::Value>;

pub(crate) fn value(value: ValueType) -> proto::Value {
    proto::Value {
        value_type: Some(value),
    }
}

pub(crate) fn null() -> proto::Value {
    value(ValueType::NullValue(0))
}

pub(crate) fn boolean(truth: bool) -> proto::Value {
    value(ValueType::BooleanValue(truth))
}

pub(crate) fn int(number: i64) -> proto::Value {
    value(ValueType::IntegerValue(number))
}

pub(crate) fn double(number: f64) -> proto::Value {
    value(ValueType::DoubleValue(number))
}

pub(crate) fn text(text: impl Into<String>) -> proto::Value {
    value(ValueType::StringValue(text.into()))
}

pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> proto::Value {
    value(ValueType::BytesValue(bytes.into()))
}

pub(crate) fn time(seconds: i64, nanos: i32) -> proto::Value {
    value(ValueType::TimestampValue(Timestamp { seconds, nanos }))
}

pub(crate) fn reference(name: impl Into<String>) -> proto::Value {
    value(ValueType::ReferenceValue(name.into()))
}

pub(crate) fn point(latitude: f64, longitude: f64) -> proto::Value {
    value(ValueType::GeoPointValue(LatLng { latitude, longitude }))
}

pub(crate) fn array(values: impl IntoIterator<Item = proto::Value>) -> proto::Value {
    value(ValueType::ArrayValue(elements(values)))
}

pub(crate) fn elements(values: impl IntoIterator<Item = proto::Value>) -> proto::ArrayValue {
    proto::ArrayValue {
        values: values.into_iter().collect(),
    }
}

pub(crate) fn map<'n>(entries: impl IntoIterator<Item = (&'n str, proto::Value)>) -> proto::Value {
    let fields = fields(entries);
    value(ValueType::MapValue(proto::MapValue { fields }))
}

/// The map that stands for a vector of these numbers.
pub(crate) fn vector(numbers: impl IntoIterator<Item = proto::Value>) -> proto::Value {
    map([("__type__", text("__vector__")), ("value", array(numbers))])
}

pub(crate) fn fields<'n>(entries: impl IntoIterator<Item = (&'n str, proto::Value)>) -> Fields {
    let entries = entries.into_iter();
    entries.map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn mask<'n>(paths: impl IntoIterator<Item = &'n str>) -> proto::DocumentMask {
    proto::DocumentMask {
        field_paths: paths.into_iter().map(str::to_owned).collect(),
    }
}

pub(crate) fn exists(exists: bool) -> proto::Precondition {
    proto::Precondition {
        condition_type: Some(proto::precondition::ConditionType::Exists(exists)),
    }
}

pub(crate) fn updated_at(time: Option<Timestamp>) -> proto::Precondition {
    proto::Precondition {
        condition_type: time.map(proto::precondition::ConditionType::UpdateTime),
    }
}

/// What may be added to a write.
pub(crate) trait WriteExt {
    fn only_if(self, condition: proto::Precondition) -> Self;
    fn only_fields<'n>(self, paths: impl IntoIterator<Item = &'n str>) -> Self;
    fn with(self, field: &str, transform: Transform) -> Self;
}

pub(crate) use proto::document_transform::field_transform::TransformType as Transform;

impl WriteExt for proto::Write {
    fn only_if(mut self, condition: proto::Precondition) -> Self {
        self.current_document = Some(condition);
        self
    }

    fn only_fields<'n>(mut self, paths: impl IntoIterator<Item = &'n str>) -> Self {
        self.update_mask = Some(mask(paths));
        self
    }

    fn with(mut self, field: &str, transform: Transform) -> Self {
        self.update_transforms
            .push(proto::document_transform::FieldTransform {
                field_path: field.to_owned(),
                transform_type: Some(transform),
            });
        self
    }
}
