//! The two ways to write a PostgreSQL connection, taken apart: `postgres://…` and `host=… port=…`.
//! Both end as the same parameters, decoded; a [`Fault`] is made of this program's own words alone, so no error
//! can show a password or any other part of what was written.
//! What the parameters mean is left to `connection`.

use std::collections::BTreeMap;

use crate::nearest::nearest;

/// The parameters that are understood.
pub(crate) const PARAMETERS: [&str; 14] = [
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "sslmode",
    "sslrootcert",
    "pgbouncer",
    "application_name",
    "connect_timeout",
    "options",
    "gssencmode",
    "channel_binding",
    "target_session_attrs",
];

/// What was written, by parameter; several hosts or ports are separated by commas.
pub(crate) type Parameters = BTreeMap<&'static str, String>;

/// Why a connection cannot be read. Its fields cannot hold text of the operator's, by design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("is no PostgreSQL connection; write postgresql://user@host:5432/database or host=… dbname=…")]
    Form,
    #[error("{0} has a % that two hexadecimal digits do not follow; write a plain % as %25")]
    Percent(&'static str),
    #[error("{0} does not decode to UTF-8 text without NUL; correct its percent-encoding")]
    Text(&'static str),
    #[error("a second @ stands after the host; write / ? # @ within a password as %2F %3F %23 %40")]
    StrayAt,
    #[error("the IPv6 address does not end; write it in brackets, as in [::1]:5432")]
    Bracket,
    #[error("parameter {0} has no =; write name=value, and & or % within a value as %26 or %25")]
    NoValue(usize),
    #[error("keyword {0} has no =; write name=value, and put a value with blanks in single quotes")]
    NoKeywordValue(usize),
    #[error("a single quote is not closed; close it, or write a plain one as \\'")]
    Quote,
    #[error("parameter {place} is not known; {advice}", advice = advice(*.meant))]
    Unknown {
        place: usize,
        meant: Option<&'static str>,
    },
    #[error("{0} is written twice; keep one of them")]
    Twice(&'static str),
    #[error("no host is named; write one after the @, or host=/directory for a unix socket")]
    NoHost,
    #[error("host {0} is neither a name, nor an address, nor a directory; correct it")]
    Host(usize),
    #[error("sockets and hosts are mixed; name one kind")]
    MixedHosts,
    #[error("the port is not a number from 1 to 65535; correct it")]
    Port,
    #[error("the hosts have different ports; name hosts that share one")]
    Ports,
    #[error("no {0} is named; write postgresql://user@host:5432/database")]
    Missing(&'static str),
    #[error("{name} has no such value; write one of: {known}")]
    Value { name: &'static str, known: &'static str },
}

fn advice(meant: Option<&'static str>) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("remove it; known are: {}", PARAMETERS.join(", ")),
    }
}

/// Takes either form apart; every fault that does not hide the next one is found.
pub(crate) fn parameters(text: &str) -> Result<Parameters, Vec<Fault>> {
    let text = text.trim();
    if let Some(rest) = text
        .strip_prefix("postgresql://")
        .or(text.strip_prefix("postgres://"))
    {
        return url_parameters(rest);
    }
    // Another scheme stands before any =; after one, :// is part of a value.
    match text.split_once('=') {
        Some((first, _)) if !first.contains("://") => keyword_parameters(text),
        _ => Err(vec![Fault::Form]),
    }
}

fn url_parameters(rest: &str) -> Result<Parameters, Vec<Fault>> {
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // An unencoded / or ? in a password ends the authority too early. The rest of the password would then be
    // taken for a path, a port or a parameter, and only this @ tells.
    if tail.contains('@') {
        return Err(vec![Fault::StrayAt]);
    }
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));

    let mut reading = Reading::default();
    reading.decoded("user", user);
    reading.decoded("password", password);
    reading.decoded("dbname", path.strip_prefix('/').unwrap_or(path));
    reading.hosts(hosts);
    let of_authority = std::mem::take(&mut reading.found);
    for (i, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        let Some((name, value)) = pair.split_once('=') else {
            reading.faults.push(Fault::NoValue(i + 1));
            continue;
        };
        if let Some(name) = reading.name(i + 1, &decode(name).unwrap_or_default()) {
            reading.decoded(name, value);
        }
    }
    // As in libpq, a parameter may say what the authority left open, and wins where both speak.
    for (name, value) in of_authority {
        reading.found.entry(name).or_insert(value);
    }
    reading.finish()
}

