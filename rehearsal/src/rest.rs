//! Firestore over its REST interface, as plain JSON, written without any part of the product.
//! It promises that what it reads is what the server sent: every page is read at one time, a page that
//! was cut short is an error, and JSON values are handed on untouched.
//! What a value means is left to the [judge](crate::judge), what to write to the
//! [application](crate::application).

use std::collections::BTreeMap;
use std::io;

use anyhow::{Context, Result, bail, ensure};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Map, Value, json};

/// Writes in one request: what Firestore allows.
const WRITES: usize = 500;
/// Bytes in one request: the emulator takes 4 MiB of gRPC, and JSON is never the shorter of the two.
const BYTES: usize = 3 << 20;
/// Requests under way at the same time.
const REQUESTS: usize = 4;
/// Documents in one page. The emulator looks at every document for every page, so pages are large.
const PAGE: usize = 5_000;

/// One Firestore database, reached over REST as the emulator's owner.
#[derive(Debug, Clone)]
pub struct Firestore {
    base: String,
    project: String,
    database: String,
    http: reqwest::Client,
}

/// A document as Firestore tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Path below the database root, raw: it may hold NUL, `%` and anything else an id may hold.
    pub path: String,
    /// Field name to REST value, such as `{"integerValue":"7"}`.
    pub fields: Map<String, Value>,
    /// RFC 3339, as sent.
    pub create_time: String,
    /// RFC 3339, as sent.
    pub update_time: String,
}

/// One change of one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// The document at this path becomes exactly these fields.
    Set(String, Map<String, Value>),
    /// The document at this path is gone.
    Delete(String),
}

impl Firestore {
    /// The database `database` of `project` behind `base`, which is `host:port`.
    pub fn new(base: &str, project: &str, database: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .context("build an http client")?;
        let [base, project, database] = [base, project, database].map(str::to_owned);
        Ok(Self {
            base,
            project,
            database,
            http,
        })
    }

    /// `projects/<project>/databases/<database>/documents`: what every document name begins with.
    pub fn root(&self) -> String {
        format!("projects/{}/databases/{}/documents", self.project, self.database)
    }

