//! PartitionQuery: names that cut a collection group into parts of about the same size.

use crate::aggregation::count;
use crate::ask::{Ask, collection, group};
use crate::expect::{invalid, refused, same};
use crate::law::{Law, law};
use crate::place::Place;
use anyhow::{Context, bail, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::partition_query_request::{ConsistencySelector, QueryType};
use proto::value::ValueType;
use simulator::Path;
use tonic::{Code, Status};

const NOT_OFFERED: &str = "It answers PartitionQuery with UNIMPLEMENTED; Firestore offers it \
                           (cloud.google.com/firestore/docs, reference of PartitionQuery; its own client library \
                           leaves these tests out on the emulator, nodejs-firestore #1813).";

pub(crate) fn laws() -> Vec<Law> {
    let laws = [
        law!(cut_points_divide_the_group_into_parts_that_add_up),
        law!(a_part_has_at_least_128_documents),
        law!(never_more_cut_points_than_asked_for),
        law!(pages_of_cut_points_make_up_the_whole),
        law!(cut_points_at_a_past_moment_are_of_that_moment),
        law!(only_a_whole_group_can_be_partitioned),
        law!(a_partition_count_must_be_positive),
    ];
    laws.map(|law| law.differs_on_emulator(NOT_OFFERED, |place| Box::pin(it_is_not_offered(place))))
        .to_vec()
}

async fn it_is_not_offered(place: &Place) -> anyhow::Result<()> {
    let answer = cuts(place, request(place, &group("c"), 3)).await;
    refused("PartitionQuery", answer, Code::Unimplemented, "")
}

fn request(place: &Place, ask: &Ask, points: i64) -> proto::PartitionQueryRequest {
    proto::PartitionQueryRequest {
        parent: place.name(&ask.below),
        partition_count: points,
        query_type: Some(QueryType::StructuredQuery(ask.structured(&place.root()))),
        consistency_selector: ask.at.map(|at| ConsistencySelector::ReadTime(at.timestamp())),
        ..Default::default()
    }
}

/// The cursors of all pages, as they come.
async fn cuts(
    place: &Place,
    mut request: proto::PartitionQueryRequest,
) -> Result<Vec<proto::Cursor>, Status> {
    let mut cursors = Vec::new();
    loop {
        let page = place
            .client()
            .partition_query(request.clone())
            .await?
            .into_inner();
        cursors.extend(page.partitions);
        if page.next_page_token.is_empty() {
            return Ok(cursors);
        }
        request.page_token = page.next_page_token;
    }
}

/// The paths of cursors, sorted: pages are in no order among each other.
fn sorted(place: &Place, cursors: &[proto::Cursor]) -> anyhow::Result<Vec<Path>> {
    let mut paths = Vec::new();
    for cursor in cursors {
        match cursor.values.first().and_then(|value| value.value_type.as_ref()) {
            Some(ValueType::ReferenceValue(name)) => paths.push(Path::below(&place.root(), name)?),
            other => bail!("a cursor of {other:?}"),
        }
        ensure!(cursor.values.len() == 1, "a cursor of several values: {cursor:?}");
    }
    paths.sort();
    ensure!(
        paths.windows(2).all(|pair| pair[0] < pair[1]),
        "a cut point twice: {paths:?}"
    );
    Ok(paths)
}

/// `documents` of the group `c` below several parents, and some of other groups.
async fn fill(place: &Place, documents: usize) -> anyhow::Result<()> {
    let spread = |n| match n % 4 {
        0 => format!("c/{n:05}"),
        1 => format!("c/{:05}/c/{n:05}", n - 1),
        2 => format!("p/missing/c/{n:05}"),
        _ => format!("z/{}/c/{n:05}", n % 7),
    };
    let mut paths: Vec<String> = (0..documents).map(spread).collect();
    paths.extend((0..20).map(|n| format!("d/{n}")));
    place.put(&paths).await.map(drop)
}

async fn add_up(place: &Place, ask: &Ask, cuts: &[Path], documents: i64) -> anyhow::Result<Vec<i64>> {
    let names: Vec<String> = cuts.iter().map(Path::to_string).collect();
    let mut parts = Vec::new();
    for part in 0..=names.len() {
        let mut ask = ask.clone();
        if let Some(from) = part.checked_sub(1) {
            ask = ask.from(&names[from]);
        }
        if let Some(to) = names.get(part) {
            ask = ask.before(to);
        }
        parts.push(count(place, &ask).await?);
    }
    same("all parts together", parts.iter().sum(), documents)?;
    Ok(parts)
}

async fn cut_points_divide_the_group_into_parts_that_add_up(place: &Place) -> anyhow::Result<()> {
    fill(place, 1_200).await?;
    let cursors = cuts(place, request(place, &group("c"), 3)).await?;
    let cuts = sorted(place, &cursors)?;
    ensure!(!cuts.is_empty(), "1,200 documents were not cut");
    let parts = add_up(place, &group("c"), &cuts, 1_200).await?;
    ensure!(parts.iter().all(|part| *part > 0), "an empty part: {parts:?}");
    Ok(())
}

async fn a_part_has_at_least_128_documents(place: &Place) -> anyhow::Result<()> {
    fill(place, 600).await?;
    let cursors = cuts(place, request(place, &group("c"), 100)).await?;
    let cuts = sorted(place, &cursors)?;
    ensure!(
        (1..=3).contains(&cuts.len()),
        "600 documents were cut at {} points",
        cuts.len()
    );
    let few = request(place, &group("d"), 100);
    same(
        "cut points of 20 documents",
        self::cuts(place, few).await?.len(),
        0,
    )?;
    let none = request(place, &group("nothing"), 100);
    same(
        "cut points of no documents",
        self::cuts(place, none).await?.len(),
        0,
    )
}

async fn never_more_cut_points_than_asked_for(place: &Place) -> anyhow::Result<()> {
    fill(place, 1_200).await?;
    for points in 1..=6 {
        let cursors = cuts(place, request(place, &group("c"), points)).await?;
        let cuts = sorted(place, &cursors)?;
        ensure!(
            cuts.len() <= points as usize,
            "{points} asked for, {} came",
            cuts.len()
        );
        add_up(place, &group("c"), &cuts, 1_200).await?;
    }
    Ok(())
}

async fn pages_of_cut_points_make_up_the_whole(place: &Place) -> anyhow::Result<()> {
    fill(place, 1_200).await?;
    let at = place.now().await?;
    let ask = group("c").at(at);
    let whole = sorted(place, &cuts(place, request(place, &ask, 6)).await?)?;
    ensure!(
        whole.len() > 2,
        "1,200 documents were cut at {} points",
        whole.len()
    );
    let mut paged = request(place, &ask, 6);
    paged.page_size = 2;
    let first = place.client().partition_query(paged.clone()).await?.into_inner();
    ensure!(
        first.partitions.len() <= 2,
        "a page of {}",
        first.partitions.len()
    );
    ensure!(
        !first.next_page_token.is_empty(),
        "the first of several pages says that it is the last"
    );
    same(
        "all pages together",
        sorted(place, &cuts(place, paged).await?)?,
        whole,
    )
}

async fn cut_points_at_a_past_moment_are_of_that_moment(place: &Place) -> anyhow::Result<()> {
    fill(place, 20).await?;
    let before = place.now().await?;
    fill(place, 600).await?;
    let then = cuts(place, request(place, &group("c").at(before), 3)).await?;
    same("cut points before there was much", then.len(), 0)?;
    let now = cuts(place, request(place, &group("c").at(place.now().await?), 3)).await?;
    ensure!(!now.is_empty(), "600 documents were not cut");
    Ok(())
}

async fn only_a_whole_group_can_be_partitioned(place: &Place) -> anyhow::Result<()> {
    fill(place, 20).await?;
    for (what, ask) in [
        ("one collection", collection("c")),
        ("a group below a document", group("c").below("c/00000")),
        ("a limit", group("c").limit(5)),
        ("an offset", group("c").offset(5)),
        ("a cursor", group("c").from("c/00000")),
        ("an end", group("c").before("c/00000")),
    ] {
        invalid(what, cuts(place, request(place, &ask, 3)).await)?;
    }
    Ok(())
}

async fn a_partition_count_must_be_positive(place: &Place) -> anyhow::Result<()> {
    for points in [0, -1] {
        let answer = cuts(place, request(place, &group("c"), points)).await;
        invalid(&format!("{points} cut points"), answer)?;
    }
    cuts(place, request(place, &group("c"), 1))
        .await
        .context("one cut point")
        .map(drop)
}
