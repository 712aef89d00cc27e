//! ListDocuments: a collection page by page, also with the documents that are missing but have something below them.

use crate::expect::{invalid, moment, same};
use crate::law::{Law, law};
use crate::make::{fields, int, mask, text};
use crate::order::IDS;
use crate::place::Place;
use anyhow::ensure;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::list_documents_request::ConsistencySelector;
use tonic::Status;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_list_is_the_collection_in_name_order),
        law!(pages_make_up_the_collection),
        law!(a_page_holds_no_more_than_300),
        law!(a_list_below_a_document),
        law!(missing_documents_are_shown_when_asked_for),
        law!(a_mask_leaves_other_fields_out),
        law!(a_list_without_a_collection_is_all_collections),
        law!(a_list_of_a_past_moment),
        law!(a_bad_page_is_refused),
    ]
}

fn request(place: &Place, below: &str, collection: &str) -> proto::ListDocumentsRequest {
    proto::ListDocumentsRequest {
        parent: place.name(below),
        collection_id: collection.to_owned(),
        ..Default::default()
    }
}

/// The documents of each page.
async fn pages(
    place: &Place,
    mut request: proto::ListDocumentsRequest,
) -> Result<Vec<Vec<proto::Document>>, Status> {
    let mut pages = Vec::new();
    loop {
        let page = place.client().list_documents(request.clone()).await?.into_inner();
        pages.push(page.documents);
        if page.next_page_token.is_empty() {
            return Ok(pages);
        }
        request.page_token = page.next_page_token;
    }
}

async fn documents(
    place: &Place,
    request: proto::ListDocumentsRequest,
) -> anyhow::Result<Vec<proto::Document>> {
    Ok(pages(place, request).await?.into_iter().flatten().collect())
}

async fn paths(place: &Place, request: proto::ListDocumentsRequest) -> anyhow::Result<Vec<String>> {
    let documents = documents(place, request).await?;
    Ok(documents
        .iter()
        .map(|document| place.path(&document.name))
        .collect())
}

