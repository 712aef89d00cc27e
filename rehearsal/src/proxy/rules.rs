//! What a proxy is told to do, and how far each order has come.
//! Every rule counts for itself, over all connections, from the moment it was set; it fires once and is gone.
//! Several faults are several rules.

/// The way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Cuts the connection instead of passing on the `nth` statement (counted from 1) that contains `sql`, in
    /// whatever case: the server never sees it.
    CutBefore {
        /// What the statement contains.
        sql: String,
        /// Which of the statements that do.
        nth: u64,
    },
    /// Passes that statement on, keeps the server's answer back, and cuts once the server has given it in full:
    /// the work is done and the client cannot know.
    LoseAnswer {
        /// What the statement contains.
        sql: String,
        /// Which of the statements that do.
        nth: u64,
    },
    /// Cuts the connection that carries the last of so many bytes.
    CutAfterBytes {
        /// The direction that counts.
        direction: Direction,
        /// How many bytes still pass.
        bytes: u64,
    },
}

impl Rule {
    /// Cuts before the first statement that contains `sql`.
    pub fn cut_before(sql: impl Into<String>) -> Rule {
        Rule::CutBefore {
            sql: sql.into(),
            nth: 1,
        }
    }

    /// Loses the answer to the first statement that contains `sql`.
    pub fn lose_answer(sql: impl Into<String>) -> Rule {
        Rule::LoseAnswer {
            sql: sql.into(),
            nth: 1,
        }
    }

    /// Cuts after `bytes` in `direction`.
    pub fn cut_after_bytes(direction: Direction, bytes: u64) -> Rule {
        Rule::CutAfterBytes { direction, bytes }
    }
}

/// What becomes of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Passes,
    IsCut,
    LosesItsAnswer,
}

/// The rules that have not fired.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    pub(super) fn new(rules: Vec<Rule>) -> Rules {
        Rules(rules)
    }

    /// Counts a statement. When two rules fire on it, the cut before it is what a client would see.
    pub(super) fn statement(&mut self, statement: &[u8]) -> Fate {
        let mut fate = Fate::Passes;
        self.0.retain_mut(|rule| {
            let (sql, nth, own) = match rule {
                Rule::CutBefore { sql, nth } => (sql, nth, Fate::IsCut),
                Rule::LoseAnswer { sql, nth } => (sql, nth, Fate::LosesItsAnswer),
                Rule::CutAfterBytes { .. } => return true,
            };
            if !contains(statement, sql.as_bytes()) {
                return true;
            }
            *nth = nth.saturating_sub(1);
            if *nth == 0 && fate != Fate::IsCut {
                fate = own;
            }
            *nth > 0
        });
        fate
    }

    /// Counts `length` bytes about to go in `direction`: `Some(n)` if the connection is to be cut after `n` of them.
    pub(super) fn bytes(&mut self, direction: Direction, length: usize) -> Option<usize> {
        let mut going = length as u64;
        let mut cut = false;
        for rule in &self.0 {
            if let Rule::CutAfterBytes {
                direction: counted,
                bytes,
            } = rule
                && *counted == direction
                && *bytes <= going
            {
                going = *bytes;
                cut = true;
            }
        }
        self.0.retain_mut(|rule| match rule {
            Rule::CutAfterBytes {
                direction: counted,
                bytes,
            } if *counted == direction => {
                *bytes -= going.min(*bytes);
                *bytes > 0
            }
            _ => true,
        });
        // No more than `length`, which came as a usize.
        cut.then_some(going as usize)
    }
}

fn contains(statement: &[u8], sql: &[u8]) -> bool {
    sql.is_empty()
        || statement
            .windows(sql.len())
            .any(|window| window.eq_ignore_ascii_case(sql))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn exactly_the_bytes_a_rule_allows_pass_however_they_are_cut_up(
            limit in 1_u64..500,
            chunks in proptest::collection::vec(1_usize..50, 1..40),
        ) {
            let mut rules = Rules::new(vec![Rule::cut_after_bytes(Direction::ToClient, limit)]);
            let mut passed = 0;
            let mut cut = false;
            for chunk in &chunks {
                prop_assert_eq!(rules.bytes(Direction::ToServer, *chunk), None);
                match rules.bytes(Direction::ToClient, *chunk) {
                    None => passed += chunk,
                    Some(part) => {
                        passed += part;
                        cut = true;
                        break;
                    }
                }
            }
            let all: usize = chunks.iter().sum();
            prop_assert_eq!(passed as u64, limit.min(all as u64));
            prop_assert_eq!(cut, all as u64 >= limit);
        }

        #[test]
        fn a_rule_fires_once_on_the_statement_it_counts_to(nth in 1_u64..20, statements in 1_u64..40) {
            let mut rules = Rules::new(vec![Rule::LoseAnswer { sql: "commit".into(), nth }]);
            for number in 1..=statements {
                prop_assert_eq!(rules.statement(b"BEGIN"), Fate::Passes);
                let expected = if number == nth { Fate::LosesItsAnswer } else { Fate::Passes };
                prop_assert_eq!(rules.statement(b"COMMIT"), expected);
            }
        }
    }

    #[test]
    fn several_rules_count_the_same_statements_each_for_itself() {
        let mut rules = Rules::new(vec![
            Rule::LoseAnswer {
                sql: "COMMIT".into(),
                nth: 2,
            },
            Rule::cut_before("COMMIT"),
            Rule::CutBefore {
                sql: "COMMIT".into(),
                nth: 2,
            },
        ]);
        assert_eq!(rules.statement(b"COMMIT"), Fate::IsCut);
        assert_eq!(rules.statement(b"COMMIT"), Fate::IsCut);
        assert_eq!(rules.statement(b"COMMIT"), Fate::Passes);
    }
}
