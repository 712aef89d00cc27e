//! What others said or named, made fit to be told.
//! It promises a text on one line, without anything that a terminal obeys or that turns a line around, and without any
//! secret that this process was given.
//! Which texts come from others is for whoever tells them to know.

use std::borrow::Cow;

use crate::secret::veiled;

/// Whether a terminal, a pager or a browser acts on this character instead of showing it: control characters, those
/// that change the direction of what follows (by which a line can be made to read as another), and the two by which
/// Unicode ends lines.
pub fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// `text` with those characters of it written out that are obeyed and that `kept` does not keep. The form is JSON's own,
/// so JSON stays what it was: all of them are in the basic plane.
pub fn spelled(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let spell = |character: char| is_obeyed(character) && !kept(character);
    if !text.contains(spell) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match spell(character) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// `text` on one line: its line ends and tabs are blanks, and the rest of what is obeyed is written out.
pub fn in_line(text: &str) -> String {
    let text = text.trim_end().replace("\r\n", " ");
    spelled(&text.replace(['\n', '\r', '\t'], " "), |_| false).into_owned()
}

/// The same without a secret.
pub fn told(text: &str) -> String {
    in_line(&veiled(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_told_is_one_line_that_nobody_obeys(text in any::<String>()) {
            let line = told(&text);
            prop_assert!(!line.contains(is_obeyed), "{line:?}");
            prop_assert_eq!(told(&line), line.trim_end());
        }

        #[test]
        fn json_means_the_same_when_it_is_spelled(text in any::<String>()) {
            let json = serde_json::Value::from(text);
            let text = json.to_string();
            let spelled = spelled(&text, |_| false);
            prop_assert!(!spelled.contains(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&spelled).ok(), Some(json));
        }
    }
}
