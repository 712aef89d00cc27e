//! Which of the server's answers belongs to which of the client's messages.
//! PostgreSQL closes every answer with ReadyForQuery, so counting those that are owed and those that came tells
//! where one answer ends and the next begins, even when the client does not wait in between.

/// The books of one connection.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// How many ReadyForQuery the messages sent so far will bring.
    owed: u64,
    /// How many have come.
    came: u64,
    /// `owed` when the latest Execute was sent, unless a simple query came after it.
    executed: Option<u64>,
    /// The server has asked for COPY data.
    copying: bool,
    /// The answer to keep back: it is closed by this ReadyForQuery.
    lost: Option<u64>,
    /// Unframed one-byte answers (to a request for encryption) still to come.
    pub(super) bare: u32,
    /// The connection is encrypted, and nothing can be read any more.
    pub(super) encrypted: bool,
}

/// What becomes of a message from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Passes,
    IsKeptBack,
    /// It closes the answer that is kept back.
    Completes,
}

impl Ledger {
    /// The startup message is about to be sent; authentication ends with a ReadyForQuery.
    pub(super) fn startup(&mut self) {
        self.owed += 1;
    }

    /// The answer to the statement about to be sent is to be kept back.
    pub(super) fn lose_next(&mut self) {
        self.lost = Some(self.owed + 1);
    }

    /// A message of this type is about to be sent.
    pub(super) fn sent(&mut self, kind: u8) {
        match kind {
            b'Q' => {
                self.executed = None;
                self.owed += 1;
            }
            b'S' | b'F' => self.owed += 1,
            b'E' => self.executed = Some(self.owed),
            b'c' | b'f' if self.copying => {
                // A Sync that arrived while the server was taking COPY data is one it has ignored.
                self.owed = self.executed.unwrap_or(self.owed);
                self.copying = false;
            }
            _ => {}
        }
    }

    /// A message of this type came from the server.
    pub(super) fn received(&mut self, kind: u8) -> Answer {
        let kept = self.lost.is_some_and(|lost| self.came + 1 >= lost);
        match kind {
            b'G' | b'W' => self.copying = true,
            b'Z' => {
                self.copying = false;
                self.came += 1;
            }
            _ => {}
        }
        match kept {
            true if kind == b'Z' => Answer::Completes,
            true => Answer::IsKeptBack,
            false => Answer::Passes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(ledger: &mut Ledger, kinds: &[u8]) -> Vec<Answer> {
        kinds.iter().map(|kind| ledger.received(*kind)).collect()
    }

    #[test]
    fn answers_to_earlier_statements_still_pass_when_the_client_does_not_wait() {
        let mut ledger = Ledger::default();
        ledger.startup();
        ledger.sent(b'Q'); // begin
        ledger.sent(b'Q'); // insert
        ledger.lose_next();
        ledger.sent(b'Q'); // commit
        assert!(
            fates(&mut ledger, b"RSZCZCZ")
                .iter()
                .all(|fate| *fate == Answer::Passes)
        );
        assert_eq!(fates(&mut ledger, b"CZ"), [Answer::IsKeptBack, Answer::Completes]);
    }

    #[test]
    fn a_sync_sent_before_copy_data_brings_no_answer_of_its_own() {
        let mut ledger = Ledger::default();
        ledger.startup();
        fates(&mut ledger, b"RZ");
        for kind in b"PDS" {
            ledger.sent(*kind);
        }
        fates(&mut ledger, b"1tnZ");
        for kind in b"BES" {
            ledger.sent(*kind);
        }
        fates(&mut ledger, b"2G");
        for kind in b"ddcS" {
            ledger.sent(*kind);
        }
        assert_eq!(ledger.received(b'C'), Answer::Passes);
        assert_eq!(ledger.received(b'Z'), Answer::Passes);
        ledger.lose_next();
        ledger.sent(b'Q');
        assert_eq!(fates(&mut ledger, b"CZ"), [Answer::IsKeptBack, Answer::Completes]);
    }

    #[test]
    fn a_copy_refused_before_it_began_brings_two_answers() {
        let mut ledger = Ledger::default();
        ledger.startup();
        fates(&mut ledger, b"RZ");
        for kind in b"BES" {
            ledger.sent(*kind);
        }
        fates(&mut ledger, b"EZ");
        for kind in b"fS" {
            ledger.sent(*kind);
        }
        ledger.lose_next();
        ledger.sent(b'Q');
        assert_eq!(
            fates(&mut ledger, b"ZCZ"),
            [Answer::Passes, Answer::IsKeptBack, Answer::Completes],
        );
    }
}
