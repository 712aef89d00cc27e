//! The tables of a run: as written, and inferred where nothing is written.

use std::collections::{BTreeMap, HashSet};

use config::mapping::{Mapping, Table};

use crate::{Census, Shape, infer, naming};

/// The tables of every collection that is written of or was sampled.
pub fn shape(mapping: &Mapping, samples: &BTreeMap<String, Census>) -> Shape {
    let others = samples.iter().filter(|(id, _)| !speaks_of(mapping, id));
    beside(
        mapping,
        infer(&others.map(|(id, census)| (id.clone(), census.clone())).collect()),
    )
}

/// Whether a table is written for documents of this collection.
pub fn speaks_of(mapping: &Mapping, id: &str) -> bool {
    mapping.tables.iter().any(|table| table.from.collection() == id)
}

/// The tables as written, and those that were drawn for other collections: these keep out of the way of written names.
pub fn beside(mapping: &Mapping, drawn: Shape) -> Shape {
    let mut collections: BTreeMap<String, Vec<Table>> = BTreeMap::new();
    for table in &mapping.tables {
        let id = table.from.collection().to_owned();
        collections.entry(id).or_default().push(table.clone());
    }
    let Shape {
        collections: inferred,
        mut remarks,
    } = drawn;
    let mut taken: HashSet<String> = names(mapping.tables.iter());
    for (id, mut tables) in inferred {
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
