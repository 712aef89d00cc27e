//! Which column finds the rows of a lane: the one that holds ids, or shard keys, as they are; otherwise the path.

use super::*;
use config::mapping::{Child, Function, Holds};

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
    let source = Identity::Qdrant {
        url: "http://q".to_owned(),
    };
    super::super::tests::plan(source, columns.collect())
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
fn rows_of_others_of_elements_and_of_what_is_read_at_a_snapshot_belong_to_no_lane() {
    let whole = lane(None, None, None);
    let is_there = |plan: &Plan, place: usize| {
        let relations = plan.collections[0].relations();
        Region::of(plan, &whole, &relations[place]).is_some()
    };
    let mut points = plan(BIGINT, None);
    points.collections[0].tables[0].children.push(Child {
        name: "parts".to_owned(),
        from: FieldPath::top("parts"),
        of: config::mapping::Collection::Array,
        columns: Vec::new(),
        indexes: Vec::new(),
    });
    assert_eq!((is_there(&points, 0), is_there(&points, 1)), (true, false));
    let mut others = points.clone();
    others.collections[0].tables[0].load = Load::Merge;
    assert!(!is_there(&others, 0));
    let mut documents = points;
    documents.source = Identity::Firestore {
        project: "p".to_owned(),
        database: "(default)".to_owned(),
        emulator: false,
    };
    assert!(!is_there(&documents, 0));
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
