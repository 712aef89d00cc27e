//! What holds of the target's URL.

use std::time::Duration;

use config::{ChannelBinding, Config, Connection, Invalid, Needs, Tls};
use proptest::prelude::*;

use crate::{problems, read};

fn from_environment(url: &str) -> Result<Config, Invalid> {
    crate::written("", &[("DATABASE_URL", url)]).relied_on(Needs::TARGET)
}

fn connection(url: &str) -> Connection {
    from_environment(url)
        .unwrap_or_else(|invalid| panic!("{url}: {invalid}"))
        .target
        .unwrap()
        .connection
}

fn notices(url: &str) -> String {
    from_environment(url).unwrap().notices.join("\n")
}

#[test]
fn both_ways_to_write_a_connection_mean_the_same() {
    let url = connection(
        "postgresql://al%40ice:p%2Fw@db.example.com:6000/my%20db?connect_timeout=3&application_name=me&options=-c%20a%3D1",
    );
    let words = connection(
        r"host=db.example.com port = 6000 user=al@ice password='p/w' dbname='my db' connect_timeout=3
          application_name=me options='-c a=1'",
    );
    assert_eq!(format!("{url:?}"), format!("{words:?}"));
    assert_eq!(url.password, words.password);
    assert_eq!(
        (url.user.as_str(), url.dbname.as_str(), url.port),
        ("al@ice", "my db", 6000)
    );
    assert_eq!(
        (url.connect_timeout, url.options.as_deref()),
        (Duration::from_secs(3), Some("-c a=1"))
    );
    let short = connection("postgres://u@h/d");
    assert_eq!(
        (short.port, short.application_name.as_str(), short.password),
        (5432, "etl", None)
    );
    assert_eq!(
        (short.connect_timeout, short.channel_binding),
        (Duration::from_secs(10), ChannelBinding::Prefer)
    );
}

#[test]
fn sockets_addresses_and_several_hosts_are_understood() {
    for (url, hosts, port) in [
        ("postgres://u@%2Ftmp%2Fpg/d", vec!["/tmp/pg"], 5432),
        ("postgres://u@%2Ftmp%2Fpg:6000/d", vec!["/tmp/pg"], 6000),
        ("postgres:///d?host=/tmp/pg&user=u", vec!["/tmp/pg"], 5432),
        (
            "postgres://u@/d?host=%2Ftmp%2Fpg&port=6000",
            vec!["/tmp/pg"],
            6000,
        ),
        ("host=/tmp/pg user=u dbname=d", vec!["/tmp/pg"], 5432),
        ("postgres://u@[::1]:6000/d", vec!["::1"], 6000),
        ("postgres://u@[2001:db8::1]/d", vec!["2001:db8::1"], 5432),
        ("postgres://u@a,b/d", vec!["a", "b"], 5432),
        ("postgres://u@a:6000,b:6000/d", vec!["a", "b"], 6000),
        ("host=a,b port=6000 user=u dbname=d", vec!["a", "b"], 6000),
        ("postgres://u@a/d?host=b", vec!["b"], 5432),
    ] {
        let read = connection(url);
        assert_eq!(
            (read.hosts, read.port),
            (hosts.into_iter().map(str::to_owned).collect(), port),
            "{url}"
        );
    }
}

