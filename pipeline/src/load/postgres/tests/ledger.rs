//! What is written down of a run, and who may change it.

use super::super::{Altered, Differences, Filter, Found, Sweeper, Swept};
use super::*;
use crate::fault::Class;
use checkpoints::Position;

#[test]
fn the_ledger_is_there_once_it_was_prepared_and_may_be_prepared_again() {
    test(async {
        let url = server().await.database("prepared").await.unwrap();
        let ledger = Ledger::new(reached(&url, 1));
        assert!(!ledger.exists().await.unwrap());
        for _ in 0..2 {
            ledger.prepare().await.unwrap();
            assert!(ledger.exists().await.unwrap());
        }
    });
}

#[test]
fn lanes_that_no_plan_explains_are_told_as_they_are() {
    test(async {
        let run = Registered::over(2).await;
        let copy = "insert into etl.lane (run, lane, collection, expected, read_time) \
                    select run, 1, collection, 7, read_time from etl.lane";
        run.client.execute(copy, &[]).await.unwrap();
        let (plan, standings) = run.ledger.standings_now(&run.plan).await.unwrap();
        assert_eq!((plan.lanes.len(), standings.len()), (1, 2));
        let cut = "update etl.run set plan = jsonb_set(plan::jsonb, '{lanes,1}', (plan::jsonb #> '{lanes,0}') || '{\"id\": 1}')::json";
        run.client.execute(cut, &[]).await.unwrap();
        let (plan, standings) = run.ledger.standings_now(&run.plan).await.unwrap();
        assert_eq!((plan.lanes.len(), standings.len()), (2, 2));
    });
}

#[test]
fn reads_are_drawn_up_to_the_limit_and_given_back() {
    test(async {
        let run = Registered::over(2).await;
        let (ledger, id) = (&run.ledger, run.plan.run);
        assert_eq!(ledger.open_budget(id, 5).await.unwrap(), 5);
        assert_eq!(ledger.draw_reads(id, 10, 12).await.unwrap(), (7, 0));
        ledger.give_back_reads(id, 3).await.unwrap();
        assert_eq!(ledger.open_budget(id, 0).await.unwrap(), 9);
        ledger.give_back_reads(id, -2).await.unwrap();
        assert_eq!(ledger.draw_reads(id, 1, 20).await.unwrap(), (1, 8));
    });
}

#[test]
fn a_connection_that_was_given_back_is_lent_again_and_no_other() {
    test(async {
        let url = server().await.database("lent").await.unwrap();
        let postgres = reached(&url, 1);
        let mut lent = Vec::new();
        for give_back in [true, false, true] {
            let lease = postgres.lease().await.unwrap();
            let rows = lease.query_typed("select pg_backend_pid()", &[]).await.unwrap();
            lent.push(rows[0].get::<_, i32>(0));
            if give_back {
                lease.give_back();
            }
        }
        assert_eq!(lent[0], lent[1]);
        assert_ne!(lent[1], lent[2]);
    });
}

#[test]
fn a_pass_does_not_end_a_lane_that_was_taken_over() {
    test(async {
        let run = Registered::over(2).await;
        let sweeper = Sweeper {
            postgres: &run.postgres,
            plan: &run.plan,
            held: &run.held,
            sweep: 1,
            found: Found::Mended,
        };
        let lane = &run.plan.lanes[0];
        sweeper.end(lane, 3).await.unwrap();
        assert_eq!(run.count("select read from etl.sweep").await, 3);
        run.ledger.claim(run.plan.run, "another").await.unwrap();
        let fault = sweeper.end(lane, 4).await.unwrap_err();
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Fenced, "fenced"));
        assert_eq!(run.count("select read from etl.sweep").await, 3);
    });
}

#[test]
fn who_takes_the_lanes_over_is_told_where_they_stand_under_a_fence_of_its_own() {
    test(async {
        let run = Registered::over(2).await;
        assert_eq!(run.held[0].standing.progress.position, Position::Start);
        let again = run.ledger.claim(run.plan.run, "another").await.unwrap();
        assert_eq!(again[0].fence, run.held[0].fence + 1);
        assert_eq!(again[0].standing.read_at, run.plan.snapshot);
    });
}

