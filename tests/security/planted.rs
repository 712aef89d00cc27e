//! Secrets that can be found again: in what was printed, in files, in tables, as they are, as URLs and JSON spell them, in
//! base64 at any place of a text, and cut short.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rehearsal::process::Outcome;
use std::path::Path;
use tokio_postgres::{Client, SimpleQueryMessage};

/// What is planted: each begins with six letters that nothing else has, and goes on with what spellings differ in.
pub(super) const PASSWORD: &str = "Pw7Qma/%41 ü\"'\\x9";
pub(super) const QDRANT_KEY: &str = "Qk8Vma+/=\"%41\\x9";
pub(super) const EMBED_KEY: &str = "Ek9Wma+/=\"%41\\x9";
pub(super) const PRIVATE_KEY: &str = "Gk5Xma+/=Zq9rT2";
pub(super) const REFRESH_TOKEN: &str = "Rt6Yma//=Zq9rT2";
pub(super) const CLIENT_SECRET: &str = "Cs4Tma-_=Zq9rT2";

pub(super) const ALL: [&str; 6] = [
    PASSWORD,
    QDRANT_KEY,
    EMBED_KEY,
    PRIVATE_KEY,
    REFRESH_TOKEN,
    CLIENT_SECRET,
];

/// As much of a secret as is no coincidence, and no longer: half a key is half a key.
fn beginning(secret: &str) -> &str {
    &secret[..6]
}

/// What base64 makes of the beginning of `secret`, wherever it stands in what is encoded.
fn in_base64(secret: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let bytes = [&[0; 2][..before], beginning(secret).as_bytes()].concat();
        let encoded = STANDARD.encode(&bytes);
        // The first letters are of what stands before as well, the last ones of what follows.
        let (from, to) = (bytes_in(before), bytes.len() * 8 / 6);
        encoded[from..to].to_owned()
    })
}

fn bytes_in(before: usize) -> usize {
    (before * 8).div_ceil(6)
}

/// As `application/x-www-form-urlencoded`, or a URL, has it.
pub(super) fn percent_encoded(secret: &str) -> String {
    let letter = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    secret.bytes().map(letter).collect()
}

/// The secrets that `bytes` give away.
pub(super) fn given_away(bytes: &[u8]) -> Vec<&'static str> {
    let holds = |needle: &str| {
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    let told = |secret: &&str| holds(beginning(secret)) || in_base64(secret).iter().any(|form| holds(form));
    ALL.into_iter().filter(told).collect()
}

/// Asserts that nothing was said that gives a secret away.
pub(super) fn assert_nothing_said(outcome: &Outcome, what: &str) {
    for said in [&outcome.stdout, &outcome.stderr] {
        let given = given_away(said.as_bytes());
        assert!(given.is_empty(), "{what}: {given:?} in:\n{said}");
    }
}

/// Asserts that no file in `folder`, at whatever depth, gives a secret away; `but` are those that were put there.
pub(super) fn assert_nothing_kept(folder: &Path, but: &[&str], what: &str) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            seen += assert_nothing_kept(&path, but, what);
        } else if !but.contains(&name.as_str()) {
            let given = given_away(&std::fs::read(&path).unwrap());
            assert!(given.is_empty(), "{what}: {given:?} in {}", path.display());
            seen += 1;
        }
    }
    seen
}

/// Asserts that no row of a table of the ledger gives a secret away.
pub(super) async fn assert_nothing_noted(client: &Client, what: &str) -> usize {
    let tables = "select format('%I.%I', table_schema, table_name) from information_schema.tables \
                  where table_schema = 'etl'";
    let tables = client.query(tables, &[]).await.unwrap();
    let mut seen = 0;
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        let rows = client.simple_query(&format!("select * from {table}")).await;
        for row in rows.unwrap() {
            let SimpleQueryMessage::Row(row) = row else {
                continue;
            };
            for cell in (0..row.len()).filter_map(|place| row.get(place)) {
                let given = given_away(&whole(cell));
                assert!(given.is_empty(), "{what}: {given:?} in {table}: {cell}");
                seen += 1;
            }
        }
    }
    seen
}

/// The cell, with the bytes behind it where PostgreSQL writes bytes as hexadecimal digits.
fn whole(cell: &str) -> Vec<u8> {
    let digits = cell.strip_prefix("\\x").unwrap_or_default();
    let bytes = digits.as_bytes().chunks(2).filter_map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    cell.bytes().chain(bytes).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    for secret in ALL {
        let header = format!("{{\"authorization\": \"Bearer {secret}\"}}");
        let mut forms = vec![
            secret.to_owned(),
            secret[..6].to_owned(),
            percent_encoded(secret),
            format!("{secret:?}"),
            serde_json::json!(secret).to_string(),
            header.clone(),
            format!(
                "\\x{}",
                secret.bytes().map(|b| format!("{b:02x}")).collect::<String>()
            ),
        ];
        for before in 0..6 {
            forms.push(STANDARD.encode(format!("{}{secret}", "u".repeat(before))));
        }
        for form in forms {
            assert_eq!(given_away(&whole(&form)), [secret], "{form}");
        }
    }
    assert_eq!(given_away(b"password authentication failed"), [""; 0]);
}
