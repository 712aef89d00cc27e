//! The endpoint that embeds: not there, refusing, posing, and repeating what it was sent in every way.

use super::{go, way, world};
use crate::security::echo::{self, Shape};
use crate::support::test;
use rehearsal::tls::{Authority, Terminator};

#[test]
fn no_failure_of_the_endpoint_tells_a_secret() {
    test(async {
        let (_simulator, world) = world().await;
        let verbs = [
            "run",
            "quarantine list",
            "quarantine show notes/n1",
            "quarantine retry",
            "status",
            "export",
        ];
        let impostor = Terminator::of_http("127.0.0.1:1", Authority::none("localhost").unwrap())
            .await
            .unwrap();
        let mut ways = vec![
            way(
                "nobody listens",
                &verbs[..1],
                [("ETL_EMBED_URL", "http://127.0.0.1:1/v1".to_owned())],
            ),
            way(
                "unknown host",
                &verbs[..1],
                [("ETL_EMBED_URL", "https://embed.invalid/v1".to_owned())],
            ),
            way(
                "a certificate that does not hold",
                &verbs[..1],
                [(
                    "ETL_EMBED_URL",
                    format!("https://localhost:{}/v1", impostor.address().port()),
                )],
            ),
        ];
        for status in [401, 403, 404, 429, 500, 302, 200, 400] {
            // Of a message of which 300 letters are shown, one of the key's begins where it is cut.
            for shape in [
                Shape::Error(0),
                Shape::Error(292),
                Shape::Code,
                Shape::Text,
                Shape::Quoted,
                Shape::Location,
            ] {
                let address = echo::http(status, shape).await;
                // Only what is refused for good is put aside.
                let verbs = if status == 400 { &verbs[..] } else { &verbs[..1] };
                ways.push(way(
                    format!("{status} {shape:?}"),
                    verbs,
                    [("ETL_EMBED_URL", format!("http://{address}/v1"))],
                ));
            }
        }
        go(&world, &ways, &[]).await;
    });
}
