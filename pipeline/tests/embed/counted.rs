//! What the metrics say of embedding is what happened.

use crate::server::{DIMENSION, Reply, Server};
use crate::{embedder, many, settings, texts};
use metrics_exporter_prometheus::PrometheusBuilder;

#[tokio::test]
async fn what_is_counted_is_what_happened() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    // This runtime has one thread, so nothing is recorded elsewhere.
    let _here = metrics::set_default_local_recorder(&recorder);
    let figure = |name: &str| {
        let page = shown.render();
        let mut lines = page.lines().filter(|line| !line.starts_with('#'));
        let line = lines.find_map(|line| line.split_once("_embed_")?.1.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {page}"))
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    let server =
        Server::start(
            |asked| match (asked.number, asked.texts.iter().any(|text| text == "refused")) {
                (0, _) => Reply::status(503, "not yet"),
                (_, true) => Reply::status(400, "no"),
                _ => Reply::honest(asked),
            },
        )
        .await;
    let embedder = embedder(&settings(&server.url()));
    assert_eq!(
        (
            figure("texts_total"),
            figure("refused_total"),
            figure("requests_total")
        ),
        (0, 0, 0)
    );

    let given = [many(6), texts(["refused"]), many(2), vec![None]].concat();
    embedder.vectors(&given, DIMENSION).await.unwrap();
    embedder.vectors(&given, DIMENSION).await.unwrap();
    // Six texts and the refused one, twice; what is refused is not kept.
    assert_eq!(
        (
            figure("texts_total"),
            figure("cache_hits_total"),
            figure("refused_total")
        ),
        (14, 6, 2)
    );
    assert_eq!(figure("requests_total"), server.asked().len() as u64);
    // The server says a token a text, and is asked twice whether it takes the harmless one.
    assert_eq!(figure("tokens_total"), 6 + 2);
    assert!(
        shown.render().contains("part=\"embedding\",cause=\"503\"} 1"),
        "{}",
        shown.render()
    );
    assert!(shown.render().contains("seconds_count"));
}
