//! Every type a column can have: what is packed in binary is what PostgreSQL reads from text.
//!
//! For each value the packed cell and PostgreSQL's own reading of the value's text are sent back in binary and as text
//! and are the same in both. The texts are spelled here, by nothing that is under test. `geography` is the exception:
//! without PostGIS nobody reads it, and a unit test holds its bytes to examples that PostGIS gave.

mod values;

use crate::mappings::documents::ROOT;
use crate::{Dice, server, test};
use bytes::Bytes;
use config::mapping::{Column, FieldPath, Holds, Misfit, Nul, Pattern, Scalar, Table, Type};
use futures::SinkExt;
use std::pin::pin;
use tokio_postgres::Client;
use transforms::json::{self, Owned};
use transforms::{COPY_HEADER, COPY_TRAILER, Document, Packer, Timestamp, Tuples, relations};
use values::{array, point, scalar, text_of, tree, vector};

/// Values of each type.
const VALUES: usize = 4000;

/// A value and the text that PostgreSQL reads it from.
type Spelled = (Owned, String);

const SCALARS: [Scalar; 13] = [
    Scalar::Text,
    Scalar::Boolean,
    Scalar::SmallInt,
    Scalar::Integer,
    Scalar::BigInt,
    Scalar::Numeric(None),
    Scalar::Numeric(Some((12, 3))),
    Scalar::Real,
    Scalar::Double,
    Scalar::Timestamp,
    Scalar::Date,
    Scalar::Uuid,
    Scalar::Bytes,
];

#[test]
fn packed_cells_are_what_postgres_reads_from_text() {
    test(async {
        let url = server().await.database("types").await.unwrap();
        let client = rehearsal::postgres::connect(&url).await.unwrap();
        let mut dice = Dice(7);
        for of in SCALARS {
            let values = (0..VALUES).map(|_| scalar(of, &mut dice)).collect();
            agree(&client, Type::Scalar(of), usual(of), Misfit::Overflow, values).await;
            let arrays = (0..VALUES / 4).map(|_| array(of, &mut dice)).collect();
            agree(&client, Type::Array(of), Holds::Array, Misfit::Overflow, arrays).await;
        }
        let points = (0..VALUES).map(|_| point(&mut dice)).collect();
        agree(&client, Type::Point, Holds::Point, Misfit::Overflow, points).await;
        let trees = (0..VALUES).map(|_| tree(&mut dice)).collect();
        agree(&client, Type::Json, Holds::Any, Misfit::Overflow, trees).await;
        for dimension in [1, 3, 7] {
            for sql in [
                Type::Vector(dimension),
                Type::Halfvec(dimension),
                Type::Sparsevec(dimension.into()),
            ] {
                let vectors = (0..VALUES).map(|_| vector(sql, &mut dice)).collect();
                agree(&client, sql, Holds::Vector, Misfit::Overflow, vectors).await;
            }
        }
    });
}

/// What the mapping has converted from text is what PostgreSQL would have made of the text.
#[test]
fn converted_texts_are_what_postgres_reads_from_them() {
    test(async {
        let url = server().await.database("types").await.unwrap();
        let client = rehearsal::postgres::connect(&url).await.unwrap();
        client.batch_execute("set timezone to 'UTC'").await.unwrap();
        let mut dice = Dice(11);
        for of in SCALARS {
            if !matches!(of, Scalar::Text | Scalar::Uuid | Scalar::Bytes) {
                let texts = (0..VALUES).map(|_| text_of(of, &mut dice)).collect();
                agree(&client, Type::Scalar(of), usual(of), Misfit::Cast, texts).await;
            }
        }
    });
}

