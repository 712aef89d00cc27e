//! Paths, patterns and templates as they are read; how they are printed stands with their types, and what was
//! printed reads back as the same.
//! No text makes a reader panic; each refusal says what to write.

use std::fmt;
use std::str::FromStr;

use super::path::is_plain;
use super::{Document, FieldPath, Misspelt, Pattern, Piece, Segment, Source, Template};
use crate::origin::shown;

impl FromStr for FieldPath {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<FieldPath, Misspelt> {
        let (path, rest) = field_path(text)?;
        match rest.chars().next() {
            None => Ok(path),
            Some(found) => Err(out_of_place(text, found)),
        }
    }
}

/// The field path at the beginning of `text`, and what comes behind it.
fn field_path(text: &str) -> Result<(FieldPath, &str), Misspelt> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let name;
        (name, rest) = match rest.strip_prefix('`') {
            Some(quoted) => quoted_name(quoted)?,
            None => {
                let end = rest.find(|letter| !is_plain(letter)).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        let quoted = text[..text.len() - rest.len()].ends_with('`');
        if name.is_empty() && !quoted {
            return Err(match rest.chars().next() {
                None | Some('.' | '}') => Misspelt(format!(
                    "the field path `{}` has an empty name in it; write names with single dots between them",
                    shown(text)
                )),
                Some(found) => out_of_place(text, found),
            });
        }
        names.push(name);
        match rest.strip_prefix('.') {
            Some(below) => rest = below,
            None => return Ok((FieldPath(names), rest)),
        }
    }
}

/// A name in backticks whose first one is read already.
fn quoted_name(text: &str) -> Result<(String, &str), Misspelt> {
    let mut name = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '`' => return Ok((name, letters.as_str())),
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | '`')) => name.push(escaped),
                _ => {
                    let what =
                        "a backslash in backticks stands before nothing that needs it; write `\\\\` for one";
                    return Err(Misspelt(what.to_owned()));
                }
            },
            letter => name.push(letter),
        }
    }
    let what = format!("the backtick before `{}` is not closed; close it", shown(text));
    Err(Misspelt(what))
}

fn out_of_place(text: &str, found: char) -> Misspelt {
    let text = shown(text);
    Misspelt(match found {
        '`' => format!(
            "a backtick stands in the middle of a name in `{text}`; put the whole name into backticks"
        ),
        '$' => format!("`{text}` is no field; a field that is really called so stands in backticks"),
        found => format!(
            "`{text}` has {found:?} in a name; put that name into backticks, as in address.`zip code`"
        ),
    })
}

/// A field, or what is known about the document.
impl FromStr for Source {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Source, Misspelt> {
        match text.starts_with('$') {
            true => text.parse().map(Source::Document),
            false => text.parse().map(Source::Field),
        }
    }
}

impl FromStr for Pattern {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Pattern, Misspelt> {
        let refused = |what: &str| Err(Misspelt(format!("the pattern `{}` {what}", shown(text))));
        let (anywhere, below) = match text.strip_prefix("**/") {
            Some(below) => (true, below),
            None => (false, text),
        };
        let mut segments = Vec::new();
        for (at, part) in below.split('/').enumerate() {
            let is_collection = at % 2 == 0;
            match (part, part.strip_prefix('\\')) {
                ("", _) | ("\\", _) => {
                    return refused("has an empty name in it; write names with single slashes between them");
                }
                ("**", _) => {
                    return refused(
                        "has `**` where it may not stand; it stands only at the very beginning: **/workouts",
                    );
                }
                ("*", _) if is_collection => {
                    return refused(
                        "has `*` for a collection; collections are named, only documents may be `*`",
                    );
                }
                ("*", _) => segments.push(Segment::Any),
                (_, Some(name)) => segments.push(Segment::Named(name.to_owned())),
                (name, _) if name.contains('*') => {
                    return refused(&format!(
                        "has `*` inside a name; a `*` stands for a whole document id, and a name that really holds one \
                         begins with a backslash: \\{}",
                        shown(name)
                    ));
                }
                (name, _) => segments.push(Segment::Named(name.to_owned())),
            }
        }
        if segments.len().is_multiple_of(2) {
            return refused("ends with a document; end it with the collection whose documents are meant");
        }
        Ok(Pattern { anywhere, segments })
    }
}

/// As the mapping spells it; braces that are text are doubled.
impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => out.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Piece::Field(path) => write!(out, "{{{path}}}"),
            Piece::Document(document) => write!(out, "{{{document}}}"),
        })
    }
}

impl FromStr for Template {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Template, Misspelt> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, behind) = rest[at..].split_at(1);
            if let Some(behind) = behind.strip_prefix(brace) {
                plain.push_str(brace);
                rest = behind;
                continue;
            }
            if brace == "}" {
                let what = format!(
                    "`{}` has a `}}` that closes nothing; write `}}}}` for a brace",
                    shown(text)
                );
                return Err(Misspelt(what));
            }
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            let piece;
            (piece, rest) = inside(behind)?;
            let Some(behind) = rest.strip_prefix('}') else {
                return Err(match rest.chars().next() {
                    Some(found) => out_of_place(behind, found),
                    None => unclosed(text),
                });
            };
            pieces.push(piece);
            rest = behind;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template(pieces))
    }
}

fn unclosed(text: &str) -> Misspelt {
    Misspelt(format!(
        "`{}` opens a brace that none closes; close it, or write `{{{{` for a brace",
        shown(text)
    ))
}

/// What a template has in braces, and what comes behind it.
fn inside(text: &str) -> Result<(Piece, &str), Misspelt> {
    if !text.starts_with('$') {
        return field_path(text).map(|(path, rest)| (Piece::Field(path), rest));
    }
    let end = text.find('}').ok_or_else(|| unclosed(text))?;
    let document: Document = text[..end].parse()?;
    Ok((Piece::Document(document), &text[end..]))
}
