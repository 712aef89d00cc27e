//! A database looked at before anything is decided: its collections, and what their documents hold.
//!
//! All of it is read at one moment and within the quota. A sample is taken from many places of each collection; a
//! full survey reads every document once, in constant memory.

mod references;

use crate::fault::{Fault, Part};
use crate::plan::{Lane, ReadTime};
use crate::progress::{Phase, Progress};
use crate::source::firestore::{Firestore, Group, Range};
use crate::source::{Reader, Source, Standing};
use references::References;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use transforms::Census;

/// Places of a collection that a sample is taken from: names are often moments, and old documents look different from
/// new ones. Finding a place costs reads, so a collection little larger than its sample gets few.
const PLACES: u64 = 16;
const FEW_PLACES: u64 = 4;
/// So many samples make a collection large.
const LARGE: u64 = 20;
/// Documents read by one reader of a full survey.
const STRETCH: u64 = 100_000;

/// How much is looked at.
#[derive(Debug, Clone)]
pub struct Depth {
    /// Only these collections.
    pub only: Option<Vec<String>>,
    /// Documents of each collection; nothing means all of them.
    pub sample: Option<usize>,
    /// Collections read at the same time in a full survey.
    pub readers: usize,
}

/// What was found.
#[derive(Debug)]
pub struct Survey {
    /// The moment it was true at.
    pub snapshot: ReadTime,
    /// Documents of each collection.
    pub counts: BTreeMap<String, u64>,
    /// What they hold.
    pub censuses: BTreeMap<String, Census>,
    /// References looked up.
    pub lookups: Vec<Lookup>,
}

/// The references of one field, looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The collection of the documents that refer.
    pub collection: String,
    /// The field as the mapping spells it, `[]` for the elements of an array.
    pub field: String,
    /// Different targets that were looked up.
    pub looked_up: u64,
    /// How many of them do not exist.
    pub missing: u64,
}

/// What one collection's documents hold, and what they refer to.
#[derive(Default)]
struct Seen {
    census: Census,
    references: References,
}

impl Seen {
    fn look(&mut self, body: &[u8], root: &str) {
        // What cannot be decoded goes to quarantine in a run and says nothing about types.
        if let Ok(document) = transforms::firestore::document(body) {
            self.census.observe(&document);
            self.references.observe(&document, root);
        }
    }
}

/// Looks at `source`; `root` is its documents' resource name.
pub async fn survey(
    source: &Firestore,
    root: &str,
    depth: &Depth,
    progress: &Progress,
) -> Result<Survey, Fault> {
    let turn_to = |what: String| progress.turn_to(Phase::Planning(what));
    let snapshot = source.snapshot().await?;
    turn_to("finding and counting collections".to_owned());
    let groups = source.groups(depth.only.as_deref(), snapshot).await?;
    let mut survey = Survey {
        snapshot,
        counts: BTreeMap::new(),
        censuses: BTreeMap::new(),
        lookups: Vec::new(),
    };
    for group in &groups {
        turn_to(format!(
            "looking at {} ({} documents)",
            group.collection, group.documents
        ));
        let seen = match depth.sample {
            Some(sample) => sampled(source, root, group, sample, snapshot).await?,
            None => whole(source, root, group, depth.readers, snapshot).await?,
        };
        turn_to(format!("looking up what {} refers to", group.collection));
        for (field, targets) in seen.references.by_field() {
            survey
                .lookups
                .push(look_up(source, group, field, targets, snapshot).await?);
        }
        survey.counts.insert(group.collection.clone(), group.documents);
        survey.censuses.insert(group.collection.clone(), seen.census);
    }
    Ok(survey)
}

async fn sampled(
    source: &Firestore,
    root: &str,
    group: &Group,
    sample: usize,
    at: ReadTime,
) -> Result<Seen, Fault> {
    let wanted = sample as u64;
    let places = match group.documents {
        few if few <= wanted => 1,
        some if some <= wanted.saturating_mul(LARGE) => FEW_PLACES,
        _ => PLACES,
    };
    let size = group.documents.div_ceil(places).max(1);
    let ranges = source.cut(group, size, at).await?;
    let mut seen = Seen::default();
    source
        .glimpse(&group.collection, &ranges, sample, at, |body| {
            seen.look(body, root)
        })
        .await?;
    Ok(seen)
}

/// Every document, by several readers at a time.
async fn whole(
    source: &Firestore,
    root: &str,
    group: &Group,
    readers: usize,
    at: ReadTime,
) -> Result<Seen, Fault> {
    let mut ranges = source.cut(group, STRETCH, at).await?.into_iter();
    let (mut seen, mut reading) = (Seen::default(), JoinSet::new());
    loop {
        while reading.len() < readers.max(1) {
            let Some(range) = ranges.next() else { break };
            let reader = source.reader(&lane(&range), &group.collection, standing(&range, at));
            reading.spawn(read(reader, Arc::from(root)));
        }
        let Some(done) = reading.join_next().await else {
            return Ok(seen);
        };
        let done = done.map_err(|died| {
            Fault::permanent(
                Part::Source,
                format!("read {}", group.collection),
                died.to_string(),
            )
        })??;
        seen.census.merge(&done.census);
        seen.references.merge(done.references);
    }
}

async fn read(mut reader: impl Reader, root: Arc<str>) -> Result<Seen, Fault> {
    let mut seen = Seen::default();
    while let Some(batch) = reader.next().await? {
        batch.documents.iter().for_each(|body| seen.look(body, &root));
    }
    Ok(seen)
}

fn lane(range: &Range) -> Lane {
    Lane {
        id: 0,
        collection: 0,
        shard: None,
        from: range.from.clone(),
        to: range.to.clone(),
        documents: range.documents,
    }
}

fn standing(range: &Range, at: ReadTime) -> Standing {
    Standing {
        progress: checkpoints::Progress::default(),
        read_at: at,
        expected: range.documents,
        rows: Vec::new(),
    }
}

async fn look_up(
    source: &Firestore,
    group: &Group,
    field: &str,
    targets: &BTreeSet<String>,
    at: ReadTime,
) -> Result<Lookup, Fault> {
    let paths: Vec<String> = targets.iter().cloned().collect();
    Ok(Lookup {
        collection: group.collection.clone(),
        field: field.to_owned(),
        looked_up: paths.len() as u64,
        missing: source.missing(&paths, at).await?,
    })
}
