//! The messages of a request, one after another.

use super::PREFIX;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use prost::Message;
use tonic::Status;

/// Firestore's limit for a request.
const LARGEST: usize = 10 << 20;

/// A request's messages as they arrive.
#[derive(Debug)]
pub(crate) struct Messages {
    body: Incoming,
    buffer: BytesMut,
    largest: usize,
}

impl Messages {
    pub(crate) fn of(body: Incoming) -> Messages {
        Messages {
            body,
            buffer: BytesMut::new(),
            largest: LARGEST,
        }
    }

    /// Another limit than Firestore's.
    pub(crate) fn up_to(self, largest: usize) -> Messages {
        Messages { largest, ..self }
    }

    /// The only message of a unary request.
    pub(crate) async fn only<M: Message + Default>(mut self) -> Result<M, Status> {
        let message = self.next().await?;
        message.ok_or_else(|| Status::invalid_argument("the request has no message"))
    }

    /// The next message, or the end of the request. Dropping it half-way loses nothing.
    pub(crate) async fn next<M: Message + Default>(&mut self) -> Result<Option<M>, Status> {
        loop {
            if let Some(message) = self.whole()? {
                let decoded = M::decode(message);
                return decoded.map(Some).map_err(|error| {
                    Status::invalid_argument(format!("the request is no such message: {error}"))
                });
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| Status::cancelled(error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    fn whole(&mut self) -> Result<Option<Bytes>, Status> {
        let Some((prefix, rest)) = self.buffer.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let [compressed, length @ ..] = *prefix;
        if compressed != 0 {
            return Err(Status::unimplemented("requests must not be compressed"));
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > self.largest {
            let message = format!("Request payload size exceeds the limit: {} bytes.", self.largest);
            return Err(Status::invalid_argument(message));
        }
        if rest.len() < length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}
