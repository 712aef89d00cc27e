//! One connection through a proxy: two directions, and a common end.
//! Bytes pass in pieces no larger than a buffer; only a message that carries a statement is held until it is whole.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};

use super::Shared;
use super::ledger::{Answer, Ledger};
use super::rules::{Direction, Fate};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;

/// Why a connection ended, other than by both sides being done.
#[derive(Debug)]
enum End {
    Cut,
    Broken,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> End {
        End::Broken
    }
}

/// A connection and what it has to look at.
#[derive(Debug)]
pub(super) struct Relay {
    shared: Arc<Shared>,
    speaks_postgres: bool,
    ledger: Mutex<Ledger>,
}

impl Relay {
    pub(super) fn new(shared: Arc<Shared>, speaks_postgres: bool) -> Relay {
        Relay {
            shared,
            speaks_postgres,
            ledger: Mutex::default(),
        }
    }

    /// Carries both directions until both are done, one is broken, or a rule cuts.
    pub(super) async fn run<C, S>(self, client: C, server: S)
    where
        C: AsyncRead + AsyncWrite,
        S: AsyncRead + AsyncWrite,
    {
        let (from_client, to_client) = tokio::io::split(client);
        let (from_server, to_server) = tokio::io::split(server);
        let (from_client, from_server) = (BufReader::new(from_client), BufReader::new(from_server));
        let end = tokio::select! {
            end = async {
                if self.speaks_postgres {
                    tokio::try_join!(self.requests(from_client, to_server), self.answers(from_server, to_client))
                } else {
                    tokio::try_join!(
                        self.raw(from_client, to_server, Direction::ToServer),
                        self.raw(from_server, to_client, Direction::ToClient),
                    )
                }
            } => end,
            () = self.until_cut_now() => Err(End::Cut),
        };
        // Counted before the sockets are dropped: whoever sees the cut can rely on the count.
        if let Err(End::Cut) = end {
            self.shared.counts.send_modify(|counts| counts.cuts += 1);
        }
    }

    /// Everything as it comes.
    async fn raw(
        &self,
        mut from: impl AsyncBufRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        direction: Direction,
    ) -> Result<(), End> {
        loop {
            let length = {
                let piece = from.fill_buf().await?;
                if piece.is_empty() {
                    to.shutdown().await?;
                    return Ok(());
                }
                self.pass(&mut to, piece, direction).await?;
                piece.len()
            };
            from.consume(length);
        }
    }

