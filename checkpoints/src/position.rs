//! Where a lane stands, and the stretch a batch covers.
//!
//! Positions are compared for equality only: tokens of different sources have no order we may assume, and
//! equality catches skips as well as repeats. The end of a lane is a value, never an absence.

use std::fmt;

/// A lane's number within its run, counted from 0 in plan order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u32);

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A place inside a lane that only the lane's own source can read. Any bytes, U+0000 included.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(pub Vec<u8>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// Where a lane stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Position {
    /// Nothing is loaded.
    Start,
    /// Everything up to and including the token is loaded.
    At(Token),
    /// The lane is complete.
    End,
}

impl Position {
    /// A position at `token`.
    pub fn at(token: impl Into<Vec<u8>>) -> Self {
        Position::At(Token(token.into()))
    }

    /// Whether the lane is complete.
    pub fn is_end(&self) -> bool {
        *self == Position::End
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Start => f.write_str("start"),
            Position::At(token) => write!(f, "at {}", String::from_utf8_lossy(&token.0).escape_debug()),
            Position::End => f.write_str("end"),
        }
    }
}

/// The half-open stretch `(from, to]` of a lane that a batch covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where the lane must stand for the batch to apply.
    pub from: Position,
    /// Where it stands afterwards.
    pub to: Position,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_on_one_line_whatever_their_bytes() {
        for (position, told, debugged) in [
            (Position::Start, "start", "Start"),
            (Position::End, "end", "End"),
            (Position::at("users/a"), "at users/a", "At(\"users/a\")"),
            (
                Position::at(*b"a\n\0\xffb"),
                "at a\\n\\0\u{fffd}b",
                "At(\"a\\n\\0\u{fffd}b\")",
            ),
        ] {
            assert_eq!(position.to_string(), told);
            assert_eq!(format!("{position:?}"), debugged);
        }
        assert_eq!(LaneId(7).to_string(), "7");
    }
}
