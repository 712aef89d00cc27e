//! One stream: what is asked, what is told about it, and when something is said unasked.

use super::Pace;
use super::beginning::{Beginning, beginning};
use super::due::{Due, is_too_far_behind, merge};
use super::responses;
use super::target::Target;
use super::telling::{Stop, Teller};
use crate::clock::Moment;
use crate::database::Database;
use crate::grpc::{Gone, Messages, Outgoing};
use crate::meter::Read;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::ListenRequest;
use proto::listen_request::TargetChange;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};
use tonic::Status;

/// A stream and its targets.
#[derive(Debug)]
pub(super) struct Conversation {
    state: Arc<State>,
    pace: Pace,
    teller: Teller,
    /// All of them have been told everything up to `at`.
    targets: BTreeMap<i32, Target>,
    at: Moment,
    commits: Receiver<Moment>,
    /// When the client last heard where the stream stands.
    heard: Instant,
    /// The client leaves the ids to us.
    picks_ids: bool,
}

/// Where requests come from.
pub(super) trait Requests: Send + 'static {
    /// The next one, or the end of them. Dropping it half-way loses nothing.
    fn next(&mut self) -> impl Future<Output = Result<Option<ListenRequest>, Status>> + Send;
}

impl Requests for Messages {
    async fn next(&mut self) -> Result<Option<ListenRequest>, Status> {
        Messages::next(self).await
    }
}

/// What a stream waits for.
enum Event {
    Asked(Result<Option<Box<ListenRequest>>, Status>),
    Committed,
    Silence,
}

impl Conversation {
    pub(super) fn new(
        state: Arc<State>,
        database: Arc<Database>,
        outgoing: Outgoing,
        pace: Pace,
    ) -> Conversation {
        Conversation {
            pace,
            commits: database.commits(),
            teller: Teller::new(database, outgoing),
            targets: BTreeMap::new(),
            at: state.clock.now(),
            state,
            heard: Instant::now(),
            picks_ids: false,
        }
    }

    /// Talks until one of both sides ends it.
    pub(super) async fn hold(
        mut self,
        first: ListenRequest,
        mut requests: impl Requests,
    ) -> Result<(), Gone> {
        self.teller.outgoing.begin().await;
        // What strikes before the first response strikes before anything is done.
        self.teller.send().await?;
        let mut event = Event::Asked(Ok(Some(Box::new(first))));
        loop {
            let done = match event {
                // A client that will ask nothing more wants nothing more told, as with the emulator.
                Event::Asked(Ok(None)) => return self.teller.outgoing.end(false).await,
                Event::Asked(Ok(Some(request))) => self.asked(*request).await,
                Event::Asked(Err(status)) => Err(Stop::Refused(status)),
                Event::Committed => self.catch_up(false).await,
                Event::Silence => self.catch_up(true).await,
            };
            self.settle(done).await?;
            event = self.next(&mut requests).await?;
        }
    }

    async fn next(&mut self, requests: &mut impl Requests) -> Result<Event, Gone> {
        let listening = !self.targets.is_empty();
        let silence = self.heard + self.pace.heartbeat;
        let commits = &mut self.commits;
        let event = async {
            tokio::select! {
                request = requests.next() => Event::Asked(request.map(|request| request.map(Box::new))),
                Ok(()) = commits.changed(), if listening => Event::Committed,
                () = sleep_until(silence), if listening => Event::Silence,
            }
        };
        self.teller.outgoing.wait_for(event).await
    }

    /// Carries out what interrupted something, and everything that interrupts this in turn.
    async fn settle(&mut self, mut done: Result<(), Stop>) -> Result<(), Gone> {
        loop {
            done = match done {
                Err(Stop::Gone) => return Err(Gone),
                Err(Stop::Refused(status)) => {
                    self.teller.outgoing.end_with(status).await;
                    return Err(Gone);
                }
                Err(Stop::Reset) => self.reset().await,
                Err(Stop::Remove(cause)) => self.remove_all(&cause).await,
                Ok(()) => {
                    self.teller.send().await?;
                    let wrong_count = self.teller.has_a_wrong_count();
                    match self.targets.is_empty() {
                        true => return Ok(()),
                        false => match self.teller.heed() {
                            Ok(()) if wrong_count => self.consistent(&[]).await,
                            Ok(()) => return Ok(()),
                            Err(stop) => Err(stop),
                        },
                    }
                }
            }
        }
    }

    pub(super) async fn asked(&mut self, request: ListenRequest) -> Result<(), Stop> {
        let refused = |why: &str| Err(Stop::Refused(Status::invalid_argument(why)));
        let root = self.teller.database.root();
        if root.strip_suffix("/documents") != Some(request.database.as_str()) {
            return refused("a stream listens to one database");
        }
        match request.target_change {
            Some(TargetChange::AddTarget(target)) if target.target_id < 0 => {
                refused("a target id must be positive")
            }
            Some(TargetChange::AddTarget(target)) if self.targets.contains_key(&target.target_id) => {
                refused("a target id must not be in use on the stream")
            }
            Some(TargetChange::AddTarget(target)) => self.add(target).await,
            Some(TargetChange::RemoveTarget(id)) => self.remove(id).await,
            None => refused("a request must add or remove a target"),
        }
    }

