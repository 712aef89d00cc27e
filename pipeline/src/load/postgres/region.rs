//! The part of a table that belongs to a lane, as a condition in SQL.
//!
//! A lane is a range of ids; where a column of the table holds ids in their order, its index finds the rows, and
//! otherwise the id is taken out of `_path`. Numbers and UUIDs never lie in one lane.

use crate::plan::{Identity, Lane, Plan};
use config::mapping::{Column, Document, FieldPath, Load, Scalar, Source, Type};
use std::fmt;
use transforms::qdrant::{PointId, in_name};
use transforms::{Relation, literal, quote};

/// A condition on the row `r`.
#[derive(Debug)]
pub(super) struct Region(String);

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Region {
    /// The rows of `lane` in a table of documents; none for tables of elements, and for stores that read at a snapshot.
    pub(super) fn of(plan: &Plan, lane: &Lane, relation: &Relation<'_>) -> Option<Region> {
        // Rows of a table that is merged into may be anybody's.
        let others = relation.table().load == Load::Merge;
        if relation.parent().is_some() || others || !matches!(plan.source, Identity::Qdrant { .. }) {
            return None;
        }
        let collection = &plan.collection_of(lane).id;
        let mut conditions = vec![ids(collection, lane, relation)];
        if let Some(shard) = &lane.shard {
            conditions.push(shards(collection, shard, relation));
        }
        Some(Region(conditions.join(" and ")))
    }

    /// The rows of these records of `lane`, found by an index where there can be one, and the value of `$1` in that.
    pub(super) fn these(
        plan: &Plan,
        lane: &Lane,
        relation: &Relation<'_>,
        ids: &[PointId],
    ) -> (Region, Option<Vec<String>>) {
        let spelled = |wanted: fn(&PointId) -> bool| {
            let wanted = ids.iter().filter(|id| wanted(id));
            wanted.map(PointId::to_string).collect::<Vec<_>>()
        };
        let number = |id: &PointId| matches!(id, PointId::Number(_));
        let bigint = |id: &PointId| matches!(id, PointId::Number(number) if i64::try_from(*number).is_ok());
        let uuid = |id: &PointId| matches!(id, PointId::Uuid(_));
        let any = |name: &str, sql: &str| format!("{name} = any ($1::text[]::{sql}[])");
        let collection = &plan.collection_of(lane).id;
        let column = of_ids(relation);
        let (condition, wanted) = match column.as_ref().map(|(name, sql)| (name, *sql)) {
            Some((name, Type::Scalar(Scalar::BigInt))) => (any(name, "bigint"), spelled(bigint)),
            Some((name, Type::Scalar(Scalar::Numeric(_)))) => (any(name, "numeric"), spelled(number)),
            Some((name, Type::Scalar(Scalar::Uuid))) => (any(name, "uuid"), spelled(uuid)),
            Some((name, Type::Scalar(Scalar::Text))) => (any(name, "text"), spelled(|_| true)),
            _ if lane.shard.is_some() => {
                let id = in_path(collection, "r._path");
                (any(&id, "text"), spelled(|_| true))
            }
            _ => {
                let paths = ids.iter().map(|id| format!("{collection}/{id}"));
                (any("r._path", "text"), paths.collect())
            }
        };
        let shard = lane
            .shard
            .as_ref()
            .map(|shard| shards(collection, shard, relation));
        let conditions: Vec<String> = std::iter::once(condition).chain(shard).collect();
        (Region(conditions.join(" and ")), Some(wanted))
    }

    /// What was put aside of `lane`: its paths are bytes.
    pub(super) fn aside(plan: &Plan, lane: &Lane) -> Region {
        let (from, to, uuids) = bounds(lane);
        let path = "convert_from(r.path, 'UTF8')";
        Region(in_paths(&plan.collection_of(lane).id, path, from, to, uuids))
    }
}

/// The ends of a lane, and whether its ids are UUIDs.
fn bounds(lane: &Lane) -> (Option<&str>, Option<&str>, bool) {
    let uuids = lane.from.as_deref().is_some_and(is_uuid);
    // The end of the numbers is the beginning of the UUIDs.
    let to = lane.to.as_deref().filter(|to| is_uuid(to) == uuids);
    (lane.from.as_deref(), to, uuids)
}

