//! Where a case is loaded, as a run does it: the ledger, the tables, the lane's stages, the steps after the load, and
//! the way back.

use crate::cases::Case;
use crate::mappings::documents::ROOT;
use crate::{mappings, wire};
use checkpoints::{CheckpointError, Digest, Memory, Position, Span, VectorCache};
use config::mapping::{Mapping as Shape, Table};
use config::{ChannelBinding, Connection, Embed, PrimaryKey, Secret, Target as Settings, Tls};
use pipeline::embed::Embedder;
use pipeline::export::Export;
use pipeline::fault::Fault;
use pipeline::lane::{self, Way};
use pipeline::load::postgres::after::{After, Outcome};
use pipeline::load::postgres::{Ledger, Postgres, PostgresLoader, ServerFacts};
use pipeline::plan::{Collection, Identity, Lane, Mapping, PLAN_VERSION, Plan, ReadTime};
use pipeline::progress::Progress;
use pipeline::retry::Policy;
use pipeline::room::Rooms;
use pipeline::source::{Batch, Reader};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::Client;
use tokio_postgres::config::Host;
use transforms::{Amendment, Policy as Amended, Reason, Rebuilt, Reject};
use uuid::Uuid;

/// Documents of a batch.
const BATCH: usize = 100;

const POLICY: Policy = Policy {
    attempts: 3,
    delay: Duration::from_millis(20),
    longest: Duration::from_secs(1),
    budget: Duration::from_secs(600),
};

/// A database that cases are loaded into, each into a schema of its own.
pub(crate) struct Target {
    pub(crate) client: Client,
    postgres: Postgres,
    ledger: Ledger,
    facts: ServerFacts,
}

/// What the ledger says of one altered value, with its document's path.
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) amendment: Amendment,
}

/// A document in quarantine: its path, the bytes as they came, and why.
pub(crate) struct Aside {
    pub(crate) path: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) reject: Reject,
}

impl Target {
    pub(crate) async fn new(url: &str) -> Target {
        let postgres = Postgres::new(&settings(url), POLICY).unwrap();
        let ledger = Ledger::new(postgres.clone());
        ledger.prepare().await.unwrap();
        Target {
            client: rehearsal::postgres::connect(url).await.unwrap(),
            facts: postgres.facts().await.unwrap(),
            postgres,
            ledger,
        }
    }

    /// Creates the case's tables and loads its documents.
    pub(crate) async fn load(&self, case: &Case, plan: &Arc<Plan>) -> Result<(), Fault> {
        let create = self.ledger.creation(plan, &self.facts).await?;
        self.ledger.register(plan, &create, false).await?;
        let held = self.ledger.claim(plan.run, "here").await?;
        let progress = Arc::new(Progress::default());
        let standings: Vec<_> = held.iter().map(|held| held.standing.clone()).collect();
        progress.begin(plan, &standings);
        let embedder = Embedder::new(&endpoint(), Arc::new(Knowing), POLICY)?;
        let loader = PostgresLoader::new(self.postgres.clone(), plan.clone(), held);
        let way = Way {
            plan: plan.clone(),
            loader: Arc::new(loader),
            embedder: Some(embedder),
            numbers: None,
            checkpoints: Arc::new(Memory::default()),
            progress,
        };
        let batches: Vec<Vec<bytes::Bytes>> = case
            .samples
            .chunks(BATCH)
            .map(|samples| samples.iter().map(wire::bytes).collect())
            .collect();
        let reader = Scripted {
            rooms: Rooms::new(1 << 40, 1),
            batches,
            next: 0,
        };
        Box::pin(lane::run(way, plan.lanes[0].clone(), reader)).await
    }

    /// The documents that the rows of `table` make.
    pub(crate) async fn documents(
        &self,
        plan: &Plan,
        table: &Table,
        original: bool,
    ) -> Result<Vec<Rebuilt>, Fault> {
        let mut found = Vec::new();
        let export = Export { plan, original };
        let each = |document| {
            found.push(document);
            ControlFlow::Continue(())
        };
        Box::pin(export.documents(&self.postgres, &plan.collections[0], table, each)).await?;
        Ok(found)
    }

    /// What is made after the load.
    pub(crate) async fn finish(&self, plan: &Plan, live: bool) -> Result<Outcome, Fault> {
        let tables: Vec<Table> = plan.tables().cloned().collect();
        let after = After {
            postgres: &self.postgres,
            tables: &tables,
            schema: &plan.mapping.schema,
            keys: true,
            memory: None,
            progress: &Progress::default(),
        };
        Box::pin(after.run(live)).await
    }

    pub(crate) async fn amendments(&self, run: Uuid) -> Vec<Recorded> {
        let sql = "select path, column_name, field, policy, original::text from etl.amendment \
                   where run = $1::text::uuid order by ctid";
        let rows = self.client.query(sql, &[&run.to_string()]).await.unwrap();
        let policies = [Amended::Null, Amended::Cast, Amended::Strip];
        let recorded = rows.iter().map(|row| Recorded {
            path: String::from_utf8(row.get(0)).unwrap(),
            amendment: Amendment {
                relation: 0,
                column: row.get(1),
                field: row.get(2),
                policy: *policies
                    .iter()
                    .find(|policy| policy.as_str() == row.get::<_, &str>(3))
                    .unwrap(),
                original: row.get(4),
            },
        });
        recorded.collect()
    }

