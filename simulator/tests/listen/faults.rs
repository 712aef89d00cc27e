//! What befalls a stream on purpose: where the plan says, as often as it says, and counted.

use crate::place::Told::{self, Add, Changed, Consistent, Current, Deleted, End, Filter, Remove, Reset};
use crate::place::{Place, Stream, resumed};
use simulator::fault::{Fault, Method, Plan, Strike};
use std::time::Duration;
use tonic::Code;

fn changed(path: &str) -> Told {
    Changed(path.to_owned())
}

fn one(fault: Fault) -> Plan {
    Plan::new(7).fault(fault.methods([Method::Listen]).times(1))
}

/// Two documents, and a stream on them that this befalls.
async fn struck(fault: Fault) -> (Place, Stream) {
    let place = Place::new(one(fault));
    place.commit(&[("c/a", Some(1)), ("c/b", Some(1))]).await;
    let stream = place.listen(place.target()).await.unwrap();
    (place, stream)
}

fn times(place: &Place) -> u64 {
    place.simulator.faults().struck()[0].times
}

const WHOLE: [&str; 2] = ["c/a", "c/b"];

fn whole() -> Vec<Told> {
    let documents = WHOLE.iter().map(|path| changed(path));
    [Add(1)]
        .into_iter()
        .chain(documents)
        .chain([Current(1), Consistent])
        .collect()
}

#[tokio::test]
async fn a_reset_comes_anywhere_and_everything_after_it() {
    for position in 0..=5 {
        let (place, mut stream) = struck(Fault::new(Strike::ListenReset).after_documents(position)).await;
        let mut told = stream.told().await;
        if position == 5 {
            assert_eq!(told, whole());
            told.extend(stream.told().await);
        }
        // Before the first response there is no target yet that could be reset.
        let before = usize::try_from(position).unwrap().max(1);
        let mut expected = whole();
        expected.truncate(before);
        expected.push(Reset(1));
        expected.extend(whole().split_off(1));
        assert_eq!(told, expected, "after {position}");
        assert_eq!(times(&place), 1);
        place.commit(&[("c/c", Some(1))]).await;
        assert_eq!(stream.told().await, [changed("c/c"), Consistent]);
    }
}

#[tokio::test]
async fn a_removal_comes_anywhere_and_leaves_the_stream_open() {
    for position in 0..=5 {
        let (place, mut stream) = struck(Fault::new(Strike::ListenRemove).after_documents(position)).await;
        let mut told = stream.told().await;
        if position == 5 {
            told.extend(stream.told().await);
        }
        let mut expected = whole();
        expected.truncate(usize::try_from(position).unwrap().max(1));
        expected.push(Remove(1, Some(Code::Unavailable)));
        assert_eq!(told, expected, "after {position}");
        stream.add(place.target());
        assert_eq!(stream.told().await, whole());
    }
}

#[tokio::test]
async fn forgotten_deletes_are_missed_in_the_count_alone() {
    let plan = one(Fault::new(Strike::ListenForgetDeletes).skip(1));
    let place = Place::new(plan);
    place
        .commit(&[("c/a", Some(1)), ("c/b", Some(1)), ("c/c", Some(1))])
        .await;
    let mut stream = place.listen(place.target()).await.unwrap();
    stream.told().await;
    place
        .commit(&[("c/a", None), ("c/b", Some(2)), ("c/d", Some(1))])
        .await;
    let target = resumed(place.target(), stream.token());
    let mut stream = place.listen(target).await.unwrap();
    assert_eq!(
        stream.told().await,
        [
            Add(1),
            changed("c/b"),
            changed("c/d"),
            Filter(3),
            Current(1),
            Consistent
        ]
    );
    // The next ones are told.
    place.commit(&[("c/b", None)]).await;
    assert_eq!(stream.told().await, [Deleted("c/b".to_owned()), Consistent]);
}

#[tokio::test]
async fn deletes_are_forgotten_on_an_open_stream_too() {
    let (place, mut stream) = struck(Fault::new(Strike::ListenForgetDeletes).after_documents(5)).await;
    assert_eq!(stream.told().await, whole());
    place.commit(&[("c/a", None), ("c/d", Some(1))]).await;
    assert_eq!(stream.told().await, [changed("c/d"), Filter(2), Consistent]);
}

#[tokio::test]
async fn a_wrong_count_comes_before_the_next_consistent_point() {
    for position in 0..=5 {
        let (_place, mut stream) =
            struck(Fault::new(Strike::ListenWrongCount).after_documents(position)).await;
        let mut told = stream.told().await;
        let mut expected = whole();
        match position {
            0..=3 => expected.insert(3, Filter(1)),
            _ => {
                told.extend(stream.told().await);
                expected.extend([Filter(1), Consistent]);
            }
        }
        assert_eq!(told, expected, "after {position}");
    }
}

