//! A line to somewhere far away: every byte comes after a fixed time, and no more of them in a second than it carries.
//!
//! It is a relay of bytes, so HTTP/2 and its windows are those of the two programs; TCP's own are not delayed, which a
//! kernel that fits them to the line makes little of. All connections share what it carries.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Bytes that travel together.
const PIECE: usize = 16 << 10;
/// Pieces of one connection that can be under way; more than any line here carries in the time that it takes.
const UNDER_WAY: usize = 1024;
/// What waits where the line begins: as a router's queue, short beside the way.
const QUEUE: Duration = Duration::from_millis(10);

/// What a line is like.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// From one end to the other and back.
    pub(crate) round_trip: Duration,
    /// Bytes a second, in each direction.
    pub(crate) carries: f64,
}

/// When the line can take the next piece.
type Free = Arc<Mutex<Instant>>;

impl Line {
    /// Lays it to `place`: where it begins.
    pub(crate) fn to(self, runtime: &Runtime, place: &str) -> String {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let begins = listener.local_addr().unwrap().to_string();
        let place = place.to_owned();
        runtime.spawn(async move {
            let ways: [Free; 2] = [(); 2].map(|()| Arc::new(Mutex::new(Instant::now())));
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(self.connection(near, place.clone(), ways.clone()));
            }
        });
        begins
    }

    async fn connection(self, near: TcpStream, place: String, [there, back]: [Free; 2]) {
        let far = TcpStream::connect(place).await.unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        tokio::join!(
            self.way(from_near, to_far, there),
            self.way(from_far, to_near, back)
        );
    }

    async fn way(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, free: Free) {
        let (under_way, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
        let sending = async move {
            let mut piece = vec![0; PIECE];
            while let Ok(length @ 1..) = from.read(&mut piece).await {
                let left = self.leaves(&free, length);
                if under_way
                    .send((left + self.round_trip / 2, piece[..length].to_vec()))
                    .await
                    .is_err()
                {
                    break;
                }
                sleep_until(left.checked_sub(QUEUE).unwrap_or(left)).await;
            }
        };
        let receiving = async move {
            while let Some((due, piece)) = arriving.recv().await {
                sleep_until(due).await;
                if to.write_all(&piece).await.is_err() {
                    break;
                }
            }
            let _ = to.shutdown().await;
        };
        tokio::join!(sending, receiving);
    }

    /// When the last byte of the next piece is on its way.
    fn leaves(self, free: &Free, bytes: usize) -> Instant {
        let mut free = free.lock().unwrap();
        *free = (*free).max(Instant::now()) + Duration::from_secs_f64(bytes as f64 / self.carries);
        *free
    }
}
