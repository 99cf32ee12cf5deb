//! Parses the addresses of services: URLs, and lists of Kafka brokers. No connection is opened, and no name is looked up.
//!
//! The secrets of a URL are remembered by [`redact`], so that no output shows them.

mod address;
mod parameters;

use std::path::PathBuf;

use url::Url;

use super::sentinel::sentinel;
use crate::{
    input::address::{DbKind, DbTarget, Driver, KafkaTarget, RedisTarget, ServiceUrl},
    text::{problem::Problem, quote::quoted, redact},
};

const DB_FORMS: &str = "use sqlite, sqlite://FILE, postgres://HOST/NAME or mysql://HOST/NAME";
const REDIS_FORMS: &str =
    "use embedded, redis://HOST:PORT, rediss://HOST:PORT or redis+sentinel://HOST:PORT/MASTER";
const KAFKA_FORMS: &str = "use embedded or HOST:PORT,…";
/// The prefix of a broker with TLS.
const TLS: &str = "ssl://";

/// Parses the value of `--db`.
///
/// # Errors
///
/// What is wrong with the text, and the forms of an address.
pub fn db(text: &str) -> Result<DbTarget, Problem> {
    let text = text.trim();
    remember(text);
    if text == "sqlite" {
        return Ok(DbTarget::PrivateSqlite);
    }
    let (scheme, rest) = split_scheme(text, DB_FORMS)?;
    let Some(kind) = DbKind::of_scheme(&scheme) else {
        return Err(match scheme.as_str() {
            "redis" | "rediss" => wrong_scheme(text, "redis:// belongs to --redis", DB_FORMS),
            _ => unknown_scheme(text, DB_FORMS),
        });
    };
    let url = match kind.driver() {
        Driver::Sqlite => return sqlite(text, rest),
        Driver::Postgres => address::postgres(text, kind.name(), rest)?,
        Driver::Mysql => address::mysql(text, kind.name(), rest)?,
    };
    Ok(DbTarget::Server(kind, ServiceUrl::new(url)))
}

/// Parses the value of `--redis`.
///
/// # Errors
///
/// What is wrong with the text, and the forms of an address.
pub fn redis(text: &str) -> Result<RedisTarget, Problem> {
    let text = text.trim();
    remember(text);
    if text == "embedded" {
        return Ok(RedisTarget::Embedded);
    }
    let (scheme, rest) = split_scheme(text, REDIS_FORMS)?;
    match scheme.as_str() {
        "redis" | "rediss" => {
            let url = address::server(text, &scheme, rest, &parameters::REDIS)?;
            let number = url.path().trim_matches('/');
            if !number.is_empty() && number.parse::<u16>().is_err() {
                let what = format!("invalid database number in {}", quoted(text));
                return Err(Problem::new(
                    what,
                    "the database is a number, as in redis://HOST:PORT/0",
                ));
            }
            Ok(RedisTarget::Url(ServiceUrl::new(url)))
        }
        "redis+sentinel" | "redis-sentinel" => {
            sentinel(text, false, rest).map(RedisTarget::Sentinel)
        }
        "rediss+sentinel" | "rediss-sentinel" => {
            sentinel(text, true, rest).map(RedisTarget::Sentinel)
        }
        "redis+cluster" | "rediss+cluster" | "redis-cluster" | "rediss-cluster" => {
            let what = format!("unknown scheme of {}", quoted(text));
            let advice = "name any node of the cluster as redis://HOST:PORT; that node names the other nodes";
            Err(Problem::new(what, advice))
        }
        "unix" | "redis+unix" | "rediss+unix" | "redis-socket" | "valkey+unix" => {
            let what = format!("Unix socket {}", quoted(text));
            Err(Problem::new(
                what,
                format!("Unix sockets are not supported, {REDIS_FORMS}"),
            ))
        }
        other if DbKind::of_scheme(other).is_some() => Err(wrong_scheme(
            text,
            "a database belongs to --db",
            REDIS_FORMS,
        )),
        _ => Err(unknown_scheme(text, REDIS_FORMS)),
    }
}

