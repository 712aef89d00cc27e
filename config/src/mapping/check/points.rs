//! What is said of points: only what points have.

use super::{Check, Relation, Spot};
use crate::mapping::FieldPath;
use crate::origin::shown;

/// The fields of a point, as Qdrant's REST API calls them.
const FIELDS: [&str; 3] = ["payload", "vector", "shard_key"];

impl Check<'_> {
    /// What is wrong with a table of points as such.
    pub(super) fn points(&mut self, relation: &Relation<'_>) {
        let from = Spot {
            key: "from",
            ..Spot::default()
        };
        let pattern = &relation.table.from;
        if relation.elements.is_none()
            && pattern.segments.len() > 1
            && !self.is_distrusted(relation.number, from)
        {
            let what = format!(
                "{}: `{}` speaks of collections below documents, and Qdrant's collections lie below nothing; write \
                 from = \"{}\"",
                relation.here(),
                shown(&pattern.to_string()),
                shown(pattern.collection()),
            );
            self.refuse(relation.number, from, what);
        }
    }
}

/// What is wrong with a field that no point has.
pub(super) fn field_trouble(path: &FieldPath) -> Option<String> {
    let name = path.0.first()?;
    (!FIELDS.contains(&name.as_str())).then(|| {
        let meant = FieldPath::top("payload");
        let meant = path.0.iter().fold(meant, |path, name| path.below(name));
        format!(
            "points have the fields payload, vector and shard_key, and no `{}`; write for example from = \"{meant}\"",
            shown(name)
        )
    })
}
