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
use super::super::tests::{reached, server, test};
use super::{After, Outcome, Refused};
use crate::fault::Fault;
use crate::progress::Progress;
use config::mapping::{
    Column, ColumnRef, Distance, Document, FieldPath, Holds, Index, IndexColumn, Method, Nul, Pattern,
    Scalar, Source, Table, Type,
};
use rehearsal::postgres::{Server, connect};
use std::time::Duration;
use tokio_postgres::Client;

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