fn owned(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

async fn a_list_is_the_collection_in_name_order(place: &Place) -> anyhow::Result<()> {
    let sorted: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    let mixed: Vec<&String> = sorted.iter().rev().collect();
    let written = place.put(&mixed).await?;
    place.put(&["c/a/c/below", "d/1"]).await?;
    let listed = documents(place, request(place, "", "c")).await?;
    let found: Vec<String> = listed.iter().map(|document| place.path(&document.name)).collect();
    same("the list", found, sorted)?;
    same("create time", moment(listed[0].create_time)?, written)?;
    same(
        "fields",
        &listed[0].fields,
        &fields([("n", int(IDS.len() as i64 - 1))]),
    )?;
    same(
        "of nothing",
        paths(place, request(place, "", "e")).await?,
        Vec::new(),
    )
}

async fn pages_make_up_the_collection(place: &Place) -> anyhow::Result<()> {
    let all: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    place.put(&all).await?;
    for size in [1, 7, 8, 24, 25] {
        let mut request = request(place, "", "c");
        request.page_size = size;
        let pages = pages(place, request).await?;
        ensure!(
            pages.iter().all(|page| page.len() <= size as usize),
            "a page of more than {size}"
        );
        let found = pages.iter().flatten().map(|document| place.path(&document.name));
        same(
            &format!("pages of {size}"),
            found.collect::<Vec<_>>(),
            all.clone(),
        )?;
    }
    Ok(())
}

async fn a_page_holds_no_more_than_300(place: &Place) -> anyhow::Result<()> {
    let all: Vec<String> = (0..310).map(|n| format!("c/{n:03}")).collect();
    place.put(&all).await?;
    let mut request = request(place, "", "c");
    request.page_size = 100_000;
    let pages = pages(place, request).await?;
    ensure!(
        pages.iter().all(|page| page.len() <= 300),
        "a page of {}",
        pages[0].len()
    );
    let found = pages.iter().flatten().map(|document| place.path(&document.name));
    same("all pages", found.collect::<Vec<_>>(), all)
}

async fn a_list_below_a_document(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/a", "c/a/d/1", "c/a/d/2", "c/a/d/2/d/3", "c/missing/d/4", "d/5"])
        .await?;
    same(
        "below c/a",
        paths(place, request(place, "c/a", "d")).await?,
        owned(&["c/a/d/1", "c/a/d/2"]),
    )?;
    let found = paths(place, request(place, "c/missing", "d")).await?;
    same("below a missing document", found, owned(&["c/missing/d/4"]))
}

async fn missing_documents_are_shown_when_asked_for(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/a/d/1", "c/b", "c/c/d/1/e/1", "c/gone/d/1", "c/d/x/1", "c/d"])
        .await?;
    place.drop(&["c/gone/d/1"]).await?;
    same(
        "without",
        paths(place, request(place, "", "c")).await?,
        owned(&["c/b", "c/d"]),
    )?;
    let mut request = request(place, "", "c");
    request.show_missing = true;
    let listed = documents(place, request.clone()).await?;
    let found: Vec<String> = listed.iter().map(|document| place.path(&document.name)).collect();
    same("with", found, owned(&["c/a", "c/b", "c/c", "c/d"]))?;
    let missing = &listed[0];
    ensure!(
        missing.create_time.is_none(),
        "a missing document was created: {missing:?}"
    );
    ensure!(
        missing.update_time.is_none(),
        "a missing document was updated: {missing:?}"
    );
    ensure!(
        missing.fields.is_empty(),
        "a missing document has fields: {missing:?}"
    );
    ensure!(
        listed[1].create_time.is_some(),
        "a document came without its time"
    );
    request.page_size = 1;
    same(
        "page by page",
        paths(place, request.clone()).await?,
        owned(&["c/a", "c/b", "c/c", "c/d"]),
    )?;
    request.order_by = "n".to_owned();
    invalid("missing documents in an order", pages(place, request).await)
}

async fn a_mask_leaves_other_fields_out(place: &Place) -> anyhow::Result<()> {
    place
        .change(vec![place.set("c/a", fields([("n", int(1)), ("t", text("x"))]))])
        .await?;
    let mut request = request(place, "", "c");
    request.mask = Some(mask(["n"]));
    same(
        "n alone",
        &documents(place, request.clone()).await?[0].fields,
        &fields([("n", int(1))]),
    )?;
    request.mask = Some(mask(["__name__"]));
    let named = &documents(place, request).await?[0];
    same("the name alone", &named.fields, &fields([]))?;
    ensure!(named.update_time.is_some(), "came without its time");
    Ok(())
}

async fn a_list_without_a_collection_is_all_collections(place: &Place) -> anyhow::Result<()> {
    place.put(&["b/1", "a/2", "a/1", "a/1/b/3"]).await?;
    same(
        "below the root",
        paths(place, request(place, "", "")).await?,
        owned(&["a/1", "a/2", "b/1"]),
    )?;
    same(
        "below a/1",
        paths(place, request(place, "a/1", "")).await?,
        owned(&["a/1/b/3"]),
    )
}

async fn a_list_of_a_past_moment(place: &Place) -> anyhow::Result<()> {
    let first = place.put(&["c/a", "c/b", "c/missing/d/1"]).await?;
    place.drop(&["c/a", "c/missing/d/1"]).await?;
    place.put(&["c/c"]).await?;
    let mut request = request(place, "", "c");
    request.page_size = 1;
    same(
        "now",
        paths(place, request.clone()).await?,
        owned(&["c/b", "c/c"]),
    )?;
    request.consistency_selector = Some(ConsistencySelector::ReadTime(first.timestamp()));
    same(
        "at first",
        paths(place, request.clone()).await?,
        owned(&["c/a", "c/b"]),
    )?;
    request.show_missing = true;
    same(
        "with missing",
        paths(place, request).await?,
        owned(&["c/a", "c/b", "c/missing"]),
    )
}

async fn a_bad_page_is_refused(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let mut negative = request(place, "", "c");
    negative.page_size = -1;
    invalid("a page of -1", pages(place, negative).await)?;
    let mut garbage = request(place, "", "c");
    garbage.page_token = "garbage".to_owned();
    invalid("a made-up page token", pages(place, garbage).await)
}
