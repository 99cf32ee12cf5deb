//! The addresses of databases in the settings of a service become the addresses of gates.
//!
//! Services find their databases in many ways: `DATABASE_URL`, `--spring.datasource.url`, `DB_HOST` and `DB_PORT`. Every variable of the
//! environment and every argument is searched for the address of a database behind a gate.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use regex::{Captures, Regex};

use crate::gate::GateKind;

/// The names of this machine that mean the same.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The ends of the names of variables that hold a host.
const HOST: [&str; 3] = ["HOST", "HOSTNAME", "SERVER"];

/// A database behind a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The protocol.
    pub kind: GateKind,
    /// The host of the database, without brackets.
    pub host: String,
    /// The port of the database.
    pub port: u16,
    /// The address of the gate.
    pub gate: SocketAddr,
}

/// The command and the environment of a service that connects to gates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirected {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The variables that are set or changed.
    pub variables: BTreeMap<String, String>,
    /// What was changed: `DATABASE_URL`, or `argument 2`. Variables that are always set are not named.
    pub changed: Vec<String>,
}

/// Replaces the addresses of databases in a command and in its environment, and sets the usual variables.
pub fn redirect(
    words: &[String],
    environment: &BTreeMap<String, String>,
    redirects: &[Redirect],
) -> Redirected {
    let patterns: Vec<_> = redirects.iter().filter_map(Patterns::of).collect();
    let replace = |text: &str| {
        let text = text.to_owned();
        patterns.iter().fold(text, |text, p| p.replace(&text))
    };
    let mut variables = BTreeMap::new();
    for (name, value) in environment {
        let replaced = replace(value);
        if replaced != *value {
            variables.insert(name.clone(), replaced);
        }
    }
    for redirect in redirects {
        variables.extend(pairs(environment, redirect));
    }
    let mut changed: Vec<_> = variables.keys().cloned().collect();
    variables.extend(redirects.iter().flat_map(usual));
    // The first word is the program.
    let arguments = words.iter().enumerate().map(|(place, word)| {
        let replaced = if place == 0 {
            word.clone()
        } else {
            replace(word)
        };
        if replaced != *word {
            changed.push(format!("argument {place}"));
        }
        replaced
    });
    Redirected {
        words: arguments.collect(),
        variables,
        changed,
    }
}

/// The variables by which clients and services usually find a database.
fn usual(redirect: &Redirect) -> Vec<(String, String)> {
    let Redirect { kind, gate, .. } = redirect;
    let own = format!("COUPON_BENCH_{}", kind.name().to_ascii_uppercase());
    let (host, ports): (_, &[_]) = match kind {
        GateKind::Postgres => ("PGHOST", &["PGPORT"]),
        GateKind::Mysql => ("MYSQL_HOST", &["MYSQL_PORT", "MYSQL_TCP_PORT"]),
        GateKind::Redis => ("REDIS_HOST", &["REDIS_PORT"]),
    };
    let mut variables = vec![
        (own, gate.to_string()),
        (host.to_owned(), gate.ip().to_string()),
    ];
    let port = |name: &&str| ((*name).to_owned(), gate.port().to_string());
    variables.extend(ports.iter().map(port));
    variables
}

/// Pairs such as `DB_HOST` and `DB_PORT`, if both together mean the database.
fn pairs(environment: &BTreeMap<String, String>, redirect: &Redirect) -> Vec<(String, String)> {
    let Redirect { port, gate, .. } = redirect;
    let mut pairs = Vec::new();
    for (name, value) in environment {
        let prefix = HOST.iter().find_map(|end| name.strip_suffix(end));
        let is_host = names(&redirect.host)
            .iter()
            .any(|host| value.trim_matches(['[', ']']).eq_ignore_ascii_case(host));
        let Some(prefix) = prefix.filter(|_| is_host) else {
            continue;
        };
        let port_name = format!("{prefix}PORT");
        if environment.get(&port_name) == Some(&port.to_string()) {
            pairs.push((name.clone(), gate.ip().to_string()));
            pairs.push((port_name, gate.port().to_string()));
        }
    }
    pairs
}

/// The names of a host.
fn names(host: &str) -> Vec<&str> {
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback());
    let mut names = vec![host];
    if is_loopback {
        names.extend(LOOPBACK.iter().filter(|name| **name != host));
    }
    names
}

