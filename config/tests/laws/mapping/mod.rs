//! What holds of the mapping language: what is read is what was meant, what is printed reads back, and every
//! mistake is told with its line.

mod arbitrary;
mod mistakes;
mod patterns;
mod printing;
mod reading;
mod words;

use config::Needs;
use config::mapping::Mapping;

use crate::{NEEDED, written};

/// Everything the language can say, in one file.
const EVERYTHING: &str = include_str!("everything.toml");

/// The mapping in a file's text, or its problems; there is something that embeds.
fn mapping(text: &str) -> Result<Mapping, Vec<String>> {
    let embeds = [("ETL_EMBED_URL", "https://a"), ("ETL_EMBED_MODEL", "m")];
    let read = written(text, &[&NEEDED[..], &embeds].concat()).relied_on(Needs::RUN);
    read.map(|config| config.mapping)
        .map_err(|invalid| invalid.0.iter().map(ToString::to_string).collect())
}
