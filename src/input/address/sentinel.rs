//! The address of a Redis behind sentinels.

use std::fmt;

/// A user name, if there is one, and a password.
pub type Login = (Option<String>, String);

/// `redis+sentinel://HOST:PORT,HOST:PORT/MASTER`. `Display` and `Debug` mask the passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct SentinelUrl {
    /// Whether sentinels and servers use TLS.
    pub tls: bool,
    /// Host and port of each sentinel, at least one.
    pub hosts: Vec<(String, u16)>,
    /// The name of the master.
    pub master: String,
    /// The number of the logical database.
    pub database: u16,
    /// The login at the master.
    pub login: Option<Login>,
    /// The login at the sentinels.
    pub sentinel_login: Option<Login>,
    /// The text of the URL, passwords included.
    pub text: String,
}

impl SentinelUrl {
    /// The URL with its passwords, for another process of this run only.
    pub fn with_password(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SentinelUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        write!(f, "{scheme}+sentinel://")?;
        match &self.login {
            None => {}
            Some((user, _)) => write!(f, "{}:***@", user.as_deref().unwrap_or_default())?,
        }
        for (index, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{host}:{port}")?;
        }
        write!(f, "/{}", self.master)?;
        if self.database > 0 {
            write!(f, "/{}", self.database)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SentinelUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
