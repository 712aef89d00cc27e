//! Listen: a target from ADD to REMOVE.

use crate::ask::{collection, group};
use crate::expect::same;
use crate::law::{Law, law};
use crate::make::{fields, int};
use crate::place::Place;
use crate::watch::{Event, Watch, changed, documents, target};
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use simulator::Moment;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(a_target_is_added_filled_current_and_then_consistent),
        law!(an_empty_target_becomes_current_and_consistent),
        law!(the_first_state_is_whole_and_not_older_than_the_target),
        law!(a_group_target_holds_every_collection_of_its_id),
        law!(a_document_target_tells_what_is_and_what_is_not_there),
        law!(a_removed_target_says_so_and_nothing_after),
        law!(two_targets_are_told_each),
        law!(a_target_is_removed_when_it_was_wanted_once).differs_on_emulator(
            "It keeps a target with `once` after it is current; Firestore removes it (reference of Target.once: `If the \
             target should be removed once it is current and consistent.`).",
            |place| Box::pin(the_emulator_keeps_it(place)),
        ),
        law!(a_target_that_makes_no_sense_is_refused),
    ]
}

async fn a_target_is_added_filled_current_and_then_consistent(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b", "d/1"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    let mut events = Vec::new();
    while watch.token.is_empty() {
        events.push(watch.next().await?);
    }
    same("first", events.remove(0), Event::Add(vec![1]))?;
    let last = events.pop().context("nothing came")?;
    ensure!(matches!(last, Event::Quiet(Some(_))), "the last is {last:?}");
    let others: Vec<Event> = events
        .into_iter()
        .filter(|event| !matches!(event, Event::QuietFor(_)))
        .collect();
    same(
        "then",
        others,
        vec![changed("c/a"), changed("c/b"), Event::Current(vec![1])],
    )
}

async fn an_empty_target_becomes_current_and_consistent(place: &Place) -> anyhow::Result<()> {
    let mut watch = Watch::on(place, &collection("c")).await?;
    let events = watch.until_consistent().await?;
    same(
        "events",
        events,
        vec![Event::Add(vec![1]), Event::Current(vec![1])],
    )
}

async fn the_first_state_is_whole_and_not_older_than_the_target(place: &Place) -> anyhow::Result<()> {
    let paths: Vec<String> = (0..300).map(|n| format!("c/{n:03}")).collect();
    place.put(&paths).await?;
    let written = place
        .change(vec![place.set("c/007", fields([("n", int(70))]))])
        .await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    let mut events = watch.until_consistent().await?;
    same("the end", events.pop(), Some(Event::Current(vec![1])))?;
    same("the beginning", events.remove(0), Event::Add(vec![1]))?;
    let expected: Vec<Event> = paths.iter().map(|path| changed(path)).collect();
    events.sort_by_key(|event| format!("{event:?}"));
    same("documents", events, expected)?;
    ensure!(
        watch.times[0] >= written,
        "consistent at {:?}, written at {written:?}",
        watch.times[0]
    );
    let seven = watch
        .latest
        .iter()
        .find(|document| document.name == place.name("c/007"));
    same("c/007", seven, Some(&place.document("c/007").await?))
}

async fn a_group_target_holds_every_collection_of_its_id(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/a/c/b", "d/missing/c/e", "d/1"]).await?;
    let mut watch = Watch::on(place, &group("c")).await?;
    let mut events = watch.until_consistent().await?;
    events.sort_by_key(|event| format!("{event:?}"));
    let expected = vec![
        Event::Add(vec![1]),
        changed("c/a"),
        changed("c/a/c/b"),
        changed("d/missing/c/e"),
        Event::Current(vec![1]),
    ];
    same("events", events, expected)
}

async fn a_document_target_tells_what_is_and_what_is_not_there(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a", "c/b"]).await?;
    let target = documents(place, 1, &["c/a", "c/none"]);
    let mut watch = Watch::open(place, target).await.context("listen")?;
    let events = watch.until_consistent().await?;
    ensure!(events.contains(&changed("c/a")), "{events:?}");
    ensure!(
        events
            .iter()
            .any(|event| matches!(event, Event::Deleted(path, _) if path == "c/none")),
        "{events:?}"
    );
    ensure!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Changed(path, _) if path == "c/b")),
        "{events:?}"
    );
    same("the end", events.last(), Some(&Event::Current(vec![1])))
}

