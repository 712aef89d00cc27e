//! RunQuery: what a query ranges over, and the order of names.

use crate::ask::{collection, everything, group};
use crate::expect::{Problems, invalid, same};
use crate::law::{Law, law};
use crate::place::Place;
use firestore::gcloud_sdk::google::firestore::v1 as proto;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(numeric_ids_come_first_by_number_then_all_others_by_their_bytes),
        law!(names_are_compared_segment_by_segment),
        law!(a_query_that_asks_for_no_order_gets_name_order),
        law!(a_collection_does_not_reach_below_itself),
        law!(a_group_is_every_collection_of_one_id),
        law!(a_kindless_query_is_every_document),
        law!(a_query_below_a_document_stays_below_it),
        law!(documents_below_a_document_that_does_not_exist_are_found),
        law!(a_collection_nobody_wrote_to_is_empty),
        law!(databases_do_not_see_each_other),
        law!(a_question_that_makes_no_sense_is_refused),
    ]
}

/// In the order that Firestore gives them.
pub(crate) const IDS: [&str; 23] = [
    "__id-9223372036854775808__",
    "__id-3__",
    "__id7__",
    "__id10__",
    "__id9223372036854775807__",
    "\0",
    "\0a",
    " ",
    "!",
    "0",
    "10",
    "9",
    "A",
    "Z",
    "__",
    "a",
    "a\0",
    "a!",
    "aa",
    "é",
    "日",
    // As UTF-16 it would come after the next one.
    "\u{ff5e}",
    "😀",
];

async fn numeric_ids_come_first_by_number_then_all_others_by_their_bytes(
    place: &Place,
) -> anyhow::Result<()> {
    let sorted: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    let mut mixed = sorted.clone();
    mixed.rotate_left(7);
    mixed.reverse();
    place.put(&mixed).await?;
    same(
        "the collection",
        place.paths(&collection("c")).await?,
        sorted.clone(),
    )?;
    same("the group", place.paths(&group("c")).await?, sorted)
}

async fn names_are_compared_segment_by_segment(place: &Place) -> anyhow::Result<()> {
    let sorted = [
        "a/x/c/1",
        "a/x/c/1/c/1",
        "a/x/c/2",
        "a/x!/c/0",
        "a/xx/c/0",
        "a!/x/c/0",
        "c/__id2__/c/a",
        "c/0",
        "c/0/c/0",
        "c/1",
    ];
    place
        .put(&[
            sorted[9], sorted[3], sorted[1], sorted[7], sorted[5], sorted[0], sorted[2], sorted[8],
            sorted[6], sorted[4],
        ])
        .await?;
    same(
        "the group",
        place.paths(&group("c")).await?,
        sorted.map(str::to_owned).to_vec(),
    )?;
    same(
        "everything",
        place.paths(&everything()).await?,
        sorted.map(str::to_owned).to_vec(),
    )
}

async fn a_query_that_asks_for_no_order_gets_name_order(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/b", "c/__id1__", "c/a", "c/a/c/z", "c/B"]).await?;
    let ask = collection("c");
    let ordered = place.paths(&ask).await?;
    same("the collection", place.paths(&ask.unordered()).await?, ordered)?;
    let ask = group("c");
    let ordered = place.paths(&ask).await?;
    same("the group", place.paths(&ask.unordered()).await?, ordered)
}

async fn a_collection_does_not_reach_below_itself(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/a", "c/a/c/b", "c/a/d/c", "c!/a", "d/a", "cc/a", "d/a/c/d"])
        .await?;
    same("c", place.paths(&collection("c")).await?, vec!["c/a".to_owned()])
}

async fn a_group_is_every_collection_of_one_id(place: &Place) -> anyhow::Result<()> {
    place
        .put(&[
            "c/a",
            "c/a/c/b",
            "c/a/d/c",
            "d/a/c/d",
            "d/a/e/b/c/e",
            "cc/a",
            "C/a",
        ])
        .await?;
    let expected = ["c/a", "c/a/c/b", "d/a/c/d", "d/a/e/b/c/e"]
        .map(str::to_owned)
        .to_vec();
    same("the group", place.paths(&group("c")).await?, expected)
}

