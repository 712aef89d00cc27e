//! Google's key files: of every kind, whole and broken.

use super::{go, service_account, way, world};
use crate::security::echo::{self, Shape};
use crate::security::planted::{CLIENT_SECRET, PRIVATE_KEY, REFRESH_TOKEN};
use crate::support::test;
use serde_json::json;
use std::path::Path;

#[test]
fn no_key_file_of_google_is_quoted() {
    test(async {
        let (_simulator, world) = world().await;
        let tokens = echo::http(401, Shape::Quoted).await;
        let user = json!({
            "type": "authorized_user", "client_id": "c", "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN, "token_uri": format!("http://{tokens}/token"),
        });
        let external = json!({
            "type": "external_account", "audience": "a", "subject_token_type": "t", "client_id": "c",
            "client_secret": CLIENT_SECRET, "token_url": format!("http://{tokens}/token"),
            "credential_source": { "file": "key-of-nobody" },
        });
        let impersonated = json!({
            "type": "impersonated_service_account", "source_credentials": user,
            "service_account_impersonation_url": format!("http://{tokens}/v1/projects/-/serviceAccounts/a:generateAccessToken"),
        });
        let whole = service_account("-----BEGIN PRIVATE KEY-----");
        let files = [
            ("no PEM", service_account("nothing")),
            ("PEM without its end", whole.clone()),
            ("cut in half", whole[..whole.len() - 20].to_owned()),
            ("not JSON", format!("private_key: {PRIVATE_KEY}")),
            (
                "a number where a key belongs",
                whole.replace("\"p\"", PRIVATE_KEY),
            ),
            (
                "of no kind",
                json!({ "type": PRIVATE_KEY, "private_key": PRIVATE_KEY }).to_string(),
            ),
            (
                "a key alone",
                json!({ "type": "service_account", "private_key": PRIVATE_KEY }).to_string(),
            ),
            ("a user", user.to_string()),
            ("a stranger", external.to_string()),
            ("on behalf of another", impersonated.to_string()),
        ];
        for (number, (name, text)) in files.into_iter().enumerate() {
            let file = format!("key{number}.json");
            std::fs::write(world.folder().join(&file), text).unwrap();
            let environment = [
                ("FIRESTORE_EMULATOR_HOST", String::new()),
                ("GOOGLE_APPLICATION_CREDENTIALS", file.clone()),
                // Whoever has a way to Google is not to take it.
                ("https_proxy", "http://127.0.0.1:1".to_owned()),
            ];
            go(
                &world,
                &[way(name, &["check", "run"], environment)],
                &all_keys(world.folder())
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>(),
            )
            .await;
        }
    });
}

fn all_keys(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("key")).collect()
}
