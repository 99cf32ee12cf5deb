//! Where the sentinels of a Redis are, and which master they are asked for.

use std::fmt;

/// A user name, where there is one, and a password.
pub type Login = (Option<String>, String);

/// `redis+sentinel://HOST:PORT,HOST:PORT/MASTER`. Shown without its passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct SentinelUrl {
    /// Whether sentinels and servers speak TLS.
    pub tls: bool,
    /// The sentinels, at least one.
    pub hosts: Vec<(String, u16)>,
    /// The name of the master.
    pub master: String,
    /// Logical database.
    pub database: u16,
    /// At the master.
    pub login: Option<Login>,
    /// At the sentinels.
    pub sentinel_login: Option<Login>,
    /// As typed, passwords included.
    pub text: String,
}

impl SentinelUrl {
    /// The whole URL, passwords included: for another process of this run alone.
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
