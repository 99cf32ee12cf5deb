//! The parameters of a service's URL: those that the driver reads, and advice for the names of other drivers.
//!
//! A driver ignores parameters that it does not know. Without this check, a schema or a switch for TLS would be ignored without an
//! error.

use std::net::IpAddr;

use url::Url;

use crate::text::{problem::Problem, quote::quoted, values};

/// The parameters of one kind of URL.
pub struct Parameters {
    /// The parameters that the driver reads.
    read: &'static [&'static str],
    /// Parameters of other drivers, in lower case, and the advice for each.
    instead: &'static [(&'static [&'static str], &'static str)],
    /// The checks of values.
    values: &'static [(&'static [&'static str], Check)],
}

/// Checks a value; the error is the advice.
type Check = fn(&str) -> Result<(), String>;

const LEAVE_OUT: &str = "leave it out";
const WITH_SCHEMA: &str = "write options=-csearch_path%3DNAME";
const IN_USERINFO: &str = "write SCHEME://USER:PASSWORD@HOST (percent-encoded)";

pub const POSTGRES: Parameters = Parameters {
    read: &[
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "host",
        "hostaddr",
        "port",
        "user",
        "password",
        "dbname",
        "application_name",
        "options",
        "statement-cache-capacity",
        "ssl-mode",
        "ssl-root-cert",
        "ssl-ca",
        "ssl-cert",
        "ssl-key",
    ],
    instead: &[
        (
            &["currentschema", "search_path", "searchpath", "schema"],
            WITH_SCHEMA,
        ),
        (&["pass", "passwd", "pwd"], "write password=…"),
        (&["username", "usr"], "write user=NAME"),
        (&["database", "db"], "write dbname=NAME"),
        (&["server"], "write host=NAME"),
        (
            &["ssl", "usessl", "tls", "requiressl", "encrypt"],
            "write sslmode=require",
        ),
        (&["applicationname"], "write application_name=NAME"),
        (&["sslpassword"], "use a key without a password"),
        (
            &["pgbouncer", "preparethreshold", "statement_cache_size"],
            "write statement-cache-capacity=0, or leave it out: a pooler is detected",
        ),
        (
            &["connect_timeout", "connecttimeout", "sockettimeout"],
            "leave it out, and see --timeout",
        ),
        (
            &["pool_size", "max_connections", "connection_limit"],
            "write --db-pool N",
        ),
    ],
    values: &[
        (&["sslmode", "ssl-mode"], |value| {
            one_of(
                value,
                &[
                    "disable",
                    "allow",
                    "prefer",
                    "require",
                    "verify-ca",
                    "verify-full",
                ],
            )
        }),
        (&["port"], port),
        (&["hostaddr"], address),
        (&["statement-cache-capacity"], capacity),
    ],
};

pub const MYSQL: Parameters = Parameters {
    read: &[
        "ssl-mode",
        "ssl-ca",
        "ssl-cert",
        "ssl-key",
        "socket",
        "charset",
        "collation",
        "timezone",
        "statement-cache-capacity",
        "sslmode",
        "sslca",
        "sslcert",
        "sslkey",
        "time-zone",
    ],
    instead: &[
        (
            &["user", "username", "password", "pass", "passwd", "pwd"],
            IN_USERINFO,
        ),
        (
            &["usessl", "requiressl", "ssl", "tls", "encrypt"],
            "write ssl-mode=REQUIRED",
        ),
        (&["ssl_mode"], "write ssl-mode=REQUIRED"),
        (&["ssl_ca", "sslrootcert"], "write ssl-ca=FILE"),
        (&["unix_socket", "unixsocket"], "write socket=FILE"),
        (
            &["servertimezone", "connectiontimezone", "loc", "time_zone"],
            "write timezone=…",
        ),
        (&["characterencoding", "encoding"], "write charset=utf8mb4"),
        (
            &["host", "port", "database", "db", "schema", "dbname"],
            "write mysql://HOST:PORT/NAME",
        ),
        (
            &[
                "connecttimeout",
                "sockettimeout",
                "timeout",
                "connect_timeout",
            ],
            "leave it out, and see --timeout",
        ),
        (
            &["pool_size", "max_connections", "connection_limit"],
            "write --db-pool N",
        ),
    ],
    values: &[
        (&["sslmode", "ssl-mode"], |value| {
            one_of(
                value,
                &[
                    "disabled",
                    "preferred",
                    "required",
                    "verify_ca",
                    "verify_identity",
                ],
            )
        }),
        (&["statement-cache-capacity"], capacity),
    ],
};