    /// Writes everything, in requests that each land whole or not at all. Requests overtake each other,
    /// so one call must not name a document twice.
    pub async fn commit(&self, writes: impl IntoIterator<Item = Write>) -> Result<()> {
        let root = self.root();
        let pending = writes.into_iter().map(|write| encode(&root, write));
        stream::iter(requests(pending))
            .map(|body| async move { self.post(&format!("{}:commit", self.root()), body?).await })
            .buffer_unordered(REQUESTS)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    /// Every document of the database in name order, one page in memory at a time. Without a
    /// `read_time` all pages are read at the time of the first.
    pub fn documents(&self, read_time: Option<&str>) -> impl Stream<Item = Result<Document>> {
        let start = Some(Cursor {
            read_time: read_time.map(str::to_owned),
            after: None,
        });
        stream::try_unfold(start, move |cursor| async move {
            let Some(cursor) = cursor else { return Ok(None) };
            let page = self.page(&cursor).await?;
            let after = page
                .documents
                .last()
                .map(|last| format!("{}/{}", self.root(), last.path));
            let next = Cursor {
                read_time: Some(page.read_time),
                after,
            };
            anyhow::Ok(Some((page.documents, (!page.last).then_some(next))))
        })
        .map_ok(|documents| stream::iter(documents.into_iter().map(Ok)))
        .try_flatten()
    }

    /// Every document of the database, by path.
    pub async fn all_documents(&self, read_time: Option<&str>) -> Result<BTreeMap<String, Document>> {
        self.documents(read_time)
            .map_ok(|document| (document.path.clone(), document))
            .try_collect()
            .await
    }

    /// The collection ids right below a document, or below the database root for an empty `parent`.
    pub async fn list_collection_ids(&self, parent: &str, read_time: Option<&str>) -> Result<Vec<String>> {
        let below: String = parent
            .split('/')
            .filter(|id| !id.is_empty())
            .map(|id| percent(id) + "/")
            .collect();
        let url = format!("{}/{below}", self.root());
        let url = format!("{}:listCollectionIds", url.trim_end_matches('/'));
        let mut ids = Vec::new();
        let mut token = String::new();
        loop {
            let mut request = json!({"pageSize": 300, "pageToken": token});
            if let Some(time) = read_time {
                request["readTime"] = json!(time);
            }
            let answer = self.post(&url, to_json(&request)?).await?;
            let listed = answer["collectionIds"].as_array().into_iter().flatten();
            ids.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            match answer["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => token = next.to_owned(),
                _ => return Ok(ids),
            }
        }
    }

    /// One page of the query without a collection, which is every document there is.
    async fn page(&self, cursor: &Cursor) -> Result<Page> {
        let mut query = json!({
            "from": [{"allDescendants": true}],
            "orderBy": [{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}],
            "limit": PAGE,
        });
        if let Some(name) = &cursor.after {
            query["startAt"] = json!({"values": [{"referenceValue": name}], "before": false});
        }
        let mut request = json!({"structuredQuery": query});
        if let Some(time) = &cursor.read_time {
            request["readTime"] = json!(time);
        }
        let answer = self
            .post(&format!("{}:runQuery", self.root()), to_json(&request)?)
            .await?;
        let Value::Array(parts) = answer else {
            bail!("a query answered {answer} instead of a list")
        };
        self.turn(parts)
    }

    /// The parts of a query's answer as a page. A page ends the stretch when it is empty, or when it is
    /// short and the server itself says it is done: a short page alone may be a cut one.
    fn turn(&self, parts: Vec<Value>) -> Result<Page> {
        let mut page = Page {
            documents: Vec::new(),
            read_time: String::new(),
            last: false,
        };
        let mut done = false;
        for mut part in parts {
            ensure!(
                part.get("error").is_none(),
                "firestore broke off a query: {}",
                part["error"]
            );
            done |= part["done"] == json!(true);
            if let Some(time) = part["readTime"].as_str() {
                page.read_time = time.to_owned();
            }
            if part.get("document").is_some() {
                page.documents.push(self.document(part["document"].take())?);
            }
        }
        ensure!(!page.read_time.is_empty(), "a query answered without a read time");
        page.last = page.documents.is_empty() || done && page.documents.len() < PAGE;
        Ok(page)
    }

    fn document(&self, mut sent: Value) -> Result<Document> {
        let name = sent["name"].as_str().context("a document came without a name")?;
        let path = name.strip_prefix(&format!("{}/", self.root()));
        let path = path
            .with_context(|| format!("{name:?} is no document of {}", self.root()))?
            .to_owned();
        let time = |key: &str| sent[key].as_str().map(str::to_owned);
        let create_time =
            time("createTime").with_context(|| format!("{path:?} came without a createTime"))?;
        let update_time =
            time("updateTime").with_context(|| format!("{path:?} came without an updateTime"))?;
        let fields = match sent["fields"].take() {
            Value::Object(fields) => fields,
            Value::Null => Map::new(),
            other => bail!("the fields of {path:?} are {other} instead of an object"),
        };
        Ok(Document {
            path,
            fields,
            create_time,
            update_time,
        })
    }

    async fn post(&self, resource: &str, body: Vec<u8>) -> Result<Value> {
        let url = format!("http://{}/v1/{resource}", self.base);
        let request = self.http.post(&url).header("authorization", "Bearer owner");
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await.with_context(|| format!("send {url}"))?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .with_context(|| format!("read the answer of {url}"))?;
        ensure!(
            status.is_success(),
            "{url} answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).with_context(|| format!("understand the answer of {url}"))
    }
}

struct Cursor {
    read_time: Option<String>,
    after: Option<String>,
}

struct Page {
    documents: Vec<Document>,
    read_time: String,
    last: bool,
}

fn encode(root: &str, write: Write) -> Result<Vec<u8>> {
    to_json(&match write {
        Write::Set(path, fields) => json!({"update": {"name": format!("{root}/{path}"), "fields": fields}}),
        Write::Delete(path) => json!({"delete": format!("{root}/{path}")}),
    })
}

/// The bodies of the requests that carry these writes, each made when it is asked for.
fn requests(writes: impl Iterator<Item = Result<Vec<u8>>>) -> impl Iterator<Item = Result<Vec<u8>>> {
    let mut writes = writes.peekable();
    std::iter::from_fn(move || {
        let mut body = match writes.next()? {
            Ok(first) => [b"{\"writes\":[".as_slice(), &first].concat(),
            Err(error) => return Some(Err(error)),
        };
        for _ in 1..WRITES {
            let next = writes.next_if(|next| next.as_ref().is_ok_and(|next| body.len() + next.len() < BYTES));
            let Some(Ok(next)) = next else { break };
            body.push(b',');
            body.extend(next);
        }
        body.extend(b"]}");
        Some(Ok(body))
    })
}

/// JSON as the emulator reads it without loss: it takes numbers through a decimal type that has no
/// negative zero, while a negative number too small for a double does become one.
struct SignedZero;

impl Formatter for SignedZero {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value == 0.0 && value.is_sign_negative() {
            return writer.write_all(b"-1e-400");
        }
        serde_json::ser::CompactFormatter.write_f64(writer, value)
    }
}

fn to_json(value: &Value) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut body, SignedZero))?;
    Ok(body)
}

/// An id as one segment of a URL.
fn percent(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests;
