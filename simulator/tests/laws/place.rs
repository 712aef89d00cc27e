//! A server that is asked, and for each law a fresh project on it, with the calls of google.firestore.v1.
//! A call that may be refused hands the status on; what every law expects to work is an error with its context.

use crate::ask::Ask;
use crate::expect::moment;
use crate::make::{Fields, fields, int};
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use firestore::gcloud_sdk::google::firestore::v1::firestore_client::FirestoreClient;
use rehearsal::emulator::Emulator;
use simulator::fault::Plan;
use simulator::{Clock, Moment, Options, Simulator};
use std::sync::Arc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

/// Above any legal document; the default of 4 MiB is not.
const LARGEST_MESSAGE: usize = 64 << 20;

/// Says who asks, and of which database: the emulator gives `owner` everything, and breaks a Listen stream that does not
/// say its database in the header that clients route by.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    database: MetadataValue<Ascii>,
}

impl Interceptor for Owner {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let headers = request.metadata_mut();
        headers.insert("authorization", MetadataValue::from_static("Bearer owner"));
        headers.insert("google-cloud-resource-prefix", self.database.clone());
        Ok(request)
    }
}

pub(crate) type Client = FirestoreClient<InterceptedService<Channel, Owner>>;

/// A running server.
#[derive(Clone)]
pub(crate) struct Host {
    running: Running,
    channel: Channel,
}

#[derive(Clone)]
enum Running {
    Emulator(Arc<Emulator>),
    Simulator(Arc<Simulator>),
}

impl Host {
    pub(crate) async fn emulator() -> anyhow::Result<Host> {
        let emulator = Emulator::start().await?;
        let channel = channel(emulator.host())?;
        let running = Running::Emulator(Arc::new(emulator));
        Ok(Host { running, channel })
    }

    pub(crate) fn simulator(plan: &str) -> anyhow::Result<Host> {
        let plan = Plan::parse(plan, "the law's plan")?;
        let simulator = Simulator::start(Options::default().plan(plan))?;
        let channel = channel(&simulator.host())?;
        let running = Running::Simulator(Arc::new(simulator));
        Ok(Host { running, channel })
    }

    /// A project that nobody else has, empty.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let project = match &self.running {
            Running::Emulator(emulator) => emulator.fresh_project(),
            Running::Simulator(simulator) => simulator.fresh_project(),
        };
        self.database(format!("projects/{project}/databases/(default)"))
    }

    fn database(&self, database: String) -> anyhow::Result<Place> {
        let owner = Owner {
            database: database.parse().context("the name of a database as a header")?,
        };
        Ok(Place {
            host: self.clone(),
            client: FirestoreClient::with_interceptor(self.channel.clone(), owner)
                .max_decoding_message_size(LARGEST_MESSAGE)
                .max_encoding_message_size(LARGEST_MESSAGE),
            database,
        })
    }
}

fn channel(host: &str) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{host}")).context("the server's address")?;
    Ok(endpoint.connect_lazy())
}

/// An empty database that only one law uses.
pub(crate) struct Place {
    host: Host,
    client: Client,
    database: String,
}

impl Place {
    /// Another database of the same project.
    pub(crate) fn neighbour(&self) -> anyhow::Result<Place> {
        self.host
            .database(self.database.replace("(default)", "neighbour"))
    }

    /// The calls themselves.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// `projects/P/databases/D`.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The name that all names of documents begin with.
    pub(crate) fn root(&self) -> String {
        format!("{}/documents", self.database)
    }

    /// The resource name of a path; of the root if it is empty.
    pub(crate) fn name(&self, path: &str) -> String {
        if path.is_empty() {
            return self.root();
        }
        format!("{}/{path}", self.root())
    }

    /// The path of a resource name.
    pub(crate) fn path(&self, name: &str) -> String {
        let root = format!("{}/", self.root());
        name.strip_prefix(&root).unwrap_or(name).to_owned()
    }

    /// The clock of a law's own simulator.
    pub(crate) fn clock(&self) -> anyhow::Result<&Clock> {
        match &self.host.running {
            Running::Simulator(simulator) => Ok(simulator.clock()),
            Running::Emulator(_) => anyhow::bail!("the emulator's clock cannot be moved"),
        }
    }

    /// Writes a document as a whole.
    pub(crate) fn set(&self, path: &str, fields: Fields) -> proto::Write {
        self.write(proto::write::Operation::Update(proto::Document {
            name: self.name(path),
            fields,
            ..Default::default()
        }))
    }

