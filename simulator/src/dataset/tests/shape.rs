//! What documents are like: their size, their types, how many are odd, and that all of them are legal.

use super::bytes::same;
use super::legal::{depth, holds_nul, legal, stored};
use super::*;
use proto::value::ValueType;

fn documents(collection: Collection) -> Vec<proto::Document> {
    let dataset = Dataset::new(5, [collection]).unwrap();
    let sequence = &dataset.sequences(ROOT)[0];
    (0..sequence.len())
        .map(|index| sequence.document(index))
        .collect()
}

#[test]
fn the_usual_document_has_thirteen_fields_of_every_type() {
    let documents = documents(Collection::new("orders", 200));
    let mut types = BTreeSet::new();
    for document in &documents {
        assert_eq!(document.fields.len(), 13);
        for value in document.fields.values() {
            let name = format!("{:?}", value.value_type.as_ref().unwrap());
            types.insert(name.split('(').next().unwrap().to_owned());
        }
    }
    assert_eq!(types.len(), 11, "{types:?}");
}

#[test]
fn benchmark_documents_have_about_600_bytes() {
    let sequence = &Dataset::flat(1, 100_000_000).sequences(ROOT)[0];
    let sizes: Vec<usize> = (0..1_000)
        .map(|index| sequence.document(index * 99_999).encoded_len())
        .collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((590..=610).contains(&mean), "{mean}");
    assert!(sizes.iter().all(|size| (550..=650).contains(size)), "{sizes:?}");
}

proptest! {
    #[test]
    fn documents_have_the_size_asked_for(least in 800_usize..6_000, more in 0_usize..60_000, mix in any_mix()) {
        for document in documents(Collection::new("a", 20).mix(mix).bytes(least..=least + more)) {
            let size = document.encoded_len();
            prop_assert!((least - 12..=least + more).contains(&size), "{} {} {}", size, least, more);
        }
    }

    #[test]
    fn every_document_is_legal((sequence, index) in any_place(1_000)) {
        for index in index..sequence.len().min(index + 20) {
            let document = sequence.document(index);
            prop_assert!(legal(&document), "{:?}", document);
        }
    }
}

#[test]
fn a_large_document_is_still_legal() {
    for document in documents(Collection::new("a", 3).bytes(1_000_000..=1_000_000).vector(2_048)) {
        assert!(
            legal(&document) && document.encoded_len() > 999_900,
            "{}",
            document.encoded_len()
        );
    }
}

#[test]
fn references_name_documents_of_this_database_that_exist() {
    let dataset = Dataset::shop(1, 1_000);
    let mut references = 0;
    for document in dataset
        .sequences(ROOT)
        .iter()
        .map(|sequence| sequence.document(0))
    {
        if let Some(ValueType::ReferenceValue(name)) = document
            .fields
            .get("customer")
            .and_then(|value| value.value_type.clone())
        {
            let path = Path::below(ROOT, &name).unwrap();
            assert!(dataset.document(ROOT, &path).is_some(), "{name}");
            references += 1;
        }
    }
    assert!(references > 1);
}

#[test]
fn vectors_have_the_dimensions_asked_for_in_the_marked_form() {
    for document in documents(Collection::new("a", 5).vector(7)) {
        let Some(ValueType::MapValue(map)) = &document.fields["embedding"].value_type else {
            panic!()
        };
        let Some(ValueType::StringValue(mark)) = &map.fields["__type__"].value_type else {
            panic!()
        };
        let Some(ValueType::ArrayValue(array)) = &map.fields["value"].value_type else {
            panic!()
        };
        assert_eq!((mark.as_str(), array.values.len()), ("__vector__", 7));
        assert!(
            array
                .values
                .iter()
                .all(|value| matches!(value.value_type, Some(ValueType::DoubleValue(_))))
        );
    }
}

#[test]
fn odd_documents_are_odd_in_every_way_and_only_the_spoiled_hold_nul() {
    let usual = documents(Collection::new("a", 1));
    let odd = documents(Collection::new("a", 3_000).odd(1.0));
    assert!(!odd.iter().any(holds_nul));
    assert!(odd.iter().any(|document| document.fields.is_empty()));
    assert!(
        odd.iter()
            .any(|document| document.fields.values().any(|value| depth(value) == 20))
    );
    assert!(odd.iter().any(|document| document.fields.len() > 13));
    assert!(
        odd.iter()
            .any(|document| (1..13).contains(&document.fields.len()))
    );
    let has = |wanted: fn(&ValueType) -> bool| {
        let values = odd.iter().flat_map(|document| document.fields.values());
        values.filter_map(|value| value.value_type.as_ref()).any(wanted)
    };
    assert!(has(
        |value| matches!(value, ValueType::DoubleValue(number) if number.is_nan())
    ));
    assert!(has(
        |value| matches!(value, ValueType::DoubleValue(number) if number.to_bits() == (-0.0_f64).to_bits())
    ));
    assert!(has(
        |value| matches!(value, ValueType::DoubleValue(number) if number.is_infinite())
    ));
    assert!(has(|value| matches!(value, ValueType::IntegerValue(i64::MIN))));
    for name in usual[0].fields.keys() {
        let kind = |document: &proto::Document| {
            document
                .fields
                .get(name)
                .and_then(|value| value.value_type.as_ref())
                .map(std::mem::discriminant)
        };
        let kinds: Vec<_> = odd.iter().map(kind).collect();
        assert!(kinds.contains(&None), "{name} is never missing");
        assert!(
            kinds.iter().any(|one| one.is_some() && *one != kind(&usual[0])),
            "{name} has always one type"
        );
    }
}

#[test]
fn shares_are_kept_and_spoiled_documents_hold_nul_every_one() {
    let all = documents(Collection::new("a", 4_000).odd(0.25).nul(0.25));
    let plain = documents(Collection::new("a", 4_000));
    let unusual = all
        .iter()
        .zip(&plain)
        .filter(|(one, plain)| !same(one, plain))
        .count();
    let spoiled = all.iter().filter(|document| holds_nul(document)).count();
    assert!((900..1_100).contains(&spoiled), "{spoiled}");
    assert!((1_800..2_200).contains(&unusual), "{unusual}");
    assert!(
        documents(Collection::new("a", 100).nul(1.0))
            .iter()
            .all(holds_nul)
    );
}

#[test]
fn oversized_documents_are_as_many_as_asked_for_legal_and_too_large_for_one_message() {
    let dataset = Dataset::new(5, [Collection::new("a", 1_000).oversized(3)]).unwrap();
    let sequence = &dataset.sequences(ROOT)[0];
    let mut bytes = Vec::new();
    let mut walk = sequence.walk(0);
    let mut oversized = 0;
    while walk.append(&mut bytes) {
        if bytes.len() > 4_194_304 {
            let document = proto::Document::decode(&bytes[..]).unwrap();
            assert!(legal(&document), "{}", stored(&document));
            assert!(same(&document, &sequence.document(walk.index() - 1)));
            oversized += 1;
        }
        bytes.clear();
    }
    assert_eq!(oversized, 3);
}
