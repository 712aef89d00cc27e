//! A collection of documents that are made from a seed, small or large.

use crate::ends::Ends;
use simulator::dataset::{Dataset, Sequence};
use std::path::Path;

pub(crate) const PROJECT: &str = "bench";
pub(crate) const COLLECTION: &str = "orders";
/// Documents looked at to know how large they are.
const LOOKED_AT: u64 = 1_000;

/// How large documents are.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// In KiB, as it is asked for.
    pub(crate) name: &'static str,
    /// Which fields they have: the smallest have no room for thirteen.
    mix: &'static str,
    pub(crate) fields: u32,
    bytes: [u32; 2],
}

impl Size {
    const fn of(name: &'static str, (mix, fields): (&'static str, u32), bytes: [u32; 2]) -> Size {
        Size {
            name,
            mix,
            fields,
            bytes,
        }
    }
}

pub(crate) const SIZES: [Size; 4] = [
    Size::of("0.2", ("event", 5), [180, 220]),
    Size::of("0.6", ("order", 13), [580, 620]),
    Size::of("4", ("order", 13), [3_900, 4_200]),
    Size::of("64", ("order", 13), [64_000, 67_000]),
];

/// One collection, `orders`.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) documents: u64,
    pub(crate) size: Size,
}

impl Case {
    /// As a person or a parent process writes it: a number, and the name of a size.
    pub(crate) fn parse(documents: &str, size: &str) -> Case {
        let known = SIZES.into_iter().find(|known| known.name == size);
        Case {
            documents: documents.parse().unwrap(),
            size: known.unwrap_or_else(|| panic!("sizes are {:?}, not {size}", SIZES.map(|size| size.name))),
        }
    }

    /// What [`Case::parse`] reads.
    pub(crate) fn words(&self) -> [String; 2] {
        [self.documents.to_string(), self.size.name.to_owned()]
    }

    fn described(&self) -> String {
        let Case { documents, size } = self;
        let [least, most] = size.bytes;
        format!(
            "seed = 7\n[[collection]]\npattern = \"{COLLECTION}\"\ndocuments = {documents}\nmix = \"{}\"\n\
             bytes = [{least}, {most}]\n",
            size.mix
        )
    }

    /// The documents.
    pub(crate) fn sequence(&self) -> Sequence {
        let dataset = Dataset::parse(&self.described()).unwrap();
        dataset.sequences(&root()).swap_remove(0)
    }

    /// Bytes of a document on the wire, on average.
    pub(crate) fn bytes(&self) -> f64 {
        let sequence = self.sequence();
        let (mut walk, mut body) = (sequence.walk(0), Vec::new());
        let looked_at = LOOKED_AT.min(self.documents);
        (0..looked_at).for_each(|_| assert!(walk.append(&mut body)));
        body.len() as f64 / looked_at as f64
    }

    /// "200000 documents of 13 fields and 602 bytes"
    pub(crate) fn told(&self) -> String {
        format!(
            "{} documents of {} fields and {:.0} bytes",
            self.documents,
            self.size.fields,
            self.bytes()
        )
    }

    /// Both ends, with the documents at the source.
    pub(crate) fn ends(&self) -> Ends {
        ends_of(&self.described(), &[])
    }

    /// The same, where the source behaves as the plan in this file says.
    pub(crate) fn ends_by(&self, plan: &Path) -> Ends {
        ends_of(&self.described(), &["--plan", plan.to_str().unwrap()])
    }
}

/// Both ends, with the documents that are `described` at a source that is started with `flags`.
pub(crate) fn ends_of(described: &str, flags: &[&str]) -> Ends {
    let bill = format!("/simulator/v1/bill?database={}", database());
    let flags = [&["--project", PROJECT], flags, &["--dataset"]].concat();
    Ends::start(&flags, described, Some(&bill))
}

pub(crate) fn database() -> String {
    format!("projects/{PROJECT}/databases/(default)")
}

/// What the names of documents begin with.
pub(crate) fn root() -> String {
    format!("{}/documents", database())
}
