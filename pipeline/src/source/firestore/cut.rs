//! Cutting a collection group into lanes, once.
//!
//! Firestore's own partition points where the server offers them; otherwise bisection by COUNT, which costs one
//! read for every thousand documents and level. Every range is counted at the snapshot time, and the counts must
//! add up to the group's, so that a lane's end can be checked against what was promised.

use super::Range;
use super::client::Client;
use super::inventory::{Group, split};
use super::names;
use super::query::Query;
use crate::fault::{Fault, Part};
use crate::plan::ReadTime;
use futures::{StreamExt, TryStreamExt};

/// Ranges counted at the same time: far away, each alone takes a round trip.
const COUNTS: usize = 4;
/// More lanes than this help nobody and cost planning time.
const MOST_LANES: u64 = 1024;

pub(super) async fn ranges(
    client: &Client,
    group: &Group,
    size: u64,
    at: ReadTime,
) -> Result<Vec<Range>, Fault> {
    let whole = Range {
        from: None,
        to: None,
        documents: group.documents,
    };
    let lanes = group.documents.div_ceil(size).min(MOST_LANES);
    if lanes <= 1 {
        return Ok(vec![whole]);
    }
    let points = i64::try_from(lanes - 1).unwrap_or(i64::MAX);
    let even = group.documents.div_ceil(lanes);
    let ranges = match client.partition(&group.collection, points, at).await? {
        Some(points) if !points.is_empty() => at_points(client, group, points, even, at).await?,
        _ => bisect(client, group, whole, even, at).await?,
    };
    let counted: u64 = ranges.iter().map(|range| range.documents).sum();
    if counted == group.documents {
        return Ok(ranges);
    }
    Err(Fault::permanent(
        Part::Sums,
        format!("cut collection {}", group.collection),
        format!(
            "its ranges hold {counted} documents, the whole {}",
            group.documents
        ),
    )
    .with_remedy("start again; if it happens twice, report it with this message"))
}

async fn at_points(
    client: &Client,
    group: &Group,
    mut points: Vec<String>,
    size: u64,
    at: ReadTime,
) -> Result<Vec<Range>, Fault> {
    // The server's pages are each in order, but not against one another.
    points.sort_by(|left, right| names::compare(left, right));
    points.dedup();
    let mut ends: Vec<Option<String>> = points.into_iter().map(Some).collect();
    ends.push(None);
    let begins = std::iter::once(None).chain(ends.iter().cloned());
    let bounds: Vec<_> = begins.zip(ends.iter().cloned()).collect();
    let counted: Vec<Range> = futures::stream::iter(bounds)
        .map(async |(from, to)| {
            let query = Query::group(&group.collection).between(from.as_deref(), to.as_deref());
            let documents = client.count(&query, at).await?;
            Ok::<_, Fault>(Range { from, to, documents })
        })
        .buffered(COUNTS)
        .try_collect()
        .await?;
    let mut ranges = Vec::with_capacity(counted.len());
    for range in counted {
        // The server may offer fewer points than were asked for.
        ranges.extend(bisect(client, group, range, size, at).await?);
    }
    Ok(ranges)
}

async fn bisect(
    client: &Client,
    group: &Group,
    whole: Range,
    size: u64,
    at: ReadTime,
) -> Result<Vec<Range>, Fault> {
    let query = |from: Option<&str>, to: Option<&str>| Query::group(&group.collection).between(from, to);
    let (mut open, mut done) = (vec![whole], Vec::new());
    // The stack is worked from the low end, so finished ranges come out in order.
    while let Some(range) = open.pop() {
        let (from, to) = (range.from.as_deref(), range.to.as_deref());
        let enough = range.documents <= size + size / 2;
        let cut = if enough {
            None
        } else {
            split(client, &query, from, to, at).await?
        };
        let Some((cut, _)) = cut else {
            done.push(range);
            continue;
        };
        let below = client.count(&query(from, Some(&cut)), at).await?;
        let above = range.documents.saturating_sub(below);
        open.push(Range {
            from: Some(cut.clone()),
            to: range.to,
            documents: above,
        });
        open.push(Range {
            from: range.from,
            to: Some(cut),
            documents: below,
        });
    }
    Ok(done)
}
