//! What is drawn for collections.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::mapping::{Mapping, write};

fn vectors() -> impl Strategy<Value = VectorParams> {
    let name = option::weighted(0.8, "[a-zA-Z \"é.]{0,8}|id|payload");
    let size = select(vec![1u64, 384, 2000, 2001, 4000, 4001, 16_000, 16_001, 65_536]);
    let distance = select(vec![Distance::Cosine, Distance::L2, Distance::Ip, Distance::L1]);
    let datatype = select(vec![
        Datatype::Float32,
        Datatype::Float16,
        Datatype::Uint8,
        Datatype::Turbo,
    ]);
    let number = || option::of(0..2000u32);
    (name, size, distance, datatype, any::<bool>(), number(), number()).prop_map(
        |(name, size, distance, datatype, multi, m, ef_construct)| VectorParams {
            name,
            size,
            distance,
            datatype,
            multi,
            m,
            ef_construct,
        },
    )
}

fn payload() -> impl Strategy<Value = PayloadField> {
    use PayloadKind::*;
    let kind = select(vec![Keyword, Integer, Float, Geo, Text, Bool, Datetime, Uuid]);
    let key = "[a-zA-Z_]{1,6}|[a-z.]{1,8}|\"[a-z. ]{1,5}\"|[a-z]{1,3}\\[\\]|[a-z]{1,3}\\[\\]\\.[a-z]|id|payload|_path|[a\0]{2}";
    (key, kind, any::<bool>(), any::<bool>()).prop_map(|(key, kind, tenant, lists)| PayloadField {
        key,
        kind,
        tenant,
        lists,
    })
}

fn collection() -> impl Strategy<Value = PointCollection> {
    let sparse = ("[a-z]{1,5}", option::of(any::<u32>()), any::<bool>())
        .prop_map(|(name, largest, idf)| SparseParams { name, largest, idf });
    let ids = (option::of(any::<u64>()), any::<bool>()).prop_map(|(largest, uuids)| Ids { largest, uuids });
    let sharding = option::of(select(vec![
        ShardKeys::Texts,
        ShardKeys::Numbers,
        ShardKeys::Mixed,
    ]));
    (
        "[a-zA-Z é_-]{1,70}",
        ids,
        vec(vectors(), 0..4),
        vec(sparse, 0..3),
        vec(payload(), 0..6),
        sharding,
    )
        .prop_map(|(name, ids, mut vectors, mut sparse, payload, sharding)| {
            // No two vectors have one name, and the one without a name is alone.
            let mut seen = HashSet::new();
            vectors.retain(|vector| seen.insert(vector.name.clone()));
            sparse.retain(|sparse| seen.insert(Some(sparse.name.clone())));
            if vectors.iter().any(|vector| vector.name.is_none()) {
                vectors.retain(|vector| vector.name.is_none());
                sparse.clear();
            }
            PointCollection {
                name,
                ids,
                vectors,
                sparse,
                payload,
                sharding,
                points: 1,
                beside: 0,
            }
        })
}

proptest! {
    #[test]
    fn whatever_is_drawn_makes_sense(mut collections in vec(collection(), 0..4)) {
        let mut seen = HashSet::new();
        collections.retain(|collection| seen.insert(collection.name.clone()));
        let shape = propose(&collections);
        prop_assert_eq!(&shape, &propose(&collections));
        let tables = shape.collections.into_values().flatten().collect();
        let mapping = Mapping { tables, ..Mapping::default() };
        prop_assert_eq!(mapping.problems(), Vec::<String>::new());
        let relations = crate::relations(&mapping.tables);
        let names: HashSet<&str> = relations.iter().map(crate::Relation::name).collect();
        prop_assert_eq!(names.len(), relations.len());
        prop_assert!(shape.remarks.iter().all(|remark| !remark.contains('\0')));
    }
}

#[test]
fn a_collection_is_drawn_as_one_would_by_hand() {
    let vector = |name: Option<&str>, size, datatype, multi| VectorParams {
        name: name.map(String::from),
        size,
        distance: Distance::Cosine,
        datatype,
        multi,
        m: None,
        ef_construct: Some(200),
    };
    let field = |key: &str, kind, tenant, lists| PayloadField {
        key: key.into(),
        kind,
        tenant,
        lists,
    };
    let shape = propose(&[PointCollection {
        name: "dacMemory".into(),
        ids: Ids {
            largest: None,
            uuids: true,
        },
        vectors: vec![
            vector(Some("title"), 384, Datatype::Float32, false),
            vector(Some("image"), 512, Datatype::Float16, false),
            vector(Some("colbert"), 128, Datatype::Float32, true),
        ],
        sparse: vec![SparseParams {
            name: "bm25".into(),
            largest: Some(4_000_000_000),
            idf: true,
        }],
        payload: vec![
            field("org_id", PayloadKind::Keyword, true, false),
            field("title", PayloadKind::Text, false, false),
            field("tags", PayloadKind::Keyword, false, true),
            field("meta.created", PayloadKind::Datetime, false, false),
            field("place", PayloadKind::Geo, false, false),
        ],
        sharding: Some(ShardKeys::Texts),
        points: 7,
        beside: 0,
    }]);
    let tables = shape.collections.into_values().flatten().collect();
    let text = write(
        &Mapping {
            tables,
            ..Mapping::default()
        },
        &|_| Vec::new(),
    );
    assert_eq!(text, include_str!("tests/drawn.toml"));
    let remarks = shape.remarks.join("\n") + "\n";
    assert_eq!(remarks, include_str!("tests/remarks.txt"));
}

#[test]
fn ids_get_the_smallest_type_that_holds_them() {
    let drawn = |largest, uuids| {
        let ids = Ids { largest, uuids };
        let collection = PointCollection {
            name: "c".into(),
            ids,
            ..PointCollection::default()
        };
        propose(&[collection]).collections["c"][0].columns[0]
            .sql
            .to_string()
    };
    assert_eq!(drawn(Some(i64::MAX as u64), false), "bigint");
    assert_eq!(drawn(Some(i64::MAX as u64 + 1), false), "numeric(20,0)");
    assert_eq!(drawn(None, true), "uuid");
    assert_eq!(drawn(Some(1), true), "text");
    assert_eq!(drawn(None, false), "text");
}

#[test]
fn what_is_written_stays_and_what_is_drawn_keeps_out_of_its_way() {
    let collection = |name: &str| PointCollection {
        name: name.into(),
        ..PointCollection::default()
    };
    let mapping = Mapping {
        tables: vec![Table::new("memory", Pattern::root("written"), Records::Points)],
        ..Mapping::default()
    };
    let shape = crate::shape_of_points(&mapping, &[collection("memory"), collection("written")]);
    let names: Vec<(&str, &str)> = shape
        .collections
        .iter()
        .map(|(collection, tables)| (collection.as_str(), tables[0].name.as_str()))
        .collect();
    assert_eq!(names, [("memory", "memory_2"), ("written", "memory")]);
    assert_eq!(shape.collections["written"], mapping.tables);
    assert_eq!(shape.remarks.len(), 1);
}
