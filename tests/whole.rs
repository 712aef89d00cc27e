//! Every document of an application arrives, and nothing else.

use crate::support::{World, complete, test};
use serde_json::Value;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn every_value_of_twenty_thousand_documents_arrives_exactly_once() {
    test(async {
        let world = World::with(20_000).await;
        assert!(world.application.collection_ids().len() >= 30);
        let summary = complete(world.run(&["--lane-documents", "2000", "--batch-rows", "5000"])).await;
        eprintln!("{summary:#}");
        world.assert_exact(&summary).await;
        let count = world.application.count() as u64;
        assert_eq!(number(&summary["read"]), count);
        assert_eq!(
            number(&summary["loaded"]) + number(&summary["quarantined"]),
            count
        );
        assert_eq!(
            number(&summary["quarantined"]),
            world.application.quarantined().len() as u64
        );
        assert_eq!(summary["lanes"]["done"], summary["lanes"]["total"]);
    });
}
