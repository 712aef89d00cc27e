//! ListCollectionIds: which collections lie directly below the root or a document.

use crate::expect::{invalid, same};
use crate::law::{Law, law};
use crate::place::Place;
use anyhow::ensure;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::list_collection_ids_request::ConsistencySelector;
use simulator::Moment;
use tonic::Status;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(the_root_lists_its_collections_sorted_and_once),
        law!(a_document_lists_what_lies_directly_below_it),
        law!(a_missing_document_lists_what_lies_below_it),
        law!(a_collection_is_there_as_long_as_a_document_is_below_it),
        law!(collection_ids_of_a_past_moment),
        law!(pages_of_collection_ids_make_up_the_whole),
        law!(a_collection_has_no_collections),
        law!(a_bad_page_of_collection_ids_is_refused),
    ]
}

fn request(place: &Place, below: &str, at: Option<Moment>) -> proto::ListCollectionIdsRequest {
    proto::ListCollectionIdsRequest {
        parent: place.name(below),
        consistency_selector: at.map(|at| ConsistencySelector::ReadTime(at.timestamp())),
        ..Default::default()
    }
}

/// The ids of all pages, and how many pages there were.
async fn paged(
    place: &Place,
    mut request: proto::ListCollectionIdsRequest,
) -> Result<(Vec<String>, usize), Status> {
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = place
            .client()
            .list_collection_ids(request.clone())
            .await?
            .into_inner();
        ids.extend(page.collection_ids);
        pages += 1;
        if page.next_page_token.is_empty() {
            return Ok((ids, pages));
        }
        request.page_token = page.next_page_token;
    }
}

async fn ids(place: &Place, below: &str, at: Option<Moment>) -> anyhow::Result<Vec<String>> {
    Ok(paged(place, request(place, below, at)).await?.0)
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn the_root_lists_its_collections_sorted_and_once(place: &Place) -> anyhow::Result<()> {
    same("of nothing", ids(place, "", None).await?, Vec::new())?;
    place
        .put(&[
            "b/1",
            "b/2",
            "a/1",
            "é/1",
            "B/1",
            "b!/1",
            "a/1/below/1",
            "x/missing/deep/1",
        ])
        .await?;
    let expected = owned(&["B", "a", "b", "b!", "x", "é"]);
    same("of the root", ids(place, "", None).await?, expected)
}

async fn a_document_lists_what_lies_directly_below_it(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/a", "c/a/d/1", "c/a/d/1/e/1", "c/a/f/1", "c/a!/g/1", "c/b"])
        .await?;
    same("below c/a", ids(place, "c/a", None).await?, owned(&["d", "f"]))?;
    same("below c/b", ids(place, "c/b", None).await?, Vec::new())?;
    same("below nothing", ids(place, "c/none", None).await?, Vec::new())
}

async fn a_missing_document_lists_what_lies_below_it(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/missing/d/1", "c/missing/e/missing/f/1"]).await?;
    same("of the root", ids(place, "", None).await?, owned(&["c"]))?;
    same(
        "one level below",
        ids(place, "c/missing", None).await?,
        owned(&["d", "e"]),
    )?;
    same(
        "two levels below",
        ids(place, "c/missing/e/missing", None).await?,
        owned(&["f"]),
    )
}

async fn a_collection_is_there_as_long_as_a_document_is_below_it(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/a/d/1", "e/1"]).await?;
    place.drop(&["c/a"]).await?;
    same(
        "with a document further below",
        ids(place, "", None).await?,
        owned(&["c", "e"]),
    )?;
    place.drop(&["c/a/d/1"]).await?;
    same("with nothing left", ids(place, "", None).await?, owned(&["e"]))
}

async fn collection_ids_of_a_past_moment(place: &Place) -> anyhow::Result<()> {
    let first = place.put(&["a/1", "b/1/c/1"]).await?;
    let second = place.drop(&["a/1", "b/1/c/1"]).await?;
    place.put(&["d/1"]).await?;
    same("at first", ids(place, "", Some(first)).await?, owned(&["a", "b"]))?;
    same(
        "below, at first",
        ids(place, "b/1", Some(first)).await?,
        owned(&["c"]),
    )?;
    same("then", ids(place, "", Some(second)).await?, Vec::new())?;
    same("now", ids(place, "", None).await?, owned(&["d"]))
}

async fn pages_of_collection_ids_make_up_the_whole(place: &Place) -> anyhow::Result<()> {
    let documents: Vec<String> = (0..25).map(|n| format!("c{n:02}/1")).collect();
    place.put(&documents).await?;
    let expected: Vec<String> = (0..25).map(|n| format!("c{n:02}")).collect();
    for size in [1, 10, 25, 300] {
        let mut request = request(place, "", None);
        request.page_size = size;
        let (all, pages) = paged(place, request).await?;
        same(&format!("pages of {size}"), all, expected.clone())?;
        ensure!(pages * size as usize >= 25, "{pages} pages of {size} held 25 ids");
    }
    Ok(())
}

async fn a_collection_has_no_collections(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    invalid(
        "the collections of a collection",
        paged(place, request(place, "c", None)).await,
    )
}

async fn a_bad_page_of_collection_ids_is_refused(place: &Place) -> anyhow::Result<()> {
    let negative = proto::ListCollectionIdsRequest {
        page_size: -1,
        ..request(place, "", None)
    };
    invalid("a page of -1", paged(place, negative).await)?;
    let garbage = proto::ListCollectionIdsRequest {
        page_token: "garbage".to_owned(),
        ..request(place, "", None)
    };
    invalid("a made-up page token", paged(place, garbage).await)
}