/// Parses the value of `--kafka`.
///
/// # Errors
///
/// What is wrong with the text, and the forms of an address.
pub fn kafka(text: &str) -> Result<KafkaTarget, Problem> {
    let text = text.trim();
    remember(text);
    if text == "embedded" {
        return Ok(KafkaTarget::Embedded);
    }
    let tls = text
        .split(',')
        .filter(|broker| without_tls(broker).is_some());
    let (tls, all) = (tls.count(), text.split(',').count());
    if tls > 0 && tls < all {
        let what = format!("brokers with and without TLS in {}", quoted(text));
        return Err(Problem::new(
            what,
            format!("write {TLS} before each broker"),
        ));
    }
    if tls > 0 && !cfg!(feature = "kafka-tls") {
        let what = format!("TLS to Kafka in {}", quoted(text));
        let advice =
            "this program is built without TLS to Kafka: build it with --features kafka-tls";
        return Err(Problem::new(what, advice));
    }
    let scheme = if tls > 0 { TLS } else { "" };
    let brokers = text
        .split(',')
        .map(|broker| {
            let broker = without_tls(broker).unwrap_or(broker).trim();
            checked_broker(broker).map(|broker| format!("{scheme}{broker}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(KafkaTarget::Brokers(brokers.join(",")))
}

/// The text after `ssl://`, in lower or upper case.
fn without_tls(broker: &str) -> Option<&str> {
    let broker = broker.trim();
    let (scheme, rest) = broker.split_at_checked(TLS.len())?;
    scheme.eq_ignore_ascii_case(TLS).then_some(rest)
}

fn checked_broker(broker: &str) -> Result<&str, Problem> {
    let invalid = |why: &str| {
        let what = format!("invalid broker {}", quoted(broker));
        Problem::new(what, format!("{why}, {KAFKA_FORMS}"))
    };
    if broker.is_empty() {
        return Err(invalid("the name of the broker is missing"));
    }
    if broker.contains("://") {
        return Err(invalid("a broker has no scheme"));
    }
    if broker.contains('@') {
        return Err(invalid("a user name or password cannot be given here"));
    }
    let Some((host, port)) = broker.rsplit_once(':') else {
        return Err(invalid("the port is missing"));
    };
    let name = match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => address,
        None if host.contains(':') => return Err(invalid("an IPv6 address needs brackets")),
        None => host,
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/[]?#\"'".contains(c);
    if name.is_empty() || name.contains(odd) {
        return Err(invalid("the host name is not valid"));
    }
    match port.parse::<u16>() {
        Ok(1..) if port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(broker),
        _ => Err(invalid("a port is a number from 1 to 65535")),
    }
}

/// Parses the text after `sqlite:`. As in sqlx, the path follows `sqlite:` or `sqlite://`, and is relative unless it begins with '/'.
fn sqlite(text: &str, rest: &str) -> Result<DbTarget, Problem> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        let what = format!("no file in {}", quoted(text));
        return Err(Problem::new(
            what,
            "use sqlite://FILE, or sqlite for a private file",
        ));
    }
    if path.starts_with(":memory:") {
        let what = format!("in-memory database {}", quoted(text));
        let advice =
            "each connection would have its own database, so use sqlite for a private file";
        return Err(Problem::new(what, advice));
    }
    if let Some((_, parameters)) = path.split_once('?') {
        let name = parameters.split(['=', '&']).next().unwrap_or_default();
        return Err(parameters::SQLITE.unread(name));
    }
    if path.contains('\0') {
        let what = format!("invalid file name in {}", quoted(text));
        return Err(Problem::new(what, "use sqlite://FILE"));
    }
    Ok(DbTarget::Sqlite(PathBuf::from(path)))
}

/// Remembers the secrets of a URL, or of a text that is not a valid URL.
fn remember(text: &str) {
    match Url::parse(text) {
        Ok(url) => redact::remember_url(&url),
        Err(_) => redact::remember_typed(text),
    }
}

fn split_scheme<'a>(text: &'a str, forms: &str) -> Result<(String, &'a str), Problem> {
    match text.split_once(':') {
        // `localhost:6379` is a host and its port.
        Some((_, rest)) if rest.starts_with(|c: char| c.is_ascii_digit()) => Err(Problem::new(
            format!("no scheme in {}", quoted(text)),
            forms,
        )),
        Some((scheme, rest)) => Ok((scheme.to_ascii_lowercase(), rest)),
        None => Err(Problem::invalid(text, forms)),
    }
}

fn wrong_scheme(text: &str, hint: &str, forms: &str) -> Problem {
    let what = format!("wrong scheme of {}", quoted(text));
    Problem::new(what, format!("{hint}, {forms}"))
}

fn unknown_scheme(text: &str, forms: &str) -> Problem {
    Problem::new(format!("unknown scheme of {}", quoted(text)), forms)
}

#[cfg(test)]
mod tests;
