//! What was exported from PostgreSQL, held against what the simulator holds.

use super::world::World;
use serde_json::{Map, Value as Json, json};
use simulator::qdrant::{Payload, Point, ShardKey, Value, Vector};
use std::collections::BTreeMap;

/// Points as they were exported, by collection, shard key and id.
pub(super) type Exported = BTreeMap<(String, Option<String>, String), Json>;

/// Everything that `etl export` turns back into points.
pub(super) async fn exported(world: &World) -> Exported {
    let outcome = world.etl(&["export"]).run().await.unwrap();
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
    let lines = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let mut points = Exported::new();
    for point in lines {
        let collection = point["collection"].as_str().unwrap().to_owned();
        let key = (
            collection,
            point.get("shard_key").map(Json::to_string),
            text(&point["id"]),
        );
        assert!(points.insert(key, point).is_none(), "a point came twice");
    }
    points
}

fn text(id: &Json) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// Asserts that `collection` was exported exactly as the simulator holds it now.
pub(super) fn assert_same(world: &World, collection: &str, exported: &Exported) {
    let truth = world.qdrant.points(collection);
    let came = exported.keys().filter(|(name, ..)| name == collection).count();
    assert_eq!(came, truth.len(), "{collection}: as many as there are");
    for (key, point) in &truth {
        let shard = key.as_ref().map(|key| of_key(key).to_string());
        let place = (collection.to_owned(), shard, point.id.to_string());
        let found = exported
            .get(&place)
            .unwrap_or_else(|| panic!("{place:?} did not come"));
        assert_point(&place, found, point);
    }
}

fn of_key(key: &ShardKey) -> Json {
    match key {
        ShardKey::Number(number) => json!(number),
        ShardKey::Keyword(text) => json!(text),
    }
}

fn assert_point(place: &(String, Option<String>, String), found: &Json, point: &Point) {
    let payload = found.get("payload").cloned().unwrap_or_else(|| json!({}));
    assert_eq!(payload, object(&point.payload), "payload of {place:?}");
    let vectors = found.get("vector").cloned().unwrap_or_else(|| json!({}));
    let unnamed = matches!(point.vectors.as_slice(), [(name, _)] if name.is_empty());
    let count = if unnamed {
        1
    } else {
        vectors.as_object().map_or(0, Map::len)
    };
    assert_eq!(count, point.vectors.len(), "vectors of {place:?}: {vectors}");
    for (name, vector) in &point.vectors {
        let found = if unnamed { &vectors } else { &vectors[name] };
        assert_vector(found, vector, &format!("{name} of {place:?}"));
    }
}

fn assert_vector(found: &Json, vector: &Vector, place: &str) {
    match vector {
        Vector::Dense(components) => assert_bits(found, components, place),
        Vector::Sparse { indices, values } => {
            assert_eq!(found["indices"], json!(indices), "indices of {place}");
            assert_bits(&found["values"], values, place);
        }
        Vector::Multi(rows) => {
            let found = found.as_array().unwrap_or_else(|| panic!("{place} is {found}"));
            assert_eq!(found.len(), rows.len(), "rows of {place}");
            found
                .iter()
                .zip(rows)
                .for_each(|(found, row)| assert_bits(found, row, place));
        }
    }
}

fn assert_bits(found: &Json, components: &[f32], place: &str) {
    let found = found.as_array().unwrap_or_else(|| panic!("{place} is {found}"));
    let bits: Vec<u32> = found
        .iter()
        .map(|value| (value.as_f64().unwrap() as f32).to_bits())
        .collect();
    let truth: Vec<u32> = components.iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, truth, "components of {place}");
}

fn object(payload: &Payload) -> Json {
    Json::Object(
        payload
            .iter()
            .map(|(key, value)| (key.to_string(), plain(value)))
            .collect(),
    )
}

/// As gRPC hands it out.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Integer(number) => json!(number),
        Value::Unsigned(number) => json!(*number as f64),
        Value::Double(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::List(values) => values.iter().map(plain).collect(),
        Value::Struct(fields) => object(fields),
    }
}
