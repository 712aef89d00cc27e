//! The ledger and the loader on a real PostgreSQL, one promise after another.
#![allow(clippy::unwrap_used)]

mod failing; // what errors mean
mod ledger; // what is written down of a run, and who may change it
mod loading; // a batch, and whatever becomes of it on its way
mod standing; // what is there under the names of tables
mod workers; // who shares a run, and what is whose

use super::{Held, Ledger, Postgres, client_config};
use crate::plan::{Collection, Identity, Lane, Mapping, PLAN_VERSION, Plan, ReadTime};
use crate::retry::Policy;
use config::mapping::{Column, Document, Holds, Load, Nul, Pattern, Scalar, Source, Table, Type};
use config::{ChannelBinding, Connection, PrimaryKey, Secret, Target, Tls};
use rehearsal::postgres::{Server, connect};
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::config::{Host, TargetSessionAttrs};
use uuid::Uuid;

/// The server outlives any one test's runtime, so all tests share this one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(super) fn test(body: impl Future<Output = ()>) {
    RUNTIME.block_on(body);
}

pub(super) async fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start().await.unwrap());
    }
    SERVER.get().unwrap()
}

fn connection(url: &str) -> Connection {
    let (plain, pooler) = match url.strip_suffix("?pgbouncer=true") {
        Some(plain) => (plain, true),
        None => (url, false),
    };
    let read: tokio_postgres::Config = plain.parse().unwrap();
    let host = |host: &Host| match host {
        Host::Unix(path) => path.to_str().unwrap().to_owned(),
        Host::Tcp(name) => name.clone(),
    };
    Connection {
        hosts: read.get_hosts().iter().map(host).collect(),
        port: read.get_ports().first().copied().unwrap_or(5432),
        user: read.get_user().unwrap().to_owned(),
        password: read
            .get_password()
            .map(|password| Secret::new(String::from_utf8_lossy(password))),
        dbname: read.get_dbname().unwrap().to_owned(),
        tls: Tls::Disable,
        root_certificate: None,
        pooler,
        application_name: "etl".to_owned(),
        connect_timeout: Duration::from_secs(30),
        options: None,
        channel_binding: ChannelBinding::Prefer,
    }
}

pub(super) fn reached(url: &str, connections: usize) -> Postgres {
    let target = Target {
        connection: connection(url),
        schema: "public".to_owned(),
        connections: NonZeroUsize::new(connections).unwrap(),
        transaction_timeout: Duration::from_secs(300),
        primary_key: PrimaryKey::AfterLoad,
        live: false,
        maintenance_memory: None,
        exact_vectors: false,
    };
    let policy = Policy {
        attempts: 30,
        delay: Duration::from_millis(20),
        longest: Duration::from_secs(1),
        budget: Duration::from_secs(600),
    };
    Postgres::new(&target, policy).unwrap()
}

/// A plan without lanes, whose collection `c` goes to the table `c` with these columns.
pub(super) fn plan(source: Identity, columns: Vec<Column>) -> Plan {
    let table = Table {
        name: "c".to_owned(),
        from: Pattern::group("c"),
        key: Vec::new(),
        nul: Nul::default(),
        columns,
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: source.records(),
        partition: None,
        toast_tuple_target: None,
        load: Load::default(),
    };
    Plan {
        version: PLAN_VERSION,
        run: Uuid::new_v4(),
        source,
        snapshot: ReadTime(1_000_000),
        mapping: Mapping {
            collections: None,
            schema: "public".to_owned(),
            exact_vectors: false,
            tables: Default::default(),
        },
        collections: vec![Collection {
            id: "c".to_owned(),
            tables: vec![table],
        }],
        views: Vec::new(),
        left_behind: Vec::new(),
        lanes: Vec::new(),
        remarks: Vec::new(),
        planning_reads: 0,
    }
}

/// A run of Firestore's documents that is registered.
struct Registered {
    url: String,
    client: Client,
    postgres: Postgres,
    ledger: Ledger,
    plan: Arc<Plan>,
    held: Vec<Held>,
}

impl Registered {
    /// With one lane of a hundred documents, over so many connections.
    async fn over(connections: usize) -> Registered {
        Registered::loaded_by(Load::Copy, connections).await
    }

    async fn loaded_by(load: Load, connections: usize) -> Registered {
        let url = server().await.database("loaded").await.unwrap();
        let source = Identity::Firestore {
            project: "p".to_owned(),
            database: "(default)".to_owned(),
            emulator: false,
        };
        let id = Column {
            from: Source::Document(Document::Id),
            ..Column::field(
                "id",
                config::mapping::FieldPath::top("id"),
                Type::Scalar(Scalar::Text),
                Holds::Text,
            )
        };
        let mut plan = plan(source, vec![id]);
        plan.lanes.push(Lane {
            id: 0,
            collection: 0,
            shard: None,
            from: None,
            to: None,
            documents: 100,
        });
        let table = &mut plan.collections[0].tables[0];
        table.load = load;
        table.key = vec!["id".to_owned()];
        let client = connect(&url).await.unwrap();
        let postgres = reached(&url, connections);
        let ledger = Ledger::new(postgres.clone());
        assert!(ledger.register(&plan, &plan.create_sql(), false).await.unwrap());
        let held = ledger.claim(plan.run, "a test").await.unwrap();
        Registered {
            url,
            client,
            postgres,
            ledger,
            plan: Arc::new(plan),
            held,
        }
    }

    async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[test]
fn of_several_hosts_the_one_that_takes_writes_is_wanted() {
    let to = |hosts: &[&str]| {
        let several = Connection {
            hosts: hosts.iter().map(ToString::to_string).collect(),
            ..connection("postgres://u@h/d")
        };
        client_config(&several).get_target_session_attrs()
    };
    assert_eq!(to(&["one"]), TargetSessionAttrs::Any);
    assert_eq!(to(&["one", "two"]), TargetSessionAttrs::ReadWrite);
}
