//! When a start is killed, and what happens to its checkpoint directory before the next one.

use crate::support::World;
use crate::support::ledger::Ledger;
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio_postgres::Client;

/// When a start is killed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    /// So long after it began, whatever it does then.
    After(Duration),
    /// As soon as the plan is registered; no batch or hardly one is loaded.
    Registered,
    /// As soon as so many more documents are committed.
    Committed(i64),
    /// As soon as every lane is at its end: what is left is counting.
    Ended,
}

impl Moment {
    /// A random moment for a start that finds the target like this; sometimes none, where a kill undoes the whole
    /// start and the run would get no further.
    pub(crate) fn random(dice: &mut StdRng, found: &Ledger, documents: i64) -> Option<Moment> {
        let millis =
            |dice: &mut StdRng, below| Moment::After(Duration::from_millis(dice.random_range(0..below)));
        Some(match dice.random_range(0..8) {
            0..3 if found.runs == 0 => millis(dice, 1_000),
            _ if found.runs == 0 => Moment::Registered,
            0..3 if found.all_ended() => millis(dice, 400),
            _ if found.all_ended() => return None,
            0 => millis(dice, 300),
            1..4 if documents - found.read < 400 => Moment::Ended,
            _ => Moment::Committed(dice.random_range(1..160)),
        })
    }

    /// Waits for it. A timer here waits for nothing: it is what makes the moment random.
    pub(crate) async fn comes(self, client: &Client, found: &Ledger) {
        match self {
            Moment::After(time) => tokio::time::sleep(time).await,
            Moment::Registered => drop(Ledger::until(client, |now| now.runs > 0).await),
            Moment::Committed(more) => drop(Ledger::until(client, |now| now.read >= found.read + more).await),
            Moment::Ended => drop(Ledger::until(client, Ledger::all_ended).await),
        }
    }
}

/// What happens to the checkpoint directory between two starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directory {
    Kept,
    Deleted,
    /// Replaced by a copy of what it was after an earlier kill.
    Older,
}

impl Directory {
    pub(super) fn disturb(self, target: &World, dice: &mut StdRng, copies: &mut Vec<PathBuf>) {
        let dir = target.checkpoint_dir();
        match self {
            Directory::Kept => {}
            Directory::Deleted => remove(&dir),
            Directory::Older => {
                if dir.exists() {
                    let copy = target.folder().join(format!("copy-{}", copies.len()));
                    cp(&dir, &copy);
                    copies.push(copy);
                }
                if !copies.is_empty() {
                    remove(&dir);
                    cp(&copies[dice.random_range(0..copies.len())], &dir);
                }
            }
        }
    }
}

fn remove(dir: &Path) {
    if dir.exists() {
        std::fs::remove_dir_all(dir).unwrap();
    }
}

fn cp(from: &Path, to: &Path) {
    assert!(
        Command::new("cp")
            .arg("-a")
            .args([from, to])
            .status()
            .unwrap()
            .success()
    );
}
