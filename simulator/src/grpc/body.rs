//! The body of an answer: given at once, or piece by piece while it is made.

use bytes::Bytes;
use http_body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;

/// What hyper sends.
#[derive(Debug)]
pub(crate) enum Body {
    /// Everything, or nothing any more.
    Whole(Option<Bytes>),
    /// Whatever comes out of the channel; ends with it.
    Pieces(Receiver<Frame<Bytes>>),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Body::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Pieces(pieces) => pieces.poll_recv(context).map(|piece| piece.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(None))
    }
}
