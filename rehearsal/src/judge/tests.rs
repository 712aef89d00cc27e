//! The judge rebuilds what rows mean, and sees every way in which they can be wrong.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::application::Application;

fn court(paths: &[&str]) -> Court {
    let mut court = Court {
        root: "projects/p/databases/d/documents".into(),
        held: BTreeMap::new(),
        verdict: Verdict::default(),
    };
    let time = "1970-01-01T00:00:00.000007Z".to_owned();
    for path in paths {
        let (fields, create_time, update_time) = (Map::new(), time.clone(), time.clone());
        court
            .hold(&Document {
                path: (*path).to_owned(),
                fields,
                create_time,
                update_time,
            })
            .unwrap();
    }
    court
}

fn row(path: &str) -> Row {
    Row {
        path: path.to_owned(),
        created: 7,
        updated: 7,
        cells: vec![],
        extra: None,
    }
}

#[test]
fn a_document_is_exact_in_one_place_missing_in_none_and_doubled_in_two() {
    let table = Table::bare("orders");
    let mut court = court(&["orders/a", "users/u/orders/b", "orders/c"]);
    for path in ["orders/a", "users/u/orders/b", "users/u/orders/b", "orders/never"] {
        court.judge(&table, &row(path)).unwrap();
    }
    let verdict = court.verdict();
    assert_eq!((verdict.documents, verdict.in_tables), (3, 2));
    assert_eq!(verdict.missing, ["orders/c"]);
    assert_eq!(verdict.doubled, ["users/u/orders/b"]);
    assert_eq!(verdict.extra, ["orders/never (table \"orders\")"]);
    assert!(!verdict.is_exact());
}

#[test]
fn a_row_in_the_wrong_table_or_of_another_time_is_altered() {
    let mut court = court(&["orders/a", "items/b"]);
    court.judge(&Table::bare("items"), &row("orders/a")).unwrap();
    court
        .judge(
            &Table::bare("items"),
            &Row {
                updated: 8,
                ..row("items/b")
            },
        )
        .unwrap();
    let altered = court.verdict().altered;
    assert!(altered[0].1.contains("lies in table"), "{altered:?}");
    assert!(altered[1].1.contains("_updated_at is 8"), "{altered:?}");
}

#[test]
fn a_verdict_says_what_is_wrong_and_stays_short() {
    let mut verdict = Verdict {
        documents: 20,
        in_tables: 20,
        ..Verdict::default()
    };
    assert_eq!(
        verdict.to_string(),
        "exact: 20 documents, 20 in tables, 0 in quarantine"
    );
    verdict.missing = (0..12).map(|n| format!("c/{n}\0")).collect();
    let said = verdict.to_string();
    assert!(said.starts_with("NOT EXACT: 20 documents"), "{said}");
    assert!(
        said.contains("missing: 12\n  \"c/0\\0\"") && said.ends_with("and 2 more"),
        "{said}"
    );
}

#[test]
fn the_judge_understands_every_value_the_application_writes() {
    for draft in Application::sized(7, 3_000).documents() {
        let text = serde_json::to_string(&draft.fields).unwrap();
        let fields: Map<String, Json> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            Value::fields(&fields).unwrap(),
            Value::fields(&draft.fields).unwrap(),
            "{:?}",
            draft.path
        );
    }
}
