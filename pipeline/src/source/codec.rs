//! Messages handed on as the bytes they are.
//!
//! Requests are encoded by prost as usual; answers are not decoded here at all, which leaves that work to the
//! transform stage and its hand-written walker.

use bytes::{Buf, Bytes};
use prost::Message;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Prost out, bytes in.
#[derive(Debug)]
pub(in crate::source) struct BytesCodec<T>(PhantomData<T>);

impl<T> Default for BytesCodec<T> {
    fn default() -> Self {
        BytesCodec(PhantomData)
    }
}

impl<T: Message + Send + 'static> Codec for BytesCodec<T> {
    type Encode = T;
    type Decode = Bytes;
    type Encoder = ProstOut<T>;
    type Decoder = BytesIn;

    fn encoder(&mut self) -> Self::Encoder {
        ProstOut(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        BytesIn
    }
}

#[derive(Debug)]
pub(in crate::source) struct ProstOut<T>(PhantomData<T>);

impl<T: Message> Encoder for ProstOut<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

#[derive(Debug)]
pub(in crate::source) struct BytesIn;

impl Decoder for BytesIn {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
