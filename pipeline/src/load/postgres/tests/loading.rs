//! A batch lands once, whatever becomes of it on its way, and only from who holds its lane.

use super::super::PostgresLoader;
use super::*;
use crate::fault::{Class, Fault};
use crate::load::{Loaded, Loader};
use crate::pack::{Packed, pack};
use crate::room::Rooms;
use crate::source::Batch;
use bytes::Bytes;
use checkpoints::{Position, Span};
use tokio::time::Instant;

/// A document without fields, as Firestore sends it, made and changed in the first second of 1970.
fn document(path: &str) -> Bytes {
    const MOMENT: [u8; 2] = [8, 1];
    let name = format!("projects/p/databases/(default)/documents/{path}");
    let mut body = vec![0x0a, u8::try_from(name.len()).unwrap()];
    body.extend(name.as_bytes());
    for field in [0x1a, 0x22] {
        body.extend([field, 2]);
        body.extend(MOMENT);
    }
    body.into()
}

impl Registered {
    /// Documents of these paths, ready to be loaded.
    async fn batch(&self, from: Position, to: Position, paths: &[&str]) -> Packed {
        let batch = Batch {
            span: Span { from, to },
            documents: paths.iter().map(|path| document(path)).collect(),
            billed: 2,
            read_at: self.plan.snapshot,
            expected: 100,
            since: Instant::now(),
            room: Rooms::new(64 << 20, 1 << 20).take().await,
        };
        let packed = pack(batch, &self.plan, &self.plan.lanes[0], Vec::new(), None);
        assert!(packed.rejects.is_empty(), "{:?}", packed.rejects);
        packed
    }

    async fn load(&self, batch: &mut Packed) -> Result<Loaded, Fault> {
        let loader = PostgresLoader::new(self.postgres.clone(), self.plan.clone(), self.held.clone());
        loader.load(&self.plan.lanes[0], batch).await
    }

    async fn rows(&self) -> i64 {
        self.count("select count(*) from c").await
    }
}

fn fenced(loaded: Result<Loaded, Fault>) -> String {
    let fault = loaded.unwrap_err();
    assert_eq!(
        (fault.class, fault.cause.as_str()),
        (Class::Fenced, "fenced"),
        "{}",
        fault.message
    );
    fault.message
}

#[test]
fn a_batch_that_has_landed_already_lands_no_second_time() {
    test(async {
        let run = Registered::over(2).await;
        let mut first = run
            .batch(Position::Start, Position::at("b"), &["c/1", "c/2"])
            .await;
        for _ in 0..3 {
            let loaded = run.load(&mut first).await.unwrap();
            assert_eq!(
                (loaded.tally.read, loaded.tally.loaded, loaded.tally.billed),
                (2, 2, 2)
            );
            assert_eq!(run.rows().await, 2);
        }
        let mut last = run.batch(Position::at("b"), Position::End, &["c/3"]).await;
        run.load(&mut last).await.unwrap();
        assert_eq!(run.rows().await, 3);
        let lane =
            "select count(*) from etl.lane where state = 'end' and read = 3 and loaded = 3 and billed = 4";
        assert_eq!(run.count(lane).await, 1);
    });
}

#[test]
fn who_does_not_hold_the_lane_changes_nothing_wherever_it_stands() {
    test(async {
        let run = Registered::over(2).await;
        let mut first = run.batch(Position::Start, Position::at("b"), &["c/1"]).await;
        let mut second = run.batch(Position::at("b"), Position::End, &["c/2"]).await;
        let mut far = run.batch(Position::at("x"), Position::End, &["c/3"]).await;
        run.load(&mut first).await.unwrap();
        // By our own fence, and yet elsewhere.
        assert!(fenced(run.load(&mut far).await).contains("it stands"));
        run.ledger.claim(run.plan.run, "another").await.unwrap();
        for batch in [&mut first, &mut second, &mut far] {
            fenced(run.load(batch).await);
        }
        assert_eq!(run.rows().await, 1);
        run.client.execute("delete from etl.lane", &[]).await.unwrap();
        assert!(fenced(run.load(&mut second).await).contains("gone from etl.lane"));
        assert_eq!(run.rows().await, 1);
    });
}

#[test]
fn what_failed_is_told_with_its_lane_and_collection() {
    test(async {
        let run = Registered::over(2).await;
        run.client.execute("drop table c", &[]).await.unwrap();
        let mut batch = run.batch(Position::Start, Position::End, &["c/1"]).await;
        let fault = run.load(&mut batch).await.unwrap_err();
        assert_eq!(fault.action, "load lane 0 of collection c");
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Permanent, "42P01"));
    });
}

#[test]
fn two_documents_for_one_row_are_refused_before_either_is_merged() {
    test(async {
        let run = Registered::loaded_by(Load::Merge, 2).await;
        run.client
            .execute("create unique index on c (id)", &[])
            .await
            .unwrap();
        let mut batch = run
            .batch(Position::Start, Position::End, &["c/1", "a/b/c/1", "c/2"])
            .await;
        let fault = run.load(&mut batch).await.unwrap_err();
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Permanent, "doubled"));
        assert!(fault.message.starts_with("1 rows for c "), "{}", fault.message);
        assert_eq!(run.rows().await, 0);
        let mut batch = run.batch(Position::Start, Position::End, &["c/1", "c/2"]).await;
        run.load(&mut batch).await.unwrap();
        assert_eq!(run.rows().await, 2);
    });
}

#[test]
fn rows_that_are_refused_only_together_are_nobodys_fault_and_end_the_lane() {
    test(async {
        let run = Registered::over(2).await;
        let twins = "alter table c add column twin int default 1 unique deferrable initially deferred";
        run.client.batch_execute(twins).await.unwrap();
        let mut batch = run.batch(Position::Start, Position::End, &["c/1", "c/2"]).await;
        let fault = run.load(&mut batch).await.unwrap_err();
        assert_eq!((fault.class, fault.cause.as_str()), (Class::Permanent, "refused"));
        assert_eq!((run.rows().await, batch.rejects.len()), (0, 0));
        let mut alone = run.batch(Position::Start, Position::at("b"), &["c/1"]).await;
        run.load(&mut alone).await.unwrap();
        let mut twin = run.batch(Position::at("b"), Position::End, &["c/2"]).await;
        run.load(&mut twin).await.unwrap();
        assert_eq!((run.rows().await, twin.rejects.len()), (1, 1));
    });
}
