//! Where a lane can be cut so that about half of what is left of it lies behind the cut.

use super::Range;
use super::client::Client;
use super::inventory::split;
use super::query::Query;
use crate::fault::Fault;
use crate::plan::Lane;
use crate::source::Standing;
use checkpoints::Position;

/// Cuts that are tried at the most; each costs a count.
const TRIES: usize = 12;

/// What lies behind the best cut that was found, counted at the moment that the lane is read at; nothing where there is
/// none. A cut with a quarter to three quarters of the rest behind it is good enough.
pub(super) async fn halve(
    client: &Client,
    lane: &Lane,
    collection: &str,
    standing: &Standing,
) -> Result<Option<Range>, Fault> {
    let query = |from: Option<&str>, to: Option<&str>| Query::group(collection).between(from, to);
    let left = standing.expected.saturating_sub(standing.progress.tally.read);
    let mut low = match &standing.progress.position {
        Position::Start => lane.from.clone(),
        Position::At(token) => Some(String::from_utf8_lossy(&token.0).into_owned()),
        Position::End => return Ok(None),
    };
    let (mut high, mut best) = (lane.to.clone(), None);
    for _ in 0..TRIES {
        let cut = split(client, &query, low.as_deref(), high.as_deref(), standing.read_at).await?;
        let Some((cut, _)) = cut else { break };
        let behind = query(Some(&cut), lane.to.as_deref());
        let behind = client.count(&behind, standing.read_at).await?;
        let uneven = (behind * 2).abs_diff(left);
        if best.as_ref().is_none_or(|(least, _)| uneven < *least) {
            let range = Range {
                from: Some(cut.clone()),
                to: lane.to.clone(),
                documents: behind,
            };
            best = Some((uneven, range));
        }
        if uneven <= left / 2 {
            break;
        }
        match behind * 2 > left {
            true => low = Some(cut),
            false => high = Some(cut),
        }
    }
    Ok(best.map(|(_, range)| range).filter(|range| range.documents > 0))
}
