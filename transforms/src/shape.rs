//! The tables of a run: as written, and inferred where nothing is written.

use std::collections::{BTreeMap, HashSet};

use config::mapping::{Mapping, Table};

use crate::points::{self, PointCollection};
use crate::{Census, Shape, infer, naming};

/// The tables of every collection that is written of or was sampled. Inferred tables keep out of the way of written
/// names.
pub fn shape(mapping: &Mapping, samples: &BTreeMap<String, Census>) -> Shape {
    let written = written(mapping);
    let others = samples.iter().filter(|(id, _)| !written.contains_key(*id));
    let inferred = infer(&others.map(|(id, census)| (id.clone(), census.clone())).collect());
    beside(mapping, written, inferred)
}

/// The same for collections of points, which are not sampled but described.
pub fn shape_of_points(mapping: &Mapping, collections: &[PointCollection]) -> Shape {
    let written = written(mapping);
    let others = collections
        .iter()
        .filter(|collection| !written.contains_key(&collection.name));
    let proposed = points::propose(&others.cloned().collect::<Vec<_>>());
    beside(mapping, written, proposed)
}

type Collections = BTreeMap<String, Vec<Table>>;

fn written(mapping: &Mapping) -> Collections {
    let mut collections = Collections::new();
    for table in &mapping.tables {
        let id = table.from.collection().to_owned();
        collections.entry(id).or_default().push(table.clone());
    }
    collections
}

/// Puts what nobody wrote beside what is written.
fn beside(mapping: &Mapping, mut collections: Collections, drawn: Shape) -> Shape {
    let Shape {
        collections: drawn,
        mut remarks,
    } = drawn;
    let mut taken: HashSet<String> = names(mapping.tables.iter());
    for (id, mut tables) in drawn {
        for table in &mut tables {
            table.nul = mapping.nul;
            let free = naming::free(&table.name, &taken);
            if free != table.name {
                remarks.push(format!(
                    "collection {id:?} becomes table {free:?}: {:?} is written already",
                    table.name
                ));
                table.name = free;
            }
            taken.insert(table.name.clone());
            for child in &mut table.children {
                child.name = naming::free(&child.name, &taken);
                taken.insert(child.name.clone());
            }
        }
        collections.insert(id, tables);
    }
    Shape { collections, remarks }
}

fn names<'t>(tables: impl Iterator<Item = &'t Table>) -> HashSet<String> {
    tables
        .flat_map(|table| {
            let children = table.children.iter().map(|child| child.name.clone());
            std::iter::once(table.name.clone()).chain(children)
        })
        .collect()
}
