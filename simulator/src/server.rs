//! Connections, and what can happen to them.
//!
//! A port speaks HTTP/2 without TLS (gRPC), HTTP/1.1 (REST), or both. A connection can be cut in the middle of whatever it
//! is sending, which takes every stream on it along, as in life.

use crate::fault::Cut;
use crate::grpc::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What answers the requests of a port.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The protocols it speaks.
    const SPEAKS: Speaks;

    /// Answers one request, which came on that connection.
    fn answer(
        self: Arc<Self>,
        line: Line,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// What a port understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// gRPC and REST.
    Both,
    /// HTTP/2 only, for gRPC.
    Grpc,
    /// HTTP/1.1 only, for REST: a client that speaks gRPC to it learns so from a frame that is none.
    Rest,
}

/// Accepts connections until the runtime ends.
pub(crate) async fn accept<A: Answers>(listener: TcpListener, answers: Arc<A>) {
    loop {
        // A connection that could not be accepted is its client's trouble; out of files, the next one may fit.
        let Ok((socket, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        tokio::spawn(serve(socket, answers.clone()));
    }
}

/// What a server of HTTP/1.1 makes of the beginning of HTTP/2: a client of gRPC reads it as a frame that is too long.
const NO_HTTP2: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Whether a client begins with HTTP/2; if so it is told off.
async fn refuses_http2(socket: &mut TcpStream) -> io::Result<bool> {
    let mut first = [0; 3];
    socket.peek(&mut first).await?;
    let refuses = &first == b"PRI";
    if refuses {
        socket.write_all(NO_HTTP2).await?;
        socket.shutdown().await?;
        // Closing with something unread would take the answer back.
        tokio::io::copy(socket, &mut tokio::io::sink()).await?;
    }
    Ok(refuses)
}

async fn serve<A: Answers>(mut socket: TcpStream, answers: Arc<A>) {
    let _ = socket.set_nodelay(true);
    if A::SPEAKS == Speaks::Rest && !matches!(refuses_http2(&mut socket).await, Ok(false)) {
        return;
    }
    let line = Line::default();
    let wire = Wire {
        socket,
        line: line.clone(),
        swallowing: false,
    };
    let answer = service_fn(move |request| {
        let answer = answers.clone().answer(line.clone(), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder = match A::SPEAKS {
        Speaks::Both => builder,
        Speaks::Grpc => builder.http2_only(),
        Speaks::Rest => builder.http1_only(),
    };
    // Bulk writers send whole batches; the default windows of 64 KiB would make them wait.
    builder.http2().initial_stream_window_size(1 << 20);
    builder.http2().initial_connection_window_size(4 << 20);
    // Clients that keep a connection alive by pings are no attackers.
    builder.http2().max_pending_accept_reset_streams(None);
    builder.http2().max_local_error_reset_streams(None);
    // How a connection ended is known to the one who cut it, and to its client.
    let _ = builder.serve_connection(TokioIo::new(wire), answer).await;
}

/// A handle on a connection: whoever holds it can have it cut.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<Mutex<Option<(usize, Cut)>>>);

impl Line {
    /// Cuts the connection when so many more bytes were sent on it.
    pub(crate) fn cut_after(&self, bytes: usize, cut: Cut) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((bytes, cut));
    }

    /// How many of `wanted` bytes may still be sent, and the cut that comes after them.
    fn allow(&self, wanted: usize) -> (usize, Option<Cut>) {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((left, cut)) if *left <= wanted => (*left, Some(*cut)),
            _ => (wanted, None),
        }
    }

    fn sent(&self, bytes: usize) {
        if let Some((left, _)) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            *left = left.saturating_sub(bytes);
        }
    }
}

/// A socket that obeys its [`Line`].
#[derive(Debug)]
struct Wire {
    socket: TcpStream,
    line: Line,
    /// Half-closed: the client was told that nothing follows, and nothing does.
    swallowing: bool,
}

impl Wire {
    fn strike(&mut self, context: &mut Context<'_>, cut: Cut) -> Poll<io::Result<usize>> {
        match cut {
            Cut::Reset => {
                // Closing without lingering throws away what is on its way and sends RST.
                let _ = self.socket.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Cut::HalfClose => {
                ready!(Pin::new(&mut self.socket).poll_shutdown(context))?;
                self.swallowing = true;
                Poll::Ready(Ok(0))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.swallowing {
            return Poll::Ready(Ok(bytes.len()));
        }
        let (allowed, cut) = wire.line.allow(bytes.len());
        if let (0, Some(cut)) = (allowed, cut) {
            return match ready!(wire.strike(context, cut)) {
                Ok(_) => Poll::Ready(Ok(bytes.len())),
                Err(error) => Poll::Ready(Err(error)),
            };
        }
        let sent = ready!(Pin::new(&mut wire.socket).poll_write(context, &bytes[..allowed]))?;
        wire.line.sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
