//! The methods over gRPC: what arrives, who may ask it, what befalls it, and who answers.

pub(super) mod collections; // Get, List, aliases, shard keys, Create, Delete
mod facet; // Facet
pub(super) mod info; // a collection as it describes itself
mod query; // Query
mod reads; // Get, Count
pub(super) mod scroll; // Scroll
mod writes; // Upsert, Delete, SetPayload

use super::encode::Encoding;
use super::fault::{Call, Wrong};
use super::state::State;
use crate::grpc::{Body, Gone, Messages, Outgoing, refusal};
use crate::server::{Answers, Line, Speaks};
use ::qdrant_client::qdrant as proto;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use prost::Message;
use std::sync::Arc;
use tonic::Status;

/// The calls that read points: what a rule of faults is about when it does not say.
pub(super) const READS: [&str; 5] = [
    "Points/Scroll",
    "Points/Count",
    "Points/Get",
    "Points/Query",
    "Points/Facet",
];
/// A request may be larger than any test's batch of vectors.
const LARGEST: usize = 1 << 30;
const PREFIX: &str = "/qdrant.";

/// A call while it is answered.
struct Context {
    state: Arc<State>,
    line: Line,
    messages: Messages,
    headers: HeaderMap,
}

/// What a request is about, as rules of faults see it.
trait About: Message + Default + 'static {
    fn collection(&self) -> &str {
        ""
    }

    fn limit(&self) -> Option<u64> {
        None
    }
}

macro_rules! about {
    ($($message:ident $($limit:ident)?),* $(,)?) => {$(
        impl About for proto::$message {
            fn collection(&self) -> &str {
                &self.collection_name
            }
            $(fn limit(&self) -> Option<u64> {
                self.$limit.map(u64::from)
            })?
        }
    )*};
}

about!(
    ScrollPoints limit,
    QueryPoints limit,
    CountPoints,
    GetPoints,
    FacetCounts,
    UpsertPoints,
    DeletePoints,
    SetPayloadPoints,
    GetCollectionInfoRequest,
    CollectionExistsRequest,
    ListCollectionAliasesRequest,
    CollectionClusterInfoRequest,
    ListShardKeysRequest,
    CreateCollection,
    DeleteCollection,
);
impl About for proto::ListCollectionsRequest {}
impl About for proto::ListAliasesRequest {}
impl About for proto::HealthCheckRequest {}

impl Answers for State {
    const SPEAKS: Speaks = Speaks::Grpc;

    async fn answer(self: Arc<State>, line: Line, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let call = Context {
            state: self,
            line,
            messages: Messages::of(body).up_to(LARGEST),
            headers: head.headers,
        };
        let method = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let answered = dispatch(call, method).await;
        answered.unwrap_or_else(|status| refusal(&status))
    }
}

async fn dispatch(call: Context, method: &str) -> Result<Response<Body>, Status> {
    match method {
        "Points/Scroll" => call.answer("Points/Scroll", scroll::answer).await,
        "Points/Count" => call.tell("Points/Count", reads::count).await,
        "Points/Get" => call.answer("Points/Get", reads::get).await,
        "Points/Query" => call.answer("Points/Query", query::answer).await,
        "Points/Facet" => call.tell("Points/Facet", facet::count).await,
        "Points/Upsert" => call.tell("Points/Upsert", writes::upsert).await,
        "Points/Delete" => call.tell("Points/Delete", writes::delete).await,
        "Points/SetPayload" => call.tell("Points/SetPayload", writes::set_payload).await,
        "Collections/Get" => call.tell("Collections/Get", collections::get).await,
        "Collections/List" => call.tell("Collections/List", collections::list).await,
        "Collections/ListAliases" => call.tell("Collections/ListAliases", collections::aliases).await,
        "Collections/ListCollectionAliases" => {
            call.tell("Collections/ListCollectionAliases", collections::aliases_of)
                .await
        }
        "Collections/CollectionExists" => {
            call.tell("Collections/CollectionExists", collections::exists)
                .await
        }
        "Collections/CollectionClusterInfo" => {
            call.tell("Collections/CollectionClusterInfo", collections::cluster)
                .await
        }
        "Collections/ListShardKeys" => {
            call.tell("Collections/ListShardKeys", collections::shard_keys)
                .await
        }
        "Collections/Create" => call.tell("Collections/Create", collections::create).await,
        "Collections/Delete" => call.tell("Collections/Delete", collections::delete).await,
        "Qdrant/HealthCheck" => call.tell("Qdrant/HealthCheck", collections::health).await,
        other => Err(Status::unimplemented(format!(
            "the simulator has no method {other:?}"
        ))),
    }
}