/// What means a database in a text.
struct Patterns {
    /// `host:port`. The first group is the character before it, the second one the character after it.
    address: Regex,
    /// A URL with its hosts, or `tcp(host)` of Go. The first group is the part before the hosts, the second one the hosts.
    url: Regex,
    /// A host without a port, between commas.
    host: Regex,
    /// `host=localhost` in a connection string of PostgreSQL. The first group is the part before the host.
    keyword: Option<Regex>,
    port: u16,
    default_port: u16,
    gate: SocketAddr,
}

impl Patterns {
    fn of(redirect: &Redirect) -> Option<Self> {
        let names = names(&redirect.host);
        let spelled = |name: &&str| {
            let name = regex::escape(name);
            if name.contains(':') {
                format!(r"\[{name}\]")
            } else {
                name
            }
        };
        let names: Vec<_> = names.iter().map(spelled).collect();
        let names = names.join("|");
        let port = redirect.port;
        let scheme = match redirect.kind {
            GateKind::Postgres => "(?:postgres|postgresql|postgis)",
            GateKind::Mysql => "(?:mysql2?|mariadb)",
            GateKind::Redis => "redis",
        };
        // After the scheme: a driver such as `+pymysql`, then a name and a password, which may contain an `@`.
        let url =
            format!(r#"(?i)\b({scheme}(?:[+:][a-z0-9_]+)*://(?:[^/?\#\s"']*@)?)([^/?\#\s"'@]+)"#);
        let go = r"(?i)(\btcp\()([^)]+)";
        let url = if redirect.kind == GateKind::Mysql {
            format!("{url}|{go}")
        } else {
            url
        };
        let keyword = format!(r"(?i)(\bhost\s*=\s*'?)(?:{names})('|\s|$)");
        let keyword = (redirect.kind == GateKind::Postgres).then(|| Regex::new(&keyword));
        Some(Self {
            // A longer name, such as db.localhost or localhost.example, is another host.
            address: Regex::new(&format!(
                r"(?i)(^|[^a-z0-9._-])(?:{names}):{port}($|[^0-9])"
            ))
            .ok()?,
            url: Regex::new(&url).ok()?,
            host: Regex::new(&format!("(?i)^(?:{names})$")).ok()?,
            keyword: keyword.and_then(Result::ok),
            port,
            default_port: redirect.kind.default_port(),
            gate: redirect.gate,
        })
    }

    fn replace(&self, text: &str) -> String {
        let address = |found: &Captures<'_>| format!("{}{}{}", &found[1], self.gate, &found[2]);
        // Twice, because two addresses may share the character between them.
        let once = self.address.replace_all(text, address);
        let text = self.address.replace_all(&once, address);
        let text = if self.port == self.default_port {
            self.url
                .replace_all(&text, |found: &Captures<'_>| self.hosts(found))
        } else {
            text
        };
        self.keywords(&text)
    }

    /// A URL, whose hosts without a port have the default port.
    fn hosts(&self, url: &Captures<'_>) -> String {
        let group = |one, two| {
            url.get(one)
                .or_else(|| url.get(two))
                .map_or("", |m| m.as_str())
        };
        let hosts = group(2, 4).split(',').map(|host| {
            if self.host.is_match(host) {
                self.gate.to_string()
            } else {
                host.to_owned()
            }
        });
        let hosts: Vec<_> = hosts.collect();
        format!("{}{}", group(1, 3), hosts.join(","))
    }

    /// A connection string such as `host=localhost port=5432 dbname=shop`.
    fn keywords(&self, text: &str) -> String {
        let host = self.keyword.as_ref().filter(|host| host.is_match(text));
        let port = Regex::new(r"(?i)\bport\s*=\s*'?(\d+)'?").ok();
        let (Some(host), Some(port)) = (host, port) else {
            return text.to_owned();
        };
        let own = self.gate.port();
        let written = port.captures(text).map(|found| found[1].to_owned());
        let is_meant = written
            .as_ref()
            .map_or(self.port == self.default_port, |written| {
                *written == self.port.to_string()
            });
        if !is_meant {
            return text.to_owned();
        }
        let text = host.replace(text, |found: &Captures<'_>| {
            format!("{}{}{}", &found[1], self.gate.ip(), &found[2])
        });
        if written.is_some() {
            port.replace(&text, format!("port={own}")).into_owned()
        } else {
            format!("{text} port={own}")
        }
    }
}

#[cfg(test)]
mod tests;
