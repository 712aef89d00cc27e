//! Documents, changes and consistent points on their way out: billed as they leave, and struck by what the course of
//! the call has in store.
//!
//! Back-pressure is the sending end's: whatever is told waits until the client has taken what was told before.

use super::due::Due;
use super::responses;
use super::target::{Covers, Target};
use super::token::Token;
use crate::clock::Moment;
use crate::database::{Database, Stretch};
use crate::fault::Watch;
use crate::grpc::{Gone, Outgoing};
use crate::meter::Read;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use tonic::Status;

/// Documents billed together.
const CHUNK: u64 = 1_000;

/// Why something was not told to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody listens any more.
    Gone,
    /// The stream ends with this.
    Refused(Status),
    /// All targets are to be told anew.
    Reset,
    /// All targets are to be removed.
    Remove(Status),
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Stop {
        Stop::Gone
    }
}

/// Faults that struck and wait for an occasion.
#[derive(Debug, Default)]
struct Armed {
    /// What interrupts the next thing that is told to a target, in order.
    interruptions: VecDeque<Stop>,
    /// The deletes that are due next are forgotten.
    forget_deletes: bool,
    /// The next consistent point follows a wrong count of each target.
    wrong_count: bool,
    /// The next token is refused.
    refuse_token: Option<Status>,
}

/// One who tells targets what becomes of their documents.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) database: Arc<Database>,
    pub(super) outgoing: Outgoing,
    armed: Armed,
    /// Targets whose documents will be counted for the client at the next consistent point.
    counted: BTreeSet<i32>,
}

impl Teller {
    pub(super) fn new(database: Arc<Database>, outgoing: Outgoing) -> Teller {
        Teller {
            database,
            outgoing,
            armed: Armed::default(),
            counted: BTreeSet::new(),
        }
    }

    /// Says something that concerns no target that is still there.
    pub(super) async fn say(&mut self, response: &proto::ListenResponse) -> Result<(), Stop> {
        self.outgoing.document_of(response);
        if self.outgoing.is_full() || self.outgoing.until_next_blow() <= 1 {
            self.send().await?;
        }
        Ok(())
    }

    /// Says something to targets, which may be interrupted.
    pub(super) async fn tell(&mut self, response: &proto::ListenResponse) -> Result<(), Stop> {
        self.say(response).await?;
        self.heed()
    }

    /// Everything said so far leaves, and what is due strikes.
    pub(super) async fn send(&mut self) -> Result<(), Gone> {
        self.outgoing.flush_all().await?;
        while let Some(watch) = self.outgoing.watch() {
            match watch {
                Watch::Reset => self.armed.interruptions.push_back(Stop::Reset),
                Watch::Remove(cause) => self.armed.interruptions.push_back(Stop::Remove(cause)),
                Watch::ForgetDeletes => self.armed.forget_deletes = true,
                Watch::WrongCount => self.armed.wrong_count = true,
                Watch::TokenExpired(status) => self.armed.refuse_token = Some(status),
            }
        }
        Ok(())
    }

