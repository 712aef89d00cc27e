//! Messages as a reader has them that looks at nothing, the bytes they are, or as one that is generated, by prost.

use ::bytes::{Buf, Bytes};
use prost::Message;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Prost out; in comes `D`: bytes, or what prost makes of them.
pub(crate) struct Raw<T, D = Bytes>(PhantomData<(T, D)>);

/// How `D` is had from the bytes of a message.
pub(crate) trait Read: Send + Sync + Sized + 'static {
    fn read(buffer: &mut DecodeBuf<'_>) -> Result<Self, Status>;
}

impl Read for Bytes {
    fn read(buffer: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Ok(buffer.copy_to_bytes(buffer.remaining()))
    }
}

impl<T, D> Default for Raw<T, D> {
    fn default() -> Self {
        Raw(PhantomData)
    }
}

impl<T: Message + 'static, D: Read> Codec for Raw<T, D> {
    type Encode = T;
    type Decode = D;
    type Encoder = Raw<T, D>;
    type Decoder = Raw<T, D>;

    fn encoder(&mut self) -> Raw<T, D> {
        Raw(PhantomData)
    }

    fn decoder(&mut self) -> Raw<T, D> {
        Raw(PhantomData)
    }
}

impl<T: Message, D> Encoder for Raw<T, D> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl<T, D: Read> Decoder for Raw<T, D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        D::read(buffer).map(Some)
    }
}
