//! What a read costs.
//!
//! Google's list prices for reading documents, as far as public pages tell them, looked up in November 2026:
//! <https://firebase.google.com/docs/firestore/pricing> (multi-regions, Oregon, Los Angeles),
//! <https://cloud.google.com/datastore/pricing> (`nam5`; `eur3` is taken to cost the same, as multi-regions do),
//! <https://firebase.google.com/docs/firestore/pipelines/pricing> (Iowa, both editions). A location that is not among
//! them is taken for the dearest that is. Free reads are left out: they are for a day and a project, and a run cannot
//! know who has used them.

use crate::source::firestore::Database;
use serde::Serialize;

/// Prices of 100,000 reads in the Standard edition, in millionths of a US dollar.
const STANDARD: [(&str, u64); 5] = [
    ("nam5", 60_000),
    ("eur3", 60_000),
    ("us-central1", 30_000),
    ("us-west1", 30_000),
    ("us-west2", 36_000),
];
/// The price of 100,000 read units of 4 KiB in the Enterprise edition at `us-central1`, likewise.
const ENTERPRISE: u64 = 5_000;
/// The dearest of [`STANDARD`].
const DEAREST: u64 = 60_000;
/// How many times its price at `us-central1` a read costs where it is dearest.
const DEAREST_TIMES: u64 = 2;
const LOT: u64 = 100_000;

/// How reads are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// A document costs a read.
    Standard,
    /// A document costs a read unit for every 4 KiB begun.
    Enterprise,
}

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The operator said it.
    Said,
    /// It is the list price at the database's location.
    Listed,
    /// The location is not known, or its price: the dearest is assumed.
    Dearest,
    /// An emulator bills nothing; this is what Google would.
    Emulator,
}

/// What reads cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// 100,000 reads, in millionths of a US dollar.
    pub per_100k: u64,
    /// How they are billed.
    pub edition: Edition,
    /// Where the database is, where that is known.
    pub location: Option<String>,
    /// Where the price comes from.
    pub basis: Basis,
}

impl Price {
    /// The price of reading `database`, which may not tell of itself; what the operator said wins.
    pub(crate) fn of(database: Option<&Database>, said: Option<u64>, emulator: bool) -> Price {
        let location = database.map(|database| database.location_id.clone());
        let location = location.filter(|location| !location.is_empty());
        let edition = match database.is_some_and(Database::is_enterprise) {
            true => Edition::Enterprise,
            false => Edition::Standard,
        };
        let listed = location.as_deref().and_then(|location| listed(location, edition));
        let (per_100k, basis) = match (said, listed) {
            (Some(said), _) => (said, Basis::Said),
            (None, Some(listed)) => (listed, Basis::Listed),
            (None, None) => (
                dearest(edition),
                if emulator { Basis::Emulator } else { Basis::Dearest },
            ),
        };
        Price {
            per_100k,
            edition,
            location,
            basis,
        }
    }

    /// What so many reads cost, in millionths of a US dollar, rounded up.
    pub fn cost(&self, reads: u64) -> u64 {
        let cost = (u128::from(reads) * u128::from(self.per_100k)).div_ceil(u128::from(LOT));
        u64::try_from(cost).unwrap_or(u64::MAX)
    }

    /// The most reads that cost no more than `millionths` of a US dollar.
    pub fn reads_for(&self, millionths: u64) -> u64 {
        let reads = (u128::from(millionths) * u128::from(LOT)).checked_div(u128::from(self.per_100k));
        reads.map_or(u64::MAX, |reads| u64::try_from(reads).unwrap_or(u64::MAX))
    }

    /// The most reads that both limits of a run allow; nothing when there is none.
    pub fn limit(&self, max_reads: Option<u64>, max_cost: Option<u64>) -> Option<u64> {
        let of_cost = max_cost.map(|cost| self.reads_for(cost));
        [max_reads, of_cost].into_iter().flatten().min()
    }
}

fn listed(location: &str, edition: Edition) -> Option<u64> {
    match edition {
        Edition::Standard => STANDARD
            .iter()
            .find(|(name, _)| *name == location)
            .map(|(_, price)| *price),
        Edition::Enterprise => (location == "us-central1").then_some(ENTERPRISE),
    }
}

fn dearest(edition: Edition) -> u64 {
    match edition {
        Edition::Standard => DEAREST,
        // The Enterprise edition's price is known at one location only; elsewhere it is taken to rise as Standard's.
        Edition::Enterprise => ENTERPRISE * DEAREST_TIMES,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn database(location: &str, edition: i32) -> Database {
        Database {
            location_id: location.to_owned(),
            edition,
            ..Database::default()
        }
    }

    #[test]
    fn a_location_has_its_list_price_and_an_unknown_one_the_dearest() {
        let price = |location: &str, edition| Price::of(Some(&database(location, edition)), None, false);
        assert_eq!(price("eur3", 1).per_100k, 60_000);
        assert_eq!(price("us-central1", 1).per_100k, 30_000);
        assert_eq!(price("us-central1", 2).per_100k, 5_000);
        let unknown = price("moon-north1", 1);
        assert_eq!((unknown.per_100k, unknown.basis), (DEAREST, Basis::Dearest));
        assert_eq!(STANDARD.iter().map(|(_, price)| *price).max(), Some(DEAREST));
        let untold = Price::of(None, None, true);
        assert_eq!((untold.per_100k, untold.basis), (DEAREST, Basis::Emulator));
        let said = Price::of(Some(&database("eur3", 1)), Some(1), false);
        assert_eq!((said.per_100k, said.basis), (1, Basis::Said));
    }

    proptest! {
        #[test]
        fn a_budget_of_money_is_never_exceeded_and_never_a_read_too_small(money: u64, per_100k in 0..10_000_000u64) {
            let price = Price { per_100k, ..Price::of(None, None, false) };
            let reads = price.reads_for(money);
            if per_100k == 0 || reads == u64::MAX {
                prop_assert!(price.cost(reads) <= money || reads == u64::MAX);
            } else {
                prop_assert!(price.cost(reads) <= money);
                prop_assert!(price.cost(reads + 1) > money);
            }
        }
    }

    #[test]
    fn the_smaller_limit_holds() {
        let price = Price::of(Some(&database("nam5", 1)), None, false);
        assert_eq!(price.limit(None, None), None);
        assert_eq!(price.limit(Some(10), None), Some(10));
        assert_eq!(price.limit(Some(10), Some(60_000)), Some(10));
        assert_eq!(price.limit(Some(1_000_000), Some(60_000)), Some(100_000));
    }
}
