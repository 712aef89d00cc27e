//! Pages that are put together here from one page of each shard, over Qdrant's REST port.
//!
//! A scroll asks every shard for a whole page and throws all but one of them away; a shard that is scrolled by itself
//! reads what it hands out. Only the shards of the node that is asked can be read so. What comes is a page as a scroll
//! would have given it: whoever reads pages need not know.

mod json;

use super::client::Asked;
use super::connection;
use crate::fault::{Fault, Part};
use config::Secret;
use json::{Form, Forms, Page};
use prost::Message;
use qdrant_client::qdrant as proto;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde_json::json;
use std::sync::Arc;
use tonic::{Code, Status};
use transforms::qdrant::PointId;

/// As much of a refusal is read as may say why.
const LARGEST_REFUSAL: usize = 64 << 10;

/// The way to the shards of a node.
#[derive(Debug)]
pub(super) struct Rest {
    client: Client,
    url: String,
    key: Option<HeaderValue>,
}

/// What a page is asked of: the shards of a collection, or of a key of it, and how its vectors are to be read.
#[derive(Debug)]
pub(super) struct Shards {
    pub(super) numbers: Vec<u32>,
    forms: Forms,
}

impl Rest {
    /// Nothing where shards are not to be read by themselves.
    pub(super) fn of(config: &config::Qdrant) -> Result<Option<Rest>, Fault> {
        let Some(url) = &config.per_shard else {
            return Ok(None);
        };
        let unusable = |why: String| {
            Fault::permanent(Part::Source, format!("prepare to read shards at {url}"), why)
                .with_cause("connection")
                .with_remedy("check --qdrant-rest-url, or leave --per-shard away")
        };
        let tls = connection::rustls(config.ca_file.as_deref())?;
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            // A redirected request would lose its body, and might take the key elsewhere.
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("etl/", env!("CARGO_PKG_VERSION")))
            .timeout(config.stream_timeout);
        if config.is_loopback() {
            // A proxy cannot reach this machine by that name.
            client = client.no_proxy();
        }
        Ok(Some(Rest {
            client: client.build().map_err(|error| unusable(error.to_string()))?,
            url: url.clone(),
            key: config
                .api_key
                .as_ref()
                .map(header)
                .transpose()
                .map_err(unusable)?,
        }))
    }

    /// A page of at most `limit` points from an id on, as the bytes of a `ScrollResponse`. Bodies of more than `largest`
    /// bytes in all are refused as soon as they are.
    pub(super) async fn page(
        &self,
        asked: &Asked,
        shards: &Shards,
        from: PointId,
        limit: u32,
        largest: usize,
    ) -> Result<Vec<u8>, Status> {
        let count = u32::try_from(shards.numbers.len()).unwrap_or(u32::MAX).max(1);
        let each = limit.div_ceil(count).max(1);
        let pages = shards.numbers.iter().map(|shard| async move {
            let body = self
                .scroll(&asked.collection, *shard, from, each, largest / count as usize)
                .await?;
            json::page(&body, &shards.forms).map_err(|error| Status::data_loss(error.to_string()))
        });
        let pages = futures::future::try_join_all(pages).await?;
        Ok(merged(pages, limit as usize).encode_to_vec())
    }

    async fn scroll(
        &self,
        collection: &str,
        shard: u32,
        from: PointId,
        limit: u32,
        largest: usize,
    ) -> Result<Vec<u8>, Status> {
        let offset = match from {
            PointId::Number(number) => json!(number),
            uuid @ PointId::Uuid(_) => json!(uuid.to_string()),
        };
        let body = json!({"offset": offset, "limit": limit, "with_payload": true, "with_vector": true});
        let mut address =
            reqwest::Url::parse(&self.url).map_err(|error| Status::internal(error.to_string()))?;
        let shard = shard.to_string();
        let path = ["collections", collection, "shards", &shard, "points", "scroll"];
        match address.path_segments_mut() {
            Ok(mut segments) => drop(segments.clear().extend(path)),
            Err(()) => return Err(Status::internal("an address that has no path")),
        }
        let request = self.client.post(address).json(&body);
        let response = self.keyed(request).send().await.map_err(broken)?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        whole(response, largest).await
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.header("api-key", key),
            None => request,
        }
    }
}

