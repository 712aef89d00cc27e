//! A server, a source that reads it, and whole collections read through their lanes.

use checkpoints::{Position, Progress};
use config::{Consistency, ReadConsistency};
use pipeline::fault::Fault;
use pipeline::plan::{Lane, ReadTime};
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::qdrant::Qdrant;
use pipeline::source::{Batch, BatchLimits, Range, Reader, Source, Standing};
use pipeline::stop::Stop;
use prost::Message;
use qdrant_client::qdrant as proto;
use simulator::qdrant::{self as simulated, Collection, Options, ShardKey};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use transforms::qdrant::PointId;

/// The collection of every test that needs only one.
pub(crate) const NOTES: &str = "notes";

/// What can be turned at the source.
#[derive(Clone)]
pub(crate) struct Habits {
    pub(crate) rows: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) memory: u64,
    pub(crate) page_bytes: usize,
    pub(crate) page_points: u32,
    pub(crate) attempts: u32,
    /// How long an answer may take.
    pub(crate) silence: Duration,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits {
            rows: 20_000,
            batch_bytes: 8 << 20,
            memory: 512 << 20,
            page_bytes: 1 << 20,
            page_points: 1000,
            attempts: 8,
            silence: Duration::from_secs(60),
        }
    }
}

pub(crate) fn server(collection: Collection) -> simulated::Qdrant {
    simulated::Qdrant::start(Options::default().with(collection)).unwrap()
}

pub(crate) fn settings(url: &str, habits: &Habits) -> config::Qdrant {
    config::Qdrant {
        url: url.to_owned(),
        api_key: None,
        ca_file: None,
        collections: None,
        connections: NonZeroUsize::new(2).unwrap(),
        sample: NonZeroUsize::new(300).unwrap(),
        stream_timeout: habits.silence,
        page_bytes: habits.page_bytes,
        page_points: NonZeroU32::new(habits.page_points).unwrap(),
        read_consistency: ReadConsistency::One,
        consistency: Consistency::Sweeps,
        updated_at: None,
        per_shard: None,
    }
}

pub(crate) async fn source(server: &simulated::Qdrant, habits: &Habits) -> Qdrant {
    connected(&settings(&server.url(), habits), habits, Stop::default()).await
}

pub(crate) async fn connected(settings: &config::Qdrant, habits: &Habits, stop: Stop) -> Qdrant {
    let policy = Policy {
        attempts: habits.attempts,
        delay: Duration::from_millis(1),
        longest: Duration::from_millis(2),
        budget: Duration::from_secs(3600),
    };
    let rooms = Rooms::new(habits.memory, habits.batch_bytes);
    let limits = BatchLimits {
        rows: habits.rows,
        bytes: habits.batch_bytes,
    };
    Qdrant::connect(settings, rooms, limits, policy, stop)
        .await
        .unwrap()
}

pub(crate) fn lane(range: &Range, shard: Option<&str>) -> Lane {
    Lane {
        id: 0,
        collection: 0,
        shard: shard.map(str::to_owned),
        from: range.from.clone(),
        to: range.to.clone(),
        documents: range.documents,
    }
}

/// All ids there can be.
pub(crate) fn everything() -> Range {
    Range {
        from: None,
        to: None,
        documents: 0,
    }
}

pub(crate) fn standing(lane: &Lane, position: Position) -> Standing {
    Standing {
        progress: Progress {
            position,
            ..Progress::default()
        },
        read_at: ReadTime(0),
        expected: lane.documents,
        rows: Vec::new(),
    }
}

/// The batches of a lane from a position on. They chain from there to the end.
pub(crate) async fn batches(source: &Qdrant, lane: &Lane, position: Position) -> Result<Vec<Batch>, Fault> {
    let mut reader = source.reader(lane, NOTES, standing(lane, position.clone()));
    let (mut batches, mut at): (Vec<Batch>, _) = (Vec::new(), position);
    while let Some(mut batch) = reader.next().await? {
        assert_eq!(batch.span.from, at, "spans chain");
        at = batch.span.to.clone();
        // Whoever keeps all batches would wait for room.
        batch.room.shrink(0, 0);
        batches.push(batch);
    }
    assert!(at.is_end(), "a lane that is not stopped ends");
    Ok(batches)
}

/// The points of a lane from a position on, as they came.
pub(crate) async fn points(
    source: &Qdrant,
    lane: &Lane,
    position: Position,
) -> Result<Vec<proto::RetrievedPoint>, Fault> {
    let batches = batches(source, lane, position).await?;
    let documents = batches.iter().flat_map(|batch| &batch.documents);
    Ok(documents
        .map(|point| proto::RetrievedPoint::decode(&point[..]).unwrap())
        .collect())
}

pub(crate) async fn all(source: &Qdrant) -> Result<Vec<PointId>, Fault> {
    let came = points(source, &lane(&everything(), None), Position::Start).await?;
    Ok(came.iter().map(id).collect())
}

/// The id of a point as it came.
pub(crate) fn id(point: &proto::RetrievedPoint) -> PointId {
    use proto::point_id::PointIdOptions;
    match point.id.as_ref().unwrap().point_id_options.as_ref().unwrap() {
        PointIdOptions::Num(number) => PointId::Number(*number),
        PointIdOptions::Uuid(text) => text.parse().unwrap(),
    }
}

/// The ids that lie in a collection under a key, or without one.
pub(crate) fn there(server: &simulated::Qdrant, key: Option<&ShardKey>) -> Vec<PointId> {
    let points = server.points(NOTES).into_iter();
    points
        .filter(|(of, _)| of.as_ref() == key)
        .map(|(_, point)| ours(point.id))
        .collect()
}

pub(crate) fn ours(id: simulated::PointId) -> PointId {
    match id {
        simulated::PointId::Number(number) => PointId::Number(number),
        simulated::PointId::Uuid(bits) => PointId::Uuid(bits.to_be_bytes()),
    }
}

pub(crate) fn theirs(id: PointId) -> simulated::PointId {
    match id {
        PointId::Number(number) => simulated::PointId::Number(number),
        PointId::Uuid(bytes) => simulated::PointId::Uuid(u128::from_be_bytes(bytes)),
    }
}

/// A point that is an id and a text of so many bytes.
pub(crate) fn point(id: simulated::PointId, bytes: usize) -> simulated::Point {
    let text = simulated::Value::Text("x".repeat(bytes).into());
    simulated::Point {
        id,
        payload: vec![("text".into(), text)],
        vectors: Vec::new(),
    }
}

/// The address of something that speaks HTTP/1.1 alone, and refuses anything else as Qdrant's REST port does.
pub(crate) async fn rest_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = socket.write_all(refusal).await;
            // Not closed before the other side leaves: what it has still to send would be answered by a reset.
            let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
        }
    });
    url
}
