//! What the laws found and random cases had not: each by name, as small as it is.

use fuzz::named;
use pipeline::plan::Plan;
use serde_json::{Value, json};

fn obey(target: &str, inputs: &[&[u8]]) {
    let target = named(target).unwrap();
    inputs.iter().for_each(|data| (target.law)(data));
}

/// A plan to be spoiled.
fn plan() -> Value {
    let seeds = (named("plan").unwrap().seeds)();
    serde_json::from_slice(&seeds[0]).unwrap()
}

fn refused(spoil: impl FnOnce(&mut Value)) -> String {
    let mut plan = plan();
    spoil(&mut plan);
    Plan::read(plan.to_string().as_bytes()).unwrap_err().to_string()
}

/// Whoever asked such a plan for a lane's collection, or for its documents, panicked.
#[test]
fn a_plan_whose_lanes_cannot_be_is_refused() {
    Plan::read(plan().to_string().as_bytes()).unwrap();
    let absent = refused(|plan| plan["lanes"][1]["collection"] = json!(1));
    assert!(
        absent.contains("lane 1 is of a collection that the plan does not have"),
        "{absent}"
    );
    let moved = refused(|plan| plan["lanes"][0]["id"] = json!(1));
    assert!(
        moved.contains("lane 0 has another number than its place"),
        "{moved}"
    );
    let many = refused(|plan| plan["lanes"][1]["documents"] = json!(u64::MAX));
    assert!(
        many.contains("lane 1 has more documents than can be counted"),
        "{many}"
    );
}

/// The default of such a column came back from a plan as none at all.
#[test]
fn a_default_that_json_has_no_number_for_is_kept() {
    for number in ["inf", "-inf", "nan"] {
        let text = format!(
            "[tables.t]\nfrom = \"t\"\n[tables.t.columns]\na = {{ type = \"real\", default = {number} }}\n"
        );
        obey("settings", &[text.as_bytes()]);
    }
}

/// Settings took them, and then every document without the field was rejected.
#[test]
fn a_default_that_no_row_can_hold_is_no_setting() {
    let real = [b"\x08\x811e300".as_slice(), b"\x16\x82{1e300}"];
    let moments = [
        b"\x0a\x829999-12-31T23:59:59-15:59".as_slice(),
        b"\x18\x82{0001-01-01T00:00:00+15:59}",
    ];
    obey("cast", &real);
    obey("cast", &moments);
}

/// One of the two was dropped in silence.
#[test]
fn a_map_with_two_entries_of_one_name_is_no_tagged_json() {
    obey("json", &[br#"{"$entries":[["a",1],["a",2]]}"#]);
}
