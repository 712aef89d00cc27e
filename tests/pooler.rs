//! Through a transaction pooler: no statement, setting or transaction survives on a connection, and none is needed.

use crate::support::ledger::Ledger;
use crate::support::{World, complete, test};
use rehearsal::pooler::Pooler;
use rehearsal::process::Signal;

#[test]
fn a_run_through_a_transaction_pooler_is_whole() {
    test(async {
        let world = World::with(2_000).await;
        let pooler = Pooler::start(&world.url).await.unwrap();
        let run = || world.run(&[]).env("DATABASE_URL", pooler.url());
        // More lanes than the pooler has connections; killed in the middle, so that a second process meets what the
        // first one left behind.
        let mut first = run().start().unwrap();
        Ledger::written(&world.client().await, &mut first, |ledger| ledger.read >= 400).await;
        first.signal(Signal::Kill).unwrap();
        let outcome = first.wait().await.unwrap();
        assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
        let summary = complete(run()).await;
        world.assert_exact(&summary).await;
    });
}