    async fn add(&mut self, asked: proto::Target) -> Result<(), Stop> {
        let id = match asked.target_id {
            0 => (1..=i32::MAX)
                .find(|id| !self.targets.contains_key(id))
                .unwrap_or(i32::MAX),
            id if self.picks_ids => {
                // As documented; the emulator takes it.
                let cause = Status::invalid_argument("target ids are either all ours or all yours");
                return self.teller.say(&responses::removed(vec![id], Some(&cause))).await;
            }
            id => id,
        };
        self.picks_ids |= asked.target_id == 0;
        match self.begin(id, &asked) {
            Ok((target, beginning)) => {
                self.start(target, beginning, asked.expected_count.is_some())
                    .await
            }
            Err(cause) => {
                self.teller.say(&responses::added(id)).await?;
                self.teller.say(&responses::removed(vec![id], Some(&cause))).await
            }
        }
    }

    fn begin(&mut self, id: i32, asked: &proto::Target) -> Result<(Target, Beginning), Status> {
        let target = Target::understand(&self.teller.database, id, asked)?;
        let (state, teller) = (&self.state, &mut self.teller);
        let beginning = beginning(
            asked.resume_type.as_ref(),
            target.fingerprint,
            state.clock.now(),
            |time| state.moment(Some(time)),
            || teller.refuse_token(),
        )?;
        Ok((target, beginning))
    }

    /// From ADD to the first consistent point.
    async fn start(&mut self, target: Target, beginning: Beginning, expects: bool) -> Result<(), Stop> {
        // A consistent point is one of all targets, so the others have to come as far.
        let now = self.state.clock.now();
        let due = self.due(now).await?;
        let id = target.id;
        self.targets.insert(id, target.clone());
        self.teller.tell(&responses::added(id)).await?;
        self.teller.changes(due, now, 1).await?;
        match beginning {
            Beginning::Everything => self.teller.everything(&target, now).await?,
            Beginning::Again => {
                self.teller.tell(&responses::reset(vec![id])).await?;
                self.teller.everything(&target, now).await?;
            }
            Beginning::Since { since, stale } => {
                if stale {
                    let all = target.count(&self.teller.database, now);
                    self.teller.bill(Read::Listened, all.max(1))?;
                }
                let due = merge([(id, target.changes(&self.teller.database, since, now))]);
                self.teller.changes(due, now, u64::from(!stale)).await?;
                if expects {
                    self.teller.count(id);
                }
            }
        }
        self.consistent(&[id]).await
    }

    async fn remove(&mut self, id: i32) -> Result<(), Stop> {
        // One that is not there may have been removed by us a moment ago.
        match self.targets.remove(&id) {
            Some(_) => self.teller.say(&responses::removed(vec![id], None)).await,
            None => Ok(()),
        }
    }

    async fn remove_all(&mut self, cause: &Status) -> Result<(), Stop> {
        let ids = std::mem::take(&mut self.targets).into_keys().collect();
        self.teller.forget_counts();
        self.teller.say(&responses::removed(ids, Some(cause))).await
    }

    /// All targets are told anew.
    async fn reset(&mut self) -> Result<(), Stop> {
        let ids: Vec<i32> = self.targets.keys().copied().collect();
        self.teller.forget_counts();
        self.at = self.state.clock.now();
        self.teller.tell(&responses::reset(ids.clone())).await?;
        for target in self.targets.values() {
            self.teller.everything(target, self.at).await?;
        }
        self.consistent(&ids).await
    }

    /// Tells what was committed; and where the stream stands, if there was something to tell or if it is time.
    pub(super) async fn catch_up(&mut self, in_any_case: bool) -> Result<(), Stop> {
        let now = self.state.clock.now();
        let due = self.due(now).await?;
        let told = self.teller.changes(due, now, 1).await?;
        match told || in_any_case {
            true if !self.targets.is_empty() => self.consistent(&[]).await,
            _ => Ok(()),
        }
    }

    /// What targets are due to be told to have come up to `until`. Those that are too far behind are removed.
    async fn due(&mut self, until: Moment) -> Result<Vec<Due>, Stop> {
        let (mut changes, mut behind) = (Vec::new(), Vec::new());
        for (id, target) in &self.targets {
            let of_target = target.changes(&self.teller.database, self.at, until);
            match is_too_far_behind(&of_target, self.pace.backlog) {
                true => behind.push(*id),
                false => changes.push((*id, of_target)),
            }
        }
        self.at = until;
        if !behind.is_empty() {
            self.targets.retain(|id, _| !behind.contains(id));
            let cause =
                Status::unavailable("The client is too far behind; the target has to be added again.");
            self.teller.say(&responses::removed(behind, Some(&cause))).await?;
        }
        Ok(merge(changes))
    }

    async fn consistent(&mut self, current: &[i32]) -> Result<(), Stop> {
        self.teller.consistent(&self.targets, current, self.at).await?;
        self.heard = Instant::now();
        let done: Vec<i32> = self
            .targets
            .values()
            .filter(|target| target.once)
            .map(|target| target.id)
            .collect();
        for id in done {
            self.remove(id).await?;
        }
        Ok(())
    }
}
