//! Every answer of the source may be bad; the documents come all the same, or a fault says why not.

use crate::reading::Reading;
use crate::truth::Truth;
use crate::weather::Weather;
use pipeline::fault::Fault;
use rand::RngExt;
use rehearsal::campaign::Campaign;
use simulator::dataset::Dataset;
use simulator::fault::Plan;
use simulator::{Options, Simulator};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Builder;

/// Documents of the databases there are.
const SIZES: [u64; 4] = [12, 60, 250, 800];

#[test]
fn answers() {
    let project = |size: u64| format!("shop-{size}");
    let options = SIZES
        .into_iter()
        .fold(Options::default().workers(1), |options, size| {
            options.with_dataset(&project(size), "(default)", Dataset::shop(size, size))
        });
    let simulator = Simulator::start(options).unwrap();
    let truths = SIZES.map(|size| {
        let root = format!("projects/{}/databases/(default)/documents", project(size));
        Truth::of(&Dataset::shop(size, size), &root)
    });
    let told: Arc<Mutex<BTreeMap<&str, u64>>> = Arc::default();
    Campaign::named("answers", 5_000).run(|case| {
        let dice = &mut case.dice;
        let which = dice.random_range(0..SIZES.len() * case.size.div_ceil(25) / 4);
        let size = SIZES[which];
        let weather = Weather::of(dice, size / 2, case.size);
        simulator.set_plan(Plan::default());
        let reading = Reading::of(dice, &simulator.host(), &project(size), weather.is_hopeless);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut struck = Vec::new();
        let read = runtime.block_on(async {
            let store = reading.reach().await;
            simulator.set_plan(weather.early.clone());
            let plan = reading.plan(&store).await?;
            let early = simulator.faults().struck();
            simulator.set_plan(weather.late.clone());
            struck.extend(early);
            let lanes = reading.read(&store, &plan, dice.random()).await?;
            Ok::<_, Fault>((plan, lanes))
        });
        drop(runtime);
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        struck.extend(simulator.faults().struck());
        for struck in struck {
            case.note(struck.times);
            *told.entry(struck.strike.word()).or_default() += struck.times;
        }
        match read {
            Ok((plan, lanes)) => {
                assert!(!weather.is_hopeless, "{:?} went unnoticed", weather.late);
                truths[which].assert_planned(&plan);
                truths[which].assert_read(&plan, &lanes);
            }
            Err(fault) => {
                let found_out = weather.lies && fault.cause == "miscounted";
                assert!(
                    weather.is_hopeless || found_out,
                    "what passes ended it: {fault:?}"
                );
                assert!(!fault.message.is_empty() && !fault.action.is_empty());
                *told.entry("given up, and said").or_default() += 1;
            }
        }
    });
    eprintln!("{:?}", told.lock().unwrap_or_else(PoisonError::into_inner));
}
