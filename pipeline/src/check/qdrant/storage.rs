//! What the way a server stores points means for reading them.

use super::{Looked, each};
use crate::check::Finding;
use crate::planning::qdrant::merging::{blurred, told};
use crate::source::qdrant::Status;
use config::ReadConsistency;
use config::mapping::Table;

pub(super) const POINTS: &str = "source.points";
pub(super) const STRICT_MODE: &str = "source.strict_mode";
pub(super) const SHARDS: &str = "source.shards";
pub(super) const SHARD_KEYS: &str = "source.shard_keys";
pub(super) const REPLICAS: &str = "source.replicas";

/// Whether all points that were accepted can be read.
pub(super) fn points(looked: &[Looked]) -> Finding {
    let hidden = each(looked, |one| {
        match (one.collection.deferred, one.collection.queued) {
            (0, 0) => None,
            (0, queued) => Some(format!("{queued} writes are queued")),
            (deferred, 0) => Some(format!("{deferred} points are hidden until they are indexed")),
            (deferred, queued) => Some(format!(
                "{deferred} points are hidden until they are indexed, {queued} writes are queued"
            )),
        }
    });
    if let Some(hidden) = hidden {
        return Finding::warn(
            POINTS,
            hidden,
            "a run reads only what a scroll shows, and counts do not show it either",
            "wait until the server has caught up, then check again",
        );
    }
    let broken = each(looked, |one| {
        let warnings = one.collection.warnings.join(", ");
        match (one.collection.status, warnings.is_empty()) {
            (Status::Red, true) => Some("its status is red".to_owned()),
            (Status::Red, false) => Some(format!("its status is red ({warnings})")),
            (_, false) => Some(warnings),
            (_, true) => None,
        }
    });
    match broken {
        Some(broken) => Finding::warn(
            POINTS,
            broken,
            "whether all points can be read is not certain",
            "mend the collection, then check again",
        ),
        None => Finding::pass(
            POINTS,
            "no point is known to be hidden, and no write to be queued",
        ),
    }
}

/// What requests are held to. A run keeps to it by itself.
pub(super) fn strict_mode(looked: &[Looked]) -> Finding {
    let slow = each(looked, |one| {
        let rate = one
            .collection
            .strict
            .read_rate_limit
            .filter(|_| one.collection.strict.enabled)?;
        Some(format!("{rate} reads a minute are allowed"))
    });
    if let Some(slow) = slow {
        return Finding::warn(
            STRICT_MODE,
            slow,
            "each page is a read: a run waits as long as the server asks it to, and so may the application",
            "raise read_rate_limit in the collection's strict mode while the run lasts",
        );
    }
    let small = each(looked, |one| {
        let most = one
            .collection
            .strict
            .max_query_limit
            .filter(|_| one.collection.strict.enabled)?;
        Some(format!("pages have at most {most} points"))
    });
    match small {
        Some(small) => Finding::pass(STRICT_MODE, format!("{small}; a run keeps to it")),
        None => Finding::pass(STRICT_MODE, "strict mode holds no run up"),
    }
}

/// What a scroll over several shards costs the server.
pub(super) fn shards(looked: &[Looked], per_shard: bool) -> Finding {
    let many = each(looked, |one| {
        // Under a key only the shards of the key are asked.
        let many = one.collection.shards > 1 && !one.collection.is_sharded_by_key();
        many.then(|| format!("{} shards", one.collection.shards))
    });
    match many {
        None => Finding::pass(SHARDS, "a page asks one shard only"),
        Some(many) if per_shard => {
            Finding::pass(SHARDS, format!("{many}; each is read by itself (--per-shard)"))
        }
        Some(many) => Finding::warn(
            SHARDS,
            many,
            "for each page every shard reads a whole page, and all but one of them is thrown away: the server works \
             that many times as much",
            "on one node, --per-shard reads each shard by itself over the REST port; else read at a quiet time",
        ),
    }
}

/// Whether an id says which point is meant.
pub(super) fn shard_keys(looked: &[Looked], tables: &[Table]) -> Finding {
    let blurred = looked
        .iter()
        .find_map(|one| Some((&one.collection, blurred(tables, &one.collection)?)));
    if let Some((collection, table)) = blurred {
        let (problem, next) = told(table, collection);
        let means = "a run would be refused before a point is read";
        return Finding::fail(SHARD_KEYS, problem, means, next);
    }
    let keyed = each(looked, |one| {
        let keys = one.collection.shard_keys.as_ref()?;
        Some(super::names(keys))
    });
    match keyed {
        None => Finding::pass(SHARD_KEYS, "every id is there once"),
        Some(keyed) => Finding::pass(
            SHARD_KEYS,
            format!(
                "points are stored under keys ({keyed}): each key is read by itself, and the key is part of a row's \
                     identity, because an id may be there once under every key"
            ),
        ),
    }
}

