//! Which column finds the rows of a lane: the one that holds ids, or shard keys, as they are; otherwise the path.

use super::*;
use crate::plan::{Collection, Mapping, PLAN_VERSION, ReadTime};
use config::mapping::{Function, Holds, Nul, Pattern, Table};
use uuid::Uuid;

const BIGINT: Type = Type::Scalar(Scalar::BigInt);
const NUMERIC: Type = Type::Scalar(Scalar::Numeric(None));
const UUID: Type = Type::Scalar(Scalar::Uuid);
const TEXT: Type = Type::Scalar(Scalar::Text);
const A: &str = "0000000a-0000-0000-0000-000000000000";

/// A plan whose table has ids in a column of type `ids`, and shard keys in one of type `keys`.
fn plan(ids: Type, keys: Option<Type>) -> Plan {
    let column = |name: &str, sql| Column::field(name, FieldPath::top(name), sql, Holds::Text);
    let id = Column {
        from: Source::Document(Document::Id),
        ..column("id", ids)
    };
    let columns = std::iter::once(id).chain(keys.map(|sql| column("shard_key", sql)));
    let table = Table {
        name: "c".to_owned(),
        from: Pattern::group("c"),
        key: Vec::new(),
        nul: Nul::default(),
        columns: columns.collect(),
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    };
    Plan {
        version: PLAN_VERSION,
        run: Uuid::nil(),
        source: Identity::Qdrant {
            url: "http://q".to_owned(),
        },
        snapshot: ReadTime(0),
        mapping: Mapping {
            collections: None,
            schema: "public".to_owned(),
            exact_vectors: false,
            tables: Default::default(),
        },
        collections: vec![Collection {
            id: "c".to_owned(),
            tables: vec![table],
        }],
        views: Vec::new(),
        left_behind: Vec::new(),
        lanes: Vec::new(),
        remarks: Vec::new(),
        planning_reads: 0,
    }
}

fn lane(from: Option<&str>, to: Option<&str>, shard: Option<&str>) -> Lane {
    Lane {
        id: 0,
        collection: 0,
        shard: shard.map(str::to_owned),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        documents: 0,
    }
}

fn of(plan: &Plan, lane: &Lane) -> String {
    let relations = plan.collections[0].relations();
    Region::of(plan, lane, &relations[0]).unwrap().to_string()
}

#[test]
fn ids_are_found_by_the_column_that_holds_them_in_their_order() {
    let numbers = lane(Some("5"), Some("9"), None);
    let uuids = lane(Some(A), None, None);
    for (sql, name) in [(BIGINT, "bigint"), (NUMERIC, "numeric")] {
        let wanted = format!("r.\"id\" >= '5'::{name} and r.\"id\" < '9'::{name}");
        assert_eq!(of(&plan(sql, None), &numbers), wanted);
        assert_eq!(of(&plan(sql, None), &uuids), "false", "no number is a UUID");
    }
    let wanted = format!("r.\"id\" >= '{A}'::uuid");
    assert_eq!(of(&plan(UUID, None), &uuids), wanted);
    assert_eq!(of(&plan(UUID, None), &numbers), "false", "no UUID is a number");
    // As texts they have another order.
    for lane in [&numbers, &uuids] {
        assert!(of(&plan(TEXT, None), lane).starts_with("case when split_part("));
    }
}

#[test]
fn an_id_that_was_changed_on_its_way_is_none() {
    let mut plan = plan(BIGINT, None);
    plan.collections[0].tables[0].columns[0].apply = vec![Function::Trim];
    assert!(of(&plan, &lane(Some("5"), None, None)).starts_with("case when split_part("));
}

#[test]
fn records_are_found_by_the_column_that_holds_their_ids() {
    let ids = [
        PointId::Number(7),
        PointId::Number(u64::MAX),
        PointId::Uuid([0; 16]),
    ];
    let nil = "00000000-0000-0000-0000-000000000000";
    let most = u64::MAX.to_string();
    let these = |sql, lane: &Lane| {
        let plan = plan(sql, None);
        let relations = plan.collections[0].relations();
        let (region, wanted) = Region::these(&plan, lane, &relations[0], &ids);
        (region.to_string(), wanted.unwrap())
    };
    let anywhere = lane(None, None, None);
    for (sql, name, wanted) in [
        (BIGINT, "bigint", vec!["7"]),
        (NUMERIC, "numeric", vec!["7", &most]),
        (UUID, "uuid", vec![nil]),
        (TEXT, "text", vec!["7", &most, nil]),
    ] {
        let condition = format!("r.\"id\" = any ($1::text[]::{name}[])");
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        assert_eq!(these(sql, &anywhere), (condition, wanted));
    }
    // By their paths, where no column holds them; with a shard key a path has more behind the id.
    let boolean = Type::Scalar(Scalar::Boolean);
    let (condition, wanted) = these(boolean, &anywhere);
    assert_eq!(condition, "r._path = any ($1::text[]::text[])");
    assert_eq!(
        wanted,
        ["c/7".to_owned(), format!("c/{most}"), format!("c/{nil}")]
    );
    let (condition, wanted) = these(boolean, &lane(None, None, Some("7")));
    assert!(
        condition.starts_with("split_part(substr(r._path, 3), '@', 1) = any ("),
        "{condition}"
    );
    assert_eq!(wanted, ["7", &most, nil]);
}

#[test]
fn shard_keys_are_found_by_the_column_that_holds_them_and_by_their_paths() {
    let of = |keys, shard| of(&plan(BIGINT, Some(keys)), &lane(None, None, Some(shard)));
    for (keys, shard, column) in [
        (TEXT, "\"eu\"", "r.\"shard_key\" = 'eu' and "),
        (BIGINT, "7", "r.\"shard_key\" = '7' and "),
        // A number is no text, a text no number, and PostgreSQL has no text with U+0000.
        (TEXT, "7", ""),
        (BIGINT, "\"7\"", ""),
        (TEXT, "\"a\\u0000\"", ""),
    ] {
        let condition = of(keys, shard);
        let wanted = format!("true and {column}substr(substr(r._path, 3), strpos(");
        assert!(condition.starts_with(&wanted), "{shard}: {condition}");
    }
}

#[test]
fn ranges_are_half_open_and_of_one_kind() {
    assert_eq!(
        bigints("r.id", Some("1"), Some("9")),
        "r.id >= '1'::bigint and r.id < '9'::bigint"
    );
    assert_eq!(
        bigints("r.id", Some("1"), Some("9223372036854775808")),
        "r.id >= '1'::bigint"
    );
    assert_eq!(bigints("r.id", Some("9223372036854775808"), None), "false");
    assert_eq!(between("r.id", None, None, "uuid"), "true");
    assert!(is_uuid("00000000-0000-0000-0000-000000000000"));
    let numbers = in_paths("c", "r._path", None, Some("5"), false);
    assert!(
        numbers.starts_with("case when split_part(substr(r._path, 3), '@', 1) not like"),
        "{numbers}"
    );
}
