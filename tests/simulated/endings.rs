//! Faults that do not pass: the run ends, says what to do, and the same command goes on once it was done.

use super::Stage;
use super::kinds::{DOCUMENTS, SAMPLE};
use crate::support::{code, complete, server, summary, test};
use simulator::dataset::Dataset;
use simulator::fault::{Fault, Method, Plan, Strike};

/// Permission that is taken away will not come back by asking: lanes of that collection fail, all others are moved, and
/// the run says what to do, also later, and goes on then.
#[test]
fn permission_that_is_taken_away() {
    let fault = Fault::new(Strike::PermissionDenied)
        .methods([Method::RunQuery])
        .collection("orders");
    test(async {
        let stage = Stage::set(
            Dataset::shop(7, DOCUMENTS),
            Plan::new(7).fault(fault.after_documents(40)),
        )
        .await;
        let outcome = stage.run(&SAMPLE).await;
        assert_eq!(code(&outcome), 3, "{}\n{}", outcome.stdout, outcome.stderr);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        for word in ["permission_denied: ", "roles/datastore.viewer"] {
            assert!(said.contains(word), "{word:?} is not in\n{said}");
        }
        let told = summary(&outcome);
        let failed = told["failed_lanes"].as_array().unwrap();
        assert!(
            failed.iter().all(|failed| failed["collection"] == "orders"),
            "{told:#}"
        );
        let lanes: usize = failed
            .iter()
            .map(|failed| failed["lanes"].as_array().unwrap().len())
            .sum();
        let (done, total) = (&told["lanes"]["done"], &told["lanes"]["total"]);
        assert!(lanes > 0, "{told:#}");
        assert_eq!(
            done.as_u64().unwrap() + lanes as u64,
            total.as_u64().unwrap(),
            "{told:#}"
        );
        let status = stage.world.status().await;
        assert_eq!(status["last_start"]["failed_lanes"], told["failed_lanes"]);
        assert_eq!(status["last_start"]["exit_code"], 3);
        let page = stage.world.etl(&["status"]).run().await.unwrap().stdout;
        for word in [
            "last start: ended ",
            "failed: ",
            "permission_denied",
            "next: give the account",
        ] {
            assert!(page.contains(word), "{word:?} is not in\n{page}");
        }
        stage.simulator.set_plan(Plan::default());
        stage.assert_exact(&stage.run(&[]).await).await;
        let page = stage.world.etl(&["status"]).run().await.unwrap().stdout;
        assert!(!page.contains("last start"), "{page}");
    });
}

/// What never gets better ends the run, which says how often it tried; the same command goes on afterwards.
#[test]
fn a_source_that_stays_away() {
    let fault = Fault::new(Strike::Unavailable)
        .methods([Method::RunQuery])
        .collection("orders");
    test(async {
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::new(7).fault(fault.skip(2))).await;
        let outcome = stage.run(&["--max-retries", "3"]).await;
        assert_eq!(code(&outcome), 3, "{}\n{}", outcome.stdout, outcome.stderr);
        assert!(
            outcome.stdout.contains("given up after 4 attempts"),
            "{}",
            outcome.stdout
        );
        stage.simulator.set_plan(Plan::default());
        stage.assert_exact(&stage.run(&[]).await).await;
    });
}

#[test]
fn credentials_that_are_refused_from_the_first_are_told_at_once() {
    let fault = Fault::new(Strike::ExpiredCredentials);
    test(async {
        let stage = Stage::set(Dataset::shop(7, DOCUMENTS), Plan::new(7).fault(fault)).await;
        let outcome = stage.run(&[]).await;
        assert_eq!(code(&outcome), 3, "{}\n{}", outcome.stdout, outcome.stderr);
        assert!(
            outcome.stdout.contains("GOOGLE_APPLICATION_CREDENTIALS"),
            "{}",
            outcome.stdout
        );
        assert!(!outcome.stderr.contains("trying again"), "{}", outcome.stderr);
    });
}

/// An answer that leaves a document out, or has two in the wrong order and so hides one, is otherwise as answers are. The
/// count tells: the run is never said to be complete, however often it is started, and the way out that it names is one.
#[test]
fn an_answer_that_leaves_a_document_out() {
    test(async {
        for strike in [Strike::Omitted, Strike::Reordered] {
            let fault = Fault::new(strike)
                .methods([Method::RunQuery])
                .collection("orders");
            let lies = Plan::new(7).fault(fault.after_documents(40));
            let stage = Stage::set(Dataset::shop(7, DOCUMENTS), lies).await;
            for honest in [false, true] {
                if honest {
                    assert!(stage.struck(strike) > 0);
                    stage.simulator.set_plan(Plan::default());
                }
                // The batch in which it was missed is loaded before the lane ends.
                let small = ["--batch-rows", "20"];
                let outcome = stage.run(&[&SAMPLE[..], &small].concat()).await;
                assert_eq!(code(&outcome), 6, "{}\n{}", outcome.stdout, outcome.stderr);
                for word in ["documents came, but", "counted at", "into an empty database"] {
                    assert!(
                        outcome.stdout.contains(word),
                        "{word:?} is not in\n{}",
                        outcome.stdout
                    );
                }
                assert!(summary(&outcome)["loaded"].as_u64().unwrap() < stage.documents);
            }
            let world = stage.world.again(server().await).await;
            let verdict = world.verdict(&complete(world.run(&[])).await).await;
            assert!(verdict.is_exact(), "{verdict}");
            assert_eq!(verdict.documents as u64, stage.documents, "{verdict}");
        }
    });
}
