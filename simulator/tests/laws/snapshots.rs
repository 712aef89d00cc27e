//! Reading the past: `read_time` gives the state of that moment, to the microsecond, as long as it is kept.

use crate::aggregation::count;
use crate::ask::{collection, everything, group};
use crate::expect::{invalid, refused, same};
use crate::law::{Law, law};
use crate::make::{fields, int};
use crate::place::Place;
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::prost_types::Timestamp;
use simulator::Moment;
use std::time::Duration;
use tonic::{Code, Status};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const MINUTE_MICROS: i64 = 60_000_000;

/// What Firestore says of a moment that is no longer kept.
const TOO_OLD: &str = "The requested 'read_time' is too old.";

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_past_moment_shows_what_was_there_then),
        law!(every_commit_is_seen_from_its_own_moment_on),
        law!(two_reads_at_one_moment_agree_whatever_is_committed_between),
        law!(no_commit_lands_at_or_before_a_moment_that_was_read_at),
        law!(a_moment_before_the_first_commit_is_empty),
        law!(nanoseconds_are_refused),
        law!(the_future_is_refused),
        law!(more_than_a_week_ago_is_too_old),
        law!(more_than_an_hour_ago_is_too_old).differs_on_emulator(
            "It reads any microsecond of the last seven days; Firestore keeps one hour without point-in-time recovery \
             (cloud.google.com/firestore/docs, reference of `read_time`).",
            |place| Box::pin(the_emulator_keeps_a_week(place)),
        ),
        law!(a_snapshot_is_gone_an_hour_later).only_simulator(CLOCK),
        law!(with_recovery_whole_minutes_are_kept_for_a_week)
            .only_simulator(CLOCK)
            .under("pitr = true"),
    ]
}

pub(crate) const CLOCK: &str = "Time must pass: only the simulator's clock can be moved.";

async fn a_past_moment_shows_what_was_there_then(place: &Place) -> anyhow::Result<()> {
    let first = place.put(&["c/a", "c/b"]).await?;
    let second = place
        .change(vec![
            place.set("c/a", fields([("n", int(7))])),
            place.delete("c/b"),
        ])
        .await?;
    let third = place.put(&["c/c", "c/b"]).await?;
    for (at, paths, n) in [
        (first, vec!["c/a", "c/b"], 0),
        (second, vec!["c/a"], 7),
        (third, vec!["c/a", "c/b", "c/c"], 7),
    ] {
        let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
        for ask in [collection("c"), group("c"), everything()] {
            let documents = place.documents(&ask.at(at)).await?;
            let found: Vec<String> = documents
                .iter()
                .map(|document| place.path(&document.name))
                .collect();
            same(&format!("at {at:?}"), found, paths.clone())?;
            same("n of c/a", documents[0].fields.get("n"), Some(&int(n)))?;
        }
    }
    Ok(())
}

async fn every_commit_is_seen_from_its_own_moment_on(place: &Place) -> anyhow::Result<()> {
    let mut moments = Vec::new();
    for n in 0..20 {
        moments.push((
            n,
            place
                .change(vec![place.set("c/a", fields([("n", int(n))]))])
                .await?,
        ));
    }
    for (n, at) in moments {
        let seen = place.documents(&collection("c").at(at)).await?;
        same("at its moment", seen[0].fields.get("n"), Some(&int(n)))?;
        let before = place.documents(&collection("c").at(Moment(at.0 - 1))).await?;
        let expected = (n > 0).then(|| int(n - 1));
        let found = before
            .first()
            .and_then(|document| document.fields.get("n").cloned());
        same("a microsecond before", found, expected)?;
    }
    Ok(())
}

async fn two_reads_at_one_moment_agree_whatever_is_committed_between(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let at = place.now().await?;
    let before = place.documents(&collection("c").at(at)).await?;
    place.put(&["c/a", "c/c"]).await?;
    place.drop(&["c/b"]).await?;
    same(
        "the second read",
        place.documents(&collection("c").at(at)).await?,
        before,
    )
}

