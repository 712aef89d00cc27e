//! What goes over REST comes back as it was.

#![allow(clippy::unwrap_used)]

use super::*;

fn firestore() -> Firestore {
    Firestore::new("127.0.0.1:1", "p", "(default)").unwrap()
}

fn part(id: &str) -> Value {
    let name = format!("projects/p/databases/(default)/documents/c/{id}");
    let time = "2024-01-02T03:04:05Z";
    json!({"document": {"name": name, "createTime": time, "updateTime": time}, "readTime": time})
}

#[test]
fn a_negative_zero_leaves_as_a_number_that_rounds_to_it() {
    let body = to_json(&json!({"doubleValue": -0.0, "other": 1.5})).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        r#"{"doubleValue":-1e-400,"other":1.5}"#
    );
}

#[test]
fn a_request_holds_no_more_than_firestore_takes_and_every_write_goes_once() {
    let large = json!("x".repeat(1 << 20));
    let writes = (0..1_207).map(|n| Write::Set(format!("c/{n}"), Map::new()));
    let heavy = (0..7).map(|n| Write::Set(format!("h/{n}"), Map::from_iter([("s".into(), large.clone())])));
    let bodies: Vec<_> = requests(writes.chain(heavy).map(|write| encode("r", write)))
        .map(Result::unwrap)
        .collect();
    let counts: Vec<_> = bodies
        .iter()
        .map(|body| {
            assert!(body.len() < BYTES + 2);
            serde_json::from_slice::<Value>(body).unwrap()["writes"]
                .as_array()
                .unwrap()
                .len()
        })
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 1_214);
    assert_eq!(counts[..2], [500, 500]);
}

#[test]
fn a_short_page_is_the_last_one_only_when_the_server_says_so() {
    let done = json!({"readTime": "2024-01-02T03:04:05Z", "done": true});
    assert!(!firestore().turn(vec![part("a")]).unwrap().last);
    assert!(firestore().turn(vec![part("a"), done.clone()]).unwrap().last);
    assert!(firestore().turn(vec![done]).unwrap().last);
}

#[test]
fn an_error_in_the_middle_of_a_page_is_an_error() {
    let broken = json!({"error": {"code": 503}});
    assert!(firestore().turn(vec![part("a"), broken]).is_err());
}

#[test]
fn names_keep_every_character_of_the_id() {
    let page = firestore().turn(vec![part("nul\0 %2F \u{1f600}")]).unwrap();
    assert_eq!(page.documents[0].path, "c/nul\0 %2F \u{1f600}");
    assert_eq!(percent("a%2F é"), "a%252F%20%C3%A9");
}