/// Everything up to a REMOVE, which must be of target `id` and without a cause.
async fn until_removed(watch: &mut Watch<'_>, id: i32) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    loop {
        match watch.next().await? {
            Event::Remove(ids, cause) => {
                same("the removed target and the cause", (ids, cause), (vec![id], None))?;
                return Ok(events);
            }
            event => events.push(event),
        }
    }
}

async fn a_removed_target_says_so_and_nothing_after(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    watch.add(target(place, 2, &collection("d")))?;
    watch.until_consistent().await?;
    watch.remove(1)?;
    until_removed(&mut watch, 1).await?;
    place.put(&["c/b"]).await?;
    let last = place.put(&["d/1"]).await?;
    let events = watch.until(last).await?;
    let stray = events
        .iter()
        .any(|event| matches!(event, Event::Changed(path, _) if path.starts_with("c/")));
    ensure!(!stray, "{events:?}");
    Ok(())
}

async fn two_targets_are_told_each(place: &Place) -> anyhow::Result<()> {
    let written = place.put(&["c/a", "d/1"]).await?;
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until(written).await?;
    watch.add(target(place, 2, &group("c")))?;
    let mut events = Vec::new();
    while !events.contains(&Event::Current(vec![2])) {
        events.extend(watch.until_consistent().await?);
    }
    ensure!(events.contains(&Event::Add(vec![2])), "{events:?}");
    ensure!(
        events.contains(&Event::Changed("c/a".to_owned(), vec![2])),
        "{events:?}"
    );
    let later = place.put(&["c/b"]).await?;
    let events = watch.until(later).await?;
    let told: Vec<i32> = events
        .iter()
        .flat_map(|event| match event {
            Event::Changed(path, ids) if path == "c/b" => ids.clone(),
            _ => Vec::new(),
        })
        .collect();
    ensure!(told.contains(&1) && told.contains(&2), "{events:?}");
    Ok(())
}

fn once(place: &Place) -> proto::Target {
    proto::Target {
        once: true,
        ..target(place, 1, &collection("c"))
    }
}

async fn a_target_is_removed_when_it_was_wanted_once(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let mut watch = Watch::open(place, once(place)).await.context("listen")?;
    let events = until_removed(&mut watch, 1).await?;
    ensure!(events.contains(&changed("c/a")), "{events:?}");
    ensure!(events.contains(&Event::Current(vec![1])), "{events:?}");
    Ok(())
}

async fn the_emulator_keeps_it(place: &Place) -> anyhow::Result<()> {
    place.put(&["c/a"]).await?;
    let mut watch = Watch::open(place, once(place)).await.context("listen")?;
    let mut events = watch.until(Moment(0)).await?;
    let later = place.put(&["c/b"]).await?;
    events.extend(watch.until(later).await?);
    ensure!(events.contains(&changed("c/b")), "{events:?}");
    ensure!(
        !events.iter().any(|event| matches!(event, Event::Remove(..))),
        "{events:?}"
    );
    Ok(())
}

/// The stream fails, or the target is removed with a cause.
async fn a_target_that_makes_no_sense_is_refused(place: &Place) -> anyhow::Result<()> {
    let nothing = proto::Target {
        target_id: 1,
        ..Default::default()
    };
    let negative = proto::Target {
        target_id: -1,
        ..target(place, 1, &collection("c"))
    };
    for target in [nothing, negative] {
        let what = format!("{target:?}");
        if let Ok(watch) = Watch::open(place, target).await {
            until_refused(watch).await.context(what)?;
        }
    }
    let mut watch = Watch::on(place, &collection("c")).await?;
    watch.until_consistent().await?;
    watch.add(target(place, 1, &collection("d")))?;
    until_refused(watch).await.context("an id that is taken")
}

async fn until_refused(mut watch: Watch<'_>) -> anyhow::Result<()> {
    loop {
        match watch.next().await {
            Err(_) | Ok(Event::Remove(_, Some(_))) => return Ok(()),
            Ok(Event::Add(_) | Event::Quiet(_) | Event::QuietFor(_)) => {}
            Ok(other) => anyhow::bail!("it was answered with {other:?}"),
        }
    }
}
