//! An address of a service with its password, for `#[serde(with = "with_password")]`.
//!
//! The one use is the message to a process of `--instances`. Reports and error messages use `Display`, which masks passwords.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::{DbTarget, KafkaTarget, RedisTarget};
use crate::{input::services, text::problem::Problem};

/// An address that has one text form, which [`services`] parses.
pub trait Address: Sized {
    /// The text form, password included.
    fn with_password(&self) -> String;

    /// Parses the text form.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and what to write instead.
    fn parse(text: &str) -> Result<Self, Problem>;
}

impl Address for DbTarget {
    fn with_password(&self) -> String {
        match self {
            Self::Server(_, url) => url.with_password().to_owned(),
            Self::PrivateSqlite | Self::Sqlite(_) => self.to_string(),
        }
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        services::db(text)
    }
}

impl Address for RedisTarget {
    fn with_password(&self) -> String {
        match self {
            Self::Embedded => self.to_string(),
            Self::Url(url) => url.with_password().to_owned(),
            Self::Sentinel(url) => url.with_password().to_owned(),
        }
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        services::redis(text)
    }
}

impl Address for KafkaTarget {
    fn with_password(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        services::kafka(text)
    }
}

/// Writes the text form, password included.
pub fn serialize<T: Address, S: Serializer>(address: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&address.with_password())
}

/// Parses the text form. An error does not repeat the text.
pub fn deserialize<'de, T: Address, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::parse(&text).map_err(|problem| D::Error::custom(problem.advice))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{
        input::{
            address::{Services, with_password::Address},
            services,
        },
        model::workload::{DbConnection, Rate},
    };

    #[test]
    fn services_keep_their_passwords_in_json_and_nowhere_else() {
        let services = Services {
            db: services::db("postgres://bench:db-password@h/shop").unwrap(),
            db_pool: 3,
            db_connection: DbConnection::Request,
            redis: services::redis("redis+sentinel://u:redis-password@a:1,b:2/main/1").unwrap(),
            redis_connections: 2,
            kafka: services::kafka("a:9092,b:9092").unwrap(),
            consumers: 4,
            consumer_batch: 5,
            consumer_rate: Rate::new(0.1),
            tls_ca: None,
        };
        let json = serde_json::to_string(&services).unwrap();
        let read: Services = serde_json::from_str(&json).unwrap();
        assert_eq!(read.db, services.db);
        assert_eq!(read.redis, services.redis);
        assert_eq!(read.kafka, services.kafka);
        assert_eq!(read.consumer_rate, services.consumer_rate);
        assert_eq!(read.db_connection, services.db_connection);
        assert!(read.db.with_password().contains("db-password"));
        assert!(!format!("{read:?} {} {}", read.db, read.redis).contains("-password"));
    }
}
