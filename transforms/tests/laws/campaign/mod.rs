//! Documents that mean harm, under mappings of every kind: each is packed, and then comes back as the reference decoder
//! reads it, or is rejected with a reason. Never a panic, never something else.

mod damage;
mod hostile;
mod judge;

use judge::{Fate, Judge};
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Campaign;
use std::collections::BTreeMap;

use crate::mappings::{Choices, documents, often_plain};

/// Documents of one mapping.
const DOCUMENTS: usize = 25;

fn choices(dice: &mut StdRng, count: usize) -> Choices {
    Choices::new((0..count).map(|_| dice.random()).collect())
}

#[test]
fn malformed() {
    let mut fates: BTreeMap<Fate, u64> = BTreeMap::new();
    Campaign::named("malformed", 20_000).run(|case| {
        let dice = &mut case.dice;
        let tables = often_plain(&mut choices(dice, 16 * case.size));
        let judge = Judge::new(&tables, dice.random());
        let documents = DOCUMENTS.min(case.size);
        for _ in 0..documents {
            let mut sample = documents::document(&tables, &mut choices(dice, 12 * case.size));
            if dice.random_range(0..4) > 0 {
                hostile::spoil(&mut sample, dice, case.size);
            }
            let sent = damage::sent(&sample, dice);
            *fates.entry(judge.fate(&sent.body, sent.is_damaged)).or_default() += 1;
        }
        case.note(documents as u64);
    });
    let all: u64 = fates.values().sum();
    eprintln!("of {all} documents: {fates:?}");
    // A law about nothing would hold as well.
    if all >= 20_000 {
        for fate in judge::EXPECTED {
            assert!(
                fates.get(&fate).is_some_and(|count| count * 2000 > all),
                "hardly any {fate:?}"
            );
        }
    }
}
