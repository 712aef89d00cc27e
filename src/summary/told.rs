//! What a summary tells beside the sums: what the mapping left behind or altered, what could not be made, and what
//! reading again found. A line each, or nothing.

use super::Summary;
use crate::text::{count, counted, held};
use config::in_line;
use pipeline::load::postgres::{Differences, Swept};

impl Summary {
    /// What is there otherwise than in the source, or not as asked: a line each, or nothing.
    pub(super) fn as_mapped(&self) -> String {
        let mut lines = String::new();
        if !self.left_behind.is_empty() {
            let left = self
                .left_behind
                .iter()
                .map(|left| format!("{} ({})", in_line(&left.id), held(left.documents, self.records)));
            let left: Vec<String> = left.collect();
            lines.push_str(&format!(
                "collections that the mapping leaves where they are: {}\n",
                left.join(", ")
            ));
        }
        if self.altered.dropped > 0 {
            lines.push_str(&format!(
                "as the mapping says: {} left behind\n",
                counted(self.altered.dropped, "value was", "values were")
            ));
        }
        for (policy, values) in &self.altered.amended {
            lines.push_str(&format!(
                "as the mapping says: {} altered ({policy}); etl.amendment has the originals\n",
                counted(*values, "value was", "values were")
            ));
        }
        for orphans in &self.after.orphans {
            let example = orphans
                .examples
                .first()
                .map_or_else(String::new, |path| format!(", such as {}", in_line(path)));
            lines.push_str(&format!(
                "orphans: {} to nothing in {}{example} ({})\n",
                counted(
                    orphans.count,
                    &format!("row of {} refers", in_line(&orphans.table)),
                    &format!("rows of {} refer", in_line(&orphans.table))
                ),
                in_line(&orphans.references),
                in_line(&orphans.constraint)
            ));
        }
        if !self.after.orphans.is_empty() {
            lines.push_str(
                "  their rows are there; these foreign keys hold for new rows and are not validated. `--output json` gives \
                 for\n  each the statement that lists its rows, and the one that validates it once they are mended\n",
            );
        }
        for warning in &self.after.warnings {
            lines.push_str(&format!(
                "not as asked: {}: {}\n  {}\n",
                in_line(&warning.step),
                in_line(&warning.reason),
                in_line(&warning.next)
            ));
        }
        lines
    }
}

/// How often the source was read again, and what that came to.
pub(super) fn passes(swept: &Swept) -> String {
    let Differences {
        inserted,
        updated,
        deleted,
    } = swept.mended;
    let told = match swept.sweeps {
        0 => "read a second time and compared: nothing had changed\n".to_owned(),
        1 => "read again and compared: every row is as its point was then\n".to_owned(),
        passes => format!(
            "read again and compared {passes} times: {} new, {} different, {} gone, and mended; the last \
             pass found every row as its point was then\n",
            counted(inserted, "point was", "points were"),
            count(updated),
            count(deleted)
        ),
    };
    match swept.by_key {
        true => {
            format!("{told}by ids and source.updated_at: a write that did not set it was not seen\n")
        }
        false => told,
    }
}
