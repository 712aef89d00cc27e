//! The schema a person would draw from samples, with the evidence for every choice.
//! The same censuses give the same proposal; it is a valid mapping, and it loses nothing: what gets no column stays in
//! `_extra`. Everything in it is a guess from a sample, and its reader is told how good a guess.
//! What a sample holds is counted in [`crate::census`]; printing the proposal is for whoever asks.

mod children;
mod columns;
mod evidence;
mod kinds;
mod sites;
mod table;

use std::collections::BTreeMap;

use crate::Census;
use crate::mapping::Mapping;
use sites::Sites;

/// A mapping to begin with, and why it looks as it does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// The tables.
    pub mapping: Mapping,
    /// What the sample says about them, by the table's name, tables of elements included.
    pub evidence: BTreeMap<String, Evidence>,
    /// What concerns a whole collection, or several: one sentence each.
    pub remarks: Vec<String>,
}

/// What the sample says about one table. Each string is one line, without values of documents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// About the documents or elements.
    pub lines: Vec<String>,
    /// About each column, by its name.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Fields that stay in `_extra`, as the mapping writes them, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Proposes tables for all collections of which documents were sampled. `counts` says how many documents each has.
pub fn propose(censuses: &BTreeMap<String, Census>, counts: &BTreeMap<String, u64>) -> Proposal {
    let mut proposal = Proposal::default();
    let sites = Sites::of(censuses, counts, &mut proposal.remarks);
    let mut names = sites.names();
    for site in sites.in_order() {
        let drawn = table::draw(site, &sites, &mut names);
        proposal.mapping.tables.push(drawn.table);
        proposal.evidence.extend(drawn.evidence);
        proposal.remarks.extend(drawn.remarks);
    }
    proposal.remarks.extend(doubt(&sites));
    proposal
}

/// What the operator should know before relying on patterns that only a sample speaks for.
fn doubt(sites: &Sites<'_>) -> Option<String> {
    let seen_in_part = |site: &&sites::Site<'_>| {
        let all = site.count.is_some_and(|count| count <= site.census.documents());
        !all && !site.pattern.anywhere
    };
    let count = sites.in_order().filter(seen_in_part).count();
    (count > 0).then(|| {
        format!(
            "{count} of the tables take their documents from where the sampled ones lie; documents of the same \
             collection ids elsewhere would go to the quarantine (no_table) until a table's `from` speaks of them"
        )
    })
}

#[cfg(test)]
mod tests;
