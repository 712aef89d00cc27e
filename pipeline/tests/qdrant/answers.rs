//! What is asked before a run is answered as it is, by old servers and by new ones.

use crate::stage::{Habits, NOTES, connected, point, rest_port, server, settings, source, theirs};
use pipeline::check;
use pipeline::check::Verdict;
use pipeline::source::qdrant::{Datatype, Distance, Hnsw, Kinds, PayloadKind, Sample};
use pipeline::stop::Stop;
use simulator::qdrant as simulated;
use simulator::qdrant::{
    Collection, Ids, Index, Mix, Odds, Options, SparseParams, Strict, VectorParams, Version,
};
use transforms::qdrant::PointId;

fn shop() -> Collection {
    let graph = |m, ef_construct| simulated::Hnsw {
        m: Some(m),
        ef_construct: Some(ef_construct),
    };
    let title = VectorParams::new(8, simulated::Distance::Cosine).datatype(simulated::Datatype::Float16);
    Collection::new(NOTES, 120)
        .payload(Mix::Plain)
        .named("title", title.hnsw(graph(32, 200)))
        .named("rows", VectorParams::new(4, simulated::Distance::Dot).multi())
        .sparse(
            "words",
            SparseParams {
                idf: true,
                max_index: None,
            },
        )
        .hnsw(graph(24, 150))
        .index("org", Index::Tenant)
        .index("price", Index::Float)
        .shards(2)
        .replication_factor(3)
        .alias("memories")
        .strict(Strict {
            max_query_limit: Some(77),
            ..Strict::default()
        })
        .queued(3)
        .deferred(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_described_as_it_is() {
    let server = server(shop());
    let source = source(&server, &Habits::default()).await;
    let described = source.describe(NOTES).await.unwrap();
    let title = &described.vectors["title"];
    assert_eq!(
        (title.size, title.distance, title.datatype, title.multi),
        (8, Distance::Cosine, Datatype::Float16, false)
    );
    let graph = |m, ef_construct| Hnsw {
        m: Some(m),
        ef_construct: Some(ef_construct),
    };
    assert_eq!(
        (title.hnsw, described.vectors["rows"].hnsw),
        (graph(32, 200), graph(24, 150))
    );
    assert!(described.vectors["rows"].multi && described.sparse["words"].idf);
    let org = described.payload["org"];
    assert_eq!((org.kind, org.tenant), (PayloadKind::Keyword, true));
    assert_eq!(described.payload["price"].kind, PayloadKind::Float);
    assert_eq!((described.shards, described.replicas), (2, 3));
    assert!(!described.is_sharded_by_key());
    assert_eq!((described.queued, described.deferred), (3, 20));
    assert_eq!(described.strict.max_query_limit, Some(77));
    let by_alias = source.describe("memories").await.unwrap();
    assert_eq!(by_alias.vectors, described.vectors);
    assert_eq!(source.aliases().await.unwrap()["memories"], NOTES);
    assert_eq!(source.count("memories", None).await.unwrap(), 100);
    let copy: pipeline::source::qdrant::Collection =
        serde_json::from_str(&serde_json::to_string(&described).unwrap()).unwrap();
    assert_eq!(copy, described);
}

#[tokio::test(flavor = "multi_thread")]
async fn shard_keys_are_found_on_servers_that_do_not_list_them() {
    for version in [Version(1, 13, 6), Version(1, 16, 2), Version(1, 18, 3)] {
        let collection = Collection::new(NOTES, 3).shard_keys(["eu", "us"]);
        let options = Options::default().version(version).with(collection);
        let server = simulated::Qdrant::start(options).unwrap();
        let source = source(&server, &Habits::default()).await;
        let keys = source.describe(NOTES).await.unwrap().shard_keys.unwrap();
        assert_eq!(keys, ["\"eu\"", "\"us\""], "{version:?}");
        assert_eq!(
            source.greet().await.unwrap().is_from(1, 14),
            Some(version.1 >= 14)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_ids_are_told_by_looking_at_three_places() {
    let edge = 1 << 63;
    for (ids, numbers, large_numbers, uuids) in [
        (vec![], false, false, false),
        (vec![PointId::Number(edge - 1)], true, false, false),
        (vec![PointId::Number(edge)], false, true, false),
        (
            vec![PointId::Number(0), PointId::Number(u64::MAX)],
            true,
            true,
            false,
        ),
        (vec![PointId::FIRST_UUID], false, false, true),
        (
            vec![PointId::Number(5), PointId::Uuid([0xff; 16])],
            true,
            false,
            true,
        ),
    ] {
        let server = server(Collection::new(NOTES, 0));
        for id in &ids {
            server.put(NOTES, None, point(theirs(*id), 1));
        }
        let source = source(&server, &Habits::default()).await;
        let expected = Kinds {
            numbers,
            large_numbers,
            uuids,
        };
        assert_eq!(source.kinds(NOTES, None).await.unwrap(), expected, "{ids:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_taken_from_the_beginnings_of_ranges_and_has_the_size_asked_for() {
    let server = server(Collection::new(NOTES, 1000).ids(Ids::Mixed).payload(Mix::Plain));
    let source = source(&server, &Habits::default()).await;
    let ranges = source.ids_pass(NOTES, None, 10).await.unwrap().ranges;
    let mut ids = Vec::new();
    let look = |body: &[u8]| ids.push(transforms::qdrant::id(body).unwrap());
    source.glimpse(NOTES, None, &ranges, 160, look).await.unwrap();
    assert!((100..=160).contains(&ids.len()), "{}", ids.len());
    assert!(ids.is_sorted_by(|one, next| one < next));
    assert!(ids.iter().any(|id| *id < PointId::FIRST_UUID) && ids.iter().any(|id| *id > PointId::FIRST_UUID));
}

/// Whatever the version writes, what a sample shows is the same.
#[tokio::test(flavor = "multi_thread")]
async fn odd_values_are_seen_whatever_the_server_writes() {
    let odd = || {
        let odds = Odds {
            not_finite: 0.3,
            zero: 0.2,
            missing: 0.1,
            ..Odds::default()
        };
        shop().strict(Strict::default()).deferred(0).odds(odds)
    };
    let mut seen: Option<Sample> = None;
    for version in [Version(1, 15, 0), Version(1, 16, 2), Version(1, 18, 3)] {
        let server = simulated::Qdrant::start(Options::default().version(version).with(odd())).unwrap();
        let source = source(&server, &Habits::default()).await;
        let sample = source.sample(NOTES, None, 100).await.unwrap();
        assert_eq!((sample.points, sample.malformed), (100, 0));
        let title = sample.vectors["title"];
        assert!(title.not_finite > 10 && title.zero > 5 && (80..100).contains(&title.points));
        assert!(sample.vectors["words"].largest_index.is_some());
        let sample = Sample { bytes: 0, ..sample };
        assert_eq!(*seen.get_or_insert(sample.clone()), sample, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_of_each_thing_once_and_changes_nothing() {
    let server = server(shop());
    let config = settings(&server.url(), &Habits::default());
    let findings = check::qdrant(&config, &[]).await;
    let verdict = |check: &str| {
        let found: Vec<_> = findings.iter().filter(|finding| finding.check == check).collect();
        assert_eq!(found.len(), 1, "{check}");
        found[0].verdict
    };
    for (check, expected) in [
        ("source.answers", Verdict::Pass),
        ("source.encryption", Verdict::Pass),
        ("source.version", Verdict::Pass),
        ("source.collections", Verdict::Pass),
        ("source.points", Verdict::Warn),
        ("source.strict_mode", Verdict::Pass),
        ("source.shards", Verdict::Warn),
        ("source.shard_keys", Verdict::Pass),
        ("source.replicas", Verdict::Warn),
        ("source.ids", Verdict::Pass),
        ("source.vectors", Verdict::Warn),
    ] {
        assert_eq!(verdict(check), expected, "{check}: {findings:#?}");
    }
    let reads = [
        "Points/Scroll",
        "Collections/Get",
        "Collections/List",
        "Qdrant/HealthCheck",
    ];
    assert!(
        server.calls().keys().all(|method| reads.contains(method)),
        "{:?}",
        server.calls()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_what_is_not_there_says_so_about_everything() {
    let server = server(shop());
    let asked = config::Qdrant {
        collections: Some(vec!["memories".to_owned(), "nothing".to_owned()]),
        ..settings(&server.url(), &Habits::default())
    };
    let findings = check::qdrant(&asked, &[]).await;
    let missing = findings
        .iter()
        .find(|finding| finding.verdict == Verdict::Fail)
        .unwrap();
    assert!(missing.found.contains("called nothing") && missing.next.as_ref().unwrap().contains(NOTES));
    let rest = settings(&rest_port().await, &Habits::default());
    let findings = check::qdrant(&rest, &[]).await;
    assert_eq!(
        (findings[0].check, findings[0].verdict),
        ("source.answers", Verdict::Fail)
    );
    assert!(
        findings[0].next.as_ref().unwrap().contains("6334"),
        "{:?}",
        findings[0]
    );
    let skipped = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Skipped);
    assert_eq!(skipped.count(), findings.len() - 2);
    assert!(
        connected(&rest, &Habits::default(), Stop::default())
            .await
            .greet()
            .await
            .is_err()
    );
}
