//! Documents as Firestore's REST API writes them, for tools that speak to it.
//! Every value says its type, so nothing is lost; protobuf's JSON leaves out what is empty, and so does this.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::json::Owned;
use crate::{Rebuilt, Timestamp};

/// The document as `GET …/documents/…` answers with it: `{"name": …, "fields": {…}, "createTime": …, …}`.
/// `root` is `projects/p/databases/d/documents`.
pub fn rest(document: &Rebuilt, root: &str) -> String {
    let mut members = Map::from_iter([("name".into(), format!("{root}/{}", document.path).into())]);
    let times = [("createTime", document.created), ("updateTime", document.updated)];
    members.extend(
        times
            .into_iter()
            .filter_map(|(name, time)| Some((name.into(), moment(time?)))),
    );
    fields(&document.fields, &mut members);
    Json::Object(members).to_string()
}

fn fields(entries: &[(String, Owned)], members: &mut Map<String, Json>) {
    if !entries.is_empty() {
        let fields: Map<String, Json> = entries
            .iter()
            .map(|(name, owned)| (name.clone(), value(owned)))
            .collect();
        members.insert("fields".into(), fields.into());
    }
}

fn value(owned: &Owned) -> Json {
    let (tag, content) = match owned {
        Owned::Null => ("nullValue", Json::Null),
        Owned::Boolean(boolean) => ("booleanValue", json!(boolean)),
        Owned::Integer(integer) => ("integerValue", integer.to_string().into()),
        Owned::Double(number) => ("doubleValue", double(*number)),
        Owned::Timestamp(timestamp) => ("timestampValue", moment(*timestamp)),
        Owned::Text(text) => ("stringValue", text.as_str().into()),
        Owned::Bytes(bytes) => ("bytesValue", STANDARD.encode(bytes).into()),
        Owned::Reference(name) => ("referenceValue", name.as_str().into()),
        Owned::GeoPoint { latitude, longitude } => {
            let degrees = json!({"latitude": double(*latitude), "longitude": double(*longitude)});
            ("geoPointValue", degrees)
        }
        Owned::Array(values) => ("arrayValue", array(values.iter().map(value).collect())),
        Owned::Map(entries) => {
            let mut members = Map::new();
            fields(entries, &mut members);
            ("mapValue", members.into())
        }
        Owned::Vector(components) => {
            let double = |component: &f64| json!({"doubleValue": double(*component)});
            let values = array(components.iter().map(double).collect());
            let fields = json!({"__type__": {"stringValue": "__vector__"}, "value": {"arrayValue": values}});
            ("mapValue", json!({ "fields": fields }))
        }
        // No document of Firestore's holds these.
        Owned::Floats(floats) => {
            let double = |component| json!({"doubleValue": double(f64::from(component))});
            ("arrayValue", array(floats.iter().map(double).collect()))
        }
        Owned::Sparse(sparse) => {
            let index = |index: &u32| json!({"integerValue": index.to_string()});
            let indices = array(sparse.indices().iter().map(index).collect());
            let values = value(&Owned::Floats(sparse.values().view().into_owned()));
            let fields = json!({"indices": {"arrayValue": indices}, "values": values});
            ("mapValue", json!({ "fields": fields }))
        }
    };
    Map::from_iter([(tag.to_owned(), content)]).into()
}

fn array(values: Vec<Json>) -> Json {
    if values.is_empty() {
        json!({})
    } else {
        json!({ "values": values })
    }
}

fn double(double: f64) -> Json {
    match double {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        double if double.is_nan() => "NaN".into(),
        double => double.into(),
    }
}

fn moment(timestamp: Timestamp) -> Json {
    let mut text = Vec::with_capacity(30);
    timestamp.write(&mut text);
    String::from_utf8_lossy(&text).into_owned().into()
}