/// Packs the values into one table and lets PostgreSQL read their texts into another: row for row they are the same.
/// Where the column converts, it may have nothing.
async fn agree(client: &Client, sql: Type, holds: Holds, misfit: Misfit, values: Vec<Spelled>) {
    let table = Table {
        name: "packed".to_owned(),
        from: Pattern::group("c"),
        key: Vec::new(),
        nul: Nul::default(),
        columns: vec![Column {
            misfit,
            ..Column::field("v", FieldPath::top("v"), sql, holds)
        }],
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    };
    let tables = [table];
    let relation = &relations(&tables)[0];
    let create = format!(
        "set client_min_messages = warning; drop table if exists packed, spelled; {} create table spelled (_path text, v {sql})",
        relation.create_sql("public")
    );
    client.batch_execute(&create).await.unwrap();
    let packer = Packer::new(&tables, ROOT, false);
    let mut out = [Tuples::default()];
    let (mut paths, mut texts) = (Vec::new(), Vec::new());
    for (number, (value, text)) in values.iter().enumerate() {
        let path = format!("c/{number}");
        let document = Document {
            name: format!("{ROOT}/{path}").into(),
            created: Some(Timestamp::default()),
            updated: Some(Timestamp::default()),
            fields: vec![("v", value.view())],
        };
        packer.pack(&document, &[], &mut out).unwrap();
        paths.push(path);
        texts.push(text.as_str());
    }
    let sink = client.copy_in(&relation.copy_sql("public")).await.unwrap();
    let mut sink = pin!(sink);
    let [Tuples { bytes, .. }] = out;
    for piece in [COPY_HEADER.to_vec(), bytes, COPY_TRAILER.to_vec()] {
        sink.send(Bytes::from(piece)).await.unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), values.len() as u64, "{sql}");
    let read =
        format!("insert into spelled select p, t::{sql} from unnest($1::text[], $2::text[]) as u (p, t)");
    client.execute(&read, &[&paths, &texts]).await.unwrap();
    let wrong = otherwise(client, sql, misfit, &values).await;
    assert!(
        wrong.is_empty(),
        "{} of {} as {sql}: {:#?}",
        wrong.len(),
        values.len(),
        &wrong[..wrong.len().min(5)]
    );
    if sql == Type::Json {
        come_back(client, &values).await;
    }
    let there = "select count(p.v) from packed p join spelled s using (_path)";
    let there: i64 = client.query_one(there, &[]).await.unwrap().get(0);
    assert!(
        misfit == Misfit::Cast || there == values.len() as i64,
        "{there} {sql}"
    );
    assert!(there * 3 > values.len() as i64, "only {there} {sql}");
    println!("{there} values of type {sql}, {misfit:?}");
}

/// The values that are not the same in both tables, in both forms.
async fn otherwise(client: &Client, sql: Type, misfit: Misfit, values: &[Spelled]) -> Vec<String> {
    let send = send(sql);
    let otherwise = format!(
        "select s._path, p.v::text, s.v::text, {send}(p.v)::text, {send}(s.v)::text from packed p \
         join spelled s using (_path) where (p.v is not null or {}) and (p.v::text is distinct from s.v::text \
         or {send}(p.v) is distinct from {send}(s.v))",
        misfit != Misfit::Cast
    );
    let rows = client.query(&otherwise, &[]).await.unwrap();
    let said = rows.iter().map(|row| {
        let number: usize = row.get::<_, &str>(0)[2..].parse().unwrap();
        let of = |column| row.get::<_, Option<String>>(column);
        let (packed, bytes, read, others) = (of(1), of(3), of(2), of(4));
        format!(
            "{:?} packed is {packed:?} {bytes:?}, read is {read:?} {others:?}",
            values[number]
        )
    });
    said.collect()
}

/// What `jsonb` makes of a value still says all of it.
async fn come_back(client: &Client, values: &[Spelled]) {
    for row in client
        .query("select _path, v::text from packed", &[])
        .await
        .unwrap()
    {
        let number: usize = row.get::<_, &str>(0)[2..].parse().unwrap();
        let back = json::read(row.get(1), ROOT).unwrap();
        assert!(back.view().same(&values[number].0.view()), "{back:?}");
    }
}

fn send(sql: Type) -> &'static str {
    match sql {
        Type::Scalar(scalar) => match scalar {
            Scalar::Text => "textsend",
            Scalar::Boolean => "boolsend",
            Scalar::SmallInt => "int2send",
            Scalar::Integer => "int4send",
            Scalar::BigInt => "int8send",
            Scalar::Numeric(_) => "numeric_send",
            Scalar::Real => "float4send",
            Scalar::Double => "float8send",
            Scalar::Timestamp => "timestamptz_send",
            Scalar::Date => "date_send",
            Scalar::Uuid => "uuid_send",
            Scalar::Bytes => "byteasend",
        },
        Type::Array(_) => "array_send",
        Type::Json => "jsonb_send",
        Type::Point => "point_send",
        Type::Vector(_) => "vector_send",
        Type::Halfvec(_) => "halfvec_send",
        Type::Sparsevec(_) => "sparsevec_send",
        Type::Geography | Type::Tsvector => unreachable!("not among the types here"),
    }
}

fn usual(scalar: Scalar) -> Holds {
    match scalar {
        Scalar::Text | Scalar::Uuid => Holds::Text,
        Scalar::Boolean => Holds::Boolean,
        Scalar::SmallInt | Scalar::Integer | Scalar::BigInt => Holds::Integer,
        Scalar::Numeric(_) => Holds::Number,
        Scalar::Real | Scalar::Double => Holds::Double,
        Scalar::Timestamp | Scalar::Date => Holds::Timestamp,
        Scalar::Bytes => Holds::Bytes,
    }
}