    /// The client's side: the startup packets, then typed messages.
    async fn requests(
        &self,
        mut from: impl AsyncBufRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(), End> {
        if !self.startup(&mut from, &mut to).await? {
            return self.raw(from, to, Direction::ToServer).await;
        }
        while !from.fill_buf().await?.is_empty() {
            let (kind, mut message) = read_head(&mut from).await?;
            if matches!(kind, b'Q' | b'P') {
                read_body(&mut from, &mut message, 1).await?;
                let fate = self.shared.rules().statement(&message[5..]);
                match fate {
                    Fate::Passes => {}
                    Fate::IsCut => return Err(End::Cut),
                    Fate::LosesItsAnswer => self.ledger().lose_next(),
                }
            }
            self.ledger().sent(kind);
            self.pass(&mut to, &message, Direction::ToServer).await?;
            self.pass_body(&mut from, &mut to, rest_of(&message, 1), Direction::ToServer)
                .await?;
        }
        to.shutdown().await?;
        Ok(())
    }

    /// The packets before the first typed message; `false` if no such message is going to come.
    async fn startup(
        &self,
        from: &mut (impl AsyncBufRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<bool, End> {
        loop {
            // Once an answer has turned encryption on, what comes next is no packet.
            if from.fill_buf().await?.is_empty() || self.ledger().encrypted {
                return Ok(false);
            }
            let mut packet = from.read_u32().await?.to_be_bytes().to_vec();
            read_body(from, &mut packet, 0).await?;
            let code = packet.get(4..8).map_or(0, number);
            match code {
                SSL_REQUEST | GSS_REQUEST => self.ledger().bare += 1,
                CANCEL_REQUEST => {}
                _ => self.ledger().startup(),
            }
            self.pass(to, &packet, Direction::ToServer).await?;
            match code {
                SSL_REQUEST | GSS_REQUEST => {}
                CANCEL_REQUEST => return Ok(false),
                _ => return Ok(true),
            }
        }
    }

    /// The server's side: an answer to a request for encryption if there was one, and typed messages.
    async fn answers(
        &self,
        mut from: impl AsyncBufRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(), End> {
        while !from.fill_buf().await?.is_empty() {
            if self.ledger().bare > 0 {
                let kind = from.read_u8().await?;
                let encrypted = matches!(kind, b'S' | b'G');
                {
                    let mut ledger = self.ledger();
                    ledger.bare -= 1;
                    ledger.encrypted = encrypted;
                }
                self.pass(&mut to, &[kind], Direction::ToClient).await?;
                if encrypted {
                    return self.raw(from, to, Direction::ToClient).await;
                }
                continue;
            }
            let (kind, message) = read_head(&mut from).await?;
            let rest = rest_of(&message, 1);
            let answer = self.ledger().received(kind);
            match answer {
                Answer::Passes => {
                    self.pass(&mut to, &message, Direction::ToClient).await?;
                    self.pass_body(&mut from, &mut to, rest, Direction::ToClient)
                        .await?;
                }
                Answer::IsKeptBack => {
                    tokio::io::copy(&mut (&mut from).take(rest), &mut tokio::io::sink()).await?;
                }
                Answer::Completes => return Err(End::Cut),
            }
        }
        to.shutdown().await?;
        Ok(())
    }

    /// The `rest` bytes of a message, piece by piece.
    async fn pass_body(
        &self,
        from: &mut (impl AsyncBufRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        mut rest: u64,
        direction: Direction,
    ) -> Result<(), End> {
        while rest > 0 {
            let length = {
                let piece = from.fill_buf().await?;
                if piece.is_empty() {
                    return Err(End::Broken);
                }
                let length = usize::try_from(rest).map_or(piece.len(), |rest| rest.min(piece.len()));
                self.pass(to, &piece[..length], direction).await?;
                length
            };
            from.consume(length);
            rest -= length as u64;
        }
        Ok(())
    }

    /// Writes `piece`, or as much of it as the rules allow before they cut.
    async fn pass(
        &self,
        to: &mut (impl AsyncWrite + Unpin),
        piece: &[u8],
        direction: Direction,
    ) -> Result<(), End> {
        let mut orders = self.shared.orders.subscribe();
        orders
            .wait_for(|orders| !orders.held)
            .await
            .map_err(|_| End::Broken)?;
        let cut = self.shared.rules().bytes(direction, piece.len());
        to.write_all(&piece[..cut.unwrap_or(piece.len())]).await?;
        to.flush().await?;
        if cut.is_some() { Err(End::Cut) } else { Ok(()) }
    }

    async fn until_cut_now(&self) {
        let mut orders = self.shared.orders.subscribe();
        let before = orders.borrow_and_update().cut;
        if orders.wait_for(|orders| orders.cut != before).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Type and length of a message, as a number and as the bytes they are.
async fn read_head(from: &mut (impl AsyncBufRead + Unpin)) -> Result<(u8, Vec<u8>), End> {
    let mut head = vec![0; 5];
    from.read_exact(&mut head).await?;
    Ok((head[0], head))
}

/// How many bytes of a message are still to come, given what was read of it; `start` is where its length stands.
fn rest_of(message: &[u8], start: usize) -> u64 {
    let length = u64::from(number(&message[start..start + 4]));
    (length + start as u64).saturating_sub(message.len() as u64)
}

async fn read_body(
    from: &mut (impl AsyncBufRead + Unpin),
    message: &mut Vec<u8>,
    start: usize,
) -> Result<(), End> {
    let rest = rest_of(message, start);
    let read = from.take(rest).read_to_end(message).await?;
    if read as u64 == rest {
        Ok(())
    } else {
        Err(End::Broken)
    }
}

/// Four bytes, the most significant first.
fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}