#[tokio::test]
async fn a_wrong_count_never_confirms_what_was_forgotten() {
    for left in [0, 1] {
        let on_the_second = |strike| Fault::new(strike).methods([Method::Listen]).skip(1);
        let strikes = [Strike::ListenForgetDeletes, Strike::ListenWrongCount];
        let plan = strikes
            .into_iter()
            .map(on_the_second)
            .fold(Plan::new(7), Plan::fault);
        let place = Place::new(plan);
        place.commit(&[("c/a", Some(1)), ("c/b", Some(1))]).await;
        let mut stream = place.listen(place.target()).await.unwrap();
        assert_eq!(stream.told().await, whole());
        let deletes = [("c/a", None), ("c/b", None)];
        place.commit(&deletes[left..]).await;
        let target = resumed(place.target(), stream.token());
        let told = place.listen(target).await.unwrap().told().await;
        let [Add(1), Filter(count), Current(1), Consistent] = told[..] else {
            panic!("{told:?}")
        };
        assert!(count != 2 && usize::try_from(count).unwrap() != left, "{count}");
    }
}

#[tokio::test]
async fn a_token_expires_and_a_target_without_one_does_not_care() {
    let plan = one(Fault::new(Strike::ListenTokenExpired));
    let place = Place::new(plan);
    place.commit(&[("c/a", Some(1)), ("c/b", Some(1))]).await;
    let mut stream = place.listen(place.target()).await.unwrap();
    assert_eq!(stream.told().await, whole());
    stream.remove(1);
    assert_eq!(stream.told().await, [Remove(1, None)]);
    let again = resumed(place.target(), stream.token());
    stream.add(again.clone());
    assert_eq!(
        stream.told().await,
        [Add(1), Remove(1, Some(Code::FailedPrecondition))]
    );
    stream.add(again);
    assert_eq!(stream.told().await, [Add(1), Current(1), Consistent]);
}

#[tokio::test]
async fn a_status_or_an_early_end_comes_after_so_many_responses() {
    let ends = [
        (Strike::Unavailable, Code::Unavailable),
        (Strike::PermissionDenied, Code::PermissionDenied),
        (Strike::EndEarly, Code::Ok),
    ];
    for (strike, code) in ends {
        for position in 0..=5 {
            let (place, mut stream) = struck(Fault::new(strike).after_documents(position)).await;
            let mut told = stream.told().await;
            if position == 5 {
                told.extend(stream.told().await);
            }
            let mut expected = whole();
            expected.truncate(usize::try_from(position).unwrap());
            expected.push(End(code));
            assert_eq!(told, expected, "{strike:?} after {position}");
            assert_eq!(times(&place), 1);
        }
    }
}

#[tokio::test]
async fn a_cut_takes_the_next_response_along() {
    for strike in [Strike::Reset, Strike::HalfClose] {
        for position in 0..=4 {
            let place = Place::new(one(Fault::new(strike).after_documents(position)));
            place.commit(&[("c/a", Some(1)), ("c/b", Some(1))]).await;
            let told = match place.listen(place.target()).await {
                Ok(mut stream) => stream.told().await,
                Err(status) => vec![End(status.code())],
            };
            // What came just before may be lost with the connection, but nothing after comes.
            let (end, before) = told.split_last().unwrap();
            assert!(
                matches!(end, End(code) if *code != Code::Ok),
                "{strike:?} after {position}: {told:?}"
            );
            assert!(before.len() <= usize::try_from(position).unwrap(), "{told:?}");
            assert!(whole().starts_with(before), "{told:?}");
            let mut again = place.listen(place.target()).await.unwrap();
            assert_eq!(again.told().await, whole());
        }
    }
}

#[tokio::test]
async fn a_silent_stream_dies_of_old_age() {
    let (place, mut stream) =
        struck(Fault::new(Strike::StreamDeath).lasting(Duration::from_millis(300))).await;
    let mut told = Vec::new();
    while !matches!(told.last(), Some(End(_))) {
        told.extend(stream.told().await);
    }
    // A slow machine may have told less before.
    assert_eq!(told.pop(), Some(End(Code::Unavailable)));
    assert!(whole().starts_with(&told), "{told:?}");
    assert_eq!(times(&place), 1);
}

#[tokio::test]
async fn a_message_that_is_none_breaks_the_stream() {
    let (_place, mut stream) = struck(Fault::new(Strike::Malformed).after_documents(2)).await;
    let told = stream.told().await;
    assert_eq!(told[..2], whole()[..2]);
    assert!(matches!(told[2], End(code) if code != Code::Ok), "{told:?}");
}
