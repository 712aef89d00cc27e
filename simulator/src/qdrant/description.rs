//! A server described in a file: its version, its keys, its collections.

use super::collection::Collection;
use super::generate::Mix;
use super::server::Options;
use super::space::{Distance, VectorParams};
use super::version::Version;
use serde::{Deserialize, Deserializer, de::Error};

/// What a file says; README.md shows one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    #[serde(default, deserialize_with = "version")]
    version: Option<Version>,
    api_key: Option<String>,
    read_only_key: Option<String>,
    #[serde(default = "whole")]
    recall: f64,
    #[serde(default)]
    collection: Vec<Collection>,
}

fn whole() -> f64 {
    1.0
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Version>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

impl Options {
    /// Reads a description; what is wrong is told with its line, if it is wrong in one place.
    pub fn parse(text: &str) -> Result<Options, String> {
        let described: Description = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut options = Options::default()
            .version(described.version.unwrap_or_default())
            .recall(described.recall);
        if let Some(key) = described.api_key {
            options = options.api_key(key);
        }
        if let Some(key) = described.read_only_key {
            options = options.read_only_key(key);
        }
        for collection in described.collection {
            collection.check()?;
            options = options.with(collection);
        }
        Ok(options)
    }
}

impl Collection {
    /// What a bench reads: so many points with numbers as ids, 384 dimensions and a plain payload, as `items`.
    pub fn items(points: u64) -> Collection {
        Collection::new("items", points)
            .payload(Mix::Plain)
            .vector(VectorParams::new(384, Distance::Cosine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qdrant::{Hnsw, Ids, Index, SparseParams, Strict};

    #[test]
    fn a_file_says_what_code_says() {
        let text = r#"
            version = "1.16.2"
            [[collection]]
            name = "c"
            points = 7
            ids = "around_i64_max"
            payload = "rich"
            shard_keys = ["eu", 7]
            hnsw = { m = 8 }
            index = { org_id = "tenant" }
            strict = { max_query_limit = 5 }
            [collection.vectors.title]
            size = 3
            distance = "manhattan"
            multi = true
            [collection.sparse.words]
            idf = true
        "#;
        let described: Description = toml::from_str(text).unwrap();
        assert_eq!(described.version, Some(Version(1, 16, 2)));
        let built = Collection::new("c", 7)
            .ids(Ids::AroundI64Max)
            .payload(Mix::Rich)
            .shard_keys(["eu"])
            .shard_keys([7])
            .hnsw(Hnsw {
                m: Some(8),
                ef_construct: None,
            })
            .index("org_id", Index::Tenant)
            .strict(Strict {
                max_query_limit: Some(5),
                ..Strict::default()
            })
            .named("title", VectorParams::new(3, Distance::Manhattan).multi())
            .sparse(
                "words",
                SparseParams {
                    idf: true,
                    max_index: None,
                },
            );
        assert_eq!(described.collection, [built]);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, told) in [
            ("versoin = \"1.18.3\"", "versoin"),
            ("version = \"latest\"", "latest"),
            ("[[collection]]\nname = \"a/b\"", "no slash"),
            ("[[collection]]\nname = \"a\"\nvector = { size = 0 }", "65,536"),
            ("[[collection]]\nname = \"a\"\nodds = { zero = 2.0 }", "shares"),
        ] {
            let error = Options::parse(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
