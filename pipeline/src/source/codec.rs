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

/// Bytes of a block: of the first of an answer, which may be short, and of the largest.
const FIRST: usize = 16 << 10;
const BLOCK: usize = 256 << 10;
/// From here on a message has memory of its own, so that little of a block is left unused.
const ALONE: usize = BLOCK / 8;
/// From here on a message is a page of many records, and its buffer was made for it: it stays where it is.
const PAGE: usize = 1 << 20;

/// Memory for messages that are kept, about as much as they are long.
///
/// They leave the buffer that they came in, which grows by doubling, is not filled, and would be held by each of them as
/// a whole: batches of documents took up to three times their bytes so. It is used again instead, and copying costs less
/// than new buffers did.
#[derive(Debug, Default)]
struct Blocks {
    free: BytesMut,
    /// Bytes of the next block.
    next: usize,
}

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
        if self.free.capacity() < length {
            let size = self.next.clamp(FIRST, BLOCK).max(length.next_power_of_two());
            self.free = BytesMut::with_capacity(size);
            self.next = size * 2;
        }
        self.free.put(buffer);
        self.free.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keeps messages of these lengths as they are: their bytes, and those of the blocks they are in.
    fn kept(lengths: &[usize]) -> (usize, usize) {
        let (mut blocks, mut taken) = (Blocks::default(), 0);
        let sent = lengths
            .iter()
            .enumerate()
            .map(|(at, length)| vec![at as u8; *length]);
        let sent: Vec<Vec<u8>> = sent.collect();
        let keep = |message: &Vec<u8>| {
            let full = message.len() < ALONE && blocks.free.capacity() < message.len();
            let kept = blocks.keep(&mut &message[..]);
            taken += if full {
                blocks.free.capacity() + kept.len()
            } else {
                0
            };
            kept
        };
        let came: Vec<Bytes> = sent.iter().map(keep).collect();
        assert_eq!(came, sent);
        (lengths.iter().filter(|length| **length < ALONE).sum(), taken)
    }

    proptest! {
        #[test]
        fn messages_come_as_they_are_and_take_little_more_than_they_are_long(
            small in prop::collection::vec(0..2_000_usize, 0..2_000),
            mixed in prop::collection::vec(0..2 * ALONE, 0..200),
        ) {
            let (long, taken) = kept(&small);
            prop_assert!(taken <= 2 * long + 2 * FIRST, "{taken} bytes for {long}");
            let (long, taken) = kept(&mixed);
            prop_assert!(taken <= 2 * long + BLOCK, "{taken} bytes for {long}");
            // Of a long answer, seven eighths of all blocks are used.
            let (long, taken) = kept(&small.repeat(10));
            prop_assert!(taken <= long / 7 * 8 + 4 * BLOCK, "{taken} bytes for {long}");
        }
    }
}
