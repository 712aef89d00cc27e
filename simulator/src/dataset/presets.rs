//! Datasets that are wanted often.

use super::{Collection, Dataset, Ids, Mix};

impl Dataset {
    /// A shop: collections in collections, parents that do not exist, two places for `orders`, a few documents unlike
    /// the others, vectors, and every kind of id. `documents` in all.
    pub fn shop(seed: u64, documents: u64) -> Dataset {
        let percent = |percent: u64| (u128::from(documents) * u128::from(percent) / 100) as u64;
        let numbered = |prefix: &str| Ids::Numbered(prefix.to_owned());
        let mut collections = vec![
            Collection::new("users/*/orders", percent(30))
                .bytes(500..=900)
                .odd(0.01),
            Collection::new("users/*/orders/*/items", percent(20))
                .ids(numbered("item-"))
                .mix(Mix::Event)
                .bytes(200..=400),
            // Nobody describes the shops themselves: they do not exist.
            Collection::new("shops/*/orders", percent(8))
                .bytes(400..=3_000)
                .odd(0.02),
            Collection::new("products", percent(10))
                .ids(Ids::Imported)
                .mix(Mix::User)
                .vector(32),
            Collection::new("products/*/reviews", percent(10))
                .ids(Ids::Uuid)
                .mix(Mix::User)
                .odd(0.01),
            Collection::new("events", percent(10))
                .ids(Ids::Uuid)
                .mix(Mix::Event)
                .bytes(150..=250),
            Collection::new("old notes", percent(2))
                .ids(Ids::Awkward)
                .bytes(300..=20_000)
                .odd(0.1),
        ];
        let described: u64 = collections.iter().map(|collection| collection.documents).sum();
        let users = documents.saturating_sub(described);
        collections.push(
            Collection::new("users", users)
                .ids(Ids::User)
                .mix(Mix::User)
                .bytes(300..=600),
        );
        Dataset { seed, collections }
    }

    /// One collection `orders` of documents with thirteen fields and about 600 bytes: what benchmarks read.
    pub fn flat(seed: u64, documents: u64) -> Dataset {
        Dataset {
            seed,
            collections: vec![Collection::new("orders", documents).bytes(580..=620)],
        }
    }
}
