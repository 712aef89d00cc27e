//! What holds of the settings of a Qdrant source.

use config::{Config, Consistency, Invalid, Needs, Qdrant, ReadConsistency};

use crate::{problems, written};

/// The source alone, with a file's text and some variables.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Invalid> {
    written(&format!("source.kind = \"qdrant\"\n{text}"), variables).relied_on(Needs::SOURCE)
}

fn qdrant(text: &str, variables: &[(&str, &str)]) -> Qdrant {
    read(text, variables).unwrap().qdrant().unwrap().clone()
}

const URL: (&str, &str) = ("QDRANT_URL", "https://q.example.com");

#[test]
fn the_address_is_all_that_has_to_be_said() {
    let source = qdrant("", &[URL]);
    assert_eq!(source.url, "https://q.example.com:6334");
    assert!(source.is_encrypted() && !source.is_loopback());
    assert!(source.api_key.is_none() && source.ca_file.is_none() && source.collections.is_none());
    assert!(source.updated_at.is_none() && source.per_shard.is_none());
    assert_eq!((source.connections.get(), source.sample.get()), (4, 300));
    assert_eq!((source.page_bytes, source.page_points.get()), (1 << 20, 1000));
    assert_eq!(
        (source.read_consistency, source.consistency),
        (ReadConsistency::One, Consistency::Sweeps)
    );
    assert_eq!(
        problems(read("", &[])),
        [
            "source.url is needed and not set; give it as --qdrant-url, the environment QDRANT_URL, source.url in the \
             settings file"
        ]
    );
}

#[test]
fn an_address_has_one_spelling_and_its_port() {
    for (text, url) in [
        ("https://h", "https://h:6334"),
        (" HTTPS://h/ ", "https://h:6334"),
        ("https://h:443/", "https://h:443"),
        ("https://0:10", "https://0:10"),
        ("http://[::1]", "http://[::1]:6334"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("http://127.0.0.1", "http://127.0.0.1:6334"),
    ] {
        assert_eq!(qdrant("", &[("QDRANT_URL", text)]).url, url);
    }
    for (text, told) in [
        ("h:6334", "begins with neither"),
        ("grpc://h", "begins with neither"),
        ("https://", "names no host"),
        ("https://h:0", "names no host"),
        ("https://h:x", "names no host"),
        ("https://h/collections", "more than a host and a port"),
        ("https://h?api-key=hunter2", "more than a host and a port"),
        ("https://hunter2@h", "QDRANT_API_KEY"),
        ("https://h ost", "holds a blank"),
    ] {
        let found = problems(read("", &[("QDRANT_URL", text)]));
        assert!(found.len() == 1 && found[0].contains(told), "{text}: {found:?}");
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
}

#[test]
fn shards_are_read_at_the_rest_port_of_the_same_host_unless_another_is_named() {
    let per_shard = |text: &str| qdrant(text, &[("QDRANT_URL", "https://[::1]:7000")]).per_shard;
    assert_eq!(per_shard(""), None);
    assert_eq!(per_shard("source.rest_url = \"https://r\""), None);
    assert_eq!(
        per_shard("source.per_shard = true").as_deref(),
        Some("https://[::1]:6333")
    );
    assert_eq!(
        per_shard("source.per_shard = true\nsource.rest_url = \"https://r\"").as_deref(),
        Some("https://r:6333")
    );
}

#[test]
fn what_travels_in_the_clear_is_said_unless_it_stays_on_this_machine() {
    let notices = |url: &str, key: &str| {
        let variables = [("QDRANT_URL", url), ("QDRANT_API_KEY", key)];
        read("", &variables).unwrap().notices.join("\n")
    };
    assert_eq!(notices("http://127.0.0.1", "k"), "");
    assert_eq!(notices("https://h", "k"), "");
    assert!(notices("http://h", "").contains("points travel unencrypted"));
    assert!(notices("http://h", "k").contains("points and the key travel unencrypted"));
    assert!(notices("https://h:6333", "").contains("usually answers over REST"));
    let ca = read(
        "source.ca_file = \"/ca.pem\"",
        &[("QDRANT_URL", "http://localhost")],
    )
    .unwrap();
    assert!(ca.notices[0].contains("source.ca_file (etl.toml line 2) is ignored"));
}

#[test]
fn a_key_comes_from_the_environment_and_is_never_seen() {
    let source = qdrant("", &[URL, ("QDRANT_API_KEY", "hunter2")]);
    assert_eq!(source.api_key.as_ref().unwrap().expose(), "hunter2");
    assert!(!format!("{source:?}").contains("hunter2"));
    let odd = problems(read("", &[URL, ("QDRANT_API_KEY", "hunter2 hunter3")]));
    assert!(odd.len() == 1 && !odd[0].contains("hunter"), "{odd:?}");
    let filed = problems(read("source.api_key = \"hunter2\"", &[URL]));
    assert!(filed.len() == 1 && !filed[0].contains("hunter2"), "{filed:?}");
}

#[test]
fn every_problem_of_the_source_is_told_at_once_each_with_its_line() {
    let text = "[source]\npage_points = 0\npage_bytes = \"1\"\nread_consistency = \"some\"\nconsistency = \"all\"\n\
                collections = [\"a/b\"]\nconnections = 0\n";
    let mut asked = written(text, &[]);
    asked.flag("source.kind", "qdrant".to_owned());
    let found = problems(asked.relied_on(Needs::SOURCE));
    let places: Vec<&str> = found
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    let lines = (2..8).map(|line| format!("etl.toml line {line}"));
    assert_eq!(places[..6], lines.collect::<Vec<_>>(), "{found:#?}");
    assert!(
        found.len() == 7 && found[6].starts_with("source.url is needed"),
        "{found:#?}"
    );
}

#[test]
fn an_unknown_kind_hides_no_problem_that_every_kind_has() {
    let found = problems(written("[source]\nkind = \"mongo\"\nsample = 0\n", &[]).relied_on(Needs::SOURCE));
    assert!(
        found.len() == 2 && found[0].contains("firestore, qdrant") && found[1].contains("source.sample"),
        "{found:?}"
    );
}

#[test]
fn what_only_the_other_store_understands_is_said_to_be_ignored_where_it_was_meant_for_us() {
    let project = ("GOOGLE_CLOUD_PROJECT", "p");
    assert_eq!(read("", &[URL, project]).unwrap().notices, Vec::<String>::new());
    let told = read("source.project = \"p\"", &[URL]).unwrap().notices;
    assert_eq!(
        told,
        ["source.project (etl.toml line 2) is ignored: Qdrant is read"]
    );
    let told = written("source.url = \"https://h\"\n", &[project])
        .relied_on(Needs::SOURCE)
        .unwrap()
        .notices;
    assert_eq!(
        told,
        ["source.url (etl.toml line 1) is ignored: Firestore is read"]
    );
}
