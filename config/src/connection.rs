//! A PostgreSQL connection: what the parameters of a URL mean.
//! Encryption is verified unless the operator said otherwise or the server is this machine; whatever is weaker
//! than it looks is said in a notice, and nothing that changes safety is ignored.
//! Opening certificates and connecting is left to the target.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;
use crate::url::{Fault, Parameters, parameters};

/// How the target is reached.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Names or addresses, or directories of unix sockets; tried in this order until one takes writes.
    pub hosts: Vec<String>,
    /// The port they share.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password, where one was given.
    pub password: Option<Secret>,
    /// The database.
    pub dbname: String,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// A certificate authority to trust instead of the system's.
    pub root_certificate: Option<PathBuf>,
    /// A transaction pooler stands before the server, so nothing of a session outlives its transaction.
    pub pooler: bool,
    /// What the server calls this connection in its views.
    pub application_name: String,
    /// How long a connection attempt may take.
    pub connect_timeout: Duration,
    /// Command-line options for the server's session; most transaction poolers refuse them.
    pub options: Option<String>,
    /// Whether authentication is bound to the encrypted channel.
    pub channel_binding: ChannelBinding,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Disable,
    /// Encrypted; the certificate is checked, and that it is this host's.
    VerifyFull,
    /// Encrypted; the certificate is checked, whatever host it names.
    VerifyCa,
    /// Encrypted towards whoever answers.
    NoVerify,
}

/// Whether authentication is bound to the encrypted channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server can.
    Prefer,
    /// Always; a server that cannot is refused.
    Require,
}

/// How far away the server is, as far as its name tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Distance {
    Socket,
    Loopback,
    Remote,
}

/// The port transaction poolers listen on at the well-known hosters.
const POOLER_PORT: u16 = 6543;

impl Connection {
    /// Reads either way to write a connection; the notices are for the operator.
    pub(crate) fn read(text: &str) -> Result<(Connection, Vec<&'static str>), Vec<Fault>> {
        let mut given = parameters(text)?;
        let mut faults = Vec::new();
        let mut notices = Vec::new();
        let hosts = hosts(given.remove("host"), &mut faults);
        let port = port(given.remove("port"), hosts.len(), &mut faults);
        let user = needed(&mut given, "user", &mut faults);
        let dbname = needed(&mut given, "dbname", &mut faults);
        let tls = tls(
            given.remove("sslmode"),
            distance(&hosts, &mut faults),
            &mut faults,
            &mut notices,
        );
        let root_certificate = root_certificate(given.remove("sslrootcert"), tls, &mut notices);
        let pooler = one_of(
            &mut given,
            "pgbouncer",
            &[("true", true), ("false", false)],
            "true, false",
            &mut faults,
        );
        let channel_binding = channel_binding(&mut given, &mut faults);
        let options = given.remove("options");
        let pooler = pooler.unwrap_or(port == POOLER_PORT);
        if pooler && options.is_some() {
            notices.push("most transaction poolers refuse `options`; if connecting fails, leave them out");
        }
        harmless(&mut given, &mut faults, &mut notices);
        let connect_timeout = connect_timeout(given.remove("connect_timeout"), &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let connection = Connection {
            hosts,
            port,
            user,
            password: given.remove("password").map(Secret::new),
            dbname,
            tls,
            root_certificate,
            pooler,
            application_name: given
                .remove("application_name")
                .unwrap_or_else(|| "etl".to_owned()),
            connect_timeout,
            options,
            channel_binding,
        };
        Ok((connection, notices))
    }
}

fn hosts(given: Option<String>, faults: &mut Vec<Fault>) -> Vec<String> {
    let Some(given) = given else {
        faults.push(Fault::NoHost);
        return Vec::new();
    };
    let hosts: Vec<String> = given.split(',').map(|host| host.trim().to_owned()).collect();
    for (i, host) in hosts.iter().enumerate() {
        let malformed = host.contains(':') && host.parse::<IpAddr>().is_err();
        let odd = host.contains(|c: char| "/@[]".contains(c) || c.is_whitespace() || c.is_control());
        if host.is_empty() || !is_socket(host) && (malformed || odd) {
            faults.push(Fault::Host(i + 1));
        }
    }
    hosts
}

/// One port for all hosts, or the same one for each.
fn port(given: Option<String>, hosts: usize, faults: &mut Vec<Fault>) -> u16 {
    let given = given.unwrap_or_default();
    let ports: Option<Vec<u16>> = given.split(',').map(|port| one_port(port.trim())).collect();
    match ports.as_deref() {
        None => faults.push(Fault::Port),
        Some([first, others @ ..]) if others.iter().all(|port| port == first) => {
            if !others.is_empty() && others.len() + 1 != hosts {
                faults.push(Fault::Ports);
            }
            return *first;
        }
        Some(_) => faults.push(Fault::Ports),
    }
    0
}

fn one_port(text: &str) -> Option<u16> {
    match text {
        "" => Some(5432),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0)
        }
        _ => None,
    }
}

