//! What a server says about itself and its collections, to whom, and what strict mode makes of requests.

use crate::client::{self, QdrantError, qdrant as proto};
use crate::stage::{client, scroll, start, told};
use proto::{
    Condition, CountPointsBuilder, CreateCollectionBuilder, Filter, ScrollPointsBuilder,
    ShardKeySelectorBuilder, VectorParamsBuilder, vectors_config::Config,
};
use simulator::qdrant::{
    Collection, Datatype, Distance, Hnsw, Ids, Index, Mix, Options, PointId, Qdrant, ShardKey, SparseParams,
    Strict, VectorParams, Version,
};
use std::time::Duration;
use tonic::Code;

fn code(error: &QdrantError) -> (Code, String) {
    match error {
        QdrantError::ResponseError { status } | QdrantError::ResourceExhaustedError { status, .. } => {
            (status.code(), status.message().to_owned())
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_collection_describes_itself() {
    let described = Collection::new("c", 30)
        .named(
            "a",
            VectorParams::new(4, Distance::Dot)
                .datatype(Datatype::Float16)
                .multi(),
        )
        .named("b", VectorParams::new(9, Distance::Manhattan))
        .sparse(
            "words",
            SparseParams {
                idf: true,
                max_index: None,
            },
        )
        .index("org_id", Index::Tenant)
        .index("at", Index::Datetime)
        .hnsw(Hnsw {
            m: Some(8),
            ef_construct: None,
        })
        .replication_factor(2)
        .shards(3)
        .alias("live")
        .queued(5);
    let server = start(described);
    let client = client(&server);
    let info = client.collection_info("live").await.unwrap().result.unwrap();
    assert_eq!(info.points_count, Some(30));
    assert_eq!(info.status(), proto::CollectionStatus::Yellow);
    assert_eq!(info.update_queue.unwrap().length, 5);
    assert_eq!(
        info.payload_schema["at"].data_type(),
        proto::PayloadSchemaType::Datetime
    );
    assert!(format!("{:?}", info.payload_schema["org_id"]).contains("is_tenant: Some(true)"));
    let config = info.config.unwrap();
    assert_eq!(
        config.hnsw_config.map(|hnsw| (hnsw.m, hnsw.ef_construct)),
        Some((Some(8), Some(100)))
    );
    let params = config.params.unwrap();
    assert_eq!((params.shard_number, params.replication_factor), (3, Some(2)));
    assert_eq!(
        params.sparse_vectors_config.unwrap().map["words"].modifier(),
        proto::Modifier::Idf
    );
    let Some(Config::ParamsMap(map)) = params.vectors_config.unwrap().config else {
        panic!("vectors have names");
    };
    let a = &map.map["a"];
    assert_eq!(
        (a.size, a.distance(), a.datatype()),
        (4, proto::Distance::Dot, proto::Datatype::Float16)
    );
    assert!(a.multivector_config.is_some() && map.map["b"].multivector_config.is_none());
    let aliases = client.list_collection_aliases("c").await.unwrap().aliases;
    assert_eq!(
        aliases.iter().map(|alias| &alias.alias_name).collect::<Vec<_>>(),
        ["live"]
    );
    assert_eq!(scroll(&client, "live", 7).await.len(), 30);
    assert!(client.collection_exists("live").await.unwrap());
    assert!(!client.collection_exists("dead").await.unwrap());
    let cluster = client.collection_cluster_info("c").await.unwrap();
    let points: Vec<u64> = cluster
        .local_shards
        .iter()
        .map(|shard| shard.points_count)
        .collect();
    assert_eq!((points.len(), points.iter().sum::<u64>()), (3, 30));
    assert!(points.iter().all(|points| *points > 0));
}

#[tokio::test]
async fn collections_are_created_and_deleted() {
    let server = Qdrant::start(Options::default()).unwrap();
    let client = client(&server);
    let create = || {
        CreateCollectionBuilder::new("new")
            .vectors_config(VectorParamsBuilder::new(3, proto::Distance::Euclid))
    };
    client.create_collection(create()).await.unwrap();
    let again = client.create_collection(create()).await.unwrap_err();
    assert_eq!(code(&again).0, Code::AlreadyExists);
    let names = client.list_collections().await.unwrap().collections;
    assert_eq!(
        names.iter().map(|known| known.name.as_str()).collect::<Vec<_>>(),
        ["new"]
    );
    assert!(client.delete_collection("new").await.unwrap().result);
    let gone = client.scroll(ScrollPointsBuilder::new("new")).await.unwrap_err();
    assert_eq!(
        code(&gone),
        (
            Code::NotFound,
            "Not found: Collection `new` doesn't exist!".to_owned()
        )
    );
}

#[tokio::test]
async fn a_scroll_over_all_shard_keys_gives_one_of_equal_ids() {
    let sharded = Collection::new("c", 20)
        .payload(Mix::Plain)
        .shard_keys(["eu", "us"])
        .shard_keys([7]);
    let server = start(sharded);
    let only = PointId::Number(1_000);
    let point = server.points("c").pop().unwrap().1;
    assert!(server.put(
        "c",
        Some(&ShardKey::from("us")),
        simulator::qdrant::Point { id: only, ..point }
    ));
    let client = client(&server);
    let count = client
        .count(CountPointsBuilder::new("c").exact(true))
        .await
        .unwrap();
    assert_eq!(count.result.unwrap().count, 61, "each key counts for itself");
    let read = scroll(&client, "c", 8).await;
    let ids: Vec<String> = read.iter().map(|point| told(&point.id)).collect();
    let known: Vec<String> = (0..20).chain([1_000]).map(|id: u64| id.to_string()).collect();
    assert_eq!(ids, known, "two thirds are lost without a word");
    let keys = [ShardKey::from("eu"), ShardKey::from("us"), ShardKey::from(7)];
    let mut all = Vec::new();
    for key in &keys {
        let selector = ShardKeySelectorBuilder::with_shard_key(key.proto());
        let request = ScrollPointsBuilder::new("c")
            .limit(100)
            .with_vectors(true)
            .shard_key_selector(selector);
        all.extend(client.scroll(request).await.unwrap().result);
    }
    assert_eq!(all, server.retrieved("c"), "key by key, nothing is");
    let listed = client.list_shard_keys("c").await.unwrap().shard_keys;
    assert_eq!(
        listed.into_iter().map(|key| key.key.unwrap()).collect::<Vec<_>>(),
        keys.map(|key| key.proto())
    );
}

#[tokio::test]
async fn shard_keys_are_listed_from_1_17_on() {
    let collection = Collection::new("c", 1).shard_keys(["eu"]);
    let server = Qdrant::start(Options::default().version(Version(1, 16, 3)).with(collection)).unwrap();
    let client = client(&server);
    assert_eq!(
        code(&client.list_shard_keys("c").await.unwrap_err()).0,
        Code::Unimplemented
    );
    let cluster = client.collection_cluster_info("c").await.unwrap();
    assert_eq!(
        cluster.local_shards[0].shard_key,
        Some(ShardKey::from("eu").proto())
    );
    assert!(
        client
            .collection_info("c")
            .await
            .unwrap()
            .result
            .unwrap()
            .update_queue
            .is_none()
    );
    assert_eq!(client.health_check().await.unwrap().version, "1.16.3");
}

#[tokio::test]
async fn points_that_are_not_indexed_yet_are_hidden_until_they_are() {
    let server = start(Collection::new("c", 100).ids(Ids::Uuid).deferred(22));
    let client = client(&server);
    let exact = || CountPointsBuilder::new("c").exact(true);
    let info = client.collection_info("c").await.unwrap().result.unwrap();
    assert_eq!(info.points_count, Some(100));
    assert_eq!(info.update_queue.unwrap().deferred_points, Some(22));
    assert_eq!(client.count(exact()).await.unwrap().result.unwrap().count, 78);
    assert_eq!(scroll(&client, "c", 50).await.len(), 78);
    server.settle("c");
    assert_eq!(client.count(exact()).await.unwrap().result.unwrap().count, 100);
    assert_eq!(scroll(&client, "c", 50).await, server.retrieved("c"));
}

#[tokio::test]
async fn nobody_without_a_key_reads_and_nobody_with_the_lesser_one_writes() {
    let options = Options::default()
        .api_key("all")
        .read_only_key("some")
        .with(Collection::new("c", 3));
    let server = Qdrant::start(options).unwrap();
    let with = |key: Option<&str>| {
        let mut config = client::Qdrant::from_url(&server.url()).skip_compatibility_check();
        config.set_api_key(key.unwrap_or_default());
        config.build().unwrap()
    };
    assert_eq!(scroll(&with(Some("all")), "c", 2).await.len(), 3);
    assert_eq!(scroll(&with(Some("some")), "c", 2).await.len(), 3);
    let refused = with(Some("wrong"))
        .scroll(ScrollPointsBuilder::new("c"))
        .await
        .unwrap_err();
    assert_eq!(
        code(&refused),
        (Code::Unauthenticated, "Invalid API key or JWT".to_owned())
    );
    let refused = client(&server).list_collections().await.unwrap_err();
    assert_eq!(code(&refused).0, Code::Unauthenticated);
    let refused = with(Some("some")).delete_collection("c").await.unwrap_err();
    assert_eq!(code(&refused).0, Code::PermissionDenied);
    assert!(with(Some("all")).delete_collection("c").await.unwrap().result);
}

#[tokio::test]
async fn strict_mode_refuses_in_qdrants_words() {
    let strict = Strict {
        max_query_limit: Some(5),
        unindexed_filtering: Some(false),
        ..Strict::default()
    };
    let server = start(
        Collection::new("c", 30)
            .payload(Mix::Plain)
            .index("category", Index::Keyword)
            .strict(strict),
    );
    let client = client(&server);
    let ask = |limit, key: &str| {
        let filter = Filter::must([Condition::matches(key, "toys".to_owned())]);
        client.scroll(ScrollPointsBuilder::new("c").limit(limit).filter(filter))
    };
    assert!(ask(5, "category").await.is_ok());
    let (status, message) = code(&ask(6, "category").await.unwrap_err());
    assert!(
        status == Code::InvalidArgument && message.starts_with("Limit exceeded 6 > 5"),
        "{message}"
    );
    let (status, message) = code(&ask(5, "price").await.unwrap_err());
    let told = "Index required but not found for \"price\"";
    assert!(
        status == Code::InvalidArgument && message.starts_with(told),
        "{message}"
    );
    assert_eq!(
        code(&ask(0, "category").await.unwrap_err()).0,
        Code::InvalidArgument
    );
    let nowhere = proto::VectorsSelector {
        names: vec!["nowhere".to_owned()],
    };
    let unknown = client
        .scroll(ScrollPointsBuilder::new("c").with_vectors(nowhere))
        .await
        .unwrap_err();
    assert!(code(&unknown).1.contains("Not existing vector name"));
}

#[tokio::test]
async fn a_used_up_rate_says_when_to_come_back_and_holds_it() {
    let strict = Strict {
        read_rate_limit: Some(3),
        ..Strict::default()
    };
    let server = start(Collection::new("c", 1).strict(strict));
    let client = client(&server);
    let ask = || client.scroll(ScrollPointsBuilder::new("c"));
    for _ in 0..3 {
        ask().await.unwrap();
    }
    let refused = ask().await.unwrap_err();
    let QdrantError::ResourceExhaustedError {
        retry_after_seconds, ..
    } = refused
    else {
        panic!("{refused}");
    };
    assert_eq!(retry_after_seconds, 20);
    server.clock().advance(Duration::from_secs(20));
    ask().await.unwrap();
    assert!(ask().await.is_err());
}
