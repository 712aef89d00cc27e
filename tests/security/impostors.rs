//! Ends that show certificates which do not hold: refused by default, and sent nothing. Of PostgreSQL `encryption.rs`
//! tells; Firestore's address cannot be set, but to an emulator's, which is sent no credentials.

use super::echo::{Answer, answering};
use crate::support::{World, test};
use rehearsal::application::Application;
use rehearsal::process::Program;
use rehearsal::rest::Write;
use rehearsal::tls::{Authority, Identity, Terminator};
use serde_json::{Value, json};
use simulator::qdrant::{Collection, Distance, Options, Qdrant, VectorParams};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every certificate that does not hold for `localhost`, and one that does; all but the first are of one authority.
fn identities() -> (Authority, Vec<(&'static str, Identity, bool)>) {
    let authority = Authority::new().unwrap();
    let of = |host, expired| authority.certify(host, expired).unwrap();
    let stranger = Authority::new().unwrap().certify("localhost", false).unwrap();
    let identities = vec![
        (
            "one that vouches for itself",
            Authority::none("localhost").unwrap(),
            false,
        ),
        ("one of an authority nobody knows", stranger, false),
        ("an expired one", of("localhost", true), false),
        ("another host's", of("elsewhere.example", false), false),
        ("a good one", of("localhost", false), true),
    ];
    (authority, identities)
}

fn kept(world: &World, authority: &Authority) -> PathBuf {
    let file = world.folder().join("authority.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    file
}

/// How it ends: well, or with a word about the certificate and what to do.
async fn ends(etl: Program, good: bool, remedy: &str, what: &str) {
    let outcome = etl.run().await.unwrap();
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(
        outcome.status.code(),
        Some(if good { 0 } else { 3 }),
        "{what}: {said}"
    );
    if !good {
        assert!(
            said.contains("certificate") && said.contains(remedy),
            "{what}: {said}"
        );
    }
}

#[test]
fn a_qdrant_is_believed_by_a_certificate_that_holds_and_by_none_else() {
    test(async {
        let notes = Collection::new("notes", 20).vector(VectorParams::new(4, Distance::Cosine));
        let qdrant = Qdrant::start(Options::default().api_key("the-key").with(notes)).unwrap();
        let behind = qdrant.url().replace("http://", "");
        let (authority, identities) = identities();
        for (what, identity, good) in identities {
            let shown = Terminator::of_http(&behind, identity).await.unwrap();
            let url = format!("https://localhost:{}", shown.address().port());
            for verb in ["check", "init", "plan", "run"] {
                let world = World::of("127.0.0.1:1", "nobody", Application::small(0)).await;
                let asked = qdrant.calls();
                let etl = world
                    .etl(&[verb, "--source", "qdrant"])
                    .env("FIRESTORE_EMULATOR_HOST", "")
                    .env("QDRANT_URL", &url)
                    .env("QDRANT_API_KEY", "the-key")
                    .env("QDRANT_CA_FILE", kept(&world, &authority));
                ends(etl, good, "--qdrant-ca-file", &format!("{verb}, {what}")).await;
                assert_eq!(
                    qdrant.calls() == asked,
                    !good,
                    "{verb}, {what}: something was sent"
                );
            }
        }
    });
}

#[test]
fn an_endpoint_is_believed_by_a_certificate_that_holds_and_by_none_else() {
    test(async {
        let simulator = simulator::Simulator::start(simulator::Options::default()).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let endpoint = answering(move |_, body| {
            count.fetch_add(1, Ordering::SeqCst);
            let asked: Value = serde_json::from_slice(body).unwrap();
            let item = |index: usize| json!({ "index": index, "embedding": [1.0, 2.0, 3.0] });
            let items: Vec<Value> = (0..asked["input"].as_array().unwrap().len()).map(item).collect();
            Answer {
                status: 200,
                headers: String::new(),
                body: json!({ "data": items }).to_string(),
            }
        })
        .await;
        let (authority, identities) = identities();
        for (number, (what, identity, good)) in identities.into_iter().enumerate() {
            let shown = Terminator::of_http(&endpoint.to_string(), identity)
                .await
                .unwrap();
            let world = World::of(&simulator.host(), &format!("p{number}"), Application::small(0)).await;
            let fields = json!({ "text": { "stringValue": "a text" } });
            let note = Write::Set("notes/n".to_owned(), fields.as_object().unwrap().clone());
            world.firestore.commit(vec![note]).await.unwrap();
            let mapping = "[tables.notes]\nfrom = \"notes\"\n[tables.notes.columns]\n\
                           meaning = { embed = \"{text}\", type = \"vector(3)\" }\n";
            std::fs::write(world.folder().join("etl.toml"), mapping).unwrap();
            let before = asked.load(Ordering::SeqCst);
            let etl = world
                .run(&[
                    "--embed-url",
                    &format!("https://localhost:{}/v1", shown.address().port()),
                ])
                .env("ETL_EMBED_MODEL", "a model")
                .env("ETL_EMBED_API_KEY", "the-key")
                .env("SSL_CERT_FILE", kept(&world, &authority));
            ends(etl, good, "SSL_CERT_FILE", what).await;
            assert_eq!(
                asked.load(Ordering::SeqCst) == before,
                !good,
                "{what}: something was sent"
            );
        }
    });
}
