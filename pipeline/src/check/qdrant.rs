//! Whether points can be read, from which kind of server, and what of them cannot come over as it is.
//!
//! Nothing is changed, a read-only key is enough, and of every collection no more than one small page of points is read.
//! Every question has an end, whatever the other side does.

mod contents;
mod server;
mod storage;

use super::Finding;
use super::source::{failed, in_time, unanswered};
use crate::fault::Fault;
use crate::source::qdrant::{Collection, Kinds, Qdrant, Sample};
use config::mapping::Table;
use futures::{StreamExt, stream};

const ANSWERS: &str = "source.answers";
const COLLECTIONS: &str = "source.collections";
const SILENT: &str = "the source could not be asked";
const NOTHING: &str = "no collection could be looked into";
/// Collections looked into at the same time.
const AT_ONCE: usize = 4;
/// Points of each collection that are looked at.
const SAMPLE: usize = 100;

/// A collection, and what a look into it showed.
#[derive(Debug, Clone)]
struct Looked {
    collection: Collection,
    kinds: Kinds,
    sample: Sample,
}

/// What there is to say about the source.
/// With the `tables` as written: some of them cannot be merged into.
pub async fn qdrant(config: &config::Qdrant, tables: &[Table]) -> Vec<Finding> {
    let unreached = |fault: &Fault| {
        let mut findings = vec![unanswered(fault), server::encryption(config)];
        let checks = [server::VERSION, COLLECTIONS].into_iter().chain(ASPECTS);
        findings.extend(checks.map(|check| Finding::skipped(check, SILENT)));
        findings
    };
    let qdrant = match Qdrant::for_questions(config).await {
        Ok(qdrant) => qdrant,
        Err(fault) => return unreached(&fault),
    };
    let asked = async { tokio::try_join!(qdrant.version(), qdrant.collections()) };
    let (version, listed) = match in_time("ask Qdrant for its collections", asked).await {
        Ok(answers) => answers,
        Err(fault) => return unreached(&fault),
    };
    let mut findings = vec![
        Finding::pass(ANSWERS, format!("Qdrant {version} at {} answers", config.url)),
        server::encryption(config),
        server::version(&version),
    ];
    let (names, of_names) = wanted(&qdrant, config, listed).await;
    let (looked, faults) = look_into(&qdrant, names).await;
    findings.push(of_names);
    findings.extend(faults.iter().map(|fault| failed(COLLECTIONS, fault)));
    match looked.as_slice() {
        [] => findings.extend(ASPECTS.map(|check| Finding::skipped(check, NOTHING))),
        looked => findings.extend([
            storage::points(looked),
            storage::strict_mode(looked),
            storage::shards(looked, config.per_shard.is_some()),
            storage::shard_keys(looked, tables),
            storage::replicas(looked, config.read_consistency),
            contents::ids(looked),
            contents::vectors(looked),
            contents::values(looked),
        ]),
    }
    findings
}

/// What is looked at in every collection, in the order it is told.
const ASPECTS: [&str; 8] = [
    storage::POINTS,
    storage::STRICT_MODE,
    storage::SHARDS,
    storage::SHARD_KEYS,
    storage::REPLICAS,
    contents::IDS,
    contents::VECTORS,
    contents::VALUES,
];

/// The collections that would be moved, and whether those asked for are there.
async fn wanted(qdrant: &Qdrant, config: &config::Qdrant, listed: Vec<String>) -> (Vec<String>, Finding) {
    let Some(asked) = &config.collections else {
        let finding = match listed.len() {
            0 => Finding::fail(
                COLLECTIONS,
                "the server shows no collection",
                "a run would find nothing to move, and end",
                "check --qdrant-url, and whether the key may see the collections",
            ),
            1 => Finding::pass(COLLECTIONS, format!("one collection: {}", names(&listed))),
            n => Finding::pass(COLLECTIONS, format!("{n} collections: {}", names(&listed))),
        };
        return (listed, finding);
    };
    // Whoever may not see them is told what there is by its own name.
    let aliases = in_time("list the aliases of Qdrant", qdrant.aliases()).await;
    let aliases = aliases.unwrap_or_default();
    let (there, missing): (Vec<String>, Vec<String>) = asked
        .iter()
        .cloned()
        .partition(|name| listed.contains(name) || aliases.contains_key(name));
    let finding = match missing.is_empty() {
        true => Finding::pass(COLLECTIONS, "every collection asked for is there"),
        false => Finding::fail(
            COLLECTIONS,
            format!("there is no collection or alias called {}", missing.join(" or ")),
            "a run would end while it makes its plan",
            format!("check --collections; the server shows: {}", names(&listed)),
        ),
    };
    (there, finding)
}

async fn look_into(qdrant: &Qdrant, names: Vec<String>) -> (Vec<Looked>, Vec<Fault>) {
    let looks = names.into_iter().map(|name| async move {
        let action = format!("look into collection {name}");
        in_time(&action, Box::pin(look(qdrant, &name))).await
    });
    let answers: Vec<Result<Looked, Fault>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let (mut looked, mut faults) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(one) => looked.push(one),
            Err(fault) => faults.push(fault),
        }
    }
    (looked, faults)
}

async fn look(qdrant: &Qdrant, name: &str) -> Result<Looked, Fault> {
    let collection = qdrant.describe(name).await?;
    let (kinds, sample) = tokio::try_join!(qdrant.kinds(name, None), qdrant.sample(name, None, SAMPLE))?;
    Ok(Looked {
        collection,
        kinds,
        sample,
    })
}

/// A few names, for a sentence.
fn names<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What is to be said of each collection that `say` says something about; nothing when there is none.
fn each(looked: &[Looked], say: impl Fn(&Looked) -> Option<String>) -> Option<String> {
    let said: Vec<String> = looked
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.collection.name, say(one)?)))
        .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::qdrant::{Status, Strict};
    use std::collections::BTreeMap;

    /// A collection that there is nothing to say about.
    pub(super) fn plain() -> Looked {
        Looked {
            collection: Collection {
                name: "notes".to_owned(),
                vectors: BTreeMap::new(),
                sparse: BTreeMap::new(),
                payload: BTreeMap::new(),
                shards: 1,
                shard_keys: None,
                replicas: 1,
                points: 0,
                status: Status::Green,
                warnings: Vec::new(),
                queued: 0,
                deferred: 0,
                strict: Strict::default(),
            },
            kinds: Kinds::default(),
            sample: Sample::default(),
        }
    }

    #[test]
    fn a_sentence_names_a_few_and_counts_the_others() {
        let all: Vec<String> = (0..10).map(|n| format!("c{n}")).collect();
        assert_eq!(names(&all[..2]), "c0, c1");
        assert_eq!(names(&all[..8]), "c0, c1, c2, c3, c4, c5, c6, c7");
        assert_eq!(names(&all), "c0, c1, c2, c3, c4, c5, c6, c7 and 2 more");
    }
}
