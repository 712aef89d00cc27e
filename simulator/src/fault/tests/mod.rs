//! Laws of plans and of what is decided by them.

mod decisions;
mod plans;

use super::{Fault, Method, Plan, Strike};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Plans that say only what their strikes know.
fn plans() -> impl Strategy<Value = Plan> {
    let limits = (prop::option::of(1..=u64::MAX), prop::option::of(any::<u64>()));
    let skew = (-1_000_000_000_000i64..1_000_000_000_000).prop_map(SignedDuration::from_micros);
    let faults = prop::collection::vec(faults(), 0..5);
    let kind = any::<[bool; 3]>();
    (any::<u64>(), kind, skew, limits, faults).prop_map(
        |(seed, [pitr, datastore, enterprise], clock_skew, (quota, count_at_most), faults)| Plan {
            seed,
            pitr,
            datastore,
            enterprise,
            clock_skew,
            quota,
            count_at_most,
            faults,
        },
    )
}

fn faults() -> impl Strategy<Value = Fault> {
    let strike = prop::sample::select(&Strike::ALL[..]);
    let which = (
        strike,
        0..=17usize,
        prop::option::of("[^/]{1,9}"),
        spreads(),
        0.0..=1.0f64,
    );
    let how = (
        any::<u64>(),
        prop::option::of(any::<u64>()),
        prop::option::of(times()),
        prop::option::of(spreads()),
        prop::option::of(1..=u64::MAX),
    );
    (which, how).prop_map(|((strike, methods, collection, places, probability), how)| {
        let (skip, times, retry_after, lasting, bytes_per_second) = how;
        let befallen = || Method::ALL.into_iter().filter(|method| strike.befalls(*method));
        let time = |micros: &u64| Duration::from_micros(*micros);
        Fault {
            strike,
            methods: (methods > 0).then(|| befallen().take(methods).collect()),
            collection,
            after_documents: if strike.takes("after_documents") {
                places
            } else {
                0..=0
            },
            probability,
            skip,
            times,
            retry_after: retry_after.filter(|_| strike.takes("retry_after")),
            lasting: lasting
                .filter(|_| strike.takes("for"))
                .map(|ends: RangeInclusive<u64>| time(ends.start())..=time(ends.end())),
            bytes_per_second: bytes_per_second.filter(|_| strike.takes("bytes_per_second")),
        }
    })
}

fn spreads() -> impl Strategy<Value = RangeInclusive<u64>> {
    (any::<u64>(), any::<u64>(), any::<bool>())
        .prop_map(|(a, b, one)| if one { a..=a } else { a.min(b)..=a.max(b) })
}

fn times() -> impl Strategy<Value = Duration> {
    (
        any::<u32>(),
        prop::sample::select(&[1u64, 1_000, 1_000_000, 3_600_000_000][..]),
    )
        .prop_map(|(number, unit)| Duration::from_micros(u64::from(number) * unit))
}
