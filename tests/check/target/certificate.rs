//! How long the certificate is valid that the server shows, whether it is taken or refused.

use super::{database, golden, looked, of, world};
use crate::support::{World, test};
use rehearsal::postgres::PASSWORD;
use rehearsal::tls::{Authority, Identity, Terminator};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

/// What is said of a server that shows `identity`, under `parameters`, with days of the calendar replaced.
async fn says(world: &World, identity: Identity, parameters: &str, code: i32, text: &str) {
    let terminator = Terminator::start(&world.url, identity).await.unwrap();
    let port = terminator.address().port();
    let url = format!(
        "postgres://postgres:{PASSWORD}@localhost:{port}/{}?{parameters}",
        database(world)
    );
    let outcome = looked(world, &url, code).await;
    let said = of(world, &outcome, &["target.certificate"]);
    golden(&format!("target-certificate-{text}"), &without_days(&said));
}

/// `text` with what looks like 2031-12-30 replaced, and with the many days until then.
fn without_days(text: &str) -> String {
    let is_day = |word: &str| word.len() == 10 && word.split('-').map(str::len).eq([4, 2, 2]);
    let is_many = |word: &str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mask = |word: &str| {
        let bare = word.trim_matches(|letter: char| !letter.is_ascii_digit());
        match bare {
            bare if is_day(bare) => word.replace(bare, "DAY"),
            bare if is_many(bare) => word.replace(bare, "MANY"),
            _ => word.to_owned(),
        }
    };
    text.split_inclusive([' ', '\n'])
        .map(|word| {
            let end = word.trim_end().len();
            mask(&word[..end]) + &word[end..]
        })
        .collect()
}

#[test]
fn a_certificate_is_told_with_the_days_it_has_left() {
    test(async {
        let world = world().await;
        let authority = Authority::new().unwrap();
        let root = world.folder().join("authority.pem");
        std::fs::write(&root, authority.pem()).unwrap();
        let full = format!("sslmode=verify-full&sslrootcert={}", root.display());
        let now = SystemTime::now();
        let between = |from, until| authority.certify_between("localhost", from, until).unwrap();

        let long = || between(now - DAY, now + 4_000 * DAY);
        says(&world, long(), &full, 0, "good").await;
        // Refused for who made it, and not for its days.
        says(&world, long(), "sslmode=verify-full", 3, "of-a-stranger").await;
        let soon = || between(now - DAY, now + 10 * DAY + DAY / 2);
        says(&world, soon(), &full, 0, "soon").await;
        says(&world, soon(), "sslmode=no-verify", 0, "soon-unchecked").await;
        let expired = || between(now - 9 * DAY, now - DAY);
        says(&world, expired(), &full, 3, "expired").await;
        says(&world, expired(), "sslmode=no-verify", 0, "expired-unchecked").await;
        says(
            &world,
            between(now + 2 * DAY, now + 90 * DAY),
            &full,
            3,
            "not-yet",
        )
        .await;
    });
}