fn needed(given: &mut Parameters, name: &'static str, faults: &mut Vec<Fault>) -> String {
    given.remove(name).unwrap_or_else(|| {
        faults.push(Fault::Missing(if name == "dbname" { "database" } else { name }));
        String::new()
    })
}

fn is_socket(host: &str) -> bool {
    host.starts_with('/')
}

/// The farthest of the hosts.
fn distance(hosts: &[String], faults: &mut Vec<Fault>) -> Distance {
    let sockets = hosts.iter().filter(|host| is_socket(host)).count();
    if sockets > 0 && sockets < hosts.len() {
        faults.push(Fault::MixedHosts);
    }
    let loopback = |host: &String| {
        host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    };
    match sockets {
        0 if hosts.iter().all(loopback) => Distance::Loopback,
        0 => Distance::Remote,
        _ => Distance::Socket,
    }
}

fn tls(mode: Option<String>, to: Distance, faults: &mut Vec<Fault>, notices: &mut Vec<&'static str>) -> Tls {
    let mode = mode.as_deref();
    if to == Distance::Socket {
        if matches!(mode, Some("require" | "verify-ca" | "verify-full" | "no-verify")) {
            notices.push("a unix socket is never encrypted, so sslmode is ignored");
        }
        return Tls::Disable;
    }
    match mode {
        // Both only ask for encryption if it is to be had; towards this very machine that changes nothing.
        None | Some("allow" | "prefer") if to == Distance::Loopback => Tls::Disable,
        None | Some("verify-full") => Tls::VerifyFull,
        Some("allow" | "prefer") => {
            notices.push(
                "sslmode allow and prefer never fall back to clear text here: the connection is encrypted and verified",
            );
            Tls::VerifyFull
        }
        Some("require") => {
            notices.push(
                "sslmode=require verifies the server's certificate here; to accept any certificate say \
                 sslmode=no-verify, to trust your own authority add sslrootcert",
            );
            Tls::VerifyFull
        }
        Some("verify-ca") => Tls::VerifyCa,
        Some("no-verify") => {
            notices
                .push("warning: sslmode=no-verify encrypts towards whoever answers, be it the server or not");
            Tls::NoVerify
        }
        Some("disable") => {
            if to == Distance::Remote {
                notices.push("warning: sslmode=disable sends everything, the password too, in clear text");
            }
            Tls::Disable
        }
        Some(_) => {
            let known = "disable, allow, prefer, require, verify-ca, verify-full, no-verify";
            faults.push(Fault::Value {
                name: "sslmode",
                known,
            });
            Tls::VerifyFull
        }
    }
}

fn root_certificate(given: Option<String>, tls: Tls, notices: &mut Vec<&'static str>) -> Option<PathBuf> {
    // `system` is libpq's word for the authorities that are trusted without any file.
    let path = given.filter(|path| path != "system")?;
    if matches!(tls, Tls::Disable | Tls::NoVerify) {
        notices.push("sslrootcert is ignored, because no certificate is checked");
        return None;
    }
    Some(PathBuf::from(path))
}

fn channel_binding(given: &mut Parameters, faults: &mut Vec<Fault>) -> ChannelBinding {
    let words = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    one_of(
        given,
        "channel_binding",
        &words,
        "disable, prefer, require",
        faults,
    )
    .unwrap_or(ChannelBinding::Prefer)
}

/// Parameters whose absence changes nothing here, as long as they do not demand something.
fn harmless(given: &mut Parameters, faults: &mut Vec<Fault>, notices: &mut Vec<&'static str>) {
    let encryption = [("disable", false), ("prefer", true)];
    if one_of(given, "gssencmode", &encryption, "disable, prefer", faults) == Some(true) {
        notices.push("gssencmode is ignored: Kerberos encryption is not offered, TLS is");
    }
    // A run writes, so a server that takes writes is looked for whatever is said.
    let session = [("any", true), ("read-write", false), ("primary", false)];
    if one_of(
        given,
        "target_session_attrs",
        &session,
        "any, read-write, primary",
        faults,
    ) == Some(true)
    {
        notices.push("target_session_attrs=any is ignored: only a server that takes writes will do");
    }
}

fn connect_timeout(given: Option<String>, faults: &mut Vec<Fault>) -> Duration {
    let Some(given) = given else {
        return Duration::from_secs(10);
    };
    match crate::units::whole(&given) {
        Some(seconds @ 1..=3600) => Duration::from_secs(seconds),
        _ => {
            faults.push(Fault::Value {
                name: "connect_timeout",
                known: "whole seconds from 1 to 3600",
            });
            Duration::ZERO
        }
    }
}

/// One of the words of a parameter, if it is given at all.
fn one_of<T: Copy>(
    given: &mut Parameters,
    name: &'static str,
    words: &[(&str, T)],
    known: &'static str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let value = given.remove(name)?;
    let found = words
        .iter()
        .find(|(word, _)| *word == value)
        .map(|(_, meaning)| *meaning);
    if found.is_none() {
        faults.push(Fault::Value { name, known });
    }
    found
}
