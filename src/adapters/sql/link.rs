//! Opens connections to a database.

use std::path::PathBuf;

use futures::{FutureExt, future::BoxFuture};
use sqlx::{
    ConnectOptions, Error,
    mysql::{MySqlConnectOptions, MySqlSslMode},
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};
use url::{Host, Url};

use super::{
    connection::{Connection, Statements},
    texts,
};
use crate::input::address::{DbTarget, Driver, ServiceUrl, TlsCa};

/// The connection settings of a driver, with passwords.
#[derive(Clone)]
pub enum Link {
    /// To PostgreSQL.
    Postgres(Box<PgConnectOptions>, Statements),
    /// To MySQL or MariaDB.
    Mysql(Box<MySqlConnectOptions>),
    /// To a file.
    Sqlite(Box<SqliteConnectOptions>, Pragmas),
}

/// The first statements on every connection to SQLite.
pub type Pragmas = Option<String>;

impl Link {
    /// The connection settings of an existing database. It is not created.
    pub fn to(target: &DbTarget, ca: Option<&TlsCa>) -> Result<Self, Error> {
        match target {
            DbTarget::Server(kind, url) => match kind.driver() {
                Driver::Postgres => Self::postgres(url, ca),
                Driver::Mysql => Self::mysql(url, ca),
                Driver::Sqlite => Err(Error::Configuration("a file has no server".into())),
            },
            DbTarget::Sqlite(path) => Ok(Self::Sqlite(Box::new(file(path.clone())), None)),
            DbTarget::PrivateSqlite => {
                Err(Error::Configuration("a private file has no address".into()))
            }
        }
    }

    /// To a file, which is created.
    pub fn sqlite(path: PathBuf, pragmas: String) -> Self {
        // Absolute, because SQLite gives some prefixes a meaning, such as `file:`.
        let path = std::path::absolute(&path).unwrap_or(path);
        let options = file(path).create_if_missing(true);
        Self::Sqlite(Box::new(options), Some(pragmas))
    }

    /// Verifies the certificate of the server if an authority is given, unless the URL sets an SSL mode.
    ///
    /// `extra_float_digits` is left out: nothing here reads a fraction, and PgBouncer refuses the parameter.
    fn postgres(url: &ServiceUrl, ca: Option<&TlsCa>) -> Result<Self, Error> {
        let mut url = url.url().clone();
        // In a URL of the driver an IPv6 address has brackets; in a parameter it has none.
        if let Some(Host::Ipv6(address)) = url.host() {
            url.query_pairs_mut()
                .append_pair("host", &address.to_string());
        }
        let mut options = PgConnectOptions::from_url(&url)?.extra_float_digits(None);
        let mode = parameter(&url, &["sslmode", "ssl-mode"]);
        let own = parameter(&url, &["sslrootcert", "ssl-root-cert", "ssl-ca"]).is_some();
        if let (Some(ca), false) = (ca, own) {
            options = options.ssl_root_cert_from_pem(ca.pem().into());
        }
        options = match mode.as_deref() {
            None if ca.is_some() => options.ssl_mode(PgSslMode::VerifyFull),
            // With an authority, the certificate is verified, as in libpq.
            Some("require") if own || ca.is_some() => options.ssl_mode(PgSslMode::VerifyCa),
            _ => options,
        };
        let statements = if parameter(&url, &["statement-cache-capacity"]).as_deref() == Some("0") {
            Statements::Plain
        } else {
            Statements::Prepared
        };
        Ok(Self::Postgres(Box::new(options), statements))
    }

    /// To MySQL or MariaDB.
    fn mysql(url: &ServiceUrl, ca: Option<&TlsCa>) -> Result<Self, Error> {
        let url = url.url();
        let mut options = MySqlConnectOptions::from_url(url)?;
        if let Some(Host::Ipv6(address)) = url.host() {
            options = options.host(&address.to_string());
        }
        let mode = parameter(url, &["sslmode", "ssl-mode"]).map(|mode| mode.to_ascii_lowercase());
        let own = parameter(url, &["sslca", "ssl-ca"]).is_some();
        if let (Some(ca), false) = (ca, own) {
            options = options.ssl_ca_from_pem(ca.pem().into());
        }
        options = match mode.as_deref() {
            None if ca.is_some() => options.ssl_mode(MySqlSslMode::VerifyIdentity),
            Some("required") if own || ca.is_some() => options.ssl_mode(MySqlSslMode::VerifyCa),
            _ => options,
        };
        Ok(Self::Mysql(Box::new(options)))
    }

