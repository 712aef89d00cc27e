//! Points of Qdrant, whatever the mapping: rows as PostgreSQL and pgvector took them, turned back, bit by bit.
//! `REBUILT_SEED` and `REBUILT_POINTS` say which, and how many.

use std::pin::pin;

use bytes::Bytes;
use config::mapping::{Table, Type};
use futures::{SinkExt, TryStreamExt};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio_postgres::Client;
use transforms::{
    COPY_HEADER, COPY_TRAILER, Notes, Packer, Relation, Row, Tuples, Unpacker, qdrant, relations,
};

use crate::mappings::documents::Sample;
use crate::mappings::{Choices, neighbours};
use crate::{server, test};

#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/filled.rs"]
mod filled;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/mappings.rs"]
mod mappings;

use mappings::Words;

type Cells = Vec<Option<Vec<u8>>>;

/// Every column but those that only other servers have.
fn case(runner: &mut TestRunner) -> (Table, Sample) {
    let choices = || proptest::collection::vec(any::<u16>(), 0..1500);
    let (shape, filling) = (choices(), choices()).new_tree(runner).unwrap().current();
    let mut table = mappings::table(&mut Choices::new(shape));
    let children = table.children.iter_mut().flat_map(|child| &mut child.columns);
    for column in table.columns.iter_mut().chain(children) {
        // PostGIS is not there.
        if column.sql == Type::Geography {
            column.sql = Type::Point;
        }
    }
    let point = filled::point(&table, &mut Choices::new(filling));
    (table, point)
}

#[test]
fn whatever_the_mapping_points_come_back_from_postgres() {
    let setting = |name: &str, usual: u64| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let seed = setting("REBUILT_SEED", 1).to_be_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    test(async move {
        let url = server().await.database("points").await.unwrap();
        let client = rehearsal::postgres::connect(&url).await.unwrap();
        client
            .batch_execute("set client_min_messages = warning")
            .await
            .unwrap();
        let (mut loaded, mut vectors) = (0, 0);
        for number in 0..setting("REBUILT_POINTS", 400) {
            let (table, point) = case(&mut runner);
            let (exact, tables) = (number % 2 == 0, [table]);
            let neighbours = neighbours();
            let all = || neighbours.iter().chain(&tables);
            let packer = Packer::new(&tables, qdrant::ROOT, exact)
                .with_dictionary(&Words)
                .among(all());
            let relations = relations(&tables);
            let mut out = vec![Tuples::default(); relations.len()];
            let notes: Notes = match packer.pack(&point.view(), &[], &mut out) {
                Ok(notes) => notes,
                Err(reject) => {
                    assert!(judge::explains(&tables[0], &point, &reject), "{reject}");
                    continue;
                }
            };
            let mut read: Vec<Vec<Cells>> = Vec::new();
            for (relation, tuples) in relations.iter().zip(out) {
                read.push(through(&client, relation, tuples).await);
            }
            let rows: Vec<Vec<Row<'_>>> = read
                .iter()
                .map(|rows| {
                    rows.iter()
                        .map(|row| row.iter().map(Option::as_deref).collect())
                        .collect()
                })
                .collect();
            let unpacker = Unpacker::new(&tables[0], qdrant::ROOT)
                .with_dictionary(&Words)
                .among(all());
            let back = unpacker.document(&rows[0][0], &rows[1..]).unwrap();
            judge::judge(&tables[0], &point, exact, &notes, back);
            loaded += 1;
            let columns = tables[0].columns.iter().zip(&rows[0][0][1..]);
            vectors += columns
                .filter(|(column, cell)| column.sql.dimension().is_some() && cell.is_some())
                .count();
        }
        println!("{loaded} points, {vectors} vectors");
        assert!(
            loaded > 50 && vectors > 20,
            "only {loaded} points and {vectors} vectors"
        );
    });
}

/// The rows as PostgreSQL gives them back.
async fn through(client: &Client, relation: &Relation<'_>, tuples: Tuples) -> Vec<Cells> {
    let table = relation.qualified("public");
    let create = format!("drop table if exists {table}; {}", relation.create_sql("public"));
    client.batch_execute(&create).await.unwrap();
    let rows = tuples.starts.len() as u64;
    let mut sink = pin!(client.copy_in(&relation.copy_sql("public")).await.unwrap());
    for piece in [COPY_HEADER.to_vec(), tuples.bytes, COPY_TRAILER.to_vec()] {
        sink.send(Bytes::from(piece)).await.unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), rows);
    let out = format!("copy {table} to stdout (format binary)");
    let read: Vec<Bytes> = client.copy_out(&out).await.unwrap().try_collect().await.unwrap();
    let bytes = read.concat();
    let mut rest = &bytes[COPY_HEADER.len()..];
    let mut found = Vec::new();
    loop {
        let (count, after) = rest.split_first_chunk().unwrap();
        rest = after;
        match i16::from_be_bytes(*count) {
            -1 => return found,
            cells => found.push((0..cells).map(|_| cell(&mut rest)).collect()),
        }
    }
}

fn cell(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, after) = rest.split_first_chunk().unwrap();
    let length = i32::from_be_bytes(*length);
    let (cell, after) = after.split_at(length.max(0) as usize);
    *rest = after;
    (length >= 0).then(|| cell.to_vec())
}
