//! Text put into SQL: identifiers, literals, and text PostgreSQL could not take otherwise.
//! Whatever is quoted here reads back in PostgreSQL as exactly the text given, under any server setting.
//! U+0000 has no spelling in SQL at all; callers send text through [`visible`] first where it may occur.

use std::borrow::Cow;

/// A quoted identifier: `"a""b"`.
pub fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A quoted literal: `'it''s'`; text with a backslash becomes `E'…'`, which no setting reads differently.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// The text for a person, with `␀` in place of every U+0000.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_escaped() {
        assert_eq!(quote(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"c:\it's"), r"E'c:\\it''s'");
        assert_eq!(visible("a\0b"), "a␀b");
        assert_eq!(visible("ab"), "ab");
    }
}
