//! Documents, as the source tells them over REST and as `etl export` tells them, in one spelling.

use rehearsal::judge::spelled;
use rehearsal::rest::Firestore;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A document in REST's form.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) fields: Map<String, Value>,
    created: String,
    updated: String,
}

/// By path.
pub(super) type Documents = BTreeMap<String, Document>;

/// What an independent reader finds in the source.
pub(super) async fn in_source(firestore: &Firestore, at: Option<&str>) -> Documents {
    let all = firestore.all_documents(at).await.unwrap().into_iter();
    all.map(|(path, document)| {
        let (created, updated) = (moment(&document.create_time), moment(&document.update_time));
        let fields = document.fields;
        (
            path,
            Document {
                fields,
                created,
                updated,
            },
        )
    })
    .collect()
}

/// What `etl export` printed: one JSON object a line.
pub(super) fn exported(text: &str, root: &str) -> Documents {
    let mut documents = Documents::new();
    for line in text.lines() {
        let mut told: Value = serde_json::from_str(line).unwrap();
        let name = told["name"].as_str().unwrap();
        let path = name.strip_prefix(root).and_then(|path| path.strip_prefix('/'));
        let path = path
            .unwrap_or_else(|| panic!("{name} is not below {root}"))
            .to_owned();
        let fields = match told["fields"].take() {
            Value::Object(fields) => fields,
            Value::Null => Map::new(),
            other => panic!("{path}: {other}"),
        };
        let (created, updated) = (&told["createTime"], &told["updateTime"]);
        let document = Document {
            fields,
            created: moment(created.as_str().unwrap()),
            updated: moment(updated.as_str().unwrap()),
        };
        let twin = documents.insert(path.clone(), document);
        assert!(twin.is_none(), "{path} is exported twice");
    }
    documents
}

/// A moment without the zeros at the end of its fraction.
fn moment(text: &str) -> String {
    let text = text.strip_suffix('Z').unwrap();
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    text.to_owned()
}

/// What one has and the other has not, or has otherwise: paths, each with the field that differs.
pub(super) fn differences(one: &Documents, other: &Documents) -> BTreeSet<(String, String)> {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut found = BTreeSet::new();
    for path in paths {
        let (Some(left), Some(right)) = (one.get(path), other.get(path)) else {
            found.insert((path.clone(), "(the document)".to_owned()));
            continue;
        };
        if (&left.created, &left.updated) != (&right.created, &right.updated) {
            found.insert((path.clone(), "(its times)".to_owned()));
        }
        let (left, right) = (spelled(&left.fields).unwrap(), spelled(&right.fields).unwrap());
        let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        let differ = names
            .into_iter()
            .filter(|name| left.get(*name) != right.get(*name));
        found.extend(differ.map(|name| (path.clone(), name.clone())));
    }
    found
}

/// Asserts that both hold the same documents, value by value.
pub(super) fn assert_same(given: &Documents, told: &Documents) {
    let found = differences(given, told);
    let shown = found.iter().take(8).map(|(path, name)| {
        let field = |documents: &Documents| {
            let document = documents.get(path)?;
            let text = document.fields.get(name)?.to_string();
            Some(text.chars().take(300).collect::<String>())
        };
        format!(
            "{path}, {name}:\n  given {:?}\n  told  {:?}\n",
            field(given),
            field(told)
        )
    });
    let shown: String = shown.collect();
    assert!(found.is_empty(), "{} differences\n{shown}", found.len());
}

/// Embeddings as a column of 32-bit floats holds them. Only fields of the document itself have such columns.
pub(super) fn round_vectors(documents: &mut Documents) {
    let fields = documents
        .values_mut()
        .flat_map(|document| document.fields.values_mut());
    for value in fields {
        if value["mapValue"]["fields"]["__type__"]["stringValue"] != "__vector__" {
            continue;
        }
        let components = &mut value["mapValue"]["fields"]["value"]["arrayValue"]["values"];
        let components = components.as_array_mut();
        for component in components.into_iter().flatten() {
            let double = component["doubleValue"].as_f64().unwrap();
            component["doubleValue"] = f64::from(double as f32).into();
        }
    }
}
