//! What an operator should know when everything is made that can be made.

use serde::Serialize;

/// How the work after the load ended, when it ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Steps that this start made; those of earlier starts are not among them.
    pub made: u64,
    /// Foreign keys that rows break. They hold for new rows.
    pub orphans: Vec<Orphans>,
    /// What is not as asked.
    pub warnings: Vec<Warning>,
}

/// Rows that refer to nothing. Every one of them is in its table: what they refer to was missing in the source, or is
/// in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orphans {
    /// The table they are in.
    pub table: String,
    /// The constraint, which is there and not validated.
    pub constraint: String,
    /// The table they would refer to.
    pub references: String,
    /// How many.
    pub count: u64,
    /// The paths of the first of them, in order.
    pub examples: Vec<String>,
    /// Lists all of them.
    pub query: String,
    /// Ends the matter once they are mended.
    pub validate: String,
}

impl Orphans {
    /// What to do about them.
    pub fn next(&self) -> String {
        format!(
            "the rows are there, and the constraint holds for new rows; list them with `{}`, mend them, then `{}`",
            self.query, self.validate
        )
    }
}

/// Something that is not as asked, although nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The table.
    pub table: String,
    /// What was to be made: "unique index of users (mail)".
    pub step: String,
    /// Why it is not there, or how it is different.
    pub reason: String,
    /// The statement that the server refused, to be run again when the reason is gone; empty where nothing was
    /// refused.
    pub sql: String,
    /// What to do.
    pub next: String,
}

impl Outcome {
    /// Whether everything is exactly as asked.
    pub fn is_as_asked(&self) -> bool {
        self.orphans.is_empty() && self.warnings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_without_orphans_and_warnings_all_is_as_asked() {
        let orphans = Orphans {
            table: String::new(),
            constraint: String::new(),
            references: String::new(),
            count: 1,
            examples: Vec::new(),
            query: String::new(),
            validate: String::new(),
        };
        let warning = Warning {
            table: String::new(),
            step: String::new(),
            reason: String::new(),
            sql: String::new(),
            next: String::new(),
        };
        let ended = |orphans, warnings| Outcome {
            made: 1,
            orphans,
            warnings,
        };
        assert!(ended(vec![], vec![]).is_as_asked());
        assert!(!ended(vec![orphans], vec![]).is_as_asked());
        assert!(!ended(vec![], vec![warning]).is_as_asked());
    }
}