    /// To be asked while there are targets: what struck them.
    pub(super) fn heed(&mut self) -> Result<(), Stop> {
        match self.armed.interruptions.pop_front() {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }

    /// Whether a wrong count is due, for which any occasion will do.
    pub(super) fn has_a_wrong_count(&self) -> bool {
        self.armed.wrong_count
    }

    /// What the fault says to a token.
    pub(super) fn refuse_token(&mut self) -> Option<Status> {
        self.armed.refuse_token.take()
    }

    /// The documents of this target are counted for the client, before the next consistent point.
    pub(super) fn count(&mut self, id: i32) {
        self.counted.insert(id);
    }

    /// Everything told before is void, the counts that were to follow it too.
    pub(super) fn forget_counts(&mut self) {
        self.counted.clear();
    }

    /// Bills reads, or ends the stream when the quota is used up.
    pub(super) fn bill(&self, what: Read, number: u64) -> Result<(), Stop> {
        self.database.meter().read(what, number).map_err(Stop::Refused)
    }

    /// All documents that a target has; one that has none costs a read.
    pub(super) async fn everything(&mut self, target: &Target, at: Moment) -> Result<(), Stop> {
        let found = match &target.covers {
            Covers::Query(stretch) => self.all_of(stretch, target.id, at).await?,
            Covers::Names(names) => {
                let mut found = 0;
                for name in names {
                    let document = self.database.get(name, at);
                    found += u64::from(document.is_some());
                    match document {
                        Some(document) => self.document(document, vec![target.id], 1).await?,
                        None => {
                            self.gone(name.name(self.database.root()), vec![target.id], at)
                                .await?
                        }
                    }
                }
                found
            }
        };
        match found {
            0 => self.bill(Read::Empty, 1),
            _ => Ok(()),
        }
    }

    async fn all_of(&mut self, stretch: &Stretch, id: i32, at: Moment) -> Result<u64, Stop> {
        let mut scan = self.database.scan(stretch, at);
        let (mut more, mut found) = (true, 0);
        let mut document = Vec::new();
        while more {
            // No more than will be granted, but at least one, so that a refusal is met.
            let granted = self.database.meter().room().clamp(1, CHUNK);
            let most = granted.min(self.outgoing.until_next_blow());
            let mut taken = 0;
            if most > 0 {
                let outgoing = &mut self.outgoing;
                more = scan.next(|found| {
                    document.clear();
                    found.append(&mut document);
                    outgoing.document(|buffer| responses::append_changed(&document, id, buffer));
                    taken += 1;
                    match taken >= most || outgoing.is_full() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                });
            }
            self.bill(Read::Listened, taken)?;
            found += taken;
            self.send().await?;
            self.heed()?;
        }
        Ok(found)
    }

    async fn document(&mut self, document: proto::Document, ids: Vec<i32>, reads: u64) -> Result<(), Stop> {
        self.bill(Read::Listened, reads)?;
        self.tell(&responses::changed(document, ids)).await
    }

    async fn gone(&mut self, name: String, ids: Vec<i32>, at: Moment) -> Result<(), Stop> {
        self.tell(&responses::deleted(name, ids, at)).await
    }

    /// What became of documents up to `until`, each billed as so many `reads`; true when that is something. Deletes are
    /// free.
    pub(super) async fn changes(&mut self, due: Vec<Due>, until: Moment, reads: u64) -> Result<bool, Stop> {
        let (mut told, mut forgot) = (false, false);
        for Due { change, ids } in due {
            match change.document {
                Some(document) => self.document(document, ids, reads).await?,
                None if !change.existed => continue,
                None if self.armed.forget_deletes => {
                    forgot = true;
                    self.counted.extend(ids);
                }
                None => {
                    self.gone(change.path.name(self.database.root()), ids, until)
                        .await?
                }
            }
            told = true;
        }
        self.armed.forget_deletes &= !forgot;
        Ok(told)
    }

    /// A consistent point of all targets: everything up to `at` was told. Those in `current` have come so far for the
    /// first time, or again.
    pub(super) async fn consistent(
        &mut self,
        targets: &BTreeMap<i32, Target>,
        current: &[i32],
        at: Moment,
    ) -> Result<(), Stop> {
        self.counts(targets, at).await?;
        if !current.is_empty() {
            let token = token(targets, |id| current.contains(id), at);
            self.tell(&responses::current(current.to_vec(), at, token))
                .await?;
        }
        self.tell(&responses::consistent(at, token(targets, |_| true, at)))
            .await?;
        Ok(self.send().await?)
    }

    /// How many documents targets have, for those whose client should compare.
    async fn counts(&mut self, targets: &BTreeMap<i32, Target>, at: Moment) -> Result<(), Stop> {
        let wrong = std::mem::take(&mut self.armed.wrong_count);
        let counted = std::mem::take(&mut self.counted);
        for target in targets
            .values()
            .filter(|target| wrong || counted.contains(&target.id))
        {
            let count = target.count(&self.database, at);
            let told = if wrong { wrong_count(count) } else { count };
            self.tell(&responses::filter(target.id, told)).await?;
        }
        Ok(())
    }
}

/// A count that no client has: one that missed deletes has too many documents, so it must not be told of more than
/// there are. Of none there are no fewer, and then it is told of far too many.
fn wrong_count(count: u64) -> u64 {
    count.checked_sub(1).unwrap_or(1_000_000)
}

/// A token of some of the targets.
fn token(targets: &BTreeMap<i32, Target>, of: impl Fn(&i32) -> bool, at: Moment) -> Vec<u8> {
    let some = targets.iter().filter(|(id, _)| of(id));
    Token::new(at, some.map(|(_, target)| target.fingerprint)).encode()
}
