//! The laws of points: decoded as the generated types decode them, and rebuilt from their rows.

mod arbitrary;
mod decoding;
mod mappings;
mod rebuilding;
mod spelling;
