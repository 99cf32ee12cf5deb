//! The address of a service behind a gate: HOST, HOST:PORT, [IPv6]:PORT, or a URL with a login.

use std::net::Ipv6Addr;

use url::Url;

use crate::{
    engine::hunt::Upstream,
    gate::GateKind,
    input::{
        address::{DbTarget, RedisTarget, ServiceUrl},
        services,
    },
    text::{problem::Problem, quote::quoted, redact},
};

/// Parses the address of a service of this kind. No name is looked up.
///
/// # Errors
///
/// What is wrong with the text, and the forms of an address.
pub(super) fn parse(kind: GateKind, text: &str) -> Result<Upstream, Problem> {
    let text = text.trim();
    match text.split_once("://") {
        Some((scheme, _)) => url(kind, text, scheme),
        None => plain(kind, text),
    }
}

fn forms(kind: GateKind) -> String {
    let login = match kind {
        GateKind::Postgres => "postgres://USER:PASSWORD@HOST:PORT/NAME",
        GateKind::Mysql => "mysql://USER:PASSWORD@HOST:PORT/NAME",
        GateKind::Redis => "redis://USER:PASSWORD@HOST:PORT",
    };
    format!("use HOST, HOST:PORT, [IPv6]:PORT or {login}")
}

fn plain(kind: GateKind, text: &str) -> Result<Upstream, Problem> {
    redact::remember_typed(text);
    let invalid = |why: &str| {
        let advice = format!("{why}, {}", forms(kind));
        Err(Problem::invalid(text, advice))
    };
    if text.contains('@') {
        return invalid("a login needs a URL");
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) if host.parse::<Ipv6Addr>().is_ok() => match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return invalid("the port is missing"),
        },
        Some(_) => return invalid("the brackets contain no IPv6 address"),
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return invalid("an IPv6 address needs brackets");
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/[]?#\"'".contains(c);
    if host.is_empty() || host.contains(odd) {
        return invalid("the host name is not valid");
    }
    let port = match port.map(str::parse::<u16>) {
        None => kind.default_port(),
        Some(Ok(port @ 1..)) => port,
        Some(_) => return invalid("a port is a number from 1 to 65535"),
    };
    Ok(Upstream {
        kind,
        host: host.to_owned(),
        port,
        login: None,
    })
}

/// A URL of the kind, as other commands take it, with a host: a gate does not connect to a socket.
fn url(kind: GateKind, text: &str, scheme: &str) -> Result<Upstream, Problem> {
    let scheme = scheme.to_ascii_lowercase();
    let schemes: &[&str] = match kind {
        GateKind::Postgres => &["postgres", "postgresql"],
        GateKind::Mysql => &["mysql", "mariadb"],
        GateKind::Redis => &["redis"],
    };
    if !schemes.contains(&scheme.as_str()) {
        redact::remember_typed(text);
        let advice = match scheme.as_str() {
            "rediss" => format!("a gate speaks no TLS to Redis, {}", forms(kind)),
            _ => forms(kind),
        };
        return Err(Problem::new(
            format!("wrong scheme of {}", quoted(text)),
            advice,
        ));
    }
    let login = match kind {
        GateKind::Postgres | GateKind::Mysql => match services::db(text)? {
            DbTarget::Server(_, url) => Some(url),
            _ => None,
        },
        GateKind::Redis => match services::redis(text)? {
            RedisTarget::Url(url) => Some(url),
            _ => None,
        },
    };
    let place = login.as_ref().and_then(|login| host(login.url()));
    let Some((login, host)) = login.zip(place) else {
        let advice = format!("a gate connects to a host and a port, {}", forms(kind));
        return Err(Problem::new(format!("no host in {}", quoted(text)), advice));
    };
    let port = login.url().port().unwrap_or_else(|| kind.default_port());
    Ok(Upstream {
        kind,
        host,
        port,
        login: Some(login).filter(has_user),
    })
}

/// The host without brackets. `None` for a socket.
fn host(url: &Url) -> Option<String> {
    let is_socket = url.query_pairs().any(|(name, _)| name == "socket");
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // The folder of a socket is percent-encoded.
    (!is_socket && !host.is_empty() && !host.contains(['%', '/'])).then(|| host.to_owned())
}

/// A URL without a user, such as `redis://127.0.0.1`, is an address. Redis and local databases may need no login.
fn has_user(login: &ServiceUrl) -> bool {
    let url = login.url();
    !url.username().is_empty() || url.password().is_some()
}
