//! A value that must not be seen.
//! It promises to print as `***`, in `Debug` and in `Display`, to have no serialised form, and to be known to [`veiled`],
//! which takes it out of what others say: a server may repeat what it was sent.
//! Keeping what [`Secret::expose`] hands out from being printed is left to its caller.

use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// A password, a key, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Every secret that this process was given, in each way it may come back; the longest first, so that one that begins
/// like another leaves no rest.
static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// A shorter one is not looked for: it occurs in words that are no secret, and its absence would tell it.
const SHORTEST: usize = 4;

impl Secret {
    /// Takes a value out of sight, from now on also where others repeat it.
    pub fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        remember(&value);
        Secret(value)
    }

    /// The value itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn remember(value: &str) {
    if value.chars().count() < SHORTEST {
        return;
    }
    // What stands in a list of texts is whole whoever panicked while it was written.
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let quoted = format!("{value:?}");
    let quoted = quoted.trim_start_matches('"');
    let quoted = quoted.strip_suffix('"').unwrap_or(quoted).to_owned();
    for form in [value.to_owned(), percent_encoded(value), quoted] {
        if !known.contains(&form) {
            known.push(form);
        }
    }
    known.sort_by_key(|form| std::cmp::Reverse(form.len()));
}

/// As a URL may hold it.
fn percent_encoded(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let letters = value.bytes().map(|byte| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    letters.collect()
}

/// `text` with `***` in place of every secret of this process: as it is, as URLs spell it, as quotes do.
pub fn veiled(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut veiled = Cow::Borrowed(text);
    for form in known.iter() {
        if veiled.contains(form.as_str()) {
            veiled = Cow::Owned(veiled.replace(form.as_str(), "***"));
        }
    }
    veiled
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, veiled};

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "*** *** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn whoever_repeats_a_secret_is_not_quoted() {
        let _short = Secret::new("abc");
        let _secret = Secret::new("s3cret/'\"ü");
        let _longer = Secret::new("s3cret/'\"ü-and-more");
        for said in [
            "got s3cret/'\"ü.",
            "got s3cret/'\\\"ü.",
            "got s3cret%2F%27%22%C3%BC.",
            "got s3cret/'\"ü-and-more.",
        ] {
            assert_eq!(veiled(said), "got ***.");
        }
        assert_eq!(veiled("the abc"), "the abc");
    }
}
