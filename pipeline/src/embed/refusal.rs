//! What an endpoint says when it gives no vectors, made fit to be shown.
//!
//! Servers say it in several shapes, and some repeat what was sent to them. Texts are values of documents and a key is
//! a secret, so a message that repeats either is not shown.

use config::veiled;
use serde_json::Value;
use std::borrow::Cow;

/// As much of a message as is shown.
const LONGEST: usize = 300;
/// So many characters in a row that are a text's are no coincidence.
const REPEATED: usize = 16;
const WITHHELD: &str = "(its message repeats what was sent, and is not shown)";

/// The reason an endpoint gives, as far as it can be found.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// In words, on one line.
    pub(super) message: String,
    code: String,
}

impl Refusal {
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            let text = String::from_utf8_lossy(body);
            let page = text.trim_start().starts_with('<');
            return Refusal {
                message: if page { String::new() } else { one_line(&text) },
                code: String::new(),
            };
        };
        let first = |places: &[&str]| {
            let mut found = places.iter().filter_map(|place| json.pointer(place)?.as_str());
            found.next().map(one_line).unwrap_or_default()
        };
        Refusal {
            message: first(&[
                "/error/message",
                "/error",
                "/message",
                "/detail",
                "/detail/0/msg",
                "/errors/0/message",
            ]),
            code: first(&["/error/code", "/error/type", "/error_type", "/type"]),
        }
    }

    /// Whether it is about the length of what was sent.
    pub(super) fn is_of_length(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        [
            "context length",
            "context size",
            "too large to process",
            "too long",
            "too many tokens",
        ]
        .iter()
        .any(|words| message.contains(words))
    }

    /// Whether waiting will not help, for the account is used up.
    pub(super) fn is_of_credit(&self) -> bool {
        self.code == "insufficient_quota"
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// As much of `message` as is shown, unless it repeats a piece of what was sent. A key is looked for in all of it: cut
/// in two it would not be found, and half of it is still half a key.
pub(super) fn shown(message: &str, texts: &[&str]) -> String {
    let tells = matches!(veiled(message), Cow::Owned(_));
    let short = match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    };
    match tells || texts.iter().any(|text| repeats(&short, &one_spaced(text))) {
        true => WITHHELD.to_owned(),
        false => short,
    }
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn repeats(message: &str, text: &str) -> bool {
    let places: Vec<usize> = message
        .char_indices()
        .map(|(place, _)| place)
        .chain([message.len()])
        .collect();
    let short = text.chars().count() < REPEATED;
    match short {
        // A short text is repeated whole or not at all; a word or two may well be the server's own.
        true => text.chars().count() >= 4 && message.contains(text),
        false => places
            .windows(REPEATED + 1)
            .any(|ends| text.contains(&message[ends[0]..ends[REPEATED]])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Secret;
    use proptest::prelude::*;

    #[test]
    fn the_reason_is_found_in_every_shape_it_has() {
        for (body, message) in [
            (r#"{"error":{"message":"too\n long","code":null}}"#, "too long"),
            (r#"{"error":"model not found"}"#, "model not found"),
            (r#"{"object":"error","message":"no"}"#, "no"),
            (r#"{"detail":[{"msg":"field required"}]}"#, "field required"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            ("plain words", "plain words"),
            ("<html><body>Bad gateway</body></html>", ""),
            ("{}", ""),
            ("", ""),
        ] {
            assert_eq!(Refusal::read(body.as_bytes()).message, message, "{body}");
        }
        assert!(Refusal::read(br#"{"error":{"code":"insufficient_quota"}}"#).is_of_credit());
        assert!(Refusal::read(br#"{"error":"input length exceeds the context length"}"#).is_of_length());
    }

    #[test]
    fn a_message_that_repeats_a_text_or_the_key_is_withheld() {
        let text = "The patient came\nin on Monday with a cough.";
        let _key = Secret::new("sk-hunter2");
        let cut = format!("{}sk-hunter2", "x".repeat(LONGEST - 5));
        for message in [
            cut.as_str(),
            "cannot embed 'The patient came in on M'",
            "Incorrect key: sk-hunter2",
            "bad input: cough!",
        ] {
            assert_eq!(shown(message, &[text, "cough!"]), WITHHELD, "{message}");
        }
        let plain = "maximum context length is 512 tokens";
        assert_eq!(shown(plain, &[text, "the"]), plain);
    }

    proptest! {
        #[test]
        fn no_long_piece_of_a_text_is_ever_shown(
            text in "\\PC{16,60}", around in "\\PC{0,20}", start in 0usize..30, length in 16usize..40,
        ) {
            let text = one_spaced(&text);
            let piece: String = text.chars().skip(start).take(length).collect();
            prop_assume!(piece.chars().count() >= REPEATED);
            let told = shown(&format!("{around}{piece}{around}"), &[&text]);
            prop_assert_eq!(told, WITHHELD);
        }

        #[test]
        fn no_body_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in any::<String>()) {
            let refusal = Refusal::read(&bytes);
            let _ = shown(&refusal.message, &[&text]);
        }
    }
}
