//! A server, and the official client beside it.

use crate::client::{self, qdrant as proto};
use proto::{ScrollPointsBuilder, point_id::PointIdOptions};
use simulator::qdrant::{Collection, Distance, Ids, Mix, Odds, Options, Qdrant, SparseParams, VectorParams};

/// The official client, which does not look whether its version fits.
pub(crate) fn client(server: &Qdrant) -> client::Qdrant {
    client::Qdrant::from_url(&server.url())
        .skip_compatibility_check()
        .build()
        .unwrap()
}

pub(crate) fn start(collection: Collection) -> Qdrant {
    Qdrant::start(Options::default().with(collection)).unwrap()
}

/// All kinds of ids.
pub(crate) const IDS: [Ids; 6] = [
    Ids::Dense,
    Ids::Gaps,
    Ids::AroundI64Max,
    Ids::Spread,
    Ids::Uuid,
    Ids::Mixed,
];

/// A collection with all that can be told apart, and everything odd.
pub(crate) fn everything(name: &str, points: u64) -> Collection {
    use simulator::qdrant::Datatype::*;
    let odds = Odds {
        missing: 0.2,
        zero: 0.1,
        not_finite: 0.1,
        nul: 0.1,
        unsigned: 0.1,
        bare: 0.1,
    };
    Collection::new(name, points)
        .ids(Ids::Mixed)
        .payload(Mix::Rich)
        .named("title", VectorParams::new(7, Distance::Cosine))
        .named("half", VectorParams::new(5, Distance::Euclid).datatype(Float16))
        .named("bytes", VectorParams::new(3, Distance::Cosine).datatype(Uint8))
        .named("tokens", VectorParams::new(4, Distance::Dot).multi())
        .sparse("words", SparseParams::default())
        .odds(odds)
}

/// Everything that a scroll gives, page by page, with payloads and vectors.
pub(crate) async fn scroll(client: &client::Qdrant, name: &str, limit: u32) -> Vec<proto::RetrievedPoint> {
    let mut all = Vec::new();
    let mut offset: Option<proto::PointId> = None;
    loop {
        let mut request = ScrollPointsBuilder::new(name)
            .limit(limit)
            .with_payload(true)
            .with_vectors(true);
        if let Some(offset) = offset {
            request = request.offset(offset);
        }
        let page = client.scroll(request).await.unwrap();
        assert!(page.result.len() <= limit as usize);
        all.extend(page.result);
        match page.next_page_offset {
            None => return all,
            next => offset = next,
        }
    }
}

/// An id as a text, for messages and sets.
pub(crate) fn told(id: &Option<proto::PointId>) -> String {
    match id.as_ref().and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Num(number)) => number.to_string(),
        Some(PointIdOptions::Uuid(uuid)) => uuid.clone(),
        None => String::new(),
    }
}
