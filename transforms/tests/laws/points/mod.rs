//! The laws of points: decoded as the generated types decode them, and rebuilt from their rows.

mod arbitrary;
mod decoding;
mod digest;
mod filled;
mod judge;
mod mappings;
mod policies;
mod rebuilding;
mod reference;
mod spelling;
