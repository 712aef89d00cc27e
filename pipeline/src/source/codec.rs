//! Messages handed on as the bytes they are.
//!
//! Requests are encoded by prost as usual; answers are not decoded here at all, which leaves that work to the
//! transform stage and its hand-written walker. What is kept of an answer takes the memory that it is long.

use bytes::{Buf, BufMut, Bytes, BytesMut};
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
        BytesIn::default()
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

#[derive(Debug, Default)]
pub(in crate::source) struct BytesIn(Blocks);

impl Decoder for BytesIn {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(self.0.keep(buffer)))
    }
}

/// Bytes of a block.
const BLOCK: usize = 256 << 10;
/// From here on a message has memory of its own: no more than an eighth of a block is ever left unused.
const ALONE: usize = BLOCK / 8;
/// From here on a message is a page of many records, and its buffer was made for it: it stays where it is.
const PAGE: usize = 1 << 20;

/// Memory for messages that are kept, as much as they are long.
///
/// They leave the buffer that they came in, which grows by doubling, is not filled, and would be held by each of them as
/// a whole: batches of documents took up to three times their bytes so. It is used again instead, and copying costs less
/// than new buffers did.
#[derive(Debug, Default)]
struct Blocks(BytesMut);

impl Blocks {
    /// The message that `buffer` holds.
    fn keep(&mut self, buffer: &mut impl Buf) -> Bytes {
        let length = buffer.remaining();
        if length >= PAGE {
            return buffer.copy_to_bytes(length);
        }
        if length >= ALONE {
            let mut alone = Vec::with_capacity(length);
            alone.put(buffer);
            return alone.into();
        }
        if self.0.capacity() < length {
            self.0 = BytesMut::with_capacity(BLOCK);
        }
        self.0.put(buffer);
        self.0.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_come_as_they_are_and_take_an_eighth_more_than_they_are_long(
            lengths in prop::collection::vec(prop_oneof![8 => 0..2_000_usize, 1 => 0..2 * ALONE], 1..400)
        ) {
            let mut blocks = Blocks::default();
            let sent: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(at, n)| vec![at as u8; *n]).collect();
            let kept: Vec<Bytes> = sent.iter().map(|message| blocks.keep(&mut &message[..])).collect();
            prop_assert_eq!(&kept, &sent);

            // Messages that lie together lie in one block.
            let together: Vec<&Bytes> = kept.iter().filter(|it| (1..ALONE).contains(&it.len())).collect();
            let begin = |pair: &[&Bytes]| pair[0].as_ptr_range().end != pair[1].as_ptr();
            let begun = together.windows(2).filter(|pair| begin(pair)).count() + 1;
            let long: usize = together.iter().map(|message| message.len()).sum();
            prop_assert!(begun * (BLOCK - ALONE) <= long + BLOCK, "{begun} blocks for {long} bytes");
        }
    }
}
