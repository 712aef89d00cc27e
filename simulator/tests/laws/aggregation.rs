//! RunAggregationQuery: COUNT counts what the query would find.

use crate::ask::{Ask, collection, everything, group};
use crate::expect::{invalid, moment, same};
use crate::law::{Law, law};
use crate::order::IDS;
use crate::place::{Place, collect};
use anyhow::{Context, bail, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::structured_aggregation_query::{Aggregation, aggregation};
use proto::value::ValueType;
use tonic::Status;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_count_is_how_many_the_query_finds),
        law!(counts_between_cursors_add_up),
        law!(a_count_of_nothing_is_one_answer_of_zero),
        law!(a_count_at_a_past_moment_counts_what_was_there),
        law!(a_count_stops_where_it_was_told_to),
        law!(a_count_answers_under_its_alias_with_a_read_time),
        law!(a_count_to_less_than_nothing_is_refused),
    ]
}

fn request(place: &Place, ask: &Ask, alias: &str, up_to: Option<i64>) -> proto::RunAggregationQueryRequest {
    use proto::run_aggregation_query_request::{ConsistencySelector, QueryType};
    let query = proto::StructuredAggregationQuery {
        aggregations: vec![Aggregation {
            alias: alias.to_owned(),
            operator: Some(aggregation::Operator::Count(aggregation::Count { up_to })),
        }],
        query_type: Some(proto::structured_aggregation_query::QueryType::StructuredQuery(
            ask.structured(&place.root()),
        )),
    };
    proto::RunAggregationQueryRequest {
        parent: place.name(&ask.below),
        query_type: Some(QueryType::StructuredAggregationQuery(query)),
        consistency_selector: ask.at.map(|at| ConsistencySelector::ReadTime(at.timestamp())),
        ..Default::default()
    }
}

async fn answers(
    place: &Place,
    request: proto::RunAggregationQueryRequest,
) -> Result<Vec<proto::RunAggregationQueryResponse>, Status> {
    collect(place.client().run_aggregation_query(request).await?.into_inner()).await
}

async fn counted(place: &Place, request: proto::RunAggregationQueryRequest) -> anyhow::Result<i64> {
    let answers = answers(place, request).await.context("count")?;
    same("answers to a count", answers.len(), 1)?;
    let result = answers[0].result.as_ref().context("no result")?;
    match result
        .aggregate_fields
        .get("n")
        .and_then(|value| value.value_type.as_ref())
    {
        Some(ValueType::IntegerValue(count)) => Ok(*count),
        other => bail!("a count of {other:?} in {result:?}"),
    }
}

/// How many documents a query finds.
pub(crate) async fn count(place: &Place, ask: &Ask) -> anyhow::Result<i64> {
    counted(place, request(place, ask, "n", None)).await
}

async fn a_count_is_how_many_the_query_finds(place: &Place) -> anyhow::Result<()> {
    place
        .put(&["c/a", "c/b", "c/b/c/1", "c/b/d/1", "x/missing/c/2", "d/1"])
        .await?;
    for (ask, expected) in [
        (collection("c"), 2),
        (collection("c").below("c/b"), 1),
        (group("c"), 4),
        (group("c").below("c/b"), 1),
        (everything(), 6),
        (everything().below("x/missing"), 1),
        (collection("c").limit(1), 1),
        (group("c").offset(1), 3),
        (collection("c").unordered(), 2),
    ] {
        same(
            &format!("documents of {ask:?}"),
            place.paths(&ask).await?.len(),
            expected,
        )?;
        same(
            &format!("the count of {ask:?}"),
            count(place, &ask).await?,
            expected as i64,
        )?;
    }
    Ok(())
}

async fn counts_between_cursors_add_up(place: &Place) -> anyhow::Result<()> {
    let paths: Vec<String> = IDS.iter().map(|id| format!("c/{id}")).collect();
    place.put(&paths).await?;
    for ask in [collection("c"), group("c"), everything()] {
        for (before, cut) in (0..).zip(&paths) {
            same("before", count(place, &ask.clone().before(cut)).await?, before)?;
            let from = count(place, &ask.clone().from(cut)).await?;
            same("from there on", from, paths.len() as i64 - before)?;
        }
        let middle = count(place, &ask.clone().after(&paths[3]).up_to(&paths[9])).await?;
        same("between", middle, 6)?;
    }
    Ok(())
}

async fn a_count_of_nothing_is_one_answer_of_zero(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    for ask in [
        collection("d"),
        group("d"),
        collection("c").after("c/a"),
        everything().below("c/a"),
    ] {
        same(&format!("{ask:?}"), count(place, &ask).await?, 0)?;
    }
    Ok(())
}

async fn a_count_at_a_past_moment_counts_what_was_there(place: &Place) -> anyhow::Result<()> {
    let first = place.put(&["c/a", "c/b", "c/c"]).await?;
    let second = place.drop(&["c/a", "c/b"]).await?;
    place.put(&["c/d", "c/d/c/e"]).await?;
    for ask in [collection("c"), group("c"), everything()] {
        same("at first", count(place, &ask.clone().at(first)).await?, 3)?;
        same("then", count(place, &ask.clone().at(second)).await?, 1)?;
    }
    same("now", count(place, &group("c")).await?, 3)
}

async fn a_count_stops_where_it_was_told_to(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    for (up_to, expected) in [(1, 1), (3, 3), (4, 3)] {
        let request = request(place, &collection("c"), "n", Some(up_to));
        same(
            &format!("up to {up_to}"),
            counted(place, request).await?,
            expected,
        )?;
    }
    Ok(())
}

async fn a_count_answers_under_its_alias_with_a_read_time(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a"]).await?;
    for (alias, expected) in [("total", "total"), ("how many", "how many"), ("", "field_1")] {
        let found = answers(place, request(place, &collection("c"), alias, None)).await?;
        let result = found[0].result.as_ref().context("no result")?;
        ensure!(
            result.aggregate_fields.contains_key(expected),
            "{alias:?} gave {result:?}"
        );
        ensure!(
            moment(found[0].read_time)? >= written,
            "read before it was written"
        );
    }
    Ok(())
}

async fn a_count_to_less_than_nothing_is_refused(place: &Place) -> anyhow::Result<()> {
    let request = request(place, &collection("c"), "n", Some(-1));
    invalid("a count up to -1", answers(place, request).await)
}
