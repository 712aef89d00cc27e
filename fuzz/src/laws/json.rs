//! Tagged JSON, of which `_extra`, `jsonb` columns and the quarantine are made: what is read is written so that it reads
//! the same, anything else is refused.

use transforms::{Rebuilt, Value, json};

use super::tables;
use crate::mappings::Choices;
use crate::mappings::documents::{ROOT, Sample, document};

/// See the module.
pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(value) = json::read(text, ROOT) {
        let written = json::text(&value.view(), ROOT);
        let back = json::read(&written, ROOT);
        let back = back.unwrap_or_else(|error| panic!("{error}: {value:?} was written as {written}"));
        assert!(back.view().same(&value.view()), "{back:?} is not {value:?}");
    }
    let Ok(fields) = json::read_object(text, ROOT) else {
        return;
    };
    let view: Vec<(&str, Value<'_>)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.view()))
        .collect();
    let written = json::object(&view, ROOT);
    let back = json::read_object(&written, ROOT).unwrap_or_else(|error| panic!("{error}: {written}"));
    let back = back.iter().map(|(name, value)| (name.as_str(), value.view()));
    assert!(Value::Map(back.collect()).same(&Value::Map(view)), "{written}");
    told(fields);
}

/// What is told of a document in the sources' own JSON is JSON.
fn told(fields: Vec<(String, json::Owned)>) {
    let path = match fields.first() {
        Some((name, _)) => format!("items/{name}"),
        None => "items/7".to_owned(),
    };
    let mut rebuilt = Rebuilt {
        path,
        created: None,
        updated: None,
        fields,
    };
    let _: serde_json::Value = serde_json::from_str(&json::point(&rebuilt)).unwrap();
    let _: serde_json::Value = serde_json::from_str(&json::rest(&rebuilt, ROOT)).unwrap();
    let original = rebuilt.fields.iter().find_map(|(_, value)| match value {
        json::Owned::Text(text) => Some(text.clone()),
        _ => None,
    });
    // An amendment names a field and holds JSON, both as texts.
    if let (Some(original), Some((field, _))) = (original, rebuilt.fields.first().cloned()) {
        let _ = rebuilt.amend(&field, &original, ROOT);
    }
}

/// Documents with values of every type.
pub fn seeds() -> Vec<Vec<u8>> {
    let object = |number: u8| {
        let Sample { fields, .. } = document(&tables(number), &mut Choices::scattered(number.into(), 300));
        let fields: Vec<(&str, Value<'_>)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.view()))
            .collect();
        json::object(&fields, ROOT).into_bytes()
    };
    let mut seeds: Vec<Vec<u8>> = (0..40).map(object).collect();
    let by_hand = [
        r#"{"$entries":[["a",1],["$b",{"$text":"AAE="}]]}"#,
        r#"{"$sparse":{"indices":[1,7],"values":[0.5,"NaN"]}}"#,
        r#"{"$floats":[1,2.5,"-Infinity"]}"#,
        r#"{"$reference":{"name":"projects/q/databases/d/documents/a/b"}}"#,
        r#"{"$map":{"$double":"NaN"}}"#,
    ];
    seeds.extend(by_hand.map(|text| text.as_bytes().to_vec()));
    seeds
}
