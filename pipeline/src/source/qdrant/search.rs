//! Searching as the application does: which points lie nearest to a vector, by what the server says.

use super::{Qdrant, shard};
use crate::fault::Fault;
use proto::query::Variant as Query;
use proto::vector_input::Variant as Input;
use qdrant_client::qdrant as proto;
use std::time::{Duration, Instant};
use tonic::Status;

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub enum Sought {
    /// Components, in order.
    Dense(Vec<f32>),
    /// Components that are not zero, and where they stand.
    Sparse {
        /// Where, ascending.
        indices: Vec<u32>,
        /// What.
        values: Vec<f32>,
    },
}

/// Where it is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The collection.
    pub collection: &'p str,
    /// The vector's name; nothing means the one without a name.
    pub using: Option<&'p str>,
    /// Under which shard key; nothing means all.
    pub shard: Option<&'p str>,
}

/// How it is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Every vector is compared.
    Exact,
    /// Through the index, as the server is set up.
    AsBuilt,
}

/// A point that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its id, in canonical form.
    pub id: String,
    /// The score, as the collection's distance has it.
    pub score: f32,
}

impl Qdrant {
    /// The `count` points nearest to `sought`, nearest first, and how long the answer took.
    pub async fn nearest(
        &self,
        place: Place<'_>,
        sought: &Sought,
        count: u64,
        how: How,
    ) -> Result<(Vec<Hit>, Duration), Fault> {
        let shard = place.shard.map(shard::key).transpose()?;
        let action = format!("search collection {}", place.collection);
        let request = proto::QueryPoints {
            collection_name: place.collection.to_owned(),
            query: Some(proto::Query {
                variant: Some(Query::Nearest(proto::VectorInput {
                    variant: Some(input(sought)),
                })),
            }),
            using: place.using.map(str::to_owned),
            params: Some(proto::SearchParams {
                exact: Some(how == How::Exact),
                ..Default::default()
            }),
            limit: Some(count),
            with_payload: Some(false.into()),
            with_vectors: Some(false.into()),
            shard_key_selector: shard.map(shard::selector),
            ..Default::default()
        };
        let ask = || async {
            let mut points = self.client.points();
            let asked_at = Instant::now();
            let answer = self
                .client
                .in_time(Box::pin(points.query(request.clone())))
                .await?;
            let hits = answer
                .result
                .into_iter()
                .map(hit)
                .collect::<Result<Vec<Hit>, Status>>()?;
            Ok((hits, asked_at.elapsed()))
        };
        self.client.retried(&action, ask).await
    }
}

fn input(sought: &Sought) -> Input {
    match sought {
        Sought::Dense(components) => Input::Dense(proto::DenseVector {
            data: components.clone(),
        }),
        Sought::Sparse { indices, values } => Input::Sparse(proto::SparseVector {
            values: values.clone(),
            indices: indices.clone(),
        }),
    }
}

fn hit(point: proto::ScoredPoint) -> Result<Hit, Status> {
    use proto::point_id::PointIdOptions;
    let id = match point.id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Num(number)) => number.to_string(),
        Some(PointIdOptions::Uuid(uuid)) => uuid,
        None => return Err(Status::data_loss("a point without an id was found")),
    };
    Ok(Hit {
        id,
        score: point.score,
    })
}
