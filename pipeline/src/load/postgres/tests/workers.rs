//! Workers that share a run: what they are, what they take from one another, and what is theirs alone.

use super::super::Task;
use super::super::workers::{Worker, session_name};
use super::*;
use crate::fault::Class;
use crate::source::Range;

fn worker() -> Worker {
    Worker {
        id: Uuid::new_v4(),
        name: "w".to_owned(),
        source: "s".to_owned(),
        schema: "public".to_owned(),
        lease: Duration::from_secs(30),
    }
}

fn from_m(documents: u64) -> Range {
    Range {
        from: Some("m".to_owned()),
        to: None,
        documents,
    }
}

impl Registered {
    async fn cut(&self, lane: u32, seen: &Held, behind: &Range, is_before: bool) -> bool {
        let (place, worker) = ((self.plan.run, lane), worker());
        let cut = self.ledger.cut(place, &worker, seen, behind, |_| is_before);
        cut.await.unwrap()
    }

    /// The lanes as the plan tells them by now: their ends and documents.
    async fn lanes(&self) -> Vec<(Option<String>, Option<String>, u64)> {
        let plan = self.ledger.plan(self.plan.run).await.unwrap().unwrap();
        let lanes = plan.lanes.into_iter().zip(0..);
        let told = lanes.map(|(lane, place)| {
            assert_eq!(lane.id, place);
            (lane.from, lane.to, lane.documents)
        });
        told.collect()
    }
}

#[test]
fn a_lane_is_cut_once_and_only_as_it_was_seen() {
    test(async {
        let run = Registered::over(2).await;
        let seen = &run.held[0];
        let elsewhere = Range {
            to: Some("z".to_owned()),
            ..from_m(40)
        };
        let before = (seen.fence - 1, seen.standing.clone());
        let another = Held {
            fence: before.0,
            standing: before.1,
        };
        let mut later = seen.clone();
        later.standing.read_at.0 += 1;
        assert!(!run.cut(0, &another, &from_m(40), true).await, "another's");
        assert!(
            !run.cut(0, &later, &from_m(40), true).await,
            "read at another time"
        );
        assert!(!run.cut(0, seen, &from_m(40), false).await, "it has come there");
        assert!(!run.cut(0, seen, &elsewhere, true).await, "it ends elsewhere");
        assert!(!run.cut(1, seen, &from_m(40), true).await, "there is none");
        run.client
            .execute("update etl.lane set read = 61, skipped = 61", &[])
            .await
            .unwrap();
        assert!(!run.cut(0, seen, &from_m(40), true).await, "more was read of it");
        assert_eq!(run.lanes().await, [(None, None, 100)]);
        run.client
            .execute("update etl.lane set read = 60, skipped = 60", &[])
            .await
            .unwrap();
        assert!(run.cut(0, seen, &from_m(40), true).await);
        let m = Some("m".to_owned());
        assert_eq!(run.lanes().await, [(None, m.clone(), 60), (m.clone(), None, 40)]);
        assert!(!run.cut(0, seen, &from_m(40), true).await, "it was cut already");
        let rows =
            "select expected, fence, convert_from(upto, 'UTF8'), worker is null from etl.lane order by lane";
        let rows = run.client.query(rows, &[]).await.unwrap();
        let told = |place: usize| {
            let row = &rows[place];
            (row.get::<_, i64>(0), row.get(1), row.get(2), row.get(3))
        };
        assert_eq!(told(0), (60, seen.fence + 1, m, true));
        assert_eq!((rows.len(), told(1)), (2, (40, 0, None, true)));
    });
}

#[test]
fn what_was_counted_later_is_shared_out_as_far_as_the_plan_has_it() {
    test(async {
        let run = Registered::over(2).await;
        run.client
            .execute("update etl.lane set expected = 130", &[])
            .await
            .unwrap();
        assert!(run.cut(0, &run.held[0], &from_m(110), true).await);
        let m = Some("m".to_owned());
        assert_eq!(run.lanes().await, [(None, m.clone(), 0), (m, None, 100)]);
        let expected = run.ledger.standings(run.plan.run).await.unwrap();
        let expected = expected.iter().map(|standing| standing.expected);
        assert_eq!(expected.sum::<u64>(), 130);
    });
}

#[test]
fn sessions_of_a_worker_hold_nothing_for_longer_than_its_lease_and_notice_when_nobody_listens() {
    test(async {
        let url = server().await.database("sessions").await.unwrap();
        let alone = reached(&url, 1);
        let worker = alone.clone().of_worker(Duration::from_secs(7));
        let sql = "select current_setting('idle_in_transaction_session_timeout') || ' ' || \
                   current_setting('client_connection_check_interval')";
        for (postgres, expected) in [(alone, "5min 0"), (worker, "7s 5s")] {
            let lease = postgres.lease().await.unwrap();
            postgres.begin(&lease, "look").await.unwrap();
            let row = lease.query_typed(sql, &[]).await.unwrap();
            assert_eq!(row[0].get::<_, String>(0), expected);
        }
    });
}

