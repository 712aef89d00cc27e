//! What lies in the database, from whom made it up.

use pipeline::plan::Plan;
use simulator::Path;
use simulator::dataset::Dataset;
use std::collections::{BTreeMap, HashMap};

/// The documents of a database by collection id, in Firestore's order.
pub(crate) struct Truth(BTreeMap<String, Vec<Document>>);

struct Document {
    name: String,
    body: Vec<u8>,
}

impl Truth {
    pub(crate) fn of(dataset: &Dataset, root: &str) -> Truth {
        let mut all: BTreeMap<String, Vec<(Path, Document)>> = BTreeMap::new();
        for sequence in dataset.sequences(root) {
            let group = all.entry(sequence.collection_id().to_owned()).or_default();
            let mut walk = sequence.walk(0);
            for index in 0..sequence.len() {
                let (path, mut body) = (sequence.path(index), Vec::new());
                assert!(walk.append(&mut body));
                let name = path.name(root);
                group.push((path, Document { name, body }));
            }
        }
        let sorted = all.into_iter().map(|(id, mut group)| {
            group.sort_by(|one, other| one.0.cmp(&other.0));
            (id, group.into_iter().map(|(_, document)| document).collect())
        });
        Truth(sorted.collect())
    }

    /// What is wrong with a plan.
    pub(crate) fn assert_planned(&self, plan: &Plan) {
        let planned: BTreeMap<&str, u64> =
            plan.collections
                .iter()
                .enumerate()
                .fold(BTreeMap::new(), |mut sums, (at, of)| {
                    let lanes = plan.lanes.iter().filter(|lane| lane.collection == at);
                    sums.insert(of.id.as_str(), lanes.map(|lane| lane.documents).sum());
                    sums
                });
        let there: BTreeMap<&str, u64> = self
            .0
            .iter()
            .map(|(id, all)| (id.as_str(), all.len() as u64))
            .collect();
        assert_eq!(planned, there, "collections and their documents");
    }

    /// Every document came once, lane by lane in order, without any other in between, and as it is.
    pub(crate) fn assert_read(&self, plan: &Plan, lanes: &[Vec<bytes::Bytes>]) {
        let ranks: BTreeMap<&str, HashMap<&str, usize>> = self
            .0
            .iter()
            .map(|(id, all)| {
                let names = all.iter().enumerate();
                (
                    id.as_str(),
                    names
                        .map(|(rank, document)| (document.name.as_str(), rank))
                        .collect(),
                )
            })
            .collect();
        let mut came: BTreeMap<&str, Vec<bool>> = self
            .0
            .iter()
            .map(|(id, all)| (id.as_str(), vec![false; all.len()]))
            .collect();
        for (lane, bodies) in plan.lanes.iter().zip(lanes) {
            let id = plan.collections[lane.collection].id.as_str();
            let mut before: Option<usize> = None;
            for body in bodies {
                let name = transforms::firestore::name(body).unwrap();
                let rank = ranks[id]
                    .get(name)
                    .unwrap_or_else(|| panic!("{name} lies nowhere"));
                assert!(
                    before.is_none_or(|before| before + 1 == *rank),
                    "lane {}: {name} is out of order",
                    lane.id
                );
                assert!(self.0[id][*rank].body == body[..], "{name} is not as it was");
                assert!(
                    !std::mem::replace(&mut came.get_mut(id).unwrap()[*rank], true),
                    "{name} came twice"
                );
                before = Some(*rank);
            }
        }
        for (id, came) in came {
            let missing = came.iter().filter(|came| !**came).count();
            assert_eq!(missing, 0, "documents of {id} are missing");
        }
    }
}
