//! Sources: not there, refusing, posing, and repeating what they were sent.

use super::{OF_POINTS, OF_SOURCE, go, service_account, way, world};
use crate::security::echo::{self, Shape};
use crate::security::planted::{PRIVATE_KEY, QDRANT_KEY};
use crate::support::test;
use rehearsal::tls::{Authority, Terminator};

#[test]
fn no_failure_of_a_source_tells_a_secret() {
    test(async {
        let (_simulator, world) = world().await;
        let said = format!("got {QDRANT_KEY},\nas {QDRANT_KEY:?}, {PRIVATE_KEY}");
        // Unauthenticated, denied, not found, invalid, and what may pass.
        let mut ways = Vec::new();
        for code in [16, 7, 5, 3, 14, 13, 8] {
            let address = echo::grpc(code, &said).await;
            let firestore = [
                ("FIRESTORE_EMULATOR_HOST", address.to_string()),
                ("GOOGLE_APPLICATION_CREDENTIALS", "key.json".to_owned()),
            ];
            ways.push(way(
                format!("a Qdrant that repeats its key, {code}"),
                &OF_POINTS,
                [
                    ("QDRANT_URL", format!("http://{address}")),
                    ("FIRESTORE_EMULATOR_HOST", String::new()),
                ],
            ));
            // An emulator is sent no secret that it could repeat: the key file is not even read.
            let said = echo::grpc(code, "nothing").await.to_string();
            ways.push(way(
                format!("a Firestore that refuses, {code}"),
                &OF_SOURCE,
                firestore.map(|(name, value)| {
                    (
                        name,
                        if name == "FIRESTORE_EMULATOR_HOST" {
                            said.clone()
                        } else {
                            value
                        },
                    )
                }),
            ));
        }
        let impostor = Terminator::of_http("127.0.0.1:1", Authority::none("localhost").unwrap())
            .await
            .unwrap();
        let page = echo::http(401, Shape::Text).await;
        for (name, url) in [
            ("nobody listens", "http://127.0.0.1:1".to_owned()),
            ("unknown host", "https://qdrant.invalid".to_owned()),
            (
                "a certificate that does not hold",
                format!("https://localhost:{}", impostor.address().port()),
            ),
            ("no gRPC at all", format!("http://{page}")),
        ] {
            ways.push(way(format!("Qdrant: {name}"), &OF_POINTS, [("QDRANT_URL", url)]));
        }
        std::fs::write(world.folder().join("key.json"), service_account("-----BEGIN")).unwrap();
        go(&world, &ways, &["key.json"]).await;
    });
}