    /// The same settings without prepared statements, for a driver that can work without them.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Postgres(options, _) => Self::Postgres(options, Statements::Plain),
            other => other,
        }
    }

    /// Opens a connection. Boxed, because the state of a login is large.
    pub fn connect(&self) -> BoxFuture<'_, Result<Connection, Error>> {
        async move {
            Ok(match self {
                Self::Postgres(options, statements) => {
                    Connection::Postgres(options.connect().await?, *statements)
                }
                Self::Mysql(options) => Connection::Mysql(options.connect().await?),
                Self::Sqlite(options, pragmas) => {
                    let mut connection = Connection::Sqlite(options.connect().await?);
                    if let Some(pragmas) = pragmas {
                        connection.run(texts::sql(pragmas.clone())).await?;
                    }
                    connection
                }
            })
        }
        .boxed()
    }
}

fn file(path: PathBuf) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path)
}

/// The last parameter with one of these names, as the drivers read it.
fn parameter(url: &Url, names: &[&str]) -> Option<String> {
    let pairs = url.query_pairs().filter(|(key, _)| names.contains(&&**key));
    pairs.last().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::input::services;

    fn link(text: &str) -> Link {
        Link::to(&services::db(text).unwrap(), None).unwrap()
    }

    fn postgres(text: &str) -> (PgConnectOptions, Statements) {
        match link(text) {
            Link::Postgres(options, statements) => (*options, statements),
            _ => unreachable!("{text}"),
        }
    }

    fn mysql(text: &str) -> MySqlConnectOptions {
        match link(text) {
            Link::Mysql(options) => *options,
            _ => unreachable!("{text}"),
        }
    }

    #[test]
    fn an_address_reaches_the_resolver_without_brackets() {
        let (options, _) = postgres("postgres://u@[::1]:5432/db");
        assert_eq!((options.get_host(), options.get_port()), ("::1", 5432));
        let (options, _) = postgres("postgres:///db?host=::1&port=5433");
        assert_eq!((options.get_host(), options.get_port()), ("::1", 5433));
        let options = mysql("mysql://u@[::1]:3306/db");
        assert_eq!((options.get_host(), options.get_port()), ("::1", 3306));
    }

    #[test]
    fn a_socket_is_found_by_every_form_of_its_url() {
        for text in [
            "postgres://u@/db?host=/run/pg",
            "postgres:///db?host=%2Frun%2Fpg&user=u",
            "postgresql://u@%2Frun%2Fpg/db",
        ] {
            let (options, _) = postgres(text);
            let socket = options.get_socket().unwrap();
            assert_eq!(socket.to_str(), Some("/run/pg"), "{text}");
            assert_eq!(options.get_username(), "u", "{text}");
            assert_eq!(options.get_database(), Some("db"), "{text}");
        }
        let options = mysql("mysql://u@/db?socket=/run/m.sock");
        assert_eq!(options.get_socket().unwrap().to_str(), Some("/run/m.sock"));
    }

    #[test]
    fn names_and_passwords_are_those_that_were_typed() {
        let (options, _) = postgres("postgres:///d%2Fb?host=h&user=a%25b%40c&password=x");
        assert_eq!(options.get_username(), "a%b@c");
        assert_eq!(options.get_database(), Some("d/b"));
    }

    #[test]
    fn an_authority_is_asked_unless_the_url_says_otherwise() {
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = rcgen::CertificateParams::default().self_signed(&key);
        let ca = TlsCa::new("ca.pem".into(), authority.unwrap().pem()).unwrap();
        let mode = |text: &str, ca| match Link::to(&services::db(text).unwrap(), ca).unwrap() {
            Link::Postgres(options, _) => format!("{:?}", options.get_ssl_mode()),
            Link::Mysql(options) => format!("{:?}", options.get_ssl_mode()),
            Link::Sqlite(..) => unreachable!("{text}"),
        };
        for (text, with, without) in [
            ("postgres://h/db", "VerifyFull", "Prefer"),
            ("postgres://h/db?sslmode=disable", "Disable", "Disable"),
            ("postgres://h/db?sslmode=require", "VerifyCa", "Require"),
            (
                "postgres://h/db?sslmode=require&sslrootcert=x",
                "VerifyCa",
                "VerifyCa",
            ),
            ("mysql://h/db", "VerifyIdentity", "Preferred"),
            ("mysql://h/db?ssl-mode=DISABLED", "Disabled", "Disabled"),
            ("mysql://h/db?ssl-mode=REQUIRED", "VerifyCa", "Required"),
            (
                "mysql://h/db?ssl-mode=required&ssl-ca=x",
                "VerifyCa",
                "VerifyCa",
            ),
        ] {
            assert_eq!(mode(text, Some(&ca)), with, "{text}");
            assert_eq!(mode(text, None), without, "{text}");
        }
    }

    #[test]
    fn statements_are_prepared_unless_their_cache_is_to_be_empty() {
        let (_, statements) = postgres("postgres://h/db");
        assert_eq!(statements, Statements::Prepared);
        let (_, statements) = postgres("postgres://h/db?statement-cache-capacity=0");
        assert_eq!(statements, Statements::Plain);
    }
}
