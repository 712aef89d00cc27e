//! A time of day that jumps while a run goes on: by a leap second, an hour, five minutes, a year, forth and back.

use super::trial::Trial;
use crate::kills::Moment;
use crate::support::ledger::{Ledger, released};
use crate::support::server;
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Case;
use rehearsal::process::Signal;
use rehearsal::seam::{Of, Seam};

const DOCUMENTS: usize = 1_000;

/// Seconds.
const JUMPS: [i64; 5] = [1, 60, 300, 3_600, 366 * 86_400];

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, DOCUMENTS).await;
    let documents = trial.world.application.count() as i64;
    let client = trial.world.client().await;
    // A start is killed now and then, so that some begin in another time than the one before.
    for _ in 0..case.dice.random_range(0..3) {
        let seam = Seam::counting(Of::Files).unwrap();
        let mut etl = trial.struck(&seam).start().unwrap();
        let found = Ledger::of(&client).await;
        seam.turn_clock(jump(&mut case.dice)).unwrap();
        case.note(1);
        while let Some(moment) = Moment::random(&mut case.dice, &found, documents) {
            tokio::select! {
                ended = etl.wait() => {
                    drop(ended.unwrap());
                    break;
                }
                () = moment.comes(&client, &found) => {}
            }
            seam.turn_clock(jump(&mut case.dice)).unwrap();
            case.note(1);
            if case.dice.random_range(0..4) == 0 {
                break;
            }
        }
        let _ = etl.signal(Signal::Kill);
        etl.wait().await.unwrap();
        released(&client).await;
    }
    drop(client);
    let seam = Seam::counting(Of::Files).unwrap();
    let start = trial.struck(&seam);
    seam.turn_clock(jump(&mut case.dice)).unwrap();
    case.note(1);
    let outcome = trial.left_whole(start).await;
    trial.judge(&outcome).await;
}

fn jump(dice: &mut StdRng) -> i64 {
    let seconds = JUMPS[dice.random_range(0..JUMPS.len())];
    if dice.random() { seconds } else { -seconds }
}
