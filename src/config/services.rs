//! The services of a run: addresses, connections, consumers, and the certificates of `--tls-ca`.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::layers::{Layers, LocatedValue};
use crate::{
    input::{
        address::{DbTarget, KafkaTarget, RedisTarget, Services, TlsCa},
        error::{Place, UsageError},
        services as address,
    },
    model::workload::{DbConnection, Rate},
    text::{
        problem::Problem,
        quote::quoted,
        values::{self, positive},
    },
};

/// A typing mistake must not open a million sockets.
const MAX_CONNECTIONS: u32 = 10_000;
const MAX_CONSUMERS: u32 = 1_000;

/// A batch is one INSERT with a parameter for each row. SQLite allows 32,766 parameters, PostgreSQL and MySQL 65,535.
const MAX_CONSUMER_BATCH: u32 = 10_000;

/// The size of a certificate file, in bytes. All public authorities together need less.
const MAX_CERTIFICATE_BYTES: u64 = 4 * 1024 * 1024;

/// The services of the settings, with defaults.
pub(crate) fn services(layers: &Layers) -> Result<Services, UsageError> {
    Ok(Services {
        db: layers
            .value("db", |s| &s.services.db, address::db)?
            .unwrap_or(DbTarget::PrivateSqlite),
        db_pool: layers
            .value(
                "db_pool",
                |s| &s.connections.db_pool,
                positive(MAX_CONNECTIONS),
            )?
            .unwrap_or(10),
        db_connection: layers
            .value(
                "db_connection",
                |s| &s.connections.db_connection,
                db_connection,
            )?
            .unwrap_or(DbConnection::Statement),
        redis: layers
            .value("redis", |s| &s.services.redis, address::redis)?
            .unwrap_or(RedisTarget::Embedded),
        redis_connections: layers
            .value(
                "redis_connections",
                |s| &s.connections.redis_connections,
                positive(MAX_CONNECTIONS),
            )?
            .unwrap_or(1),
        kafka: layers
            .value("kafka", |s| &s.services.kafka, address::kafka)?
            .unwrap_or(KafkaTarget::Embedded),
        consumers: layers
            .value(
                "consumers",
                |s| &s.consumption.consumers,
                positive(MAX_CONSUMERS),
            )?
            .unwrap_or(1),
        consumer_batch: layers
            .value(
                "consumer_batch",
                |s| &s.consumption.consumer_batch,
                positive(MAX_CONSUMER_BATCH),
            )?
            .unwrap_or(1),
        consumer_rate: layers
            .value(
                "consumer_rate",
                |s| &s.consumption.consumer_rate,
                rate_or("unlimited", 1e6, "1m"),
            )?
            .flatten(),
        tls_ca: tls_ca(layers)?,
    })
}

fn db_connection(text: &str) -> Result<DbConnection, Problem> {
    match text.trim() {
        "statement" => Ok(DbConnection::Statement),
        "request" => Ok(DbConnection::Request),
        _ => Err(Problem::invalid(text, "write statement or request")),
    }
}

/// Parses a rate from 0.01 a second to `max`, which an error spells `max_text`. The word `off` is no rate.
pub(super) fn rate_or(
    off: &str,
    max: f64,
    max_text: &str,
) -> impl Fn(&str) -> Result<Option<Rate>, Problem> {
    move |text| {
        if text.trim() == off {
            return Ok(None);
        }
        let per_second = values::rate(text).map_err(|problem| Problem {
            advice: format!("{}, or {off}", problem.advice),
            ..problem
        })?;
        if per_second < 0.01 {
            return Err(Problem::invalid(text, "must be at least 0.01"));
        }
        Rate::new(per_second)
            .filter(|rate| rate.per_second() <= max)
            .map(Some)
            .ok_or_else(|| Problem::invalid(text, format!("must be at most {max_text}")))
    }
}

/// Reads the certificates of `--tls-ca` before the run, so that a file without a certificate is an error of usage.
fn tls_ca(layers: &Layers) -> Result<Option<TlsCa>, UsageError> {
    let Some(value) = layers.find("tls_ca", |s| &s.services.tls_ca) else {
        return Ok(None);
    };
    let path = path(&value);
    value.parse(|text| certificates(path, text)).map(Some)
}

/// A path in a scenario file is relative to that file.
fn path(value: &LocatedValue<'_>) -> PathBuf {
    match &value.place {
        Place::Key { file, .. } => file.parent().unwrap_or(Path::new("")).join(value.text),
        _ => PathBuf::from(value.text),
    }
}

fn certificates(path: PathBuf, text: &str) -> Result<TlsCa, Problem> {
    let invalid = |why: String| {
        let advice = format!("{why}; name a PEM file with the certificate of your authority");
        Problem::new(format!("invalid certificate file {}", quoted(text)), advice)
    };
    let mut pem = String::new();
    File::open(&path)
        .and_then(|file| file.take(MAX_CERTIFICATE_BYTES).read_to_string(&mut pem))
        .map_err(|error| invalid(error.to_string()))?;
    TlsCa::new(path, pem).map_err(invalid)
}