impl Shards {
    /// The shards of a collection, or of one of its keys, and the forms of its vectors. All of them must be on the node
    /// that was asked, and stay where they are.
    pub(super) fn of(
        cluster: proto::CollectionClusterInfoResponse,
        info: &super::Collection,
        key: Option<&proto::ShardKey>,
    ) -> Result<Shards, Status> {
        use proto::ReplicaState::{Active, ActiveRead};
        if !cluster.resharding_operations.is_empty() {
            return Err(Status::unavailable(
                "points are on their way from shard to shard (resharding)",
            ));
        }
        let wanted = |of: &Option<proto::ShardKey>| key.is_none_or(|key| of.as_ref() == Some(key));
        let here = cluster
            .local_shards
            .iter()
            .filter(|shard| wanted(&shard.shard_key));
        let (ready, waiting): (Vec<_>, Vec<_>) =
            here.partition(|shard| [Active, ActiveRead].map(i32::from).contains(&shard.state));
        if let Some(shard) = waiting.first() {
            return Err(Status::unavailable(format!(
                "shard {} is not ready",
                shard.shard_id
            )));
        }
        let mut numbers: Vec<u32> = ready.iter().map(|shard| shard.shard_id).collect();
        numbers.sort_unstable();
        let elsewhere = cluster
            .remote_shards
            .iter()
            .filter(|shard| wanted(&shard.shard_key));
        if let Some(shard) = elsewhere
            .map(|shard| shard.shard_id)
            .find(|shard| !numbers.contains(shard))
        {
            return Err(Status::failed_precondition(format!(
                "shard {shard} lies on another node, and --per-shard reads only those of the node it asks"
            )));
        }
        let dense = info.vectors.iter().map(|(name, vector)| {
            let form = if vector.multi { Form::Multi } else { Form::Dense };
            (name.clone(), form)
        });
        let sparse = info.sparse.keys().map(|name| (name.clone(), Form::Sparse));
        Ok(Shards {
            numbers,
            forms: dense.chain(sparse).collect(),
        })
    }
}

/// One page out of those of all shards: everything before the first id that some shard has not handed out yet.
fn merged(pages: Vec<Page>, limit: usize) -> proto::ScrollResponse {
    let unseen = pages.iter().filter_map(|page| page.next).min();
    let mut points: Vec<_> = pages.into_iter().flat_map(|page| page.points).collect();
    points.retain(|(id, _)| unseen.is_none_or(|unseen| *id < unseen));
    points.sort_by_key(|(id, _)| *id);
    let cut = points.get(limit).map(|(id, _)| *id);
    points.truncate(limit);
    proto::ScrollResponse {
        next_page_offset: cut.or(unseen).map(super::client::spelled),
        result: points.into_iter().map(|(_, point)| point).collect(),
        ..Default::default()
    }
}

fn header(key: &Secret) -> Result<HeaderValue, String> {
    // The error would quote the key.
    let mut value =
        HeaderValue::from_str(key.expose()).map_err(|_| "no header can carry the key".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The body, as long as it has no more than `most` bytes.
async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Status> {
    let too_large = |found| {
        Status::out_of_range(format!(
            "decoded message length too large: found {found} bytes, the limit is: {most}"
        ))
    };
    if let Some(length) = response.content_length().filter(|length| *length > most as u64) {
        return Err(too_large(length));
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            return Err(too_large(body.len() as u64));
        }
    }
    Ok(body)
}

/// What gRPC would have answered.
async fn refused(response: Response) -> Status {
    let (code, wait) = (response.status(), response.headers().get(RETRY_AFTER).cloned());
    let body = whole(response, LARGEST_REFUSAL).await.unwrap_or_default();
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let told = told.pointer("/status/error").and_then(|error| error.as_str());
    let message = told.map_or_else(|| format!("HTTP status {code}"), str::to_owned);
    let mut status = Status::new(meaning(code), message);
    let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
    if let Some(wait) = wait {
        status.metadata_mut().insert("retry-after", wait);
    }
    status
}

fn meaning(code: StatusCode) -> Code {
    match code.as_u16() {
        400 | 422 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        408 | 504 => Code::DeadlineExceeded,
        429 => Code::ResourceExhausted,
        500 => Code::Internal,
        502 | 503 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// A request that nothing whole came back for.
fn broken(error: reqwest::Error) -> Status {
    let error = error.without_url();
    let mut status = match error.is_timeout() {
        true => Status::deadline_exceeded("the source did not answer in time"),
        false => Status::unavailable(error.to_string()),
    };
    status.set_source(Arc::new(error));
    status
}

#[cfg(test)]
mod tests;
