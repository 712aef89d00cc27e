//! What `etl init` says it was billed is what it was billed, whichever way it looks.

use super::{ends, object};
use crate::support::{World, test};
use rehearsal::application::Application;
use serde_json::Value;
use simulator::dataset::Dataset;
use simulator::{Options, Simulator};

const PROJECT: &str = "shop";
const DOCUMENTS: u64 = 6_000;

async fn stage(dataset: Dataset) -> (Simulator, World) {
    let options = Options::default().with_dataset(PROJECT, "(default)", dataset);
    let simulator = Simulator::start(options).unwrap();
    let world = World::of(&simulator.host(), PROJECT, Application::small(0)).await;
    (simulator, world)
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

#[test]
fn a_survey_says_what_it_was_billed() {
    test(async {
        for (seed, sample) in [(7, "1000"), (8, "37"), (9, "1")] {
            let (simulator, world) = stage(Dataset::shop(seed, DOCUMENTS)).await;
            let init = ["init", "--output", "json", "--sample", sample];
            let told = object(world.etl(&init)).await;
            let bill = simulator.bill(PROJECT, "(default)");
            assert_eq!(count(&told["reads_billed"]), bill.reads(), "{bill:?}\n{told:#}");
            assert_eq!(count(&told["documents"]), DOCUMENTS);
            if sample != "1000" {
                assert!(count(&told["looked_at"]) < DOCUMENTS / 2, "{told:#}");
                assert!(bill.reads() < DOCUMENTS, "{bill:?}");
            }
        }
    });
}

#[test]
fn a_full_survey_looks_at_everything_once_and_says_so() {
    test(async {
        let (simulator, world) = stage(Dataset::shop(7, DOCUMENTS)).await;
        let told = object(world.etl(&["init", "--full", "--output", "json"])).await;
        let bill = simulator.bill(PROJECT, "(default)");
        assert_eq!(count(&told["reads_billed"]), bill.reads(), "{bill:?}\n{told:#}");
        assert_eq!(
            (count(&told["documents"]), count(&told["looked_at"])),
            (DOCUMENTS, DOCUMENTS)
        );
        let file = std::fs::read_to_string(world.folder().join("etl.toml")).unwrap();
        assert!(file.contains("all of them were looked at"), "{file}");
        assert!(
            file.contains(&format!("{} reads were billed", bill.reads())),
            "{file}"
        );
        // A person is told the same number.
        let before = bill.reads();
        let page = ends(
            world.etl(&["init", "--full", "--force"]),
            0,
            &["6,000 documents counted, 6,000 looked at"],
        )
        .await;
        let billed = simulator.bill(PROJECT, "(default)").reads() - before;
        let said: String = page
            .stdout
            .lines()
            .find(|line| line.ends_with("reads billed"))
            .unwrap()
            .to_owned();
        let said: String = said
            .rsplit(", ")
            .next()
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert_eq!(said, billed.to_string(), "{}", page.stdout);
    });
}