/// Calls that change something: a key for reading does not open them.
const WRITES: [&str; 5] = [
    "Points/Upsert",
    "Points/Delete",
    "Points/SetPayload",
    "Collections/Create",
    "Collections/Delete",
];

impl Context {
    /// A method whose answer is a message.
    async fn tell<R: About, A: Message + 'static>(
        self,
        method: &'static str,
        answer: fn(&State, R) -> Result<A, Status>,
    ) -> Result<Response<Body>, Status> {
        self.answer(method, move |state, request, to| {
            // Writing into a vector that grows cannot fail.
            answer(state, request)?.encode(to).unwrap_or_default();
            Ok(0)
        })
        .await
    }

    /// A method that appends the bytes of its answer, and tells how many points are in them.
    async fn answer<R: About>(
        self,
        method: &'static str,
        answer: impl FnOnce(&State, R, &mut Vec<u8>) -> Result<u64, Status> + Send + 'static,
    ) -> Result<Response<Body>, Status> {
        self.state.meter.called(method);
        self.state.keys.check(&self.headers, method)?;
        let Context {
            state,
            line,
            messages,
            ..
        } = self;
        let request: R = messages.only().await?;
        let (course, wrong) = state.faults.course(&Call {
            method,
            collection: request.collection(),
            limit: request.limit(),
        });
        let wrong = wrong.filter(|_| method == "Points/Scroll");
        let (mut outgoing, response) = Outgoing::open(course, line);
        // Nothing is answered before the work is done, not even headers: a client's deadline ends with them.
        outgoing.begin().await;
        if outgoing.flush().await.is_err() {
            return Ok(response);
        }
        let mark = outgoing.mark();
        // A page or a query may take a while, and others want to be answered meanwhile.
        let made = tokio::task::block_in_place(|| make(&state, request, answer, wrong, &mut outgoing));
        tokio::spawn(async move {
            if let Err(status) = made {
                outgoing.forget_since(mark);
                outgoing.end_with(status).await;
                return Err(Gone);
            }
            outgoing.end(false).await
        });
        Ok(response)
    }
}

fn make<R: About>(
    state: &State,
    request: R,
    answer: impl FnOnce(&State, R, &mut Vec<u8>) -> Result<u64, Status>,
    wrong: Option<Wrong>,
    outgoing: &mut Outgoing,
) -> Result<(), Status> {
    let mut made = Ok(0);
    let mut bytes = 0;
    outgoing.document(|to| {
        let start = to.len();
        made = answer(state, request, to);
        if let Some(wrong) = wrong {
            wrong.spoil(to, start);
        }
        bytes = (to.len() - start) as u64;
    });
    state.meter.sent(made?, bytes);
    Ok(())
}

impl super::state::Keys {
    /// Whether who sends these headers may call that method. A health check needs no key.
    pub(super) fn check(&self, headers: &HeaderMap, method: &str) -> Result<(), Status> {
        if (self.all.is_none() && self.read_only.is_none()) || method == "Qdrant/HealthCheck" {
            return Ok(());
        }
        let given = headers.get("api-key").map(|key| key.as_bytes());
        let Some(given) = given else {
            return Err(Status::unauthenticated(
                "Must provide an API key or an Authorization bearer token",
            ));
        };
        let is = |key: &Option<String>| key.as_ref().is_some_and(|key| key.as_bytes() == given);
        match (is(&self.all), is(&self.read_only)) {
            (true, _) => Ok(()),
            (false, true) if !WRITES.contains(&method) => Ok(()),
            (false, true) => Err(Status::permission_denied("Forbidden: Write access is required")),
            (false, false) => Err(Status::unauthenticated("Invalid API key or JWT")),
        }
    }
}

/// How the points of a collection are written.
fn how(state: &State, store: &super::store::Store) -> (bool, Encoding) {
    (store.collection.is_named(), state.version.encoding())
}
