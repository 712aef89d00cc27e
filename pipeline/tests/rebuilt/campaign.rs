//! Documents that mean harm, loaded into PostgreSQL: what we send, it takes, and what it has reads back as what was sent.

use crate::cases::Case;
use crate::covered::Covered;
use crate::law::prove;
use crate::target::{Target, plan};
use crate::{RUNTIME, hostile, server};
use rand::RngExt;
use rehearsal::campaign::Campaign;

/// Documents of one mapping.
const DOCUMENTS: usize = 100;

#[test]
fn malformed_rows() {
    let target =
        RUNTIME.block_on(async { Target::new(&server().await.database("harm").await.unwrap()).await });
    let mut covered = Covered::default();
    Campaign::named("malformed_rows", 2_000).run(|campaign| {
        let documents = campaign.scaled(DOCUMENTS);
        let mut case = Case::new(campaign.dice.random(), documents);
        for sample in &mut case.samples {
            hostile::spoil(sample, &mut campaign.dice, campaign.size);
        }
        let met = RUNTIME.block_on(async {
            // The same case may have been tried before, and failed.
            target.clear(&plan(&case)).await;
            prove(&target, &case).await
        });
        covered.add(met.unwrap_or_else(|what| panic!("{what}")));
        campaign.note(documents as u64);
    });
    eprintln!("{covered}");
}
