//! RunQuery: documents of a stretch, one message each, in name order, as of one moment.

use super::structured::{self, Asked, Select, understand};
use crate::clock::Moment;
use crate::database::{Database, Found, Scan};
use crate::grpc::{Gone, Outgoing};
use crate::meter::Read;
use crate::state::State;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use prost::Message;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use tonic::Status;

/// `document` and `read_time` of a RunQueryResponse, length-delimited.
const DOCUMENT: u8 = 0x0a;
const READ_TIME: u8 = 0x1a;
/// The number of the field `skipped_results`.
const SKIPPED_RESULTS: u32 = 4;
/// Documents billed together; fewer when a quota must stop in between.
const CHUNK: u64 = 1_000;

/// A query that is being answered.
pub(crate) struct Running {
    database: Arc<Database>,
    asked: Asked,
    at: Moment,
    scan: Scan,
}

impl Running {
    pub(crate) fn begin(state: &State, request: proto::RunQueryRequest) -> Result<Running, Status> {
        use proto::run_query_request::{ConsistencySelector, QueryType};
        let database = state.database(&request.parent)?;
        let Some(QueryType::StructuredQuery(query)) = &request.query_type else {
            return Err(Status::invalid_argument("a query is missing"));
        };
        let asked = understand(&database, &request.parent, query)?;
        let time = structured::read_time(request.consistency_selector, |selector| match selector {
            ConsistencySelector::ReadTime(time) => Some(time),
            _ => None,
        })?;
        let at = state.moment(time)?;
        let scan = database.scan(&asked.stretch, at);
        Ok(Running {
            database,
            asked,
            at,
            scan,
        })
    }

    /// Sends everything, and the end.
    pub(crate) async fn answer(mut self, mut outgoing: Outgoing) -> Result<(), Gone> {
        match self.send(&mut outgoing).await {
            Ok(Ok(())) => outgoing.end(true).await,
            Ok(Err(status)) => {
                outgoing.end_with(status).await;
                Err(Gone)
            }
            Err(gone) => Err(gone),
        }
    }

    async fn send(&mut self, outgoing: &mut Outgoing) -> Result<Result<(), Status>, Gone> {
        let skipped = match self.skip().await {
            Ok(skipped) => skipped,
            Err(status) => return Ok(Err(status)),
        };
        // The first message says how many were skipped, all say the time.
        let time = self.time();
        let mut tail = with_skipped(&time, skipped);
        let (mut left, mut sent) = (self.asked.limit.unwrap_or(u64::MAX), 0);
        let mut more = left > 0;
        while more {
            // No more than will be granted, but at least one, so that a refusal is met.
            let granted = self.database.meter().room().clamp(1, CHUNK);
            let most = left.min(granted).min(outgoing.until_next_blow());
            let (mut taken, before) = (0, outgoing.mark());
            let select = &self.asked.select;
            if most > 0 {
                more = self.scan.next(|found| {
                    outgoing.document(|buffer| append(found, select, &tail, buffer));
                    tail.truncate(time.len());
                    taken += 1;
                    match taken >= most || outgoing.is_full() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                });
            }
            if let Err(status) = self.database.meter().read(Read::Documents, taken) {
                // What is refused is not sent.
                outgoing.forget_since(before);
                return Ok(Err(status));
            }
            left -= taken;
            sent += taken;
            more &= left > 0;
            outgoing.flush().await?;
        }
        if sent == 0 {
            outgoing.encoded(|buffer| buffer.extend_from_slice(&tail));
            if let Err(status) = self.database.meter().read(Read::Empty, 1) {
                return Ok(Err(status));
            }
        }
        Ok(Ok(()))
    }

    /// Skipped documents are read all the same, and billed. Others have their turn in between.
    async fn skip(&mut self) -> Result<i32, Status> {
        let mut skipped = 0;
        while skipped < self.asked.offset {
            let most = CHUNK.min(self.asked.offset - skipped);
            let some = self.scan.skip(most);
            skipped += some;
            if some < most {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.skipped(skipped)
    }

    fn skipped(&self, skipped: u64) -> Result<i32, Status> {
        self.database.meter().read(Read::Skipped, skipped)?;
        Ok(i32::try_from(skipped).unwrap_or(i32::MAX))
    }

    /// The field `read_time`, encoded once for all messages.
    fn time(&self) -> Vec<u8> {
        let time = self.at.timestamp().encode_to_vec();
        let mut field = vec![READ_TIME, u8::try_from(time.len()).unwrap_or(0)];
        field.extend(time);
        field
    }
}

fn with_skipped(time: &[u8], skipped: i32) -> Vec<u8> {
    let mut tail = time.to_vec();
    if skipped > 0 {
        prost::encoding::int32::encode(SKIPPED_RESULTS, &skipped, &mut tail);
    }
    tail
}

/// Appends the fields of a RunQueryResponse with this document.
fn append(found: Found<'_>, select: &Select, time: &[u8], buffer: &mut Vec<u8>) {
    buffer.push(DOCUMENT);
    let place = buffer.len();
    match select {
        Select::Everything => found.append(buffer),
        // Writing into a vector that grows cannot fail.
        _ => shown(found.document(), select).encode(buffer).unwrap_or_default(),
    }
    insert_length(buffer, place);
    buffer.extend_from_slice(time);
}

/// Puts the length of what stands from `place` on in front of it.
fn insert_length(buffer: &mut Vec<u8>, place: usize) {
    let end = buffer.len();
    prost::encoding::encode_varint((end - place) as u64, buffer);
    let size = buffer.len() - end;
    buffer[place..].rotate_right(size);
}

/// What of a document is wanted.
fn shown(mut document: proto::Document, select: &Select) -> proto::Document {
    document.fields = match select {
        Select::Everything => document.fields,
        Select::NameOnly => HashMap::new(),
        Select::Fields(mask) => mask.shown(&document.fields),
    };
    document
}

/// The whole answer at once, for those who cannot take it in pieces.
pub(crate) fn collect(
    state: &State,
    request: proto::RunQueryRequest,
) -> Result<Vec<proto::RunQueryResponse>, Status> {
    let mut running = Running::begin(state, request)?;
    let skipped = running.scan.skip(running.asked.offset);
    let skipped = running.skipped(skipped)?;
    let (limit, at) = (running.asked.limit.unwrap_or(u64::MAX), running.at);
    let select = running.asked.select.clone();
    let mut answers = Vec::new();
    let answer = |document| proto::RunQueryResponse {
        document,
        read_time: Some(at.timestamp()),
        ..Default::default()
    };
    while (answers.len() as u64) < limit {
        let more = running.scan.next(|found| {
            answers.push(answer(Some(shown(found.document(), &select))));
            match answers.len() as u64 >= limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if !more {
            break;
        }
    }
    let meter = running.database.meter();
    match answers.len() {
        0 => {
            meter.read(Read::Empty, 1)?;
            answers.push(answer(None));
        }
        documents => meter.read(Read::Documents, documents as u64)?,
    }
    if let Some(first) = answers.first_mut() {
        first.skipped_results = skipped;
    }
    if let Some(last) = answers.last_mut() {
        last.continuation_selector = Some(proto::run_query_response::ContinuationSelector::Done(true));
    }
    Ok(answers)
}
