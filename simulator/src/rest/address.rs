//! What a URL names: a resource below a database, the verb after it, and the parameters of the query.
//!
//! Segments are decoded one by one, so an id may hold every character there is but the slash.

use super::time;
use firestore::gcloud_sdk::prost_types::Timestamp;
use tonic::Status;

/// `/v1/projects/P/databases/D/documents/…:verb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// `projects/P/databases/D`.
    pub(super) database: String,
    /// The segments below the root, decoded.
    pub(super) below: Vec<String>,
    /// What to do there.
    pub(super) verb: Option<&'static str>,
}

/// Verbs of the root alone.
const OF_ROOTS: [&str; 5] = ["commit", "batchWrite", "batchGet", "beginTransaction", "rollback"];
/// Verbs of the root and of documents.
const OF_PARENTS: [&str; 4] = [
    "runQuery",
    "runAggregationQuery",
    "partitionQuery",
    "listCollectionIds",
];

impl Address {
    /// Understands a path; nothing when it is no address. Verbs are what may be POSTed to: with `verbs` off, and
    /// where the word after the last colon is none of them, the colon is part of an id.
    pub(super) fn parse(path: &str, verbs: bool) -> Result<Option<Address>, Status> {
        let verb = path.rsplit_once(':').filter(|_| verbs);
        let verb = verb.and_then(|(before, word)| Some((before, known(before, word)?)));
        let (path, verb) = match verb {
            Some((before, verb)) => (before, Some(verb)),
            None => (path, None),
        };
        let Some(segments) = path.strip_prefix("/v1/") else {
            return Ok(None);
        };
        let segments: Vec<String> = segments
            .split('/')
            .map(|text| decoded(text, false))
            .collect::<Result<_, _>>()?;
        let [projects, project, databases, database, documents, below @ ..] = &segments[..] else {
            return Ok(None);
        };
        if [projects, databases, documents] != ["projects", "databases", "documents"] {
            return Ok(None);
        }
        Ok(Some(Address {
            database: format!("projects/{project}/databases/{database}"),
            below: below.to_vec(),
            verb,
        }))
    }

    /// The name of the resource.
    pub(super) fn name(&self) -> String {
        self.name_of(&self.below)
    }

    /// The name of what lies above, and the last segment; nothing for the root.
    pub(super) fn split(&self) -> Option<(String, &str)> {
        let (last, above) = self.below.split_last()?;
        Some((self.name_of(above), last))
    }

    fn name_of(&self, below: &[String]) -> String {
        let mut name = format!("{}/documents", self.database);
        for segment in below {
            name.push('/');
            name.push_str(segment);
        }
        name
    }
}

/// The verb `word`, if the path before it can have it.
fn known(before: &str, word: &str) -> Option<&'static str> {
    let is_root = before.matches('/').count() == "/v1/projects/p/databases/d/documents".matches('/').count();
    let verbs = OF_PARENTS.iter().chain(OF_ROOTS.iter().filter(|_| is_root));
    verbs.copied().find(|verb| *verb == word)
}

/// Takes the percent signs out of a piece of a URL.
fn decoded(text: &str, form: bool) -> Result<String, Status> {
    let bad = || Status::invalid_argument(format!("{text:?} is not percent-encoded UTF-8."));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |digit: Option<u8>| char::from(digit?).to_digit(16);
        bytes.push(match byte {
            b'%' => match (hex(rest.next()), hex(rest.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| bad())?,
                _ => return Err(bad()),
            },
            b'+' if form => b' ',
            plain => plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

/// The parameters of a query; those that nobody asks for mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(query: Option<&str>) -> Result<Parameters, Status> {
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name, true)?, decoded(value, true)?))
        });
        Ok(Parameters(decoded.collect::<Result<_, Status>>()?))
    }

    /// Every value of a repeated parameter.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.clone()).collect()
    }

    /// The value of a parameter that may stand there once.
    pub(super) fn one(&self, name: &str) -> Result<Option<String>, Status> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(Status::invalid_argument(format!(
                "{name} is given more than once."
            ))),
        }
    }

    /// A parameter that is `true` or `false`.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, Status> {
        self.parsed(name, |text| text.parse().ok())
    }

    /// A parameter that is a 32-bit number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i32>, Status> {
        self.parsed(name, |text| text.parse().ok())
    }

    /// A parameter that is a moment.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Status> {
        self.parsed(name, time::parse)
    }

    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Status> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let bad = || Status::invalid_argument(format!("Invalid value for {name}: {text:?}."));
        parse(&text).map(Some).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str, verbs: bool) -> Address {
        Address::parse(path, verbs).unwrap().unwrap()
    }

    const ROOT: &str = "/v1/projects/p/databases/%28default%29/documents";

    #[test]
    fn ids_keep_every_character() {
        let named = address(&format!("{ROOT}/c/%00%252F%20%C3%A9+%3A"), false);
        assert_eq!(
            named.name(),
            "projects/p/databases/(default)/documents/c/\0%2F é+:"
        );
    }

    #[test]
    fn a_colon_is_a_verb_only_where_there_is_such_a_verb() {
        for (path, verb) in [
            (":runQuery", Some("runQuery")),
            (":commit", Some("commit")),
            ("/c/a:b:listCollectionIds", Some("listCollectionIds")),
            ("/c/a:commit", None),
            ("/c/a:b", None),
            ("/c/a%3ArunQuery", None),
        ] {
            assert_eq!(address(&format!("{ROOT}{path}"), true).verb, verb, "{path}");
        }
        let document = address(&format!("{ROOT}/c/a:runQuery"), false);
        assert_eq!(
            (document.verb, document.below),
            (None, vec!["c".to_owned(), "a:runQuery".to_owned()])
        );
    }

    #[test]
    fn what_is_no_address_is_nothing_and_what_is_no_text_an_error() {
        for path in [
            "/v2/x",
            "/v1/projects/p/databases/d",
            "/v1/projects/p/databases/d/indexes/x",
        ] {
            assert_eq!(Address::parse(path, true).unwrap(), None, "{path}");
        }
        for bad in ["%", "%f", "%zz", "%FF", "%+1"] {
            assert!(
                Address::parse(&format!("{ROOT}/c/{bad}"), false).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn parameters_are_decoded_and_may_repeat_only_where_they_are_lists() {
        let asked =
            Parameters::parse(Some("mask.fieldPaths=a&mask.fieldPaths=%60b+c%60&pageSize=7&&x")).unwrap();
        assert_eq!(asked.all("mask.fieldPaths"), ["a", "`b c`"]);
        assert!(asked.one("mask.fieldPaths").is_err());
        assert_eq!(asked.number("pageSize").unwrap(), Some(7));
        assert_eq!(asked.boolean("showMissing").unwrap(), None);
        assert!(asked.boolean("pageSize").is_err());
    }
}
