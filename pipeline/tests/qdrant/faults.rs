//! Everything that goes wrong, at every call: the points come once all the same, or the fault says what to do.

use crate::stage::{
    Habits, NOTES, all, connected, everything, lane, points, rest_port, server, settings, source, there,
};
use checkpoints::Position;
use pipeline::fault::Class;
use pipeline::stop::{Reason, Stop};
use simulator::qdrant::{Collection, Fault, Ids, Options, Plan, Qdrant, Strike};
use std::time::Duration;

/// What gets better when it is asked again.
const TRANSIENT: [Strike; 12] = [
    Strike::Unavailable,
    Strike::FailedToConnect,
    Strike::ServerTimeout,
    Strike::DeadlineExceeded,
    Strike::Cancelled,
    Strike::Internal,
    Strike::Reset,
    Strike::HalfClose,
    Strike::Malformed,
    Strike::Repeated,
    Strike::Disordered,
    Strike::EndEarly,
];

/// What never does, and what its fault is called.
const PERMANENT: [(Strike, &str); 3] = [
    (Strike::Unauthenticated, "unauthenticated"),
    (Strike::PermissionDenied, "permission_denied"),
    (Strike::NotFound, "not_found"),
];

fn habits() -> Habits {
    Habits {
        rows: 20,
        page_points: 8,
        ..Habits::default()
    }
}

fn shaken() -> Qdrant {
    server(Collection::new(NOTES, 50).ids(Ids::Mixed))
}

