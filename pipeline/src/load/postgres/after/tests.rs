//! Indexes and constraints on a real PostgreSQL: every kind is made, whatever was interrupted, and nobody is in the
//! way of anybody.
#![allow(clippy::unwrap_used)]

mod amiss; // what cannot be: duplicates, long texts, orphans, and what is said about it
mod interrupted; // killed between two steps and in the middle of one
mod kinds; // every kind of index and constraint, made once
mod live; // while others read and write
mod means; // memory, /dev/shm, poolers
mod parts; // tables in parts, live
mod told; // what is refused, and the words for it

use super::super::Postgres;
use super::{After, Outcome, Refused};
use crate::fault::Fault;
use crate::progress::Progress;
use crate::retry::Policy;
use config::mapping::{
    Column, ColumnRef, Distance, Document, FieldPath, Holds, Index, IndexColumn, Method, Nul, Pattern,
    Scalar, Source, Table, Type,
};
use config::{ChannelBinding, Connection, PrimaryKey, Secret, Target, Tls};
use rehearsal::postgres::{Server, connect};
use std::num::NonZeroUsize;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::config::Host;

/// The server outlives any one test's runtime, so all tests share this one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn test(body: impl Future<Output = ()>) {
    RUNTIME.block_on(body);
}

async fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start().await.unwrap());
    }
    SERVER.get().unwrap()
}

/// A database with tables in it, and what is to be made there.
struct Place {
    url: String,
    client: Client,
    postgres: Postgres,
    progress: Progress,
    tables: Vec<Table>,
    memory: Option<u64>,
}

impl Place {
    /// A new database in which `sql` was run.
    async fn with(tables: Vec<Table>, sql: &str) -> Place {
        Place::on(server().await, tables, sql, 4).await
    }

    async fn on(server: &Server, tables: Vec<Table>, sql: &str, connections: usize) -> Place {
        let url = server.database("after").await.unwrap();
        let client = connect(&url).await.unwrap();
        client.batch_execute(sql).await.unwrap();
        Place {
            postgres: reached(&url, connections),
            progress: Progress::default(),
            memory: None,
            url,
            client,
            tables,
        }
    }

    fn after(&self) -> After<'_> {
        After {
            postgres: &self.postgres,
            tables: &self.tables,
            schema: "public",
            keys: true,
            memory: self.memory,
            progress: &self.progress,
        }
    }

    async fn run(&self, live: bool) -> Result<Outcome, Fault> {
        self.after().run(live).await
    }

    async fn another(&self) -> Client {
        connect(&self.url).await.unwrap()
    }

    /// Every index and constraint as PostgreSQL tells it, and whether it is valid.
    async fn catalog(&self) -> Vec<String> {
        let all = "select pg_get_indexdef(indexrelid) || case when indisvalid then '' else ' INVALID' end from pg_index i \
                   join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace union all \
                   select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint \
                   where connamespace = 'public'::regnamespace and contype <> 'n' order by 1";
        let rows = self.client.query(all, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Returns when `sql` says so; looking is all that can be done about a server.
    async fn until(&self, sql: &str) {
        while !self.client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
            looking().await;
        }
    }
}

async fn looking() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

fn reached(url: &str, connections: usize) -> Postgres {
    let (plain, pooler) = match url.strip_suffix("?pgbouncer=true") {
        Some(plain) => (plain, true),
        None => (url, false),
    };
    let read: tokio_postgres::Config = plain.parse().unwrap();
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
        pooler,
        application_name: "etl".to_owned(),
        connect_timeout: Duration::from_secs(30),
        options: None,
        channel_binding: ChannelBinding::Prefer,
    };
    let target = Target {
        connection,
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

fn scalar(name: &str, scalar: Scalar) -> Column {
    column(name, Type::Scalar(scalar), Holds::Text)
}

fn text(name: &str) -> Column {
    scalar(name, Scalar::Text)
}

fn column(name: &str, sql: Type, holds: Holds) -> Column {
    Column::field(name, FieldPath::top(name), sql, holds)
}

fn id() -> Column {
    Column {
        from: Source::Document(Document::Id),
        ..text("id")
    }
}

fn refers(column: Column, table: &str, to: &str) -> Column {
    let to = ColumnRef {
        table: table.to_owned(),
        column: to.to_owned(),
    };
    Column {
        references: Some(to),
        ..column
    }
}

fn table(name: &str, key: &[&str], columns: Vec<Column>, indexes: Vec<Index>) -> Table {
    Table {
        name: name.to_owned(),
        from: Pattern::group(name),
        key: key.iter().map(|&name| name.to_owned()).collect(),
        nul: Nul::default(),
        columns,
        children: Vec::new(),
        drop: Vec::new(),
        indexes,
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

fn index(on: &[&str], method: Method) -> Index {
    let on = on.iter().map(|on| IndexColumn {
        name: on.trim_end_matches(" desc").to_owned(),
        descending: on.ends_with(" desc"),
    });
    Index {
        on: on.collect(),
        unique: false,
        method,
        filter: None,
    }
}

fn unique(on: &[&str]) -> Index {
    Index {
        unique: true,
        ..index(on, Method::Btree)
    }
}

fn hnsw(on: &str, distance: Distance) -> Index {
    let (m, ef_construction) = (8, 32);
    let method = Method::Hnsw {
        distance,
        m,
        ef_construction,
    };
    index(&[on], method)
}

/// The columns every table of documents has, and more.
fn create(name: &str, columns: &str) -> String {
    format!(
        "create table {name} (_path text not null, _created_at timestamptz not null default now(), \
         _updated_at timestamptz not null default now(), {columns}_extra jsonb);"
    )
}
