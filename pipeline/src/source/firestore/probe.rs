//! What a check asks: single questions that change nothing, asked twice at most and answered in bounded time.

use super::administration::Database;
use super::client::{Answers, Client};
use super::query::Query;
use super::status;
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use crate::quota::ReadQuota;
use crate::retry::Policy;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

/// Silence after which an answer is taken for dead, unless the settings have less patience.
const SILENCE: Duration = Duration::from_secs(7);
/// Between the two times a question is asked.
const PAUSE: Duration = Duration::from_millis(300);

/// A database on one connection, to be asked a few questions.
#[derive(Debug)]
pub(crate) struct Probe {
    client: Client,
}

/// What a query for one document brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    /// Whether there is a document.
    pub(crate) found: bool,
    /// The database's time.
    pub(crate) read_at: ReadTime,
    /// This machine's time when it asked, and when it had the answer.
    pub(crate) between: (ReadTime, ReadTime),
}

impl Probe {
    /// Opens a connection.
    pub(crate) async fn connect(config: &config::Firestore) -> Result<Probe, Fault> {
        let modest = config::Firestore {
            connections: NonZeroUsize::MIN,
            stream_timeout: config.stream_timeout.min(SILENCE),
            ..config.clone()
        };
        let quota = Arc::new(ReadQuota::new(
            config.reads_per_second,
            config.quota_safety,
            false,
        ));
        let twice = Policy {
            attempts: 1,
            delay: PAUSE,
            longest: PAUSE,
            budget: SILENCE,
        };
        let client = Client::connect(&modest, quota, twice).await?;
        Ok(Probe { client })
    }

    /// Looks for a document of a group, or of the whole database, at a moment or now (billed one read).
    pub(crate) async fn glance(
        &self,
        collection: Option<&str>,
        at: Option<ReadTime>,
    ) -> Result<Glance, Fault> {
        let query = collection
            .map_or_else(Query::everything, Query::group)
            .names_only()
            .limit(1);
        self.twice("ask Firestore for a document", || self.look(&query, at))
            .await
    }

    async fn look(&self, query: &Query, at: Option<ReadTime>) -> Result<Glance, Status> {
        let _granted = self.client.quota().take(1).await;
        let asked = present();
        let mut answers = self.client.query(query, at).await?;
        metrics::billed(1);
        first(&mut answers, asked).await
    }

    /// How many documents lie in collections of this id, counted no further than `most` (billed one read, and one
    /// for every thousand of `most`).
    pub(crate) async fn count(&self, collection: &str, most: u32) -> Result<u64, Fault> {
        let glance = self.glance(Some(collection), None).await?;
        let query = Query::group(collection).limit(most);
        Box::pin(self.client.count(&query, glance.read_at)).await
    }

    /// The collections directly below the root (billed one read for each page of 300).
    pub(crate) async fn root_collections(&self, at: ReadTime) -> Result<Vec<String>, Fault> {
        self.client.root_collections(at).await
    }

    /// Whether the server cuts a group by itself.
    pub(crate) async fn partitions(&self, group: &str, at: ReadTime) -> Result<bool, Fault> {
        Ok(Box::pin(self.client.partition(group, 1, at)).await?.is_some())
    }

    /// What its administrative interface tells of the database.
    pub(crate) async fn database(&self) -> Result<Database, Fault> {
        let action = "ask about the database";
        self.twice(action, || self.client.in_time(self.client.database()))
            .await
    }

    /// Asks, and once more if that may help. A wait that the server asks for is not kept: a check is not a run.
    async fn twice<T, F>(&self, action: &str, call: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let fault = |status: Status| self.client.fault(action, &status);
        match call().await {
            Err(status)
                if !status::is_too_old(&status) && self.client.fault(action, &status).is_transient() =>
            {
                tokio::time::sleep(PAUSE).await;
                call().await.map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }
}

async fn first(answers: &mut Answers, asked: ReadTime) -> Result<Glance, Status> {
    while let Some(body) = answers.next().await? {
        let answer =
            transforms::firestore::answer(&body).map_err(|error| Status::data_loss(error.to_string()))?;
        if let Some(time) = answer.read_time {
            return Ok(Glance {
                found: answer.document.is_some(),
                read_at: ReadTime(time.seconds * 1_000_000 + i64::from(time.nanos / 1000)),
                between: (asked, present()),
            });
        }
    }
    Err(Status::unavailable("the answer had no read time"))
}

fn present() -> ReadTime {
    ReadTime(jiff::Timestamp::now().as_microsecond())
}
