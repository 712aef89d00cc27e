//! Listen: what is told of commits.

use crate::ask::{collection, group};
use crate::expect::same;
use crate::law::{Law, law};
use crate::make::{fields, int};
use crate::place::Place;
use crate::watch::{Event, Watch, changed, deleted, documents};
use anyhow::{Context, ensure};

/// Maintainers and client libraries rely on increments: nodejs-firestore's Watch applies `document_change`,
/// `document_delete` and `document_remove` to what it has, and starts over only on RESET.
const RESETS: &str = "On every commit that touches a query target it sends RESET and the whole target again; Firestore \
                      sends what changed (nodejs-firestore, dev/src/watch.ts, applies document_change and \
                      document_delete to what it has).";

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_commit_is_told_as_what_it_changed)
            .differs_on_emulator(RESETS, |place| Box::pin(the_emulator_starts_over(place))),
        law!(a_deletion_is_told_as_a_deletion)
            .differs_on_emulator(RESETS, |place| Box::pin(the_emulator_leaves_deletions_out(place))),
        law!(a_write_that_changes_nothing_is_not_told)
            .differs_on_emulator(RESETS, |place| Box::pin(the_emulator_tells_it(place))),
        law!(a_group_is_told_of_all_its_collections).differs_on_emulator(RESETS, |place| {
            Box::pin(the_emulator_sends_the_group_again(place))
        }),
        law!(commits_elsewhere_are_not_told),
        law!(a_commit_is_told_whole_before_the_next_consistent_point),
        law!(a_document_target_is_told_what_changed),
        law!(of_several_documents_only_the_changed_one_is_told)
            .differs_on_emulator(RESETS, |place| Box::pin(the_emulator_tells_all_of_them(place))),
        law!(consistent_points_go_forward_in_time),
        law!(what_is_told_is_what_a_query_at_that_time_finds),
    ]
}

async fn a_commit_is_told_as_what_it_changed(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![
            place.set("c/b", fields([("n", int(7))])),
            place.set("c/c", fields([])),
        ])
        .await?;
    let mut events = watch.until(at).await?;
    events.sort_by_key(|event| format!("{event:?}"));
    same("events", events, vec![changed("c/b"), changed("c/c")])?;
    let told = watch
        .latest
        .iter()
        .rfind(|document| document.name == place.name("c/b"));
    same("c/b", told, Some(&place.document("c/b").await?))
}

async fn the_emulator_starts_over(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![
            place.set("c/b", fields([("n", int(7))])),
            place.set("c/c", fields([])),
        ])
        .await?;
    let expected = vec![
        Event::Reset(vec![1]),
        changed("c/a"),
        changed("c/b"),
        changed("c/c"),
        Event::Current(vec![1]),
    ];
    same("events", watch.until(at).await?, expected)
}

async fn a_deletion_is_told_as_a_deletion(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let at = place.drop(&["c/a", "c/never"]).await?;
    same("events", watch.until(at).await?, vec![deleted("c/a")])
}

async fn the_emulator_leaves_deletions_out(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let at = place.drop(&["c/a", "c/never"]).await?;
    let expected = vec![Event::Reset(vec![1]), changed("c/b"), Event::Current(vec![1])];
    same("events", watch.until(at).await?, expected)
}

async fn a_write_that_changes_nothing_is_not_told(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    place
        .change(vec![place.set("c/a", fields([("n", int(0))]))])
        .await?;
    let at = place.put(&["c/c"]).await?;
    same("events", watch.until(at).await?, vec![changed("c/c")])
}

async fn the_emulator_tells_it(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![place.set("c/a", fields([("n", int(0))]))])
        .await?;
    let events = watch.until(at).await?;
    same("the first event", events.first(), Some(&Event::Reset(vec![1])))
}

async fn a_group_is_told_of_all_its_collections(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "x/missing/c/b"]).await?;
    let mut watch = Watch::on(place, &group("c")).await?;
    watch.until_consistent().await?;
    place.put(&["c/a/d/1"]).await?;
    let mut events = watch.until(place.put(&["c/a/c/new"]).await?).await?;
    events.extend(watch.until(place.drop(&["x/missing/c/b"]).await?).await?);
    same(
        "events",
        events,
        vec![changed("c/a/c/new"), deleted("x/missing/c/b")],
    )
}

async fn the_emulator_sends_the_group_again(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "x/missing/c/b"]).await?;
    let mut watch = Watch::on(place, &group("c")).await?;
    watch.until_consistent().await?;
    let at = place.put(&["c/a/c/new"]).await?;
    let expected = vec![
        Event::Reset(vec![1]),
        changed("c/a"),
        changed("c/a/c/new"),
        changed("x/missing/c/b"),
        Event::Current(vec![1]),
    ];
    same("events", watch.until(at).await?, expected)
}

