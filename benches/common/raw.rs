//! Messages left as the bytes they are: what a reader costs that looks at nothing.

use ::bytes::{Buf, Bytes};
use prost::Message;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Prost out, bytes in.
pub(crate) struct Raw<T>(PhantomData<T>);

impl<T> Default for Raw<T> {
    fn default() -> Self {
        Raw(PhantomData)
    }
}

impl<T: Message + 'static> Codec for Raw<T> {
    type Encode = T;
    type Decode = Bytes;
    type Encoder = Raw<T>;
    type Decoder = Raw<Bytes>;

    fn encoder(&mut self) -> Raw<T> {
        Raw(PhantomData)
    }

    fn decoder(&mut self) -> Raw<Bytes> {
        Raw(PhantomData)
    }
}

impl<T: Message> Encoder for Raw<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Raw<Bytes> {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