#[test]
fn encryption_is_verified_unless_the_server_is_this_machine_or_the_operator_says_otherwise() {
    for (host, mode, tls, notice) in [
        ("db.example.com", "", Tls::VerifyFull, ""),
        ("10.0.0.1", "", Tls::VerifyFull, ""),
        ("localhost", "", Tls::Disable, ""),
        ("127.8.9.1", "", Tls::Disable, ""),
        ("[::1]", "", Tls::Disable, ""),
        ("localhost,db.example.com", "", Tls::VerifyFull, ""),
        ("localhost.example.com", "", Tls::VerifyFull, ""),
        ("%2Ftmp", "", Tls::Disable, ""),
        ("%2Ftmp", "verify-full", Tls::Disable, "never encrypted"),
        ("localhost", "prefer", Tls::Disable, ""),
        (
            "localhost",
            "require",
            Tls::VerifyFull,
            "verifies the server's certificate",
        ),
        ("localhost", "disable", Tls::Disable, ""),
        ("h", "allow", Tls::VerifyFull, "never fall back to clear text"),
        ("h", "prefer", Tls::VerifyFull, "never fall back to clear text"),
        ("h", "require", Tls::VerifyFull, "sslmode=no-verify"),
        ("h", "verify-ca", Tls::VerifyCa, ""),
        ("h", "verify-full", Tls::VerifyFull, ""),
        ("h", "no-verify", Tls::NoVerify, "warning"),
        ("h", "disable", Tls::Disable, "clear text"),
    ] {
        let mode = if mode.is_empty() {
            String::new()
        } else {
            format!("?sslmode={mode}")
        };
        let url = format!("postgres://u@{host}/d{mode}");
        assert_eq!(connection(&url).tls, tls, "{url}");
        let told = notices(&url);
        assert!(
            told.is_empty() == notice.is_empty() && told.contains(notice),
            "{url}: {told}"
        );
    }
}

#[test]
fn certificates_are_kept_where_they_are_checked() {
    let path = |url| {
        connection(url)
            .root_certificate
            .map(|path| path.display().to_string())
    };
    assert_eq!(
        path("postgres://u@h/d?sslrootcert=/ca.pem").as_deref(),
        Some("/ca.pem")
    );
    assert_eq!(
        path("postgres://u@h/d?sslmode=verify-ca&sslrootcert=/ca.pem").as_deref(),
        Some("/ca.pem")
    );
    assert_eq!(path("postgres://u@h/d?sslrootcert=system"), None);
    assert_eq!(
        path("postgres://u@h/d?sslmode=no-verify&sslrootcert=/ca.pem"),
        None
    );
    assert!(
        notices("postgres://u@h/d?sslmode=no-verify&sslrootcert=/ca.pem").contains("sslrootcert is ignored")
    );
}

#[test]
fn a_pooler_is_known_by_its_port_or_by_being_told() {
    assert!(!connection("postgres://u@h/d").pooler);
    assert!(connection("postgres://u@h:6543/d").pooler);
    assert!(connection("postgres://u@h/d?pgbouncer=true").pooler);
    assert!(!connection("postgres://u@h:6543/d?pgbouncer=false").pooler);
    assert!(notices("postgres://u@h:6543/d?options=-ca%3D1").contains("poolers refuse `options`"));
}

#[test]
fn what_is_ignored_is_said_and_what_demands_something_is_not_ignored() {
    assert_eq!(
        connection("postgres://u@h/d?channel_binding=require").channel_binding,
        ChannelBinding::Require
    );
    assert_eq!(
        notices("postgres://u@h/d?target_session_attrs=read-write&gssencmode=disable"),
        ""
    );
    assert!(notices("postgres://u@h/d?gssencmode=prefer").contains("gssencmode is ignored"));
    assert!(notices("postgres://u@h/d?target_session_attrs=any").contains("takes writes"));
    for demand in [
        "gssencmode=require",
        "target_session_attrs=read-only",
        "channel_binding=maybe",
    ] {
        assert_eq!(
            problems(from_environment(&format!("postgres://u@h/d?{demand}"))).len(),
            1,
            "{demand}"
        );
    }
}