fn paths(events: &[Event]) -> Vec<&str> {
    let mut paths = Vec::new();
    for event in events {
        if let Event::Changed(path, _) | Event::Deleted(path, _) | Event::Removed(path, _) = event {
            paths.push(path.as_str());
        }
    }
    paths
}

async fn commits_elsewhere_are_not_told(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "d/1"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    place.put(&["d/2", "c/a/c/below", "c!/a", "e/1/c/a"]).await?;
    place.drop(&["d/1", "c/a/c/below"]).await?;
    let at = place.put(&["c/a"]).await?;
    let events = watch.until(place.put(&["c/last"]).await?.max(at)).await?;
    let mut told = paths(&events);
    told.sort_unstable();
    told.dedup();
    let stray: Vec<&str> = told
        .into_iter()
        .filter(|path| !["c/a", "c/last"].contains(path))
        .collect();
    same("paths that were told", stray, Vec::new())
}

async fn a_commit_is_told_whole_before_the_next_consistent_point(place: &Place) -> anyhow::Result<()> {
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    for round in 0..10 {
        let all: Vec<String> = (0..5).map(|n| format!("c/{n}")).collect();
        let writes = all
            .iter()
            .map(|path| place.set(path, fields([("round", int(round))])));
        let at = place.change(writes.collect()).await?;
        let events = watch.until(at).await?;
        let told = paths(&events);
        ensure!(
            all.iter().all(|path| told.contains(&path.as_str())),
            "round {round}: {events:?}"
        );
    }
    Ok(())
}

async fn a_document_target_is_told_what_changed(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let target = documents(place, 1, &["c/a"]);
    let mut watch = Watch::open(place, target).await.context("listen")?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![
            place.set("c/a", fields([("n", int(5))])),
            place.delete("c/b"),
        ])
        .await?;
    same("after an update", watch.until(at).await?, vec![changed("c/a")])?;
    let at = place.drop(&["c/a"]).await?;
    same("after a deletion", watch.until(at).await?, vec![deleted("c/a")])?;
    let at = place.put(&["c/a"]).await?;
    same("after its return", watch.until(at).await?, vec![changed("c/a")])
}

async fn of_several_documents_only_the_changed_one_is_told(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let target = documents(place, 1, &["c/a", "c/b"]);
    let mut watch = Watch::open(place, target).await.context("listen")?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![place.set("c/a", fields([("n", int(5))]))])
        .await?;
    same("events", watch.until(at).await?, vec![changed("c/a")])
}

async fn the_emulator_tells_all_of_them(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let target = documents(place, 1, &["c/a", "c/b"]);
    let mut watch = Watch::open(place, target).await.context("listen")?;
    watch.until_consistent().await?;
    let at = place
        .change(vec![place.set("c/a", fields([("n", int(5))]))])
        .await?;
    let mut events = watch.until(at).await?;
    events.sort_by_key(|event| format!("{event:?}"));
    same("events", events, vec![changed("c/a"), changed("c/b")])
}

async fn consistent_points_go_forward_in_time(place: &Place) -> anyhow::Result<()> {
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    for n in 0..10 {
        let at = place.put(&[format!("c/{n}")]).await?;
        watch.until(at).await?;
    }
    let times = &watch.times;
    ensure!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    Ok(())
}

async fn what_is_told_is_what_a_query_at_that_time_finds(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "c/c"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    for n in 0..10 {
        let at = place.change(vec![
            place.set(&format!("c/{}", n % 4), fields([("n", int(n))])),
            place.delete(&format!("c/{}", (n + 1) % 4)),
        ]);
        let at = at.await?;
        let events = watch.until(at).await?;
        if events.contains(&Event::Reset(vec![1])) {
            let sent = paths(&events).len();
            watch.latest.drain(..watch.latest.len() - sent);
        }
        for event in &events {
            if let Event::Deleted(path, _) = event {
                watch.latest.retain(|document| document.name != place.name(path));
            }
        }
        let time = *watch.times.last().context("no consistent point")?;
        let mut state = std::collections::BTreeMap::new();
        for document in &watch.latest {
            state.insert(document.name.clone(), document.clone());
        }
        let found = place.documents(&collection("c").at(time)).await?;
        same(
            &format!("commit {n}"),
            state.into_values().collect::<Vec<_>>(),
            found,
        )?;
    }
    Ok(())
}