fn ids(collection: &str, lane: &Lane, relation: &Relation<'_>) -> String {
    let (from, to, uuids) = bounds(lane);
    match of_ids(relation) {
        Some((name, Type::Scalar(Scalar::BigInt))) => bigints(&name, from, to),
        Some((name, Type::Scalar(Scalar::Numeric(_)))) if !uuids => between(&name, from, to, "numeric"),
        Some((name, Type::Scalar(Scalar::Uuid))) if uuids => between(&name, from, to, "uuid"),
        Some((_, Type::Scalar(Scalar::Numeric(_) | Scalar::Uuid))) => "false".to_owned(),
        _ => in_paths(collection, "r._path", from, to, uuids),
    }
}

/// The column that holds ids as they are, and its type.
fn of_ids(relation: &Relation<'_>) -> Option<(String, Type)> {
    let is_id = |column: &&Column| column.from == Source::Document(Document::Id) && column.apply.is_empty();
    let column = relation.mapped().iter().find(is_id);
    column.map(|column| (format!("r.{}", quote(&column.name)), column.sql))
}

fn is_uuid(id: &str) -> bool {
    id.contains('-')
}

/// Numbers that a bigint cannot say, and UUIDs, lie beyond all that the column holds.
fn bigints(name: &str, from: Option<&str>, to: Option<&str>) -> String {
    let holds = |id: &&str| id.parse::<i64>().is_ok();
    match from.filter(|from| !holds(from)) {
        Some(_) => "false".to_owned(),
        None => between(name, from, to.filter(holds), "bigint"),
    }
}

fn between(name: &str, from: Option<&str>, to: Option<&str>, sql: &str) -> String {
    let bound = |sign: &str, id: &str| format!("{name} {sign} {}::{sql}", literal(id));
    let bounds = [from.map(|from| bound(">=", from)), to.map(|to| bound("<", to))];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    match bounds.is_empty() {
        true => "true".to_owned(),
        false => bounds.join(" and "),
    }
}

/// The id in a path.
fn in_path(collection: &str, path: &str) -> String {
    let start = collection.chars().count() + 2;
    format!("split_part(substr({path}, {start}), '@', 1)")
}

fn in_paths(collection: &str, path: &str, from: Option<&str>, to: Option<&str>, uuids: bool) -> String {
    let id = in_path(collection, path);
    let (shape, sql) = match uuids {
        true => ("like '%-%'", "uuid"),
        false => ("not like '%-%'", "numeric"),
    };
    let typed = between(&format!("({id})::{sql}"), from, to, sql);
    // In this order: what has the other shape cannot be converted.
    format!("case when {id} {shape} then {typed} else false end")
}

/// The rows of one shard key, which a plan spells as JSON: by their paths, in which no two keys look alike.
fn shards(collection: &str, shard: &str, relation: &Relation<'_>) -> String {
    let key = serde_json::from_str::<String>(shard).ok();
    let spelled = key.as_deref().map_or_else(|| shard.to_owned(), in_name);
    let last = format!("substr(r._path, {})", collection.chars().count() + 2);
    let exact = format!("substr({last}, strpos({last}, '@') + 1) = {}", literal(&spelled));
    // Where a column holds keys as they are, its index finds the rows.
    let path = FieldPath(vec!["shard_key".to_owned()]);
    let holds = |column: &&Column| column.from == Source::Field(path.clone()) && column.apply.is_empty();
    let column = relation.mapped().iter().find(holds);
    let found = match (column.map(|column| (&column.name, column.sql)), key) {
        (Some((name, Type::Scalar(Scalar::Text))), Some(key)) if !key.contains('\0') => {
            format!("r.{} = {} and ", quote(name), literal(&key))
        }
        (Some((name, Type::Scalar(Scalar::BigInt))), None) => {
            format!("r.{} = {} and ", quote(name), literal(shard))
        }
        _ => String::new(),
    };
    format!("{found}{exact}")
}

#[cfg(test)]
mod tests;