    pub(crate) async fn quarantine(&self, run: Uuid) -> Vec<Aside> {
        let sql =
            "select path, body, reason, column_name, detail from etl.quarantine where run = $1::text::uuid";
        let rows = self.client.query(sql, &[&run.to_string()]).await.unwrap();
        let aside = rows.iter().map(|row| Aside {
            path: row.get(0),
            body: row.get(1),
            reject: Reject {
                reason: *Reason::ALL
                    .iter()
                    .find(|reason| reason.as_str() == row.get::<_, &str>(2))
                    .unwrap(),
                column: row.get(3),
                detail: row.get(4),
            },
        });
        aside.collect()
    }

    /// Takes away everything that the case left.
    pub(crate) async fn clear(&self, plan: &Plan) {
        let clear = format!(
            "set client_min_messages = warning; drop schema if exists {} cascade; delete from etl.run where run = '{}'",
            transforms::quote(&plan.mapping.schema),
            plan.run
        );
        self.client.batch_execute(&clear).await.unwrap();
    }
}

/// The plan of a run that moves the case's documents, and none of those that they refer to.
pub(crate) fn plan(case: &Case) -> Arc<Plan> {
    let collection = |id: &str, tables| Collection {
        id: id.to_owned(),
        tables,
    };
    let mut collections = vec![collection("items", case.tables.clone())];
    let neighbours = mappings::neighbours().into_iter();
    collections.extend(neighbours.map(|table| collection(table.from.collection(), vec![table.clone()])));
    let plan = Plan {
        version: PLAN_VERSION,
        run: Uuid::from_u128(u128::from(case.seed) << 64 | 1),
        source: Identity::Firestore {
            project: "p".to_owned(),
            database: "(default)".to_owned(),
            emulator: true,
        },
        snapshot: ReadTime(0),
        mapping: Mapping {
            collections: None,
            schema: format!("case \"{}\"", case.seed),
            exact_vectors: case.exact_vectors,
            tables: Shape::default(),
        },
        collections,
        views: Vec::new(),
        left_behind: Vec::new(),
        lanes: vec![Lane {
            id: 0,
            collection: 0,
            shard: None,
            from: None,
            to: None,
            documents: case.samples.len() as u64,
        }],
        remarks: Vec::new(),
        planning_reads: 0,
    };
    assert_eq!(plan.source.root(), ROOT);
    Arc::new(plan)
}

/// Hands out batches that are there already.
struct Scripted {
    rooms: Rooms,
    batches: Vec<Vec<bytes::Bytes>>,
    next: usize,
}

impl Reader for Scripted {
    async fn next(&mut self) -> Result<Option<Batch>, Fault> {
        let place = |batches: usize| match batches {
            0 => Position::Start,
            all if all == self.batches.len() => Position::End,
            some => Position::at(some.to_be_bytes()),
        };
        let Some(documents) = self.batches.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        Ok(Some(Batch {
            span: Span {
                from: place(self.next - 1),
                to: place(self.next),
            },
            documents: documents.clone(),
            billed: documents.len() as u64,
            read_at: ReadTime(0),
            expected: self.batches.iter().map(|batch| batch.len() as u64).sum(),
            since: Instant::now(),
            room: self.rooms.take().await,
        }))
    }
}

/// Knows the vector of every text, so that nobody asks an endpoint.
#[derive(Debug)]
struct Knowing;

impl VectorCache for Knowing {
    fn recall(&self, keys: &[Digest]) -> Result<Vec<Option<Vec<f32>>>, CheckpointError> {
        Ok(keys.iter().map(|_| Some(vec![0.5, -1.0])).collect())
    }

    fn keep(&self, _: &[(Digest, Vec<f32>)]) -> Result<(), CheckpointError> {
        Ok(())
    }
}

fn endpoint() -> Embed {
    Embed {
        url: "http://127.0.0.1:9".to_owned(),
        model: "none".to_owned(),
        api_key: None,
        batch: NonZeroUsize::MIN,
        requests_per_minute: None,
        concurrency: NonZeroUsize::MIN,
        timeout: Duration::from_secs(1),
        dimensions: None,
        max_characters: None,
    }
}

fn settings(url: &str) -> Settings {
    let read: tokio_postgres::Config = url.parse().unwrap();
    let host = |host: &Host| match host {
        Host::Unix(path) => path.to_str().unwrap().to_owned(),
        Host::Tcp(name) => name.clone(),
    };
    let connection = Connection {
        hosts: read.get_hosts().iter().map(host).collect(),
        port: read.get_ports().first().copied().unwrap_or(5432),
        user: read.get_user().unwrap().to_owned(),
        password: read
            .get_password()
            .map(|password| Secret::new(String::from_utf8_lossy(password))),
        dbname: read.get_dbname().unwrap().to_owned(),
        tls: Tls::Disable,
        root_certificate: None,
        pooler: false,
        application_name: "etl".to_owned(),
        connect_timeout: Duration::from_secs(30),
        options: None,
        channel_binding: ChannelBinding::Prefer,
    };
    Settings {
        connection,
        schema: "public".to_owned(),
        connections: NonZeroUsize::new(8).unwrap(),
        transaction_timeout: Duration::from_secs(300),
        primary_key: PrimaryKey::AfterLoad,
        live: false,
        maintenance_memory: None,
        exact_vectors: false,
    }
}