pub const SQLITE: Parameters = Parameters {
    read: &[],
    instead: &[(
        &["mode", "cache", "immutable", "vfs"],
        "write sqlite://FILE",
    )],
    values: &[],
};

pub const REDIS: Parameters = Parameters {
    read: &["protocol"],
    instead: &[
        (
            &[
                "user", "username", "password", "pass", "passwd", "pwd", "auth",
            ],
            IN_USERINFO,
        ),
        (&["db", "database"], "write redis://HOST:PORT/NUMBER"),
        (
            &["ssl", "tls", "usessl", "ssl_cert_reqs"],
            "write rediss://HOST:PORT",
        ),
        (
            &["timeout", "connect_timeout", "socket_timeout"],
            "leave it out, and see --timeout",
        ),
        (
            &["max_connections", "pool_size"],
            "write --redis-connections N",
        ),
    ],
    values: &[(&["protocol"], |value| {
        one_of(value, &["2", "resp2", "3", "resp3"])
    })],
};

impl Parameters {
    /// Checks that the driver reads every parameter of `url`, and that its value is valid.
    pub fn check(&self, url: &Url) -> Result<(), Problem> {
        for (name, value) in url.query_pairs() {
            self.check_name(&name)?;
            let checks = self
                .values
                .iter()
                .filter(|(names, _)| names.contains(&&*name));
            for (_, check) in checks {
                check(&value).map_err(|advice| {
                    Problem::new(
                        format!("invalid value of the URL's parameter {name}"),
                        advice,
                    )
                })?;
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &str) -> Result<(), Problem> {
        // PostgreSQL has a name with a key: `options[search_path]=…`.
        let bare = name.split_once('[').map_or(name, |(bare, _)| bare);
        let with_key = bare.len() < name.len();
        if self.read.contains(&bare) && (!with_key || (bare == "options" && name.ends_with(']'))) {
            return Ok(());
        }
        Err(self.unread(name))
    }

    /// The error of a parameter that the driver does not read.
    pub fn unread(&self, name: &str) -> Problem {
        let what = format!("unknown URL parameter {}", quoted(name));
        Problem::new(what, self.advice(name))
    }

    fn advice(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let mut known = self.instead.iter();
        if let Some((_, advice)) = known.find(|(names, _)| names.contains(&&*lower)) {
            return (*advice).to_owned();
        }
        match values::nearest(name, self.read.iter().copied()) {
            Some(near) => format!("did you mean {}?", quoted(near)),
            None if self.read.is_empty() => LEAVE_OUT.to_owned(),
            None => format!("{LEAVE_OUT}; the parameters are {}", self.read.join(", ")),
        }
    }
}

fn one_of(value: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&&*value.to_ascii_lowercase()) {
        return Ok(());
    }
    Err(format!("the value is one of {}", words.join(", ")))
}

fn port(value: &str) -> Result<(), String> {
    match value.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ => Err("a port is a number from 1 to 65535".to_owned()),
    }
}

fn address(value: &str) -> Result<(), String> {
    let parsed = value.parse::<IpAddr>();
    parsed
        .map(drop)
        .map_err(|_| "the value is an IP address".to_owned())
}

fn capacity(value: &str) -> Result<(), String> {
    let parsed = value.parse::<u16>();
    parsed
        .map(drop)
        .map_err(|_| "the value is a number of statements, from 0 to 65535".to_owned())
}