/// Whether copies of a shard may say different things.
pub(super) fn replicas(looked: &[Looked], read: ReadConsistency) -> Finding {
    let copies = each(looked, |one| {
        let copies = one.collection.replicas;
        (copies > 1).then(|| format!("{copies} copies of each shard"))
    });
    match (copies, read) {
        (None, _) => Finding::pass(REPLICAS, "there is one copy of every point"),
        (Some(copies), ReadConsistency::One) => Finding::warn(
            REPLICAS,
            copies,
            "whichever copy is asked first answers alone; one that lags behind leaves points out",
            "ask several with --read-consistency majority",
        ),
        (Some(copies), _) => Finding::pass(REPLICAS, format!("{copies}; several are asked")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_plain_collection_passes_everything() {
        let looked = [plain()];
        for finding in [
            points(&looked),
            strict_mode(&looked),
            shards(&looked, false),
            shard_keys(&looked, &[]),
            replicas(&looked, ReadConsistency::One),
        ] {
            assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.found);
        }
    }

    #[test]
    fn what_a_scroll_does_not_show_is_told() {
        let told = |queued, deferred| {
            let mut one = plain();
            (one.collection.queued, one.collection.deferred) = (queued, deferred);
            points(&[plain(), one])
        };
        assert!(told(1, 0).found.contains("1 writes are queued"));
        assert!(told(0, 2200).found.starts_with("notes: 2200 points are hidden"));
        assert_eq!(told(3, 4).verdict, Verdict::Warn);
    }

    #[test]
    fn limits_hold_only_while_strict_mode_is_on() {
        let told = |enabled, rate| {
            let mut one = plain();
            one.collection.strict.enabled = enabled;
            one.collection.strict.max_query_limit = Some(50);
            one.collection.strict.read_rate_limit = rate;
            strict_mode(&[one])
        };
        assert_eq!(told(false, Some(10)).found, "strict mode holds no run up");
        assert!(told(true, None).found.contains("at most 50 points"));
        assert_eq!(told(true, Some(10)).verdict, Verdict::Warn);
    }

    #[test]
    fn shards_cost_unless_they_are_read_one_by_one_or_by_key() {
        let told = |keys: Option<Vec<String>>, per_shard| {
            let mut one = plain();
            (one.collection.shards, one.collection.shard_keys) = (4, keys);
            (
                shards(&[one.clone()], per_shard).verdict,
                shard_keys(&[one], &[]).found,
            )
        };
        assert_eq!(told(None, false).0, Verdict::Warn);
        assert_eq!(told(None, true).0, Verdict::Pass);
        let (verdict, keys) = told(Some(vec!["\"eu\"".to_owned(), "7".to_owned()]), false);
        assert!(verdict == Verdict::Pass && keys.contains("\"eu\", 7"), "{keys}");
    }

    #[test]
    fn a_key_without_the_shard_key_merges_nothing() {
        use config::mapping::{
            Column, Document, FieldPath, Function, Holds, Load, Pattern, Records, Scalar, Source, Type,
        };
        let mut one = plain();
        one.collection.shard_keys = Some(vec!["\"eu\"".to_owned()]);
        let text = Type::Scalar(Scalar::Text);
        let column = |name: &str, from| Column {
            from,
            ..Column::field(name, FieldPath::top(name), text, Holds::Text)
        };
        let shard = Source::Field(FieldPath::top("shard_key"));
        let mut table = Table::new("rows", Pattern::root("notes"), Records::Points);
        table.load = Load::Merge;
        table.columns = vec![
            column("id", Source::Document(Document::Id)),
            column("shard", shard),
        ];
        let verdict = |table: &Table, one: &Looked| {
            shard_keys(std::slice::from_ref(one), std::slice::from_ref(table)).verdict
        };
        table.key = vec!["id".to_owned()];
        assert_eq!(verdict(&table, &one), Verdict::Fail);
        assert_eq!(verdict(&table, &plain()), Verdict::Pass, "every id is there once");
        table.key.push("shard".to_owned());
        assert_eq!(verdict(&table, &one), Verdict::Pass);
        table.columns[1].apply = vec![Function::Lower];
        assert_eq!(verdict(&table, &one), Verdict::Fail, "`EU` and `eu` are two keys");
        table.columns[0].from = Source::Document(Document::Path);
        assert_eq!(
            verdict(&table, &one),
            Verdict::Pass,
            "a path ends with the shard key"
        );
        (table.key, table.load) = (vec!["shard".to_owned()], Load::Copy);
        assert_eq!(
            verdict(&table, &one),
            Verdict::Pass,
            "what is copied is not merged"
        );
    }

    #[test]
    fn one_copy_of_several_is_not_believed_silently() {
        let mut one = plain();
        one.collection.replicas = 3;
        let looked = [one];
        assert_eq!(replicas(&looked, ReadConsistency::One).verdict, Verdict::Warn);
        assert_eq!(replicas(&looked, ReadConsistency::All).verdict, Verdict::Pass);
    }
}
