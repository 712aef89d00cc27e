//! Poolers: found out by what they do, and what becomes of a run that is not told of them.

use super::{says, world};
use crate::support::{World, complete, test};
use rehearsal::pooler::Pooler;
use rehearsal::postgres::connect;

#[test]
fn a_transaction_pooler_is_found_out_and_has_to_be_named() {
    test(async {
        let world = world().await;
        let pooler = Pooler::start(&world.url).await.unwrap();
        let unnamed = pooler.url().trim_end_matches("?pgbouncer=true");
        let names = ["target.pooler", "target.connections"];
        says(&world, unnamed, 0, &names, "pooler-unnamed").await;
        says(&world, pooler.url(), 0, &names, "pooler-named").await;
        let direct = format!("{}?pgbouncer=true", world.url);
        says(&world, &direct, 0, &["target.pooler"], "pooler-absent").await;
    });
}

/// Leaves statements on both of the pooler's connections, under the names a driver like ours chooses.
async fn litter(url: &str) {
    let (one, other) = (connect(url).await.unwrap(), connect(url).await.unwrap());
    let prepare: String = (0..300).map(|n| format!("prepare s{n} as select 1;")).collect();
    // Begun at the same time, so that they cannot share a connection.
    for client in [&one, &other] {
        client.batch_execute("begin").await.unwrap();
    }
    for client in [&one, &other] {
        client
            .batch_execute(&format!("deallocate all; {prepare} commit"))
            .await
            .unwrap();
    }
}

#[test]
fn what_the_check_says_of_an_unnamed_pooler_is_so() {
    test(async {
        let world = World::with(40).await;
        let pooler = Pooler::start(&world.url).await.unwrap();
        let unnamed = pooler.url().trim_end_matches("?pgbouncer=true");
        litter(unnamed).await;
        let run = |url: &str| world.run(&["--max-retries", "0"]).env("DATABASE_URL", url);
        let collided = run(unnamed).run().await.unwrap();
        assert_eq!(collided.status.code(), Some(3), "{}", collided.stdout);
        assert!(collided.stdout.contains("42P05"), "{}", collided.stdout);
        litter(unnamed).await;
        complete(run(pooler.url())).await;
    });
}
