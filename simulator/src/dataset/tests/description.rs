//! What is said about a dataset, in TOML, in code and by presets.

use super::*;

#[test]
fn a_description_is_read_from_toml() {
    let text = r#"
        seed = 7
        [[collection]]
        pattern = "users/*/orders"
        documents = 1000
        ids = { numbered = "order-" }
        mix = "event"
        bytes = [400, 2000]
        vector = 3
        odd = 0.01
        nul = 0.5
        oversized = 2
        references = "customers"
        exist = false
        [[collection]]
        pattern = "users"
        documents = 10
        ids = "awkward"
        bytes = 700
    "#;
    let orders = Collection::new("users/*/orders", 1_000)
        .ids(Ids::Numbered("order-".to_owned()))
        .mix(Mix::Event)
        .bytes(400..=2_000)
        .vector(3)
        .odd(0.01)
        .nul(0.5)
        .oversized(2)
        .references("customers")
        .phantom();
    let users = Collection::new("users", 10).ids(Ids::Awkward);
    let read = Dataset::parse(text).unwrap();
    assert_eq!(read.collections[0], orders);
    assert_eq!(read.collections[1].bytes.range(), 700..=700);
    assert_eq!((read.seed, read.count()), (7, 10));
    assert_eq!(
        Collection {
            bytes: users.bytes,
            ..read.collections[1].clone()
        },
        users
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let collection =
        |more: &str| format!("seed = 1\n[[collection]]\npattern = \"a\"\ndocuments = 10\n{more}\n");
    let bad = [
        ("seed = 1\ncolour = 2".to_owned(), "colour"),
        (
            "[[collection]]\npattern = \"a\"\ndocuments = 1".to_owned(),
            "seed",
        ),
        (collection("colour = 2"), "colour"),
        (collection("ids = \"pretty\""), "pretty"),
        (collection("bytes = \"large\""), "bytes are one number"),
        (collection("bytes = [2, 1]"), "fewest first"),
        (collection("bytes = 2000000"), "1,000,000"),
        (collection("odd = 1.5"), "shares"),
        (collection("odd = 0.6\nnul = 0.6"), "shares"),
        (collection("oversized = 11"), "oversized"),
        (collection("vector = 3000"), "2,048"),
        (collection("references = \"a/b/c\""), "references"),
        (collection("ids = { numbered = \"a/\" }"), "slash"),
        (
            collection("[[collection]]\npattern = \"a\"\ndocuments = 1"),
            "twice",
        ),
        (
            collection("[[collection]]\npattern = \"a/*\"\ndocuments = 1"),
            "pattern",
        ),
        (
            collection("[[collection]]\npattern = \"a/b/c\"\ndocuments = 1"),
            "write *",
        ),
        (
            collection("[[collection]]\npattern = \"a/*/__x__\"\ndocuments = 1"),
            "__x__",
        ),
        (
            collection(
                "[[collection]]\npattern = \"e\"\ndocuments = 0\n[[collection]]\npattern = \"e/*/f\"\ndocuments = 1",
            ),
            "parents",
        ),
    ];
    for (text, why) in bad {
        let error = Dataset::parse(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}\n{text}");
    }
}

#[test]
fn presets_are_datasets_of_any_size() {
    for documents in (0..130).chain([1_000, 100_000_000, u64::from(u32::MAX)]) {
        for dataset in [Dataset::shop(1, documents), Dataset::flat(1, documents)] {
            assert_eq!(dataset.count(), documents);
            dataset.checked().unwrap();
        }
    }
}

#[test]
fn a_shop_has_a_bit_of_everything() {
    let shop = Dataset::shop(1, 10_000);
    let sequences = shop.sequences(ROOT);
    assert_eq!(sequences.len(), 8);
    assert_eq!(
        sequences
            .iter()
            .filter(|sequence| sequence.collection_id() == "orders")
            .count(),
        2
    );
    assert!(shop.collection_ids().contains("old notes") && !shop.collection_ids().contains("shops"));
    assert!(sequences.iter().any(|sequence| sequence.path(0).ids().len() == 6));
}