#[test]
fn the_end_of_a_run_is_noted_once() {
    test(async {
        let run = Registered::over(2).await;
        let ended = "select count(*) from etl.run where finished_at is not null";
        assert_eq!(run.count(ended).await, 0);
        run.ledger.finish(run.plan.run).await.unwrap();
        assert_eq!(run.count(ended).await, 1);
        let early = "update etl.run set finished_at = 'epoch'";
        run.client.execute(early, &[]).await.unwrap();
        run.ledger.finish(run.plan.run).await.unwrap();
        let kept = "select count(*) from etl.run where finished_at = 'epoch'";
        assert_eq!(run.count(kept).await, 1);
    });
}

#[test]
fn a_pass_goes_on_until_it_has_ended_every_lane() {
    test(async {
        let run = Registered::over(2).await;
        let id = run.plan.run;
        let sweep = async |lanes| {
            let under_way = run.ledger.sweep_under_way(id, lanes).await.unwrap();
            (under_way.sweep, under_way.ended.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(sweep(2).await, (1, vec![]));
        let pass = "insert into etl.sweep (run, lane, sweep, inserted, updated, deleted, ended_at) \
                    select run, 0, $1, $2, $3, $4, case when $5 then now() end from etl.run";
        let pass = async |sweep: i32, found: [i64; 3], has_ended: bool| {
            let [inserted, updated, deleted] = found;
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&sweep, &inserted, &updated, &deleted, &has_ended];
            run.client.execute(pass, &values).await.unwrap();
        };
        pass(1, [2, 3, 5], true).await;
        assert_eq!(sweep(2).await, (1, vec![0]));
        assert_eq!(sweep(1).await, (2, vec![]));
        pass(2, [7, 11, 13], false).await;
        assert_eq!(sweep(1).await, (2, vec![]));
        let found = |inserted, updated, deleted| Differences {
            inserted,
            updated,
            deleted,
        };
        let swept = run.ledger.swept(id).await.unwrap();
        assert_eq!(swept.sweeps, 2);
        assert_eq!(swept.last, found(7, 11, 13));
        assert_eq!(swept.mended, found(9, 14, 18));
        assert_eq!(run.ledger.swept(Uuid::nil()).await.unwrap(), Swept::default());
    });
}

#[test]
fn what_is_told_at_the_end_is_what_was_written_down() {
    test(async {
        let run = Registered::over(2).await;
        let id = run.plan.run;
        assert_eq!(run.ledger.read_later(&run.plan).await.unwrap(), 0);
        assert_eq!(run.ledger.altered(id).await.unwrap(), Altered::default());
        assert_eq!(run.ledger.quarantined(id).await.unwrap(), []);
        let written = "update etl.lane set read_time = read_time + interval '1 second', dropped = 3; \
                       insert into etl.quarantine (run, lane, collection, path, reason, detail, body) \
                       select run, 0, 'c', convert_to('c/' || n, 'UTF8'), case n when 1 then 'a' else 'b' end, '', '' \
                       from etl.run, generate_series(1, 3) n";
        run.client.batch_execute(written).await.unwrap();
        assert_eq!(run.ledger.read_later(&run.plan).await.unwrap(), 1);
        assert_eq!(run.ledger.altered(id).await.unwrap().dropped, 3);
        assert_eq!(run.ledger.quarantined(id).await.unwrap(), [("c".to_owned(), 3)]);
        let paths = async |reason: Option<&str>, limit| {
            let filter = Filter {
                collection: None,
                reason: reason.map(str::to_owned),
                limit,
            };
            let listed = run.ledger.quarantine(&filter).await.unwrap();
            let paths = listed.into_iter().map(|one| String::from_utf8(one.path).unwrap());
            paths.collect::<Vec<_>>()
        };
        assert_eq!(paths(None, 9).await, ["c/1", "c/2", "c/3"]);
        assert_eq!(paths(None, 2).await, ["c/1", "c/2"]);
        assert_eq!(paths(Some("b"), 9).await, ["c/2", "c/3"]);
    });
}
