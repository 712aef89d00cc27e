//! Which collections a database has, wherever they lie, and a proof that none was overlooked.
//!
//! Nothing lists the collections below documents, and a pass over all names would double the bill. COUNT costs a
//! thousandth of it: when the counts of the known groups add up to the count of everything, at one moment, no
//! group is missing. When they do not, the name space is halved where the two disagree until the strangers show
//! themselves. Documents below documents that do not exist are counted like any other.

use super::client::Client;
use super::names;
use super::query::Query;
use crate::fault::{Fault, Part};
use crate::plan::ReadTime;
use std::collections::BTreeMap;

/// Names looked at where strangers are suspected.
const LOOK_AT: u32 = 100;
/// Names read at a time where nothing but reading them all is left.
const PAGE: u32 = 1000;

/// A collection id and the documents in all collections of that id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The collection id.
    pub collection: String,
    /// Documents at the snapshot time.
    pub documents: u64,
}

/// The groups asked for.
pub(super) async fn named(client: &Client, ids: &[String], at: ReadTime) -> Result<Vec<Group>, Fault> {
    let mut found = Found::new(client, at);
    for id in ids {
        if found.learn(id).await? == 0 {
            let known = client.root_collections(at).await?.join(", ");
            return Err(Fault::permanent(
                Part::Source,
                format!("find collection {id}"),
                "no document lies in a collection of that name",
            )
            .with_cause("not_found")
            .with_remedy(format!("check --collections; the root collections are: {known}")));
        }
    }
    Ok(found.groups())
}

/// Every group of the database.
pub(super) async fn all(client: &Client, at: ReadTime) -> Result<Vec<Group>, Fault> {
    let mut found = Found::new(client, at);
    let mut roots = client.root_collections(at).await?;
    roots.sort();
    for id in &roots {
        found.learn(id).await?;
    }
    let total = client
        .count(&Query::everything(), at)
        .await
        .map_err(|fault| match fault.part {
            Part::Source => fault.with_remedy(
                "this database refuses to count across collections; name them with --collections a,b,c",
            ),
            _ => fault,
        })?;
    // Most of what lies below documents shows itself below the first documents of each root collection.
    for (place, id) in roots.iter().enumerate() {
        if found.total() == total {
            break;
        }
        let end = roots.get(place + 1).map(|next| names::beginning(next));
        found.look(Some(&names::beginning(id)), end.as_deref()).await?;
    }
    let mut open = vec![Stretch {
        from: None,
        to: None,
        documents: total,
    }];
    while found.total() < total {
        let Some(stretch) = open.pop() else {
            return Err(Fault::permanent(
                Part::Sums,
                "find every collection",
                format!(
                    "{total} documents exist, {} lie in collections that could be found",
                    found.total()
                ),
            )
            .with_remedy("name the collections with --collections a,b,c and report this"));
        };
        found.halve(stretch, &mut open).await?;
    }
    Ok(found.groups())
}

/// A range of the whole name space.
struct Stretch {
    from: Option<String>,
    to: Option<String>,
    documents: u64,
}

struct Found<'c> {
    client: &'c Client,
    at: ReadTime,
    counts: BTreeMap<String, u64>,
}

impl<'c> Found<'c> {
    fn new(client: &'c Client, at: ReadTime) -> Self {
        Found {
            client,
            at,
            counts: BTreeMap::new(),
        }
    }

    fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    fn groups(self) -> Vec<Group> {
        let groups = self.counts.into_iter().filter(|(_, documents)| *documents > 0);
        groups
            .map(|(collection, documents)| Group {
                collection,
                documents,
            })
            .collect()
    }

    async fn learn(&mut self, id: &str) -> Result<u64, Fault> {
        if let Some(known) = self.counts.get(id) {
            return Ok(*known);
        }
        let documents = self.client.count(&Query::group(id), self.at).await?;
        self.counts.insert(id.to_owned(), documents);
        Ok(documents)
    }

    /// Learns the collections of the first names of a stretch.
    async fn look(&mut self, from: Option<&str>, to: Option<&str>) -> Result<(), Fault> {
        let query = Query::everything().between(from, to).limit(LOOK_AT);
        for path in self.client.names(query, self.at).await? {
            if let Some(id) = path.rsplit('/').nth(1) {
                self.learn(id).await?;
            }
        }
        Ok(())
    }

    /// Reads every name of a stretch that cannot be halved.
    async fn look_through(&mut self, from: Option<&str>, to: Option<&str>) -> Result<(), Fault> {
        let whole = Query::everything().between(from, to).limit(PAGE);
        let mut page = self.client.names(whole.clone(), self.at).await?;
        while let Some(last) = page.last().cloned() {
            for path in &page {
                if let Some(id) = path.rsplit('/').nth(1) {
                    self.learn(id).await?;
                }
            }
            page = self.client.names(whole.clone().after(&last), self.at).await?;
        }
        Ok(())
    }

    /// Looks into a stretch that holds strangers, or leaves it and pushes its halves.
    async fn halve(&mut self, stretch: Stretch, open: &mut Vec<Stretch>) -> Result<(), Fault> {
        let (from, to) = (stretch.from.as_deref(), stretch.to.as_deref());
        if self.known_in(from, to).await? == stretch.documents {
            return Ok(());
        }
        self.look(from, to).await?;
        if stretch.documents <= u64::from(LOOK_AT) {
            return Ok(());
        }
        let everything = |from: Option<&str>, to: Option<&str>| Query::everything().between(from, to);
        let Some((cut, end)) = split(self.client, &everything, from, to, self.at).await? else {
            return self.look_through(from, to).await;
        };
        let below = self.client.count(&everything(from, Some(&cut)), self.at).await?;
        let above = stretch.documents - below.min(stretch.documents);
        open.push(Stretch {
            from: stretch.from,
            to: Some(cut.clone()),
            documents: below,
        });
        open.push(Stretch {
            from: Some(cut),
            to: end,
            documents: above,
        });
        Ok(())
    }

    async fn known_in(&self, from: Option<&str>, to: Option<&str>) -> Result<u64, Fault> {
        let mut sum = 0;
        for id in self.counts.keys() {
            sum += self
                .client
                .count(&Query::group(id).between(from, to), self.at)
                .await?;
        }
        Ok(sum)
    }
}

/// A document that starts the upper part of a range, about half-way in the space of names, and the range's end
/// as far as it was narrowed; nothing when the range cannot be split.
pub(super) async fn split(
    client: &Client,
    query: &impl Fn(Option<&str>, Option<&str>) -> Query,
    from: Option<&str>,
    to: Option<&str>,
    at: ReadTime,
) -> Result<Option<(String, Option<String>)>, Fault> {
    let Some(first) = client.first(query(from, to), at).await? else {
        return Ok(None);
    };
    let (mut low, mut high) = (first.clone(), to.map(str::to_owned));
    while let Some(point) = names::between(&low, high.as_deref()) {
        match client.first(query(Some(&point), high.as_deref()), at).await? {
            Some(cut) if cut != first => return Ok(Some((cut, high))),
            Some(_) => low = point,
            None => high = Some(point),
        }
    }
    Ok(None)
}
