//! RunQuery: cursors, limits and offsets. A cursor is a place between names, whether or not a document has that name.

use crate::ask::{Ask, collection, everything, group};
use crate::expect::{Problems, invalid, same};
use crate::law::{Law, law};
use crate::make::{int, reference, text};
use crate::order::IDS;
use crate::place::Place;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use tonic::Status;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(start_at_before_includes_the_name_and_after_does_not),
        law!(end_at_before_excludes_the_name_and_after_does_not),
        law!(a_cursor_may_name_a_document_that_does_not_exist),
        law!(an_empty_stretch_is_empty_whichever_way_it_is_said),
        law!(cursors_of_a_group_may_name_any_document),
        law!(two_cursors_at_one_name_cut_without_loss),
        law!(a_cursor_follows_name_order_not_byte_order),
        law!(a_limit_is_a_bound_not_a_demand),
        law!(a_limit_of_nothing_gives_nothing),
        law!(a_negative_limit_is_refused),
        law!(an_offset_skips_the_first),
        law!(pages_by_cursor_visit_every_document_once),
        law!(a_cursor_outside_the_database_is_refused),
        law!(a_cursor_outside_the_collection_is_a_place_all_the_same),
        law!(a_cursor_without_values_is_before_or_after_everything),
        law!(a_cursor_that_names_no_document_is_refused),
    ]
}

async fn found(place: &Place, ask: Ask, expected: &[&str]) -> anyhow::Result<()> {
    let expected: Vec<String> = expected.iter().map(|path| (*path).to_owned()).collect();
    same(&format!("{ask:?}"), place.paths(&ask).await?, expected)
}

async fn start_at_before_includes_the_name_and_after_does_not(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    found(place, collection("c").from("c/b"), &["c/b", "c/c"]).await?;
    found(place, collection("c").after("c/b"), &["c/c"]).await?;
    found(place, collection("c").after("c/c"), &[]).await
}

async fn end_at_before_excludes_the_name_and_after_does_not(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    found(place, collection("c").before("c/b"), &["c/a"]).await?;
    found(place, collection("c").up_to("c/b"), &["c/a", "c/b"]).await?;
    found(place, collection("c").before("c/a"), &[]).await
}

async fn a_cursor_may_name_a_document_that_does_not_exist(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/c", "c/e"]).await?;
    found(place, collection("c").from("c/b").before("c/d"), &["c/c"]).await?;
    found(place, collection("c").after("c/b").up_to("c/d"), &["c/c"]).await?;
    found(
        place,
        collection("c").from("c/\0").before("c/~"),
        &["c/a", "c/c", "c/e"],
    )
    .await?;
    found(place, collection("c").from("c/f"), &[]).await?;
    place.drop(&["c/c"]).await?;
    found(place, collection("c").from("c/c"), &["c/e"]).await
}

async fn an_empty_stretch_is_empty_whichever_way_it_is_said(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    found(place, collection("c").from("c/b").before("c/b"), &[]).await?;
    found(place, collection("c").after("c/b").up_to("c/b"), &[]).await?;
    found(place, collection("c").after("c/b").before("c/b"), &[]).await?;
    found(place, collection("c").from("c/c").before("c/a"), &[]).await
}

async fn cursors_of_a_group_may_name_any_document(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["a/1/c/x", "a/2/c/x", "a/2/c/x/c/y", "c/x", "d/1/c/x"])
        .await?;
    found(
        place,
        group("c").from("a/2").before("b/1"),
        &["a/2/c/x", "a/2/c/x/c/y"],
    )
    .await?;
    found(
        place,
        group("c").after("a/2/c/x"),
        &["a/2/c/x/c/y", "c/x", "d/1/c/x"],
    )
    .await?;
    found(
        place,
        group("c").up_to("c/x"),
        &["a/1/c/x", "a/2/c/x", "a/2/c/x/c/y", "c/x"],
    )
    .await?;
    found(
        place,
        everything().from("a/2/c/x/c/y").before("c/x/z/z"),
        &["a/2/c/x/c/y", "c/x"],
    )
    .await
}

async fn two_cursors_at_one_name_cut_without_loss(place: &Place) -> anyhow::Result<()> {
    let paths: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    place.put(&paths).await?;
    for cut in &paths {
        let mut whole = place.paths(&collection("c").before(cut)).await?;
        whole.extend(place.paths(&collection("c").from(cut)).await?);
        same(&format!("cut before {cut:?}"), whole, paths.clone())?;
        let mut whole = place.paths(&collection("c").up_to(cut)).await?;
        whole.extend(place.paths(&collection("c").after(cut)).await?);
        same(&format!("cut after {cut:?}"), whole, paths.clone())?;
    }
    Ok(())
}

async fn a_cursor_follows_name_order_not_byte_order(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/__id2__", "c/__id10__", "c/\0", "c/_", "c/a"])
        .await?;
    found(
        place,
        collection("c").from("c/__id3__"),
        &["c/__id10__", "c/\0", "c/_", "c/a"],
    )
    .await?;
    found(
        place,
        collection("c").before("c/\0"),
        &["c/__id2__", "c/__id10__"],
    )
    .await?;
    found(place, collection("c").after("c/_"), &["c/a"]).await
}