#[test]
fn every_fault_of_a_url_is_told_with_what_to_do() {
    for (url, told) in [
        ("nonsense", "is no PostgreSQL connection"),
        ("https://abc.example.com", "is no PostgreSQL connection"),
        ("mysql://u@h/d?x=1", "is no PostgreSQL connection"),
        ("postgres://u@h:0/d", "the port is not a number"),
        ("postgres://u@h:65536/d", "the port is not a number"),
        ("postgres://u@h:+1/d", "the port is not a number"),
        ("postgres://u@a:1,b:2/d", "different ports"),
        ("host=a,b,c port=1,1 user=u dbname=d", "different ports"),
        ("postgres://h/d", "no user is named"),
        ("postgres://u@h", "no database is named"),
        ("postgres://u@/d", "no host is named"),
        ("postgres://u@a,,b/d", "host 2 is neither"),
        ("postgres://u@a,%2Ftmp/d", "sockets and hosts are mixed"),
        ("postgres://u@[::1/d", "the IPv6 address does not end"),
        ("postgres://u@[::1]x/d", "the IPv6 address does not end"),
        ("postgres://u@[nonsense:]/d", "host 1 is neither"),
        ("postgres://u:%zz@h/d", "password has a % that"),
        ("postgres://u:%4@h/d", "password has a % that"),
        ("postgres://u:%+1@h/d", "password has a % that"),
        ("postgres://u:%ff@h/d", "password does not decode"),
        ("postgres://u:a%00b@h/d", "password does not decode"),
        ("postgres://u:a/b@h/d", "a second @ stands after the host"),
        (
            "postgres://u@h/d?sslmod=require",
            "parameter 1 is not known; did you mean sslmode?",
        ),
        (
            "postgres://u@h/d?sslmode=disable&colour=red",
            "parameter 2 is not known; remove it; known are: host,",
        ),
        ("postgres://u@h/d?sslmode", "parameter 1 has no ="),
        (
            "postgres://u@h/d?sslmode=disable&sslmode=require",
            "sslmode is written twice",
        ),
        (
            "postgres://u@h/d?sslmode=maybe",
            "sslmode has no such value; write one of: disable,",
        ),
        (
            "postgres://u@h/d?connect_timeout=0",
            "connect_timeout has no such value",
        ),
        ("host=h user=u dbname=d password=two words", "keyword 5 has no ="),
        (
            "host=h user=u dbname=d password='open",
            "a single quote is not closed",
        ),
    ] {
        let found = problems(from_environment(url));
        let right = found.iter().any(|line| line.contains(told));
        assert!(
            right && found[0].starts_with("environment DATABASE_URL: target.url: "),
            "{url}: {found:?}"
        );
    }
    let several = problems(from_environment(
        "postgres://h:x/d?sslmode=maybe&connect_timeout=x",
    ));
    assert_eq!(several.len(), 4, "{several:?}");
}

#[test]
fn a_password_on_the_command_line_or_in_a_file_is_refused_unseen() {
    for url in [
        "postgres://u:hunter2@h/d",
        "postgres://u@h/d?password=hunter2",
        "host=h user=u dbname=d password=hunter2",
    ] {
        let mut flag = crate::written("", &[]);
        flag.flag("target.url", url.to_owned());
        let mut file = crate::written(&format!("[target]\nurl = \"{url}\"\n"), &[]);
        file.flag("run.lanes", "0".to_owned());
        for (written, place, count) in [(flag, "--database-url: ", 1), (file, "etl.toml line 2: ", 2)] {
            let found = problems(written.relied_on(Needs::TARGET));
            assert_eq!(found.len(), count);
            assert!(
                found[0].starts_with(place) && found[0].contains("PGPASSWORD"),
                "{found:?}"
            );
            assert!(!found.concat().contains("hunter2"), "{found:?}");
        }
    }
}

#[test]
fn a_password_may_come_by_itself_and_the_one_in_the_url_wins() {
    let with = |url| {
        let variables = [("DATABASE_URL", url), ("PGPASSWORD", " alone ")];
        let target = crate::written("", &variables)
            .relied_on(Needs::TARGET)
            .unwrap()
            .target
            .unwrap();
        target.connection.password.unwrap().expose().to_owned()
    };
    assert_eq!(with("postgres://u@h/d"), " alone ");
    assert_eq!(with("postgres://u:@h/d"), " alone ");
    assert_eq!(with("postgres://u:inside@h/d"), "inside");
}

