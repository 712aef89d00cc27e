//! Who is believed to be the target: nobody, without a certificate that holds, unless the operator says so.

use crate::support::{World, summary, test};
use rehearsal::postgres::PASSWORD;
use rehearsal::process::Outcome;
use rehearsal::tls::{Authority, Identity, Terminator};

/// What `etl run` does about a server that shows `identity`, reached as `host` under `parameters`.
async fn meet(world: &World, identity: Identity, host: &str, parameters: &str) -> Outcome {
    let terminator = Terminator::start(&world.url, identity).await.unwrap();
    let database = world.url.rsplit('/').next().unwrap();
    let port = terminator.address().port();
    let url = format!("postgres://postgres:{PASSWORD}@{host}:{port}/{database}?{parameters}");
    let outcome = world.run(&[]).env("DATABASE_URL", url).run().await.unwrap();
    assert!(!outcome.stderr.contains(PASSWORD) && !outcome.stdout.contains(PASSWORD));
    outcome
}

#[test]
fn a_certificate_must_hold_unless_the_operator_says_otherwise() {
    test(async {
        let world = World::with(300).await;
        let authority = Authority::new().unwrap();
        let root = world.folder().join("authority.pem");
        std::fs::write(&root, authority.pem()).unwrap();
        let full = format!("sslmode=verify-full&sslrootcert={}", root.display());
        let any_name = format!("sslmode=verify-ca&sslrootcert={}", root.display());
        let good = || authority.certify("localhost", false).unwrap();
        let stranger = Authority::new().unwrap().certify("localhost", false).unwrap();

        let refused = [
            ("an authority nobody named", good(), "sslmode=verify-full"),
            ("require means verified here", good(), "sslmode=require"),
            ("another authority", stranger, full.as_str()),
            (
                "another host's name",
                authority.certify("elsewhere.example", false).unwrap(),
                &full,
            ),
            (
                "an expired certificate",
                authority.certify("localhost", true).unwrap(),
                &full,
            ),
            (
                "expired, whatever its name",
                authority.certify("localhost", true).unwrap(),
                &any_name,
            ),
        ];
        for (law, identity, parameters) in refused {
            let outcome = meet(&world, identity, "localhost", parameters).await;
            assert_eq!(outcome.status.code(), Some(3), "{law}: {}", outcome.stdout);
            let said = summary(&outcome);
            assert!(
                said["error"].as_str().unwrap().contains("certificate"),
                "{law}: {said}"
            );
            assert!(
                said["next"].as_str().unwrap().contains("sslrootcert"),
                "{law}: {said}"
            );
        }
        let missing = meet(
            &world,
            good(),
            "localhost",
            "sslmode=verify-full&sslrootcert=/nowhere.pem",
        )
        .await;
        assert_eq!(missing.status.code(), Some(3));
        assert!(missing.stdout.contains("/nowhere.pem"), "{}", missing.stdout);

        let taken = [
            ("the named authority", good(), full.as_str()),
            (
                "its certificate under another name",
                authority.certify("elsewhere.example", false).unwrap(),
                &any_name,
            ),
            (
                "anything at all",
                Authority::new().unwrap().certify("x", true).unwrap(),
                "sslmode=no-verify",
            ),
        ];
        for (law, identity, parameters) in taken {
            let outcome = meet(&world, identity, "localhost", parameters).await;
            assert_eq!(
                outcome.status.code(),
                Some(0),
                "{law}: {}\n{}",
                outcome.stdout,
                outcome.stderr
            );
        }
    });
}
