//! RunQuery: the messages of an answer.

use crate::ask::{collection, everything};
use crate::expect::{moment, same};
use crate::law::{Law, law};
use crate::make::{fields, int, map, text};
use crate::place::Place;
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::run_query_response::ContinuationSelector;
use simulator::Moment;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(the_last_message_says_done_and_no_other),
        law!(an_empty_answer_is_one_message_with_a_time_and_done),
        law!(all_messages_have_one_read_time_not_before_the_last_commit),
        law!(documents_come_whole_with_their_times),
        law!(selecting_the_name_leaves_every_field_out),
        law!(selecting_fields_gives_those_that_are_there),
        law!(a_thousand_documents_come_in_one_stream),
        law!(a_stream_is_of_one_moment_whatever_is_committed_meanwhile),
    ]
}

fn done(message: &proto::RunQueryResponse) -> bool {
    message.continuation_selector == Some(ContinuationSelector::Done(true))
}

async fn the_last_message_says_done_and_no_other(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    for ask in [
        collection("c"),
        collection("c").limit(2),
        everything(),
        collection("c").limit(9),
    ] {
        let messages = place.ask(&ask).await?;
        let (last, others) = messages.split_last().context("no message")?;
        ensure!(done(last), "{ask:?}: the last message is {last:?}");
        ensure!(!others.iter().any(done), "{ask:?}: an earlier message says done");
        let with_document = messages
            .iter()
            .filter(|message| message.document.is_some())
            .count();
        same("messages without a document", messages.len() - with_document, 0)?;
    }
    Ok(())
}

async fn an_empty_answer_is_one_message_with_a_time_and_done(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    for ask in [
        collection("d"),
        collection("c").after("c/a"),
        collection("c").below("c/a"),
    ] {
        let messages = place.ask(&ask).await?;
        same("messages", messages.len(), 1)?;
        ensure!(messages[0].document.is_none(), "{ask:?} found something");
        ensure!(messages[0].read_time.is_some(), "{ask:?} came without a time");
        ensure!(done(&messages[0]), "{ask:?} did not say done");
    }
    Ok(())
}

async fn all_messages_have_one_read_time_not_before_the_last_commit(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a", "c/b", "c/c"]).await?;
    let messages = place.ask(&collection("c")).await?;
    let times: Vec<Moment> = messages
        .iter()
        .map(|m| moment(m.read_time))
        .collect::<Result<_, _>>()?;
    ensure!(
        times.iter().all(|time| *time == times[0]),
        "several times: {times:?}"
    );
    ensure!(
        times[0] >= written,
        "read at {:?}, written at {written:?}",
        times[0]
    );
    let past = place.ask(&collection("c").at(written)).await?;
    same("the time asked for", moment(past[0].read_time)?, written)
}

async fn documents_come_whole_with_their_times(place: &Place) -> anyhow::Result<()> {
    let content = fields([("n", int(1)), ("t", text("x")), ("m", map([("deep", int(2))]))]);
    let created = place.change(vec![place.set("c/a", content.clone())]).await?;
    let documents = place.documents(&collection("c")).await?;
    let document = documents.first().context("nothing came")?;
    same("name", document.name.as_str(), place.name("c/a").as_str())?;
    same("fields", &document.fields, &content)?;
    same("create time", moment(document.create_time)?, created)?;
    same("update time", moment(document.update_time)?, created)
}

async fn selecting_the_name_leaves_every_field_out(place: &Place) -> anyhow::Result<()> {
    let created = place.put(&["c/a", "c/b"]).await?;
    let documents = place.documents(&collection("c").select(["__name__"])).await?;
    same("documents", documents.len(), 2)?;
    for document in documents {
        ensure!(document.fields.is_empty(), "fields came: {document:?}");
        same("create time", moment(document.create_time)?, created)?;
        same("update time", moment(document.update_time)?, created)?;
    }
    Ok(())
}

async fn selecting_fields_gives_those_that_are_there(place: &Place) -> anyhow::Result<()> {
    let inner = map([("x", int(1)), ("y", int(2))]);
    let all = fields([("n", int(1)), ("a b", text("x")), ("m", inner), ("a.b", int(3))]);
    place
        .change(vec![
            place.set("c/a", all),
            place.set("c/b", fields([("o", int(9))])),
        ])
        .await?;
    let ask = collection("c").select(["n", "m.x", "`a b`", "`a.b`", "absent"]);
    let documents = place.documents(&ask).await?;
    let expected = fields([
        ("n", int(1)),
        ("a b", text("x")),
        ("m", map([("x", int(1))])),
        ("a.b", int(3)),
    ]);
    same("documents", documents.len(), 2)?;
    same("the selected fields", &documents[0].fields, &expected)?;
    same("a document without them", &documents[1].fields, &fields([]))
}

async fn a_thousand_documents_come_in_one_stream(place: &Place) -> anyhow::Result<()> {
    let paths: Vec<String> = (0..1_000).map(|n| format!("c/{n:04}")).collect();
    place.put(&paths).await?;
    same("the collection", place.paths(&collection("c")).await?, paths)
}

async fn a_stream_is_of_one_moment_whatever_is_committed_meanwhile(place: &Place) -> anyhow::Result<()> {
    // More than fits into what client and server buffer between them.
    let content = text("x".repeat(10_000));
    let writes = |n: i64| {
        let fields = fields([("n", int(n)), ("content", content.clone())]);
        move |id: usize| place.set(&format!("c/{id:04}"), fields.clone())
    };
    for some in 0..10 {
        place
            .change((some * 100..some * 100 + 100).map(writes(1)).collect())
            .await?;
    }
    let request = place.query_request(&collection("c"));
    let mut stream = place.client().run_query(request).await?.into_inner();
    let mut messages = vec![stream.message().await?.context("the first message")?];
    for some in 0..10 {
        place
            .change(
                (some * 100..some * 100 + 100)
                    .map(|id| place.delete(&format!("c/{id:04}")))
                    .collect(),
            )
            .await?;
    }
    place.put(&["c/0500", "c/9999"]).await?;
    while let Some(message) = stream.message().await? {
        messages.push(message);
    }
    same("messages", messages.len(), 1_000)?;
    for message in messages {
        let document = message.document.context("a message without a document")?;
        same(&document.name, document.fields.get("n"), Some(&int(1)))?;
    }
    Ok(())
}
