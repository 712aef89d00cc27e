//! What a page costs the simulated Qdrant: CPU of its threads for each point it sends, framing and sockets included.
//!
//! `cargo run --release --workspace --example pages`, with POINTS=1000000 for as many. Points per second on one core
//! are the inverse; what the client costs does not count, and what else the machine does hardly.

#![allow(clippy::unwrap_used, missing_docs)]

use ::qdrant_client::qdrant::{ScrollPointsBuilder, points_client::PointsClient};
use simulator::qdrant::{Collection, Distance, Mix, Options, Qdrant, VectorParams, Version};

fn main() {
    let points: u64 = std::env::var("POINTS").map_or(200_000, |text| text.parse().unwrap());
    println!("{:34} {:>12} {:>16}", "", "us of CPU", "points/s a core");
    let wide = |size| VectorParams::new(size, Distance::Cosine);
    for (name, collection, limit) in [
        ("384 dimensions, plain, 256", Collection::items(points), 256),
        (
            "384 dimensions, no payload, 1000",
            Collection::items(points).payload(Mix::None),
            1_000,
        ),
        (
            "384 dimensions, rich, 256",
            Collection::items(points).payload(Mix::Rich),
            256,
        ),
        (
            "1536 dimensions, rich, 100",
            Collection::items(points / 4)
                .payload(Mix::Rich)
                .vector(wide(1_536)),
            100,
        ),
    ] {
        row(name, collection, limit, true);
    }
    row("ids only, 10000", Collection::items(points), 10_000, false);
}

fn row(name: &str, collection: Collection, limit: u32, whole: bool) {
    let options = Options::default().version(Version::default()).workers(1);
    let server = Qdrant::start(options.with(collection)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let read = runtime.block_on(scroll(&server, limit, whole));
    let micros = cpu("qdrant") * 1e6 / read as f64;
    println!("{name:34} {micros:>12.2} {:>16.0}", 1e6 / micros);
}

async fn scroll(server: &Qdrant, limit: u32, whole: bool) -> u64 {
    let client = PointsClient::connect(server.url()).await.unwrap();
    let mut client = client.max_decoding_message_size(usize::MAX);
    let (mut read, mut offset) = (0, None);
    loop {
        let mut request = ScrollPointsBuilder::new("items")
            .limit(limit)
            .with_vectors(whole)
            .with_payload(whole)
            .build();
        request.offset = offset;
        let page = client.scroll(request).await.unwrap().into_inner();
        read += page.result.len() as u64;
        offset = page.next_page_offset;
        if offset.is_none() {
            return read;
        }
    }
}

/// Seconds of CPU that the threads of this name have taken; a clock tick is 10 ms on Linux.
fn cpu(name: &str) -> f64 {
    let mut ticks = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        let Some((_, fields)) = stat.split_once(&format!("({name}) ")) else {
            continue;
        };
        let fields: Vec<&str> = fields.split(' ').collect();
        ticks += fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    }
    ticks as f64 / 100.0
}
