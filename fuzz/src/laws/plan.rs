//! A plan as it is kept: bytes are one that can be relied on, or none; what is read, written and read again is the same.

use pipeline::plan::Plan;
use serde_json::json;
use transforms::mapping::Mapping;

use super::tables;
use crate::mappings::neighbours;

/// See the module.
pub fn law(data: &[u8]) {
    let Ok(plan) = Plan::read(data) else { return };
    let kept = serde_json::to_vec(&plan).unwrap();
    let again = Plan::read(&kept).unwrap_or_else(|error| panic!("{error} in what was written: {plan:?}"));
    assert_eq!(again, plan);
    // What everybody asks of a plan has an answer.
    let _ = (plan.documents(), plan.source.root(), plan.create_sql());
    for lane in &plan.lanes {
        assert!(plan.collections.contains(plan.collection_of(lane)));
    }
    let _ = format!("{} {}", plan.source, plan.snapshot);
    if let Some(why) = plan.refusal(&again.source, &again.mapping) {
        assert!(why.starts_with("it was made in form"), "{why}");
    }
    let mut adopted = again;
    adopted.adopt(&plan.mapping);
}

/// Plans of both kinds of source, with tables of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    (0..24)
        .map(|number| plan(number).to_string().into_bytes())
        .collect()
}

fn plan(number: u8) -> serde_json::Value {
    let mut tables = tables(number);
    if number > 4 {
        tables.truncate(1);
        tables[0].columns.truncate(usize::from(number) / 4);
    }
    let mapping = Mapping {
        tables: tables.iter().cloned().chain(neighbours()).collect(),
        ..Mapping::default()
    };
    let source = match number % 2 {
        0 => json!({"kind": "firestore", "project": "p", "database": "(default)", "emulator": true}),
        _ => json!({"kind": "qdrant", "url": "https://q.example.com:6334"}),
    };
    let lane = |id: u32| {
        json!({
            "id": id, "collection": 0, "from": (id > 0).then_some("items/m"), "to": (id == 0).then_some("items/m"),
            "documents": 50
        })
    };
    json!({
        "version": 2, "run": "0194e1a0-1111-7000-8000-00000000000a", "source": source,
        "snapshot": 1_700_000_000_000_000i64,
        "mapping": {"collections": ["items"], "schema": "public", "exact_vectors": false, "tables": mapping},
        "collections": [{"id": "items", "tables": tables}],
        "views": [{"name": "alias", "table": "items_0"}],
        "left_behind": [{"id": "logs", "documents": 3}],
        "lanes": [lane(0), lane(1)], "remarks": ["a remark"], "planning_reads": 7
    })
}
