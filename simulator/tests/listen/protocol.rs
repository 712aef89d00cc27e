//! The order of things, resuming, and the bill.

use crate::place::Told::{self, Add, Changed, Consistent, Current, Deleted, Filter, Remove, Reset};
use crate::place::{Place, Stream, query, resumed};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::target::ResumeType;
use simulator::Moment;
use simulator::fault::Plan;
use std::time::Duration;
use tonic::Code;

const MINUTE: Duration = Duration::from_secs(60);

fn changed(path: &str) -> Told {
    Changed(path.to_owned())
}

fn deleted(path: &str) -> Told {
    Deleted(path.to_owned())
}

/// Three documents, and a stream that was told of them.
async fn watched(plan: Plan) -> (Place, Stream) {
    let place = Place::new(plan);
    place
        .commit(&[
            ("c/a", Some(1)),
            ("c/b", Some(1)),
            ("c/c", Some(1)),
            ("d/a", Some(1)),
        ])
        .await;
    let mut stream = place.listen(place.target()).await.unwrap();
    let expected = [
        Add(1),
        changed("c/a"),
        changed("c/b"),
        changed("c/c"),
        Current(1),
        Consistent,
    ];
    assert_eq!(stream.told().await, expected);
    (place, stream)
}

/// The same, and two changes of which nobody was told.
async fn interrupted(plan: Plan) -> (Place, ResumeType, Moment) {
    let (place, mut stream) = watched(plan).await;
    // A stream that is still open would be told, and billed.
    stream.remove(1);
    assert_eq!(stream.told().await, [Remove(1, None)]);
    place
        .commit(&[("c/b", Some(2)), ("c/c", None), ("d/b", Some(1))])
        .await;
    (place, stream.token(), stream.time)
}

async fn resume(place: &Place, from: ResumeType) -> Vec<Told> {
    let target = resumed(place.target(), from);
    place.listen(target).await.unwrap().told().await
}

#[tokio::test]
async fn a_commit_is_told_as_what_it_changed() {
    let (place, mut stream) = watched(Plan::default()).await;
    let moment = place
        .commit(&[
            ("c/b", Some(2)),
            ("c/c", None),
            ("c/d", Some(1)),
            ("d/b", Some(1)),
        ])
        .await;
    assert_eq!(
        stream.told().await,
        [changed("c/b"), deleted("c/c"), changed("c/d"), Consistent]
    );
    assert!(stream.time >= moment);
}

#[tokio::test]
async fn a_token_or_a_read_time_goes_on_where_it_was_and_costs_what_changed() {
    let (place, token, time) = interrupted(Plan::default()).await;
    for from in [token, ResumeType::ReadTime(time.timestamp())] {
        let before = place.bill();
        assert_eq!(
            resume(&place, from).await,
            [Add(1), changed("c/b"), deleted("c/c"), Current(1), Consistent]
        );
        assert_eq!(place.bill().reads() - before.reads(), 1);
    }
}

#[tokio::test]
async fn a_token_of_more_than_half_an_hour_ago_starts_over_and_costs_everything() {
    let (place, token, _) = interrupted(Plan::default()).await;
    place.simulator.clock().advance(MINUTE * 31);
    let before = place.bill();
    assert_eq!(
        resume(&place, token).await,
        [
            Add(1),
            Reset(1),
            changed("c/a"),
            changed("c/b"),
            Current(1),
            Consistent
        ]
    );
    assert_eq!(place.bill().reads() - before.reads(), 2);
}

#[tokio::test]
async fn a_read_time_of_more_than_half_an_hour_ago_goes_on_but_costs_everything() {
    let (place, _, time) = interrupted(Plan::default()).await;
    place.simulator.clock().advance(MINUTE * 45);
    let before = place.bill();
    let told = resume(&place, ResumeType::ReadTime(time.timestamp())).await;
    assert_eq!(
        told,
        [Add(1), changed("c/b"), deleted("c/c"), Current(1), Consistent]
    );
    assert_eq!(place.bill().reads() - before.reads(), 2);
}

#[tokio::test]
async fn a_read_time_that_cannot_be_read_any_more_is_refused() {
    let (place, _, time) = interrupted(Plan::default()).await;
    place.simulator.clock().advance(MINUTE * 61);
    let told = resume(&place, ResumeType::ReadTime(time.timestamp())).await;
    assert_eq!(told, [Add(1), Remove(1, Some(Code::FailedPrecondition))]);
}

#[tokio::test]
async fn point_in_time_recovery_makes_whole_minutes_good() {
    let place = Place::new(Plan::default().point_in_time_recovery());
    place.commit(&[("c/a", Some(1))]).await;
    place.simulator.clock().advance(MINUTE * 2);
    let minute = place.simulator.clock().now().0 / 60_000_000 * 60_000_000;
    place.commit(&[("c/b", Some(1)), ("c/a", None)]).await;
    place.simulator.clock().advance(MINUTE * 180);
    let told = resume(&place, ResumeType::ReadTime(Moment(minute).timestamp())).await;
    assert_eq!(
        told,
        [Add(1), deleted("c/a"), changed("c/b"), Current(1), Consistent]
    );
}

