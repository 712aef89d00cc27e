//! PostgreSQL: not there, refusing, posing, and repeating what it was sent.

use super::{ALL, go, url_with, way, world};
use crate::security::echo;
use crate::security::planted::PASSWORD;
use crate::support::test;
use rehearsal::tls::{Authority, Terminator};

#[test]
fn no_failure_of_postgresql_tells_a_secret() {
    test(async {
        let (_simulator, world) = world().await;
        let stranger = Terminator::start(&world.url, Authority::none("localhost").unwrap())
            .await
            .unwrap();
        let any = Terminator::start(&world.url, Authority::none("localhost").unwrap())
            .await
            .unwrap();
        let mut ways = vec![
            way("unknown host", &ALL, [url_with(PASSWORD, "db.invalid/app")]),
            way("nobody listens", &ALL, [url_with(PASSWORD, "127.0.0.1:1/app")]),
            way(
                "wrong password",
                &ALL,
                [url_with(
                    PASSWORD,
                    &format!("localhost:{}/app?sslmode=no-verify", any.address().port()),
                )],
            ),
            way(
                "wrong password beside the URL",
                &["run"],
                [
                    (
                        "DATABASE_URL",
                        format!(
                            "postgres://postgres@localhost:{}/app?sslmode=no-verify",
                            any.address().port()
                        ),
                    ),
                    ("PGPASSWORD", PASSWORD.to_owned()),
                ],
            ),
            way(
                "a certificate that does not hold",
                &ALL,
                [url_with(
                    PASSWORD,
                    &format!("localhost:{}/app?sslmode=verify-full", stranger.address().port()),
                )],
            ),
        ];
        // Of a login, of a right, of nobody's, of a row, of something that may pass.
        for (state, lets_in) in [
            ("28P01", false),
            ("53300", false),
            ("42501", true),
            ("XX000", true),
            ("40001", true),
        ] {
            let address = echo::postgres(state, lets_in).await;
            let name = format!("a server that repeats the password, {state}");
            ways.push(way(name, &ALL, [url_with(PASSWORD, &format!("{address}/app"))]));
        }
        go(&world, &ways, &[]).await;
    });
}
