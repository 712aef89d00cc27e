//! The official emulator, over REST.

use std::path::Path;

use rehearsal::emulator::Emulator;
use serde_json::{Value, json};

fn documents(emulator: &Emulator, project: &str) -> String {
    format!(
        "http://{}/v1/projects/{project}/databases/(default)/documents/orders",
        emulator.host()
    )
}

async fn put(url: &str, total: &str) -> Value {
    let document = json!({ "fields": { "total": { "integerValue": total } } });
    let request = reqwest::Client::new()
        .post(url)
        .bearer_auth("owner")
        .json(&document);
    request
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap()
}

async fn all(url: &str) -> Value {
    let request = reqwest::Client::new().get(url).bearer_auth("owner");
    request
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_document_goes_there_and_back_and_only_a_wipe_of_its_project_removes_it() {
    let emulator = Emulator::start().await.unwrap();
    let (one, two) = (emulator.fresh_project(), emulator.fresh_project());
    assert_ne!(one, two);
    let (one_url, two_url) = (documents(&emulator, &one), documents(&emulator, &two));
    let written = put(&one_url, "9223372036854775807").await;
    put(&two_url, "2").await;

    let read = all(&one_url).await;
    assert_eq!(read["documents"], json!([written]));
    assert_eq!(
        read["documents"][0]["fields"]["total"]["integerValue"],
        "9223372036854775807"
    );

    emulator.wipe(&one).await.unwrap();
    assert_eq!(all(&one_url).await, json!({}));
    assert_eq!(all(&two_url).await["documents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_emulators_start_at_once_and_end_when_dropped() {
    let (one, two) = tokio::join!(Emulator::start(), Emulator::start());
    let (one, two) = (one.unwrap(), two.unwrap());
    let project = one.fresh_project();
    put(&documents(&one, &project), "1").await;
    if let (Some(first), Some(second)) = (one.pid(), two.pid()) {
        assert_ne!(one.host(), two.host());
        assert_eq!(all(&documents(&two, &project)).await, json!({}));
        drop((one, two));
        for pid in [first, second] {
            assert!(!Path::new(&format!("/proc/{pid}")).exists());
        }
    }
}
