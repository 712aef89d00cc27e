//! Listen: going on after a break, by the token of a consistent point or by a moment.

use crate::ask::collection;
use crate::expect::same;
use crate::law::{Law, law};
use crate::make::{fields, int};
use crate::place::Place;
use crate::snapshots::CLOCK;
use crate::watch::{Event, Watch, changed, deleted, resumed, target};
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::target::ResumeType;
use simulator::Moment;
use std::time::Duration;

const IGNORED: &str = "It ignores resume_token and read_time of a target and sends RESET and everything; Firestore sends \
                       what was updated since (reference of Target.resume_type; nodejs-firestore #1457).";

pub(crate) fn laws() -> Vec<Law> {
    let laws = [
        law!(a_token_goes_on_where_it_was),
        law!(a_moment_goes_on_where_it_was),
        law!(nothing_is_sent_when_nothing_changed),
        law!(a_token_survives_its_stream_many_times),
    ];
    let mut laws: Vec<Law> = laws
        .into_iter()
        .map(|law| law.differs_on_emulator(IGNORED, |place| Box::pin(the_emulator_sends_everything(place))))
        .collect();
    laws.extend([
        law!(a_wrong_count_is_told_by_a_filter).only_simulator("It never sends an existence filter."),
        law!(a_token_of_more_than_half_an_hour_ago_starts_over).only_simulator(CLOCK),
    ]);
    laws
}

async fn resume(place: &Place, from: ResumeType) -> anyhow::Result<Watch<'_>> {
    let target = resumed(target(place, 1, &collection("c")), from);
    Watch::open(place, target).await.context("listen again")
}

/// Three documents seen to a consistent point, and then two changes of which nobody was told.
async fn interrupted(place: &Place) -> anyhow::Result<(ResumeType, Moment, Moment)> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let time = *watch.times.last().context("no consistent point")?;
    let last = place
        .change(vec![
            place.set("c/b", fields([("n", int(7))])),
            place.delete("c/c"),
        ])
        .await?;
    Ok((watch.token(), time, last))
}

async fn a_token_goes_on_where_it_was(place: &Place) -> anyhow::Result<()> {
    let (token, _, last) = interrupted(place).await?;
    let events = resume(place, token).await?.until(last).await?;
    told_the_difference(events)
}

async fn a_moment_goes_on_where_it_was(place: &Place) -> anyhow::Result<()> {
    let (_, time, last) = interrupted(place).await?;
    let events = resume(place, ResumeType::ReadTime(time.timestamp()))
        .await?
        .until(last)
        .await?;
    told_the_difference(events)
}

fn told_the_difference(mut events: Vec<Event>) -> anyhow::Result<()> {
    same("the beginning", events.remove(0), Event::Add(vec![1]))?;
    same("the end", events.pop(), Some(Event::Current(vec![1])))?;
    events.retain(|event| !matches!(event, Event::Filter(1, 2)));
    events.sort_by_key(|event| format!("{event:?}"));
    same("what changed", events, vec![changed("c/b"), deleted("c/c")])
}

async fn nothing_is_sent_when_nothing_changed(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    place.put(&["d/1"]).await?;
    let mut events = resume(place, watch.token()).await?.until_consistent().await?;
    events.retain(|event| !matches!(event, Event::Filter(1, 2)));
    same(
        "events",
        events,
        vec![Event::Add(vec![1]), Event::Current(vec![1])],
    )
}

async fn a_token_survives_its_stream_many_times(place: &Place) -> anyhow::Result<()> {
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let mut token = watch.token();
    for n in 0..5 {
        let last = place.put(&[format!("c/{n}")]).await?;
        let mut watch = resume(place, token).await?;
        let events = watch.until(last).await?;
        let told: Vec<&Event> = events
            .iter()
            .filter(|event| matches!(event, Event::Changed(..)))
            .collect();
        same("documents", told, vec![&changed(&format!("c/{n}"))])?;
        token = watch.token();
    }
    Ok(())
}

async fn the_emulator_sends_everything(place: &Place) -> anyhow::Result<()> {
    let (token, time, last) = interrupted(place).await?;
    let garbage = ResumeType::ResumeToken(b"garbage".to_vec());
    for from in [token, ResumeType::ReadTime(time.timestamp()), garbage] {
        let events = resume(place, from).await?.until(last).await?;
        let told: Vec<&Event> = events
            .iter()
            .filter(|event| !matches!(event, Event::Add(_)))
            .collect();
        let expected = [
            Event::Reset(vec![1]),
            changed("c/a"),
            changed("c/b"),
            Event::Current(vec![1]),
        ];
        same("events", told, expected.iter().collect())?;
    }
    Ok(())
}

async fn a_wrong_count_is_told_by_a_filter(place: &Place) -> anyhow::Result<()> {
    let (token, _, last) = interrupted(place).await?;
    let target = proto::Target {
        expected_count: Some(3),
        ..resumed(target(place, 1, &collection("c")), token)
    };
    let events = Watch::open(place, target).await?.until(last).await?;
    ensure!(
        events.contains(&Event::Filter(1, 2)),
        "no filter with the count of 2: {events:?}"
    );
    Ok(())
}

async fn a_token_of_more_than_half_an_hour_ago_starts_over(place: &Place) -> anyhow::Result<()> {
    let (token, _, last) = interrupted(place).await?;
    place.clock()?.advance(Duration::from_secs(31 * 60));
    let events = resume(place, token).await?.until(last).await?;
    ensure!(events.contains(&Event::Reset(vec![1])), "no RESET: {events:?}");
    ensure!(
        events.contains(&changed("c/a")),
        "not everything came: {events:?}"
    );
    Ok(())
}