const SCROLL: [&str; 1] = ["Points/Scroll"];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_whichever_page_every_point_comes_once() {
    let server = shaken();
    let there = there(&server, None);
    let calm = source(&server, &habits()).await;
    assert_eq!(all(&calm).await.unwrap(), there);
    let calls = server.called("Points/Scroll");
    assert!(calls > 7, "there are pages to be struck");
    for strike in TRANSIENT {
        for call in 0..calls {
            let fault = Fault::new(strike).methods(SCROLL).skip(call).times(1);
            server.set_plan(Plan::new(call).fault(fault));
            let source = source(&server, &habits()).await;
            assert_eq!(all(&source).await.unwrap(), there, "{strike:?} at call {call}");
            assert_eq!(server.struck()[0].times, 1, "{strike:?} at call {call}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_befalls_whichever_call_of_planning_its_answer_is_the_same() {
    let server = shaken();
    let calm = source(&server, &habits()).await;
    let expected = calm.ids_pass(NOTES, None, 9).await.unwrap();
    let described = calm.describe(NOTES).await.unwrap();
    for strike in TRANSIENT {
        for call in 0..5 {
            let methods = [
                "Points/Scroll",
                "Collections/Get",
                "Points/Count",
                "Collections/List",
            ];
            server.set_plan(Plan::new(call).fault(Fault::new(strike).methods(methods).skip(call).times(1)));
            let source = source(&server, &habits()).await;
            assert_eq!(
                source.ids_pass(NOTES, None, 9).await.unwrap(),
                expected,
                "{strike:?}"
            );
            assert_eq!(source.describe(NOTES).await.unwrap(), described, "{strike:?}");
            assert_eq!(source.count(NOTES, None).await.unwrap(), 50, "{strike:?}");
            assert_eq!(source.collections().await.unwrap(), [NOTES], "{strike:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn storms_of_everything_at_once_lose_and_double_nothing() {
    let server = shaken();
    let there = there(&server, None);
    for seed in 0..20 {
        let plan = TRANSIENT.into_iter().fold(Plan::new(seed), |plan, strike| {
            // A page that ends early every other time looks like the end; the storm is of what can be told apart.
            match strike {
                Strike::EndEarly => plan,
                strike => plan.fault(Fault::new(strike).methods(SCROLL).probability(0.05)),
            }
        });
        server.set_plan(plan);
        let habits = Habits {
            attempts: 100,
            ..habits()
        };
        let source = source(&server, &habits).await;
        assert_eq!(all(&source).await.unwrap(), there, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_gets_better_ends_at_once_and_says_what_to_do() {
    let server = shaken();
    for (strike, cause) in PERMANENT {
        server.set_plan(Plan::new(1).fault(Fault::new(strike).methods(SCROLL)));
        let asked = server.called("Points/Scroll");
        let source = source(&server, &habits()).await;
        let fault = all(&source).await.unwrap_err();
        assert_eq!((fault.cause.as_str(), fault.class), (cause, Class::Permanent));
        assert!(fault.remedy.is_some(), "{fault}");
        assert_eq!(
            server.called("Points/Scroll") - asked,
            1,
            "{strike:?} was asked again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_gets_better_by_asking_is_given_up_in_the_end() {
    let server = shaken();
    for strike in TRANSIENT.into_iter().filter(|strike| *strike != Strike::EndEarly) {
        server.set_plan(Plan::new(1).fault(Fault::new(strike).methods(SCROLL)));
        let patience = Habits {
            attempts: 3,
            // Pages of one point, and still nothing: nothing is left to be halved.
            ..habits()
        };
        let source = source(&server, &patience).await;
        let given_up = all(&source).await;
        // One point alone can be neither repeated nor disordered twice over: such pages are no lies.
        if let Err(fault) = &given_up {
            assert_eq!(fault.class, Class::Permanent, "{strike:?}");
            assert!(fault.message.contains("given up"), "{fault}");
        }
        let honest_alone = strike == Strike::Disordered;
        assert!(given_up.is_err() || honest_alone, "{strike:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_asked_for_is_kept() {
    let server = shaken();
    let limited = Fault::new(Strike::ResourceExhausted)
        .methods(SCROLL)
        .skip(2)
        .times(1);
    server.set_plan(Plan::new(1).fault(limited.retry_after(Duration::from_secs(1))));
    let source = source(&server, &habits()).await;
    let asked = std::time::Instant::now();
    assert_eq!(all(&source).await.unwrap(), there(&server, None));
    assert!(asked.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_is_asked_for_again() {
    let server = shaken();
    server.set_plan(Plan::new(1).fault(Fault::new(Strike::Hang).methods(SCROLL).skip(3).times(2)));
    let impatient = Habits {
        silence: Duration::from_millis(200),
        ..habits()
    };
    let source = source(&server, &impatient).await;
    assert_eq!(all(&source).await.unwrap(), there(&server, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_ends_a_wait_for_an_answer_and_loses_nothing() {
    let server = shaken();
    let there = there(&server, None);
    for call in 0..6 {
        server.set_plan(Plan::new(1).fault(Fault::new(Strike::Hang).methods(SCROLL).skip(call)));
        let stop = Stop::default();
        let source = connected(&settings(&server.url(), &habits()), &habits(), stop.clone()).await;
        let whole = lane(&everything(), None);
        let waiting = async {
            // Stopped once the server has the call that it will not answer.
            while server.struck()[0].chosen == 0 {
                tokio::task::yield_now().await;
            }
            stop.drain(Reason::Signal);
        };
        let reading = async {
            use pipeline::source::{Reader, Source};
            let standing = crate::stage::standing(&whole, Position::Start);
            let mut reader = source.reader(&whole, NOTES, standing);
            let (mut read, mut last) = (0, Position::Start);
            while let Some(batch) = reader.next().await.unwrap() {
                read += batch.documents.len();
                last = batch.span.to;
            }
            (read, last)
        };
        let ((read, last), ()) = tokio::join!(reading, waiting);
        server.set_plan(Plan::new(1));
        let rest = connected(&settings(&server.url(), &habits()), &habits(), Stop::default()).await;
        let rest = points(&rest, &whole, last).await.unwrap();
        assert_eq!(read + rest.len(), there.len(), "stopped at call {call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_and_a_wrong_one_does_not() {
    let options = Options::default()
        .with(Collection::new(NOTES, 5))
        .api_key("right")
        .read_only_key("enough");
    let server = Qdrant::start(options).unwrap();
    for (key, opens) in [
        (Some("right"), true),
        (Some("enough"), true),
        (Some("wrong"), false),
        (None, false),
    ] {
        let settings = config::Qdrant {
            api_key: key.map(config::Secret::new),
            ..settings(&server.url(), &habits())
        };
        let source = connected(&settings, &habits(), Stop::default()).await;
        let greeted = source.greet().await;
        assert_eq!(greeted.is_ok(), opens, "{key:?}");
        assert_eq!(all(&source).await.is_ok(), opens, "{key:?}");
        if let Err(fault) = greeted {
            assert_eq!(
                (fault.cause.as_str(), fault.is_transient()),
                ("unauthenticated", false)
            );
            assert!(
                fault
                    .remedy
                    .is_some_and(|remedy| remedy.contains("QDRANT_API_KEY"))
            );
        }
    }
}

/// Qdrant's other port answers, but not in gRPC; whether its answer or its hanging up comes first is chance.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_port_is_told_apart() {
    let greeted = async |url: &str| {
        let hasty = Habits {
            attempts: 0,
            ..habits()
        };
        let source = connected(&settings(url, &hasty), &hasty, Stop::default()).await;
        source.greet().await.unwrap_err()
    };
    let fault = greeted(&rest_port().await).await;
    assert_eq!(
        (fault.cause.as_str(), fault.is_transient()),
        ("not_grpc", false),
        "{fault}"
    );
    let fault = greeted(&shaken().rest_url()).await;
    assert!(
        fault
            .remedy
            .as_ref()
            .is_some_and(|remedy| remedy.contains("6334")),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_may_come_back() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let nobody = connected(
        &settings(&format!("http://{address}"), &habits()),
        &habits(),
        Stop::default(),
    )
    .await;
    let fault = nobody.greet().await.unwrap_err();
    assert_eq!(fault.cause, "unavailable", "{fault}");
    assert!(fault.message.contains("refused"), "{fault}");
    let options = Options::default().with(Collection::new(NOTES, 5));
    let _server = Qdrant::start(options.listen(address, "127.0.0.1:0".parse().unwrap())).unwrap();
    assert_eq!(all(&nobody).await.unwrap().len(), 5);
}
