//! What holds of the endpoint that embeds: its address, and a key that is only ever in the environment.

use config::{Embed, Invalid};
use proptest::prelude::*;

use crate::{NEEDED, problems, read, read_with_needed};

fn with(text: &str, variables: &[(&str, &str)]) -> Result<config::Config, Invalid> {
    read(text, &[NEEDED.as_slice(), variables].concat())
}

fn embed(url: &str) -> Embed {
    let config = with(&format!("[embed]\nurl = \"{url}\"\nmodel = \"m\"\n"), &[]).unwrap();
    config.embed.unwrap()
}

#[test]
fn without_an_address_nothing_embeds_and_with_one_the_defaults_hold() {
    // A key that lies about for another program is no wish.
    let none = with(
        "[embed]\nbatch = 5\n",
        &[("OPENAI_API_KEY", "a"), ("ETL_EMBED_API_KEY", "b")],
    );
    assert!(none.unwrap().embed.is_none());

    let embed = embed("https://api.openai.com/v1");
    assert_eq!(
        (embed.url.as_str(), embed.model.as_str()),
        ("https://api.openai.com/v1", "m")
    );
    assert_eq!(
        (
            embed.batch.get(),
            embed.concurrency.get(),
            embed.timeout.as_secs()
        ),
        (64, 4, 60)
    );
    assert!(embed.api_key.is_none() && embed.requests_per_minute.is_none());
    assert!(embed.dimensions.is_none() && embed.max_characters.is_none());
}

#[test]
fn address_and_model_go_together() {
    let found = problems(read_with_needed("[embed]\nurl = \"https://a\"\n"));
    assert_eq!(
        found,
        ["etl.toml line 2: embed.url needs embed.model beside it; name the model that embeds"]
    );
    let found = problems(with("", &[("ETL_EMBED_MODEL", "m")]));
    assert!(
        found[0].starts_with("environment ETL_EMBED_MODEL: embed.model needs embed.url"),
        "{found:?}"
    );
}

#[test]
fn an_address_has_one_spelling() {
    for (written, meant) in [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        (
            "HTTPS://api.openai.com/v1/embeddings",
            "https://api.openai.com/v1",
        ),
        ("https://h/embeddings/", "https://h"),
        ("https://h/my-embeddings", "https://h/my-embeddings"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://text_embed:80/", "http://text_embed:80"),
    ] {
        assert_eq!(embed(written).url, meant);
    }
}

#[test]
fn an_address_that_is_none_is_refused_and_a_secret_in_it_not_shown() {
    for wrong in [
        "localhost:11434",
        "ftp://h/v1",
        "https://",
        "https:///v1",
        "https://h:0/v1",
        "https://h:99999",
        "https://h:x",
        "https://[::1/v1",
        "https://a b/v1",
        "https://u:hunter2@h/v1",
        "u:hunter2@h",
        "https://h/v1?api-key=hunter2",
        "https://h/v1#hunter2",
    ] {
        let found = problems(read_with_needed(&format!(
            "[embed]\nurl = \"{wrong}\"\nmodel = \"m\"\n"
        )));
        assert!(
            found.len() == 1 && found[0].starts_with("etl.toml line 2: embed.url: "),
            "{wrong}: {found:?}"
        );
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
}

#[test]
fn only_what_leaves_this_machine_unencrypted_is_announced() {
    for (url, announced) in [
        ("https://h/v1", false),
        ("http://localhost:1/v1", false),
        ("http://127.0.0.1:1", false),
        ("http://127.8.8.8", false),
        ("http://[::1]", false),
        ("http://10.0.0.1/v1", true),
        ("http://localhost.example.com", true),
        ("http://127.0.0.1.example.com", true),
    ] {
        let config = with(&format!("[embed]\nurl = \"{url}\"\nmodel = \"m\"\n"), &[]).unwrap();
        let told = config.notices.iter().any(|notice| notice.contains("unencrypted"));
        assert_eq!(told, announced, "{url}");
        assert_eq!(
            config.embed.unwrap().is_loopback(),
            url.starts_with("http:") && !announced,
            "{url}"
        );
    }
}

#[test]
fn the_key_comes_from_the_environment_and_from_nowhere_else() {
    let text = "[embed]\nurl = \"https://h/v1\"\nmodel = \"m\"\n";
    for name in ["ETL_EMBED_API_KEY", "OPENAI_API_KEY"] {
        let config = with(text, &[(name, " hunter2\n")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.embed.unwrap().api_key.unwrap().expose(), "hunter2");
    }
    let found = problems(with(text, &[("ETL_EMBED_API_KEY", "hunter 2")]));
    assert!(found.len() == 1 && !found[0].contains("hunter"), "{found:?}");

    let found = problems(read_with_needed(&format!("{text}api_key = \"hunter2\"\n")));
    assert_eq!(
        found,
        [
            "etl.toml line 4: embed.api_key is a string; write it into the environment alone: files get copied and \
          committed"
        ]
    );
    let mut flag = crate::written(text, &NEEDED);
    flag.flag("embed.api_key", "hunter2".to_owned());
    let found = problems(flag.relied_on(config::Needs::RUN));
    assert!(found.len() == 1 && !found[0].contains("hunter2"), "{found:?}");
}

proptest! {
    #[test]
    fn no_address_makes_the_reader_panic(url in "(https?://)?[^\"\\\\]{0,30}") {
        let _ = read_with_needed(&format!("[embed]\nurl = '''{}'''\nmodel = \"m\"\n", url.replace('\'', "")));
    }

    #[test]
    fn an_address_that_was_read_is_read_back_the_same(
        host in "[a-z][a-z0-9.-]{0,10}", port in proptest::option::of(1u16..), path in "(/[a-z0-9]{1,5}){0,3}/?",
    ) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let once = embed(&format!("https://{host}{port}{path}")).url;
        prop_assert_eq!(&embed(&once).url, &once);
        prop_assert!(!once.ends_with('/'));
    }
}

#[test]
fn a_mapping_that_embeds_needs_an_endpoint_wherever_documents_are_moved() {
    let text = "[tables.a]\nfrom = \"a\"\n[tables.a.columns]\nv = { embed = \"{x}\", type = \"vector(3)\" }\n\
                w = { embed = \"{y}\", type = \"vector(3)\" }\n";
    let found = problems(read_with_needed(text));
    let said = |line: usize, column: &str| {
        format!(
            "etl.toml line {line}: table `a`, column `{column}`: `embed` needs an endpoint, and none is named; name it \
             with --embed-url and --embed-model, or leave the column out"
        )
    };
    assert!(found[0].contains("2 things") || found.len() == 2, "{found:?}");
    assert!(
        found.iter().any(|found| found.ends_with(&said(4, "v"))),
        "{found:?}"
    );
    assert!(
        found.iter().any(|found| found.ends_with(&said(5, "w"))),
        "{found:?}"
    );
    // What is wrong with the endpoint itself is told alone.
    let half = problems(read_with_needed(&format!("{text}[embed]\nmodel = \"m\"\n")));
    assert!(
        half.iter().all(|found| !found.contains("needs an endpoint")),
        "{half:?}"
    );
    with(text, &[("ETL_EMBED_URL", "https://a"), ("ETL_EMBED_MODEL", "m")]).unwrap();
    // Looking at either end alone embeds nothing.
    for needs in [config::Needs::SOURCE, config::Needs::TARGET] {
        crate::written(text, &NEEDED).relied_on(needs).unwrap();
    }
}