#[tokio::test]
async fn a_target_that_cannot_be_had_is_removed_and_the_stream_goes_on() {
    let (place, mut stream) = watched(Plan::default()).await;
    let of_another = stream.token();
    let second = |target: proto::Target| proto::Target {
        target_id: 2,
        ..target
    };
    let invalid = [
        resumed(place.target(), ResumeType::ResumeToken(b"garbage".to_vec())),
        resumed(place.target_on(query("d", false)), of_another.clone()),
        resumed(place.documents_target(&["c/a"]), of_another),
        place.target_on(query("", true)),
        place.documents_target(&["c"]),
    ];
    for target in invalid {
        stream.add(second(target.clone()));
        let told = stream.told().await;
        assert_eq!(
            told,
            [Add(2), Remove(2, Some(Code::InvalidArgument))],
            "{target:?}"
        );
    }
    place.commit(&[("c/d", Some(1))]).await;
    assert_eq!(stream.told().await, [changed("c/d"), Consistent]);
}

#[tokio::test]
async fn a_target_of_the_future_or_with_nanoseconds_is_refused() {
    let place = Place::new(Plan::default());
    let future = place.simulator.clock().now().after(MINUTE).timestamp();
    let mut fine = place.simulator.clock().now().timestamp();
    fine.nanos += 1;
    for time in [future, fine] {
        let told = resume(&place, ResumeType::ReadTime(time)).await;
        assert_eq!(told, [Add(1), Remove(1, Some(Code::InvalidArgument))]);
    }
}

#[tokio::test]
async fn an_expected_count_is_answered_by_a_count() {
    let (place, token, _) = interrupted(Plan::default()).await;
    let target = proto::Target {
        expected_count: Some(3),
        ..resumed(place.target(), token)
    };
    let told = place.listen(target).await.unwrap().told().await;
    assert_eq!(
        told,
        [
            Add(1),
            changed("c/b"),
            deleted("c/c"),
            Filter(2),
            Current(1),
            Consistent
        ]
    );
}

#[tokio::test]
async fn nothing_costs_one_read() {
    let place = Place::new(Plan::default());
    let mut stream = place.listen(place.target()).await.unwrap();
    assert_eq!(stream.told().await, [Add(1), Current(1), Consistent]);
    assert_eq!(place.bill().reads(), 1);
    let resumed = resume(&place, stream.token()).await;
    assert_eq!(resumed, [Add(1), Current(1), Consistent]);
    assert_eq!(place.bill().reads(), 1);
}

#[tokio::test]
async fn documents_by_name_are_told_whether_they_are_there() {
    let place = Place::new(Plan::default());
    place.commit(&[("c/a", Some(1)), ("c/b", Some(1))]).await;
    let target = place.documents_target(&["c/none", "c/a", "c/a"]);
    let mut stream = place.listen(target.clone()).await.unwrap();
    assert_eq!(
        stream.told().await,
        [Add(1), changed("c/a"), deleted("c/none"), Current(1), Consistent]
    );
    place
        .commit(&[("c/none", Some(1)), ("c/b", Some(2)), ("c/never", None)])
        .await;
    assert_eq!(stream.told().await, [changed("c/none"), Consistent]);
    let token = stream.token();
    place
        .commit(&[("c/none", None), ("c/a", Some(2)), ("c/b", Some(3))])
        .await;
    let mut told = place.listen(resumed(target, token)).await.unwrap().told().await;
    told[1..3].sort_by_key(|told| format!("{told:?}"));
    assert_eq!(
        told,
        [Add(1), changed("c/a"), deleted("c/none"), Current(1), Consistent]
    );
}

#[tokio::test]
async fn ids_are_all_the_servers_or_all_the_clients() {
    let (place, mut stream) = watched(Plan::default()).await;
    let with = |id| proto::Target {
        target_id: id,
        ..place.target_on(query("d", false))
    };
    stream.add(with(0));
    assert_eq!(
        stream.told().await,
        [Add(2), changed("d/a"), Current(2), Consistent]
    );
    stream.add(with(7));
    assert_eq!(stream.told().await, [Remove(7, Some(Code::InvalidArgument))]);
    stream.remove(1);
    assert_eq!(stream.told().await, [Remove(1, None)]);
    stream.add(with(0));
    assert_eq!(
        stream.told().await,
        [Add(1), changed("d/a"), Current(1), Consistent]
    );
}

#[tokio::test]
async fn what_makes_no_sense_ends_the_stream() {
    let with = |id: i32, place: &Place| proto::Target {
        target_id: id,
        ..place.target()
    };
    for id in [1, -1] {
        let (place, mut stream) = watched(Plan::default()).await;
        stream.add(with(id, &place));
        assert_eq!(stream.told().await, [Told::End(Code::InvalidArgument)]);
    }
}

#[tokio::test]
async fn a_target_wanted_once_is_removed_when_it_is_consistent() {
    let place = Place::new(Plan::default());
    place.commit(&[("c/a", Some(1))]).await;
    let target = proto::Target {
        once: true,
        ..place.target()
    };
    let mut stream = place.listen(target).await.unwrap();
    assert_eq!(
        stream.told().await,
        [Add(1), changed("c/a"), Current(1), Consistent]
    );
    assert_eq!(stream.told().await, [Remove(1, None)]);
}