    pub(crate) fn delete(&self, path: &str) -> proto::Write {
        self.write(proto::write::Operation::Delete(self.name(path)))
    }

    fn write(&self, operation: proto::write::Operation) -> proto::Write {
        proto::Write {
            operation: Some(operation),
            ..Default::default()
        }
    }

    pub(crate) async fn commit(&self, writes: Vec<proto::Write>) -> Result<proto::CommitResponse, Status> {
        let request = proto::CommitRequest {
            database: self.database.clone(),
            writes,
            ..Default::default()
        };
        Ok(self.client().commit(request).await?.into_inner())
    }

    /// Commits, which must work, and says when it happened.
    pub(crate) async fn change(&self, writes: Vec<proto::Write>) -> anyhow::Result<Moment> {
        let answer = self.commit(writes).await.context("commit")?;
        moment(answer.commit_time).context("the time of a commit")
    }

    /// Writes a document at each path, its place in the list as field `n`, and says when the last was written.
    pub(crate) async fn put(&self, paths: &[impl AsRef<str>]) -> anyhow::Result<Moment> {
        let mut last = Moment(0);
        let numbered: Vec<_> = (0..).zip(paths).collect();
        for some in numbered.chunks(500) {
            let writes = some
                .iter()
                .map(|(n, path)| self.set(path.as_ref(), fields([("n", int(*n))])));
            last = self.change(writes.collect()).await?;
        }
        Ok(last)
    }

    pub(crate) async fn drop(&self, paths: &[&str]) -> anyhow::Result<Moment> {
        self.change(paths.iter().map(|path| self.delete(path)).collect())
            .await
    }

    pub(crate) fn query_request(&self, ask: &Ask) -> proto::RunQueryRequest {
        use proto::run_query_request::{ConsistencySelector, QueryType};
        proto::RunQueryRequest {
            parent: self.name(&ask.below),
            query_type: Some(QueryType::StructuredQuery(ask.structured(&self.root()))),
            consistency_selector: ask.at.map(|at| ConsistencySelector::ReadTime(at.timestamp())),
            ..Default::default()
        }
    }

    /// All messages of the answer to a query; an error in mid-stream is an error.
    pub(crate) async fn query(
        &self,
        request: proto::RunQueryRequest,
    ) -> Result<Vec<proto::RunQueryResponse>, Status> {
        collect(self.client().run_query(request).await?.into_inner()).await
    }

    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Vec<proto::RunQueryResponse>, Status> {
        self.query(self.query_request(ask)).await
    }

    pub(crate) async fn documents(&self, ask: &Ask) -> anyhow::Result<Vec<proto::Document>> {
        let answers = self.ask(ask).await.with_context(|| format!("ask {ask:?}"))?;
        Ok(answers.into_iter().filter_map(|answer| answer.document).collect())
    }

    /// The paths of what a query finds, as it comes.
    pub(crate) async fn paths(&self, ask: &Ask) -> anyhow::Result<Vec<String>> {
        let documents = self.documents(ask).await?;
        Ok(documents
            .iter()
            .map(|document| self.path(&document.name))
            .collect())
    }

    /// A moment that the database has reached: when it answered an empty query.
    pub(crate) async fn now(&self) -> anyhow::Result<Moment> {
        let answers = self
            .ask(&crate::ask::collection("nothing"))
            .await
            .context("ask for the time")?;
        let last = answers.last().context("an empty answer without a message")?;
        moment(last.read_time)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<proto::Document, Status> {
        let request = proto::GetDocumentRequest {
            name: self.name(path),
            ..Default::default()
        };
        Ok(self.client().get_document(request).await?.into_inner())
    }

    /// A document that must be there.
    pub(crate) async fn document(&self, path: &str) -> anyhow::Result<proto::Document> {
        let document = self.get(path).await.with_context(|| format!("get {path}"))?;
        ensure!(
            document.name == self.name(path),
            "{path} came as {}",
            document.name
        );
        Ok(document)
    }
}

/// Every message of a stream.
pub(crate) async fn collect<T>(mut stream: Streaming<T>) -> Result<Vec<T>, Status> {
    let mut all = Vec::new();
    while let Some(message) = stream.message().await? {
        all.push(message);
    }
    Ok(all)
}
