//! A source with an application in it, in fair weather or foul, and a run of some shape.

use crate::support::ledger::{Ledger, assert_whole_batches, released};
use crate::support::{World, code, completed, summary};
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::application::Application;
use rehearsal::campaign::Case;
use rehearsal::postgres::Server;
use rehearsal::process::{Outcome, Program};
use rehearsal::rest::Write;
use rehearsal::seam::{Of, Seam};
use simulator::fault::Plan;
use simulator::{Bill, Options, Simulator};

/// Starts that a run may take which nothing interrupts for good. Where an end is out of reach for seconds, again and again,
/// each start says so at once.
const STARTS: usize = 1_000;

/// One run that is to be made difficult.
pub(super) struct Trial {
    pub(super) world: World,
    /// Whether the source is in trouble of its own.
    pub(super) stormy: bool,
    /// The flags of every start.
    pub(super) shape: Vec<String>,
    /// Documents of a batch at the most, and lanes at a time.
    pub(super) rows: u64,
    pub(super) lanes: u64,
    /// Ends with the trial.
    simulator: Simulator,
}

impl Trial {
    /// Up to `most` documents, to be moved into a new database on `server`. One in three sources is in trouble of its own.
    pub(super) async fn on(server: &Server, case: &mut Case, most: usize) -> Trial {
        let documents = case.scaled(most).max(60);
        let dice = &mut case.dice;
        let stormy = dice.random_range(0..3) == 0;
        let plan = match stormy {
            true => Plan::everything(dice.random(), 0.01, 100),
            false => Plan::default(),
        };
        let simulator = Simulator::start(Options::default().plan(plan)).unwrap();
        let project = simulator.fresh_project();
        let application = Application::sized(dice.random(), documents).in_database(&project, "(default)");
        let source = World::of(&simulator.host(), &project, application.clone()).await;
        let drafts = application.documents().map(Write::from);
        source.firestore.commit(drafts).await.unwrap();
        let (rows, lanes) = (spread(dice, 1, 1_000), dice.random_range(1..=8));
        let flags = [
            ("--primary-key", "none".to_owned()),
            ("--batch-rows", rows.to_string()),
            ("--lanes", lanes.to_string()),
            ("--lane-documents", spread(dice, 20, 2_000).to_string()),
            ("--target-connections", dice.random_range(1..=8).to_string()),
            ("--source-connections", dice.random_range(1..=4).to_string()),
            ("--sample", spread(dice, 1, 300).to_string()),
            ("--memory", format!("{}MiB", spread(dice, 96, 512))),
            ("--retry-delay", format!("{}ms", spread(dice, 1, 100))),
            ("--max-retries", "1000".to_owned()),
        ];
        Trial {
            world: source.again(server).await,
            stormy,
            shape: flags
                .into_iter()
                .flat_map(|(flag, value)| [flag.to_owned(), value])
                .collect(),
            rows,
            lanes,
            simulator,
        }
    }

    /// What the source billed for it so far.
    pub(super) fn bill(&self) -> Bill {
        self.simulator.bill(&self.world.project, "(default)")
    }

    /// The run, started once.
    pub(super) fn start(&self, more: &[&str]) -> Program {
        let shape: Vec<&str> = self.shape.iter().map(String::as_str).collect();
        self.world.run(&[&shape[..], more].concat())
    }

    /// Starts the run until it is through. A start may end before it was through where something is out of reach for good,
    /// and says so.
    pub(super) async fn through(&self, start: impl Fn() -> Program) {
        let mut said = String::new();
        for _ in 0..STARTS {
            let outcome = self.left_whole(start()).await;
            match code(&outcome) {
                0 => return self.judge(&outcome).await,
                3 => said = summary(&outcome)["error"].as_str().unwrap().to_owned(),
                _ => panic!("{}\n{}", outcome.stdout, outcome.stderr),
            }
        }
        panic!("{STARTS} starts did not get through; the last one said: {said}");
    }

    /// A start, run to its end, whatever that is: what it leaves must be whole batches, and it may not undo what others
    /// did.
    pub(super) async fn left_whole(&self, start: Program) -> Outcome {
        let client = self.world.client().await;
        let before = Ledger::of(&client).await;
        let outcome = start.run().await.unwrap();
        released(&client).await;
        let now = assert_whole_batches(&client).await;
        assert!(
            now.runs <= 1 && now.read >= before.read,
            "{before:?} became {now:?}"
        );
        outcome
    }

    /// A start with `seam` between it and the system.
    pub(super) fn struck(&self, seam: &Seam) -> Program {
        seam.around(self.start(&[]), &self.world.checkpoint_dir())
            .unwrap()
    }

    /// How many steps a whole run takes, into another target.
    pub(super) async fn steps(&self, server: &Server, of: Of) -> u64 {
        let elsewhere = self.world.again(server).await;
        let seam = Seam::counting(of).unwrap();
        let program = elsewhere.run(&self.shape.iter().map(String::as_str).collect::<Vec<_>>());
        let folder = elsewhere.checkpoint_dir();
        let outcome = seam.around(program, &folder).unwrap().run().await.unwrap();
        completed(&outcome);
        seam.steps()
    }

    /// Everything is there once, and another start finds nothing to do.
    pub(super) async fn judge(&self, outcome: &Outcome) {
        self.world.assert_exact(&completed(outcome)).await;
    }
}

/// A step to strike, of so many that a whole run takes: any of them, or more often one of the first, so that something is
/// left to do for the strikes that follow.
pub(super) fn any_step(dice: &mut StdRng, steps: u64) -> u64 {
    match dice.random_range(0..3) {
        0 => dice.random_range(1..=steps),
        _ => spread(dice, 1, steps),
    }
}

/// A number between the two, small ones as likely as large ones.
pub(super) fn spread(dice: &mut StdRng, least: u64, most: u64) -> u64 {
    let (least, most) = (least as f64, most as f64 + 1.0);
    (least * (most / least).powf(dice.random::<f64>())) as u64
}