async fn no_commit_lands_at_or_before_a_moment_that_was_read_at(place: &Place) -> anyhow::Result<()> {
    for n in 0..30 {
        let read = place.now().await?;
        let committed = place
            .change(vec![place.set(&format!("c/{n}"), fields([]))])
            .await?;
        ensure!(
            committed > read,
            "committed at {committed:?}, read at {read:?} before"
        );
        let later = place.now().await?;
        ensure!(
            later >= committed,
            "read at {later:?} after a commit at {committed:?}"
        );
    }
    Ok(())
}

async fn a_moment_before_the_first_commit_is_empty(place: &Place) -> anyhow::Result<()> {
    let before = place.now().await?;
    place.put(&["c/a"]).await?;
    same(
        "documents",
        place.paths(&everything().at(before)).await?,
        Vec::new(),
    )?;
    same("a count", count(place, &everything().at(before)).await?, 0)
}

async fn at(place: &Place, at: Timestamp) -> Result<(), Status> {
    use firestore::gcloud_sdk::google::firestore::v1::run_query_request::ConsistencySelector;
    let mut request = place.query_request(&collection("c"));
    request.consistency_selector = Some(ConsistencySelector::ReadTime(at));
    place.query(request).await.map(drop)
}

async fn nanoseconds_are_refused(place: &Place) -> anyhow::Result<()> {
    let mut finer = place.now().await?.timestamp();
    finer.nanos += 1;
    invalid("a moment finer than microseconds", at(place, finer).await)
}

async fn the_future_is_refused(place: &Place) -> anyhow::Result<()> {
    let tomorrow = place.now().await?.after(DAY);
    invalid("tomorrow", at(place, tomorrow.timestamp()).await)
}

async fn more_than_a_week_ago_is_too_old(place: &Place) -> anyhow::Result<()> {
    let old = place.now().await?.before(7 * DAY + MINUTE);
    refused(
        "eight days ago",
        at(place, old.timestamp()).await,
        Code::FailedPrecondition,
        TOO_OLD,
    )
}

async fn more_than_an_hour_ago_is_too_old(place: &Place) -> anyhow::Result<()> {
    let now = place.now().await?;
    at(place, now.before(HOUR - MINUTE).timestamp())
        .await
        .context("59 minutes ago")?;
    let old = now.before(HOUR + MINUTE).timestamp();
    refused(
        "61 minutes ago",
        at(place, old).await,
        Code::FailedPrecondition,
        TOO_OLD,
    )
}

async fn the_emulator_keeps_a_week(place: &Place) -> anyhow::Result<()> {
    let now = place.now().await?;
    at(place, now.before(HOUR + MINUTE).timestamp())
        .await
        .context("61 minutes ago")?;
    at(place, now.before(7 * DAY - MINUTE).timestamp())
        .await
        .context("nearly a week ago")
}

async fn a_snapshot_is_gone_an_hour_later(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a"]).await?;
    place.drop(&["c/a"]).await?;
    place.clock()?.advance(HOUR - MINUTE);
    same(
        "59 minutes later",
        place.paths(&collection("c").at(written)).await?,
        vec!["c/a".to_owned()],
    )?;
    place.clock()?.advance(2 * MINUTE);
    refused(
        "61 minutes later",
        at(place, written.timestamp()).await,
        Code::FailedPrecondition,
        TOO_OLD,
    )?;
    same("the present", place.paths(&collection("c")).await?, Vec::new())
}

async fn with_recovery_whole_minutes_are_kept_for_a_week(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a"]).await?;
    place.clock()?.advance(2 * MINUTE);
    place.drop(&["c/a"]).await?;
    let minute = Moment((written.0 / MINUTE_MICROS + 1) * MINUTE_MICROS);
    place.clock()?.advance(6 * DAY);
    let then = place.paths(&collection("c").at(minute)).await?;
    same("a whole minute, six days ago", then, vec!["c/a".to_owned()])?;
    let between = Moment(minute.0 + 1).timestamp();
    refused(
        "between minutes",
        at(place, between).await,
        Code::FailedPrecondition,
        TOO_OLD,
    )?;
    place.clock()?.advance(DAY);
    let then = minute.timestamp();
    refused(
        "more than a week ago",
        at(place, then).await,
        Code::FailedPrecondition,
        TOO_OLD,
    )
}