async fn a_kindless_query_is_every_document(place: &Place) -> anyhow::Result<()> {
    let all = [
        "a/1",
        "a/1/b/2",
        "a/1/b/2/c/3",
        "b/__id4__",
        "b/0",
        "z/missing/a/1",
    ];
    place.put(&all).await?;
    same(
        "everything",
        place.paths(&everything()).await?,
        all.map(str::to_owned).to_vec(),
    )
}

async fn a_query_below_a_document_stays_below_it(place: &Place) -> anyhow::Result<()> {
    place
        .put(&[
            "c/a",
            "c/a/c/1",
            "c/a/d/1",
            "c/a/d/1/c/2",
            "c/a!/c/3",
            "c/b/c/4",
            "d/a/c/5",
        ])
        .await?;
    let one = place.paths(&collection("c").below("c/a")).await?;
    same("the collection", one, vec!["c/a/c/1".to_owned()])?;
    let all = place.paths(&group("c").below("c/a")).await?;
    same(
        "the group",
        all,
        ["c/a/c/1", "c/a/d/1/c/2"].map(str::to_owned).to_vec(),
    )?;
    let kindless = place.paths(&everything().below("c/a")).await?;
    let expected = ["c/a/c/1", "c/a/d/1", "c/a/d/1/c/2"].map(str::to_owned).to_vec();
    same("everything below", kindless, expected)
}

async fn documents_below_a_document_that_does_not_exist_are_found(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/missing/d/1", "c/missing/d/2", "c/there"]).await?;
    let expected = ["c/missing/d/1", "c/missing/d/2"].map(str::to_owned).to_vec();
    same(
        "by their collection",
        place.paths(&collection("d").below("c/missing")).await?,
        expected.clone(),
    )?;
    same("by their group", place.paths(&group("d")).await?, expected)?;
    same(
        "the collection above",
        place.paths(&collection("c")).await?,
        vec!["c/there".to_owned()],
    )
}

async fn a_collection_nobody_wrote_to_is_empty(place: &Place) -> anyhow::Result<()> {
    same(
        "before any write",
        place.paths(&collection("c")).await?,
        Vec::new(),
    )?;
    place.put(&["d/a"]).await?;
    same("a collection", place.paths(&collection("c")).await?, Vec::new())?;
    same("a group", place.paths(&group("c")).await?, Vec::new())?;
    same(
        "below a document",
        place.paths(&collection("c").below("d/a")).await?,
        Vec::new(),
    )?;
    same(
        "below a missing document",
        place.paths(&collection("c").below("x/y")).await?,
        Vec::new(),
    )
}

async fn databases_do_not_see_each_other(place: &Place) -> anyhow::Result<()> {
    let neighbour = place.neighbour()?;
    place.put(&["c/a"]).await?;
    neighbour.put(&["c/b"]).await?;
    same("one", place.paths(&everything()).await?, vec!["c/a".to_owned()])?;
    same(
        "the other",
        neighbour.paths(&everything()).await?,
        vec!["c/b".to_owned()],
    )
}

async fn a_question_that_makes_no_sense_is_refused(place: &Place) -> anyhow::Result<()> {
    use proto::run_query_request::QueryType;
    let mut problems = Problems::default();
    for below in ["c", "c/a/d", "c//d/e", "c/__x__"] {
        let answer = place.ask(&collection("d").below(below)).await;
        problems.note(invalid(&format!("below {below:?}"), answer));
    }
    for id in ["a/b", "__x__", ".", "a/b/c"] {
        problems.note(invalid(
            &format!("the collection {id:?}"),
            place.ask(&collection(id)).await,
        ));
        problems.note(invalid(&format!("the group {id:?}"), place.ask(&group(id)).await));
    }
    let asked = |change: &dyn Fn(&mut proto::StructuredQuery)| {
        let mut query = collection("c").structured(&place.root());
        change(&mut query);
        proto::RunQueryRequest {
            query_type: Some(QueryType::StructuredQuery(query)),
            ..place.query_request(&collection("c"))
        }
    };
    let of_two = asked(&|query| query.from.push(query.from[0].clone()));
    problems.note(invalid("from two", place.query(of_two).await));
    let no_query = proto::RunQueryRequest {
        query_type: None,
        ..place.query_request(&collection("c"))
    };
    problems.note(invalid("no query", place.query(no_query).await));
    problems.none()
}