fn keyword_parameters(text: &str) -> Result<Parameters, Vec<Fault>> {
    let mut reading = Reading::default();
    let mut rest = text;
    for place in 1.. {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        // Whatever follows a broken pair cannot be told apart from the value that broke it.
        let Some((name, after)) = rest
            .split_once('=')
            .filter(|(name, _)| !name.trim().contains(char::is_whitespace))
        else {
            reading.faults.push(Fault::NoKeywordValue(place));
            break;
        };
        let Some((value, after)) = quoted(after.trim_start()) else {
            reading.faults.push(Fault::Quote);
            break;
        };
        if let Some(name) = reading.name(place, name.trim()) {
            reading.take(name, value);
        }
        rest = after;
    }
    reading.finish()
}

/// A value up to a blank, or within single quotes; a backslash takes the next character as it is.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('\'');
    let body = inside.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, next)| next)),
            '\'' if inside.is_some() => return Some((value, &body[at + 1..])),
            blank if inside.is_none() && blank.is_whitespace() => return Some((value, &body[at..])),
            other => value.push(other),
        }
    }
    inside.is_none().then_some((value, ""))
}

/// Parameters and faults while they are gathered.
#[derive(Default)]
struct Reading {
    found: Parameters,
    faults: Vec<Fault>,
}

impl Reading {
    /// The known name; an unknown one is never repeated, because it may be a piece of a password.
    fn name(&mut self, place: usize, name: &str) -> Option<&'static str> {
        let known = PARAMETERS.into_iter().find(|known| *known == name);
        if known.is_none() {
            self.faults.push(Fault::Unknown {
                place,
                meant: nearest(name, PARAMETERS.into_iter()),
            });
        }
        known
    }

    /// An empty value says nothing, as in libpq.
    fn take(&mut self, name: &'static str, value: String) {
        if value.contains('\0') {
            self.faults.push(Fault::Text(name));
        } else if self.found.contains_key(name) {
            self.faults.push(Fault::Twice(name));
        } else if !value.is_empty() {
            self.found.insert(name, value);
        }
    }

    fn decoded(&mut self, name: &'static str, value: &str) {
        match decode(value) {
            Ok(value) => self.take(name, value),
            Err(Undecodable::Percent) => self.faults.push(Fault::Percent(name)),
            Err(Undecodable::Text) => self.faults.push(Fault::Text(name)),
        }
    }

    /// `a:1,b:2` as `a,b` and `1,2`.
    fn hosts(&mut self, text: &str) {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for entry in text.split(',') {
            let (host, port) = match entry.strip_prefix('[') {
                Some(inner) => match inner.split_once(']') {
                    Some((address, port)) => (address, port),
                    None => return self.faults.push(Fault::Bracket),
                },
                None => entry.split_at(entry.find(':').unwrap_or(entry.len())),
            };
            hosts.push(host);
            match port.strip_prefix(':') {
                Some(port) => ports.push(port),
                None if port.is_empty() => ports.push(""),
                None => return self.faults.push(Fault::Bracket),
            }
        }
        self.decoded("host", &hosts.join(","));
        if ports.iter().any(|port| !port.is_empty()) {
            self.decoded("port", &ports.join(","));
        }
    }

    fn finish(self) -> Result<Parameters, Vec<Fault>> {
        if self.faults.is_empty() {
            Ok(self.found)
        } else {
            Err(self.faults)
        }
    }
}

/// Why a piece of a URL has no text.
pub(crate) enum Undecodable {
    Percent,
    Text,
}

/// Undoes percent-encoding; a + is a plus, as in libpq.
pub(crate) fn decode(text: &str) -> Result<String, Undecodable> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (digits, plain) = part.split_at_checked(2).ok_or(Undecodable::Percent)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Undecodable::Percent);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| Undecodable::Percent)?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| Undecodable::Text)
}
