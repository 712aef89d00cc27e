//! What is billed, by what it was for.

/// What a read is billed for. Firestore's price list has one price for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A document that a query sent; one with only its name costs as much.
    Documents,
    /// A document that a query's offset skipped.
    Skipped,
    /// Up to 1,000 index entries that were counted: see [`Read::of_counted`].
    Counted,
    /// A query that found nothing costs one read.
    Empty,
    /// A call that lists collections costs one read.
    Listing,
    /// A document that a Listen sent, for the first time or because it changed.
    Listened,
    /// A document that was asked for by name, whether it is there or not.
    Looked,
}

impl Read {
    /// The reads that counting so many documents costs: one for each 1,000 index entries begun, and at least one.
    pub(crate) fn of_counted(documents: u64) -> u64 {
        documents.div_ceil(1_000).max(1)
    }
}

/// What a database billed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// Documents that queries and lists sent.
    pub documents: u64,
    /// Documents that offsets skipped.
    pub skipped: u64,
    /// Reads for counting: one for each 1,000 index entries begun.
    pub counted: u64,
    /// Queries that found nothing.
    pub empty: u64,
    /// Calls that listed collections.
    pub listings: u64,
    /// Documents that Listens sent.
    pub listened: u64,
    /// Documents asked for by name.
    pub looked: u64,
    /// Documents written.
    pub writes: u64,
    /// Documents deleted.
    pub deletes: u64,
    /// Requests for reads that were refused, because the quota was used up. They cost nothing.
    pub refused: u64,
    /// The most reads that were granted in any one second.
    pub most_in_a_second: u64,
    /// The most reads that were granted in any ten seconds.
    pub most_in_ten_seconds: u64,
}

impl Bill {
    /// All reads.
    pub fn reads(&self) -> u64 {
        self.documents
            + self.skipped
            + self.counted
            + self.empty
            + self.listings
            + self.listened
            + self.looked
    }

    /// The field for reads of that kind.
    pub(super) fn of(&mut self, what: Read) -> &mut u64 {
        match what {
            Read::Documents => &mut self.documents,
            Read::Skipped => &mut self.skipped,
            Read::Counted => &mut self.counted,
            Read::Empty => &mut self.empty,
            Read::Listing => &mut self.listings,
            Read::Listened => &mut self.listened,
            Read::Looked => &mut self.looked,
        }
    }
}
