//! Of one seed comes one application, and everything it is there for is in it.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::*;

/// The REST tags of a value and of everything in it.
fn tags(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            tags(value, found);
        }),
        Value::Array(values) => values.iter().for_each(|value| tags(value, found)),
        _ => {}
    }
}

#[test]
fn every_size_has_exactly_the_documents_asked_for_each_under_its_own_name() {
    for documents in [1_000, 1_001, 5_000, 20_000] {
        let application = Application::sized(7, documents);
        let paths: HashSet<_> = application.paths().collect();
        assert_eq!(paths.len(), documents);
        assert_eq!(application.documents().count(), documents);
    }
}

#[test]
fn the_same_seed_gives_the_same_documents_and_another_seed_others() {
    let documents = |seed| Application::small(seed).documents().collect::<Vec<_>>();
    assert_eq!(documents(7), documents(7));
    assert_ne!(documents(7), documents(8));
}

#[test]
fn a_document_can_be_made_again_from_its_name() {
    let application = Application::sized(7, 2_000);
    let again = Application::sized(7, 2_000);
    for draft in application.documents() {
        assert_eq!(
            again.fields(&draft.path).unwrap(),
            draft.fields,
            "{:?}",
            draft.path
        );
    }
    assert_eq!(application.fields("nowhere/x"), None);
}

#[test]
fn every_value_type_and_more_than_thirty_collections_are_there_in_the_smallest() {
    let application = Application::small(1);
    let mut found = HashSet::new();
    application
        .documents()
        .for_each(|draft| tags(&Value::Object(draft.fields), &mut found));
    let types = "null boolean integer double timestamp string bytes reference geoPoint array map";
    for name in types.split(' ') {
        assert!(found.contains(&format!("{name}Value")), "no {name}");
    }
    assert!(found.contains("__type__"));
    let mut collections = BTreeSet::new();
    application.paths().for_each(|path| {
        collections.insert(path.rsplit('/').nth(1).unwrap().to_owned());
    });
    assert_eq!(collections, application.collection_ids());
    assert!(collections.len() >= 30, "{collections:?}");
}

#[test]
fn parents_that_do_not_exist_have_children() {
    let application = Application::sized(3, 5_000);
    let paths: HashSet<_> = application.paths().collect();
    let orphans = paths
        .iter()
        .filter_map(|path| path.rsplitn(3, '/').nth(2))
        .filter(|parent| !paths.contains(*parent));
    let orphans: HashSet<_> = orphans.map(pattern).collect();
    for above in ["users", "shops", "users/*/orders", "archives/*/years"] {
        assert!(orphans.contains(above), "{above} has no phantom");
    }
}

#[test]
fn quarantine_is_expected_for_few_and_for_each_reason() {
    for (seed, documents) in [(1, 1_000), (7, 5_000), (2, 20_000)] {
        let expected = Application::sized(seed, documents).quarantined();
        assert!(expected.len() * 100 < documents, "{expected:?}");
        for reason in ["U+0000", "vector dimension", "vector component"] {
            assert!(
                expected.values().any(|why| *why == reason),
                "nothing for {reason}"
            );
        }
        assert!(expected.keys().any(|path| path.contains('\0')));
    }
}

#[test]
fn the_nearest_products_of_a_category_are_of_that_category() {
    let application = Application::sized(7, 5_000);
    let mut products: Vec<(f64, String)> = Vec::new();
    let wanted = embedding("kettle");
    for draft in application
        .documents()
        .filter(|draft| pattern(&draft.path) == "products")
    {
        let components =
            draft.fields["embedding"]["mapValue"]["fields"]["value"]["arrayValue"]["values"].clone();
        let components: Vec<f64> = components
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["doubleValue"].as_f64().unwrap())
            .collect();
        if application.expected_quarantine(&draft.path).is_none() {
            let near = components.iter().zip(&wanted).map(|(a, b)| a * b).sum::<f64>();
            products.push((
                -near,
                draft.fields["name"]["stringValue"].as_str().unwrap().to_owned(),
            ));
        }
    }
    products.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(products.len() > 300);
    assert!(
        products[..10].iter().all(|(_, name)| name.ends_with("kettle")),
        "{:?}",
        &products[..10]
    );
}
