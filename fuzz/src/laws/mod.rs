//! The laws, by what they read.

pub mod answer;
pub mod cast;
pub mod checkpoint;
pub mod document;
pub mod json;
pub mod plan;
pub mod point;
pub mod rows;
pub mod settings;

use std::cell::RefCell;
use std::collections::BTreeMap;

use transforms::mapping::Table;

use crate::judge::Judge;
use crate::mappings::{Choices, often_plain};

/// The tables of one of 256 mappings; the first byte of an input says which.
fn tables(mapping: u8) -> Vec<Table> {
    often_plain(&mut Choices::scattered(mapping.into(), 300))
}

/// Asks the judge of a mapping, who is appointed once for each thread.
fn judged<T>(mapping: u8, ask: impl FnOnce(&Judge<'static>) -> T) -> T {
    thread_local! {
        static JUDGES: RefCell<BTreeMap<u8, Judge<'static>>> = const { RefCell::new(BTreeMap::new()) };
    }
    JUDGES.with_borrow_mut(|judges| {
        let judge = judges.entry(mapping).or_insert_with(|| {
            // One mapping of each number, for as long as the process lives.
            let tables: &'static [Table] = tables(mapping).leak();
            Judge::new(tables, mapping.is_multiple_of(2))
        });
        ask(judge)
    })
}