async fn a_limit_is_a_bound_not_a_demand(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    found(place, collection("c").limit(1), &["c/a"]).await?;
    found(place, collection("c").limit(2).after("c/a"), &["c/b", "c/c"]).await?;
    found(place, collection("c").limit(3), &["c/a", "c/b", "c/c"]).await?;
    found(place, collection("c").limit(i32::MAX), &["c/a", "c/b", "c/c"]).await
}

async fn a_limit_of_nothing_gives_nothing(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    found(place, collection("c").limit(0), &[]).await
}

async fn a_negative_limit_is_refused(place: &Place) -> anyhow::Result<()> {
    invalid("a limit of -1", place.ask(&collection("c").limit(-1)).await)?;
    invalid("an offset of -1", place.ask(&collection("c").offset(-1)).await)
}

async fn an_offset_skips_the_first(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c", "c/d"]).await?;
    found(place, collection("c").offset(1), &["c/b", "c/c", "c/d"]).await?;
    found(place, collection("c").offset(1).limit(2), &["c/b", "c/c"]).await?;
    found(place, collection("c").offset(1).after("c/a"), &["c/c", "c/d"]).await?;
    found(place, collection("c").offset(4), &[]).await?;
    found(place, collection("c").offset(9), &[]).await
}

async fn pages_by_cursor_visit_every_document_once(place: &Place) -> anyhow::Result<()> {
    let mut paths: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    paths.extend((0..10).map(|n| format!("c/😀/c/{n}")));
    place.put(&paths).await?;
    for page in [1, 7, 34] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let mut ask = group("c").limit(page);
            if let Some(last) = seen.last() {
                ask = ask.after(last);
            }
            let more = place.paths(&ask).await?;
            if more.is_empty() {
                break;
            }
            seen.extend(more);
        }
        same(&format!("pages of {page}"), seen, paths.clone())?;
    }
    Ok(())
}

async fn a_cursor_outside_the_database_is_refused(place: &Place) -> anyhow::Result<()> {
    use firestore::gcloud_sdk::google::firestore::v1::run_query_request::QueryType;
    place.put(&["c/a"]).await?;
    let mut request = place.query_request(&collection("c"));
    let elsewhere = "projects/elsewhere/databases/(default)/documents";
    let query = collection("c").from("c/a").structured(elsewhere);
    request.query_type = Some(QueryType::StructuredQuery(query));
    invalid("a cursor in another project", place.query(request).await)
}

async fn a_cursor_outside_the_collection_is_a_place_all_the_same(place: &Place) -> anyhow::Result<()> {
    place.put(&["b/z", "c/a", "c/a/d/x", "c/b", "d/a"]).await?;
    found(place, collection("c").from("b/x"), &["c/a", "c/b"]).await?;
    found(place, collection("c").from("c/a/d/b"), &["c/b"]).await?;
    found(place, collection("c").after("c/a/d/b"), &["c/b"]).await?;
    found(place, collection("c").up_to("c/a/d/x"), &["c/a"]).await?;
    found(place, collection("c").from("d/a"), &[]).await?;
    found(place, collection("c").before("d/a"), &["c/a", "c/b"]).await?;
    found(place, collection("d").below("c/a").from("c/a"), &["c/a/d/x"]).await?;
    found(place, collection("d").below("c/a").from("c/b"), &[]).await?;
    found(place, group("d").below("c/a").from("a/b"), &["c/a/d/x"]).await?;
    found(place, group("d").below("c/a").before("x/b"), &["c/a/d/x"]).await
}

/// Asks for `c` from `c/b` on, with the query changed.
async fn asked(place: &Place, change: impl Fn(&mut proto::StructuredQuery)) -> Result<usize, Status> {
    let mut query = collection("c").from("c/b").structured(&place.root());
    change(&mut query);
    let request = proto::RunQueryRequest {
        query_type: Some(proto::run_query_request::QueryType::StructuredQuery(query)),
        ..place.query_request(&collection("c"))
    };
    let answers = place.query(request).await?;
    Ok(answers.iter().filter(|answer| answer.document.is_some()).count())
}

async fn a_cursor_without_values_is_before_or_after_everything(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    for (before, expected) in [(true, 2), (false, 0)] {
        let nowhere = proto::Cursor {
            values: Vec::new(),
            before,
        };
        let found = asked(place, |query| query.start_at = Some(nowhere.clone())).await?;
        same(&format!("documents from {nowhere:?}"), found, expected)?;
    }
    Ok(())
}

async fn a_cursor_that_names_no_document_is_refused(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut problems = Problems::default();
    for path in ["c", "c/a/d", "c//a", "c/__x__", ""] {
        for ask in [collection("c"), group("c")] {
            let answer = place.ask(&ask.clone().from(path)).await;
            problems.note(invalid(&format!("a start at {path:?}"), answer));
            problems.note(invalid(
                &format!("an end at {path:?}"),
                place.ask(&ask.before(path)).await,
            ));
        }
    }
    let values = |values: Vec<proto::Value>| {
        move |query: &mut proto::StructuredQuery| {
            query.start_at = Some(proto::Cursor {
                values: values.clone(),
                before: true,
            });
        }
    };
    let name = reference(place.name("c/a"));
    problems.note(invalid("a text", asked(place, values(vec![text("a")])).await));
    problems.note(invalid(
        "two values",
        asked(place, values(vec![name, int(1)])).await,
    ));
    problems.note(invalid(
        "a value without an order",
        asked(place, |query| query.order_by.clear()).await,
    ));
    problems.none()
}