#[test]
fn what_one_does_for_all_is_done_by_one_as_long_as_it_is_there() {
    test(async {
        let run = Registered::over(2).await;
        let (one, other) = (worker(), worker());
        run.ledger.enter(&one).await.unwrap();
        run.ledger.enter(&other).await.unwrap();
        let at = async |worker: &Worker, task| run.ledger.is_at(worker, task).await.unwrap();
        let take_up = async |worker: &Worker, task| run.ledger.take_up(worker, task).await.unwrap();
        assert!(!at(&one, Task::Plan).await);
        assert!(take_up(&one, Task::Plan).await);
        assert!(at(&one, Task::Plan).await);
        assert!(!at(&one, Task::Finish).await);
        assert!(!take_up(&other, Task::Plan).await);
        assert!(!at(&other, Task::Plan).await);
        assert!(take_up(&other, Task::Finish).await);
        run.ledger.depart(&one).await.unwrap();
        assert!(take_up(&other, Task::Plan).await);
        assert!(at(&other, Task::Plan).await);
    });
}

#[test]
fn who_is_alone_is_told_of_workers_until_they_leave() {
    test(async {
        let run = Registered::over(2).await;
        let one = Worker {
            source: run.plan.source.to_string(),
            ..worker()
        };
        run.ledger.nobody_shares(&run.plan).await.unwrap();
        run.ledger.enter(&one).await.unwrap();
        let fault = run.ledger.nobody_shares(&run.plan).await.unwrap_err();
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Permanent, "shared"));
        assert_eq!(fault.message, "1 workers share this run: w");
        run.ledger.all_plan_alike(&run.plan).await.unwrap();
        let later = "update etl.worker set etl_version = '99.1.0'";
        run.client.execute(later, &[]).await.unwrap();
        let fault = run.ledger.all_plan_alike(&run.plan).await.unwrap_err();
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Permanent, "version"));
        assert!(
            fault.message.starts_with("w runs etl 99.1.0, and this is etl "),
            "{}",
            fault.message
        );
        run.ledger.depart(&one).await.unwrap();
        run.ledger.nobody_shares(&run.plan).await.unwrap();
        assert!(!run.ledger.is_finished(run.plan.run).await.unwrap());
        run.ledger.finish(run.plan.run).await.unwrap();
        assert!(run.ledger.is_finished(run.plan.run).await.unwrap());
    });
}

#[test]
fn a_lane_that_was_cut_is_no_lane_of_an_older_plan() {
    test(async {
        let run = Registered::over(2).await;
        let id = run.plan.run;
        let one = worker();
        run.ledger.enter(&one).await.unwrap();
        let whole = run.ledger.claim_one(id, &one, 1, &[]).await.unwrap().unwrap();
        assert!(whole.is_known_to(&run.plan));
        assert!(run.cut(0, &whole.held, &from_m(40), true).await);
        let now = run.ledger.plan(id).await.unwrap().unwrap();
        let mut claimed = Vec::new();
        while let Some(part) = run.ledger.claim_one(id, &one, 1, &claimed).await.unwrap() {
            assert!(!part.is_known_to(&run.plan) && part.is_known_to(&now), "{part:?}");
            claimed.push(part.lane.cast_signed());
        }
        claimed.sort_unstable();
        assert_eq!(claimed, [0, 1]);
    });
}

#[test]
fn sessions_of_workers_that_are_gone_are_ended_and_no_others() {
    test(async {
        let run = Registered::over(2).await;
        let crew = [worker(), worker(), worker()];
        let mut sessions = Vec::new();
        for one in &crew {
            run.ledger.enter(one).await.unwrap();
            let session = connect(&run.url).await.unwrap();
            let name = format!("set application_name = '{}'", session_name(one.id));
            session.batch_execute(&name).await.unwrap();
            sessions.push(session);
        }
        // Whoever looks does not end its own, silent as it may have been.
        let gone = "update etl.worker set until = now() - interval '1 second' where worker::text = any ($1)";
        let ids = [&crew[0], &crew[1]].map(|one| one.id.to_string());
        run.client.execute(gone, &[&ids.as_slice()]).await.unwrap();
        run.ledger.end_sessions_of_the_gone(&crew[1]).await.unwrap();
        let mut alive = Vec::new();
        for session in &sessions {
            alive.push(session.batch_execute("select 1").await.is_ok());
        }
        assert_eq!(alive, [false, true, true]);
    });
}
