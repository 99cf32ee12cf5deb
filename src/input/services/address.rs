//! Normalizes the URL of a database. The database's own tools accept several forms: `postgres:///db?host=/socket`,
//! `postgres://user@%2Fsocket/db`, `mysql:///db?socket=/file`. In the result, host, port, user, password and database are before the
//! parameters.

use std::net::Ipv6Addr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::parameters::{self, Parameters};
use crate::text::{problem::Problem, quote::quoted};

/// Stands for the host while a URL without a host is parsed.
const NO_HOST: &str = "localhost";

/// Parses the text after the scheme of a database with the protocol of PostgreSQL as psql does: a parameter wins over the part of the URL before the parameters.
pub fn postgres(text: &str, scheme: &str, rest: &str) -> Result<Url, Problem> {
    let (mut url, has_host) = parsed(text, scheme, rest, &parameters::POSTGRES)?;
    let forms = "write postgres://HOST:PORT/NAME, or postgres:///NAME?host=/FOLDER for a socket";
    let mut others = Vec::new();
    let mut host = None;
    for (name, value) in url.clone().query_pairs() {
        let set = match &*name {
            "host" | "hostaddr" => {
                host = Some(value.into_owned());
                Ok(())
            }
            "port" => url.set_port(value.parse().ok()),
            "user" => url.set_username(&encoded(&value)),
            "password" => url.set_password(Some(&encoded(&value))),
            "dbname" => {
                url.set_path(&format!("/{}", encoded(&value)));
                Ok(())
            }
            _ => {
                others.push((name.into_owned(), value.into_owned()));
                Ok(())
            }
        };
        set.map_err(|()| no_host(text, forms))?;
    }
    match host {
        Some(host) => set_host(&mut url, &host).ok_or_else(|| no_host(text, forms))?,
        None if !has_host => return Err(no_host(text, forms)),
        None => {}
    }
    if url.host_str().is_some_and(|host| host.contains(',')) {
        let what = format!("several hosts in {}", quoted(text));
        return Err(Problem::new(what, "name one host"));
    }
    if others.len() < url.query_pairs().count() {
        with_parameters(&mut url, &others);
    }
    Ok(url)
}

/// Parses the text after the scheme of a database with the protocol of MySQL.
pub fn mysql(text: &str, scheme: &str, rest: &str) -> Result<Url, Problem> {
    let (url, has_host) = parsed(text, scheme, rest, &parameters::MYSQL)?;
    let socket = url.query_pairs().any(|(name, _)| name == "socket");
    if !has_host && !socket {
        let forms = "write mysql://HOST:PORT/NAME, or mysql:///NAME?socket=/FILE for a socket";
        return Err(no_host(text, forms));
    }
    if url.path().trim_matches('/').is_empty() {
        let what = format!("no database in {}", quoted(text));
        return Err(Problem::new(what, "name one, as in mysql://HOST/NAME"));
    }
    Ok(url)
}

/// Parses the URL of a server, which must have a host.
pub fn server(
    text: &str,
    scheme: &str,
    rest: &str,
    parameters: &Parameters,
) -> Result<Url, Problem> {
    match parsed(text, scheme, rest, parameters)? {
        (url, true) => Ok(url),
        (_, false) => Err(no_host(text, &format!("write {scheme}://HOST:PORT"))),
    }
}

/// The URL with the canonical name of its scheme, and whether it names a host.
fn parsed(
    text: &str,
    scheme: &str,
    rest: &str,
    parameters: &Parameters,
) -> Result<(Url, bool), Problem> {
    let form = format!("write {scheme}://HOST:PORT (a password percent-encoded)");
    let Some(after) = rest.strip_prefix("//") else {
        return Err(no_host(text, &form));
    };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, path) = after.split_at(end);
    let (user, place) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let has_host = !place.is_empty() && !place.starts_with(':');
    let host = if has_host { "" } else { NO_HOST };
    let url = Url::parse(&format!("{scheme}://{user}{host}{place}{path}")).map_err(|error| {
        let what = format!("invalid URL {}", quoted(text));
        Problem::new(what, format!("{error}; {form}"))
    })?;
    if url.port() == Some(0) {
        let what = format!("port 0 in {}", quoted(text));
        return Err(Problem::new(what, "a port is a number from 1 to 65535"));
    }
    // The only valid fragment is `#insecure` of Redis with TLS.
    if url
        .fragment()
        .is_some_and(|fragment| scheme != "rediss" || fragment != "insecure")
    {
        let what = format!("'#' in {}", quoted(text));
        return Err(Problem::new(
            what,
            "write %23 if it is part of a name or a password",
        ));
    }
    parameters.check(&url)?;
    Ok((url, has_host))
}

fn set_host(url: &mut Url, host: &str) -> Option<()> {
    let spelled = if host.starts_with('/') {
        // The folder of a socket, encoded as a host.
        encoded(host)
    } else if host.parse::<Ipv6Addr>().is_ok() {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    if spelled.is_empty() {
        return None;
    }
    url.set_host(Some(&spelled)).ok()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn with_parameters(url: &mut Url, parameters: &[(String, String)]) {
    if parameters.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(parameters);
    }
}

fn no_host(text: &str, forms: &str) -> Problem {
    Problem::new(format!("no host in {}", quoted(text)), forms)
}