#[test]
fn two_urls_that_differ_are_refused_without_showing_either() {
    let urls = [
        ("DATABASE_URL", "postgres://u:hunter2@h/d"),
        ("SUPABASE_DB_URL", "postgres://u:hunter3@h/d"),
    ];
    let found = problems(read(
        "",
        &[&urls[..], &crate::NEEDED[..1], &crate::NEEDED[2..]].concat(),
    ));
    let told = "SUPABASE_DB_URL is also set and says something else; unset one of the two";
    assert_eq!(found, [format!("environment DATABASE_URL: {told}")]);
}

/// Percent-encodes everything that could mean something.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Quotes a value for the keyword form.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![r#"[ a-z%@:/?#&=+,'"\\\[\]é-]{1,12}"#, "[^\0]{1,8}"]
}

fn any_hosts() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-z][a-z0-9.-]{0,10}";
    let address = any::<std::net::IpAddr>().prop_map(|ip| ip.to_string());
    prop_oneof![
        prop::collection::vec(prop_oneof![name.boxed(), address.boxed()], 1..4),
        "/[a-z /%@:?é]{0,12}[a-z]".prop_map(|directory| vec![directory]),
    ]
}

proptest! {
    #[test]
    fn whatever_is_written_out_with_care_is_read_back(
        user in any_text(), password in any_text(), dbname in any_text(), hosts in any_hosts(), port in 1u16..,
    ) {
        let of_url = |host: &String| {
            let host = if host.contains(':') && !host.starts_with('/') { format!("[{host}]") } else { encoded(host) };
            format!("{host}:{port}")
        };
        let authority = hosts.iter().map(of_url).collect::<Vec<_>>().join(",");
        let url = format!(
            "postgres://{}:{}@{authority}/{}?application_name={}",
            encoded(&user), encoded(&password), encoded(&dbname), encoded(&password),
        );
        let words = format!(
            "host={} port={port} user={} password = {}\tdbname={} application_name={}",
            quoted(&hosts.join(",")), quoted(&user), quoted(&password), quoted(&dbname), quoted(&password),
        );
        for text in [url, words] {
            let read = connection(&text);
            prop_assert_eq!(&read.hosts, &hosts);
            prop_assert_eq!(read.port, port);
            prop_assert_eq!(&read.user, &user);
            prop_assert_eq!(read.password.as_ref().unwrap().expose(), &password);
            prop_assert_eq!(&read.dbname, &dbname);
            prop_assert_eq!(&read.application_name, &password);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(postgres(ql)?://)?.{0,40}") {
        let _ = from_environment(&text).map_err(|invalid| invalid.to_string());
    }

    /// The marks `q9z` stand for the letters of a secret; whatever careless text surrounds them, a URL that is
    /// refused must not show one, and one that is understood must show none but what it takes for other parts.
    #[test]
    fn a_refused_url_never_shows_a_piece_of_its_password(
        password in "(q9z[ %@:/?#&=+,'\\\\\\[\\]é\n]{0,2}){1,3}",
        before in prop::sample::select(vec!["postgres://u:", "postgresql://", "host=h user=u dbname=d password=",
            "host=h password='", "postgres://u@h/d?password=", "mysql://u:", ""]),
        after in prop::sample::select(vec!["@h/d", "@h:x/d?sslmod=1", "@h", "' user=u", "/d?y", ""]),
        place in 0..4,
    ) {
        let url = format!("{before}{password}{after}");
        let mut written = crate::written("", &[]);
        match place {
            0 => written.flag("target.url", url),
            1 => written = crate::written("", &[("DATABASE_URL", &url)]),
            // Unescaped, or not even quoted: the file's own syntax errors must not show it either.
            2 => written = crate::written(&format!("[target]\nurl = {url}\n"), &[]),
            _ => written = crate::written(&format!("[target]\nurl = \"{url}\"\n"), &[]),
        }
        if let Err(invalid) = written.relied_on(Needs::TARGET) {
            let shown = format!("{invalid} {invalid:?}");
            prop_assert!(!shown.contains("q9z"), "{}", shown);
        }
    }
}
