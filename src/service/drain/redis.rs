//! Work that waits in Redis: items of lists, entries that the consumer group of a stream has not acknowledged or not read, or the
//! items or the number of any key.

use redis::{Cmd, FromRedisValue, RedisError, RedisResult, Value, aio::MultiplexedConnection, cmd};

use super::Backlog;
use crate::{
    input::address::ServiceUrl,
    service::{AttemptValues, EventValues, Template, ledger::redis::connect},
};

/// The most entries of a stream that are counted one by one if Redis does not report how many are left.
const COUNTED: usize = 1000;

/// The work in Redis that has to be done.
#[derive(Debug)]
pub struct RedisBacklog {
    /// The URL of the Redis server.
    pub url: ServiceUrl,
    /// The place of the work.
    pub work: RedisWork,
}

/// The place of work in Redis.
#[derive(Debug)]
pub enum RedisWork {
    /// Lists. Their lengths are added.
    Lists(Vec<Template>),
    /// A stream that a consumer group reads.
    Stream {
        /// The key of the stream.
        key: Template,
        /// The consumer group.
        group: Template,
    },
    /// A key of any type: the number of its items, or the number that it holds.
    Key(Template),
}

/// The condition on a connection, with its placeholders filled in.
pub struct RedisProbe {
    connection: MultiplexedConnection,
    place: Place,
}

enum Place {
    Lists(Vec<String>),
    Stream { key: String, group: String },
    Key(String),
}

impl RedisBacklog {
    pub(super) async fn open(&self, event: &EventValues) -> Result<RedisProbe, String> {
        let fill = |template: &Template| template.fill(event, AttemptValues::NONE);
        let place = match &self.work {
            RedisWork::Lists(lists) => Place::Lists(lists.iter().map(fill).collect()),
            RedisWork::Stream { key, group } => Place::Stream {
                key: fill(key),
                group: fill(group),
            },
            RedisWork::Key(key) => Place::Key(fill(key)),
        };
        let (connection, _) = connect(&self.url).await?;
        Ok(RedisProbe { connection, place })
    }
}

impl RedisProbe {
    pub(super) async fn ask(&mut self) -> Result<Backlog, String> {
        let connection = &mut self.connection;
        match &self.place {
            Place::Lists(lists) => lengths(connection, lists).await,
            Place::Stream { key, group } => stream(connection, key, group).await,
            Place::Key(key) => size(connection, key).await,
        }
    }
}

async fn lengths(
    connection: &mut MultiplexedConnection,
    lists: &[String],
) -> Result<Backlog, String> {
    let mut left: u64 = 0;
    for list in lists {
        let length: u64 = ask(connection, cmd("LLEN").arg(list))
            .await
            .map_err(|error| failed(list, &error))?;
        left = left.saturating_add(length);
    }
    Ok(Backlog {
        left: Some(left),
        words: format!("the Redis list {} has {left} items", lists.join(" + ")),
    })
}

/// The figures of a consumer group.
#[derive(Debug, Default, PartialEq, Eq)]
struct GroupFigures {
    pending: u64,
    /// Entries that the group has not read. Unknown before Redis 7, and after entries were deleted.
    lag: Option<u64>,
    last_delivered: String,
}

async fn stream(
    connection: &mut MultiplexedConnection,
    key: &str,
    group: &str,
) -> Result<Backlog, String> {
    let wrong = |error: RedisError| failed(key, &error);
    let exists: bool = ask(connection, cmd("EXISTS").arg(key))
        .await
        .map_err(wrong)?;
    if !exists {
        // Redis keeps an empty stream, so no entry was ever written to this one: its name may be wrong.
        return Ok(Backlog {
            left: None,
            words: format!("there is no Redis stream {key}"),
        });
    }
    let groups: Vec<Value> = ask(connection, cmd("XINFO").arg("GROUPS").arg(key))
        .await
        .map_err(wrong)?;
    let Some(known) = groups
        .iter()
        .find_map(|fields| GroupFigures::named(group, fields))
    else {
        return Ok(Backlog {
            left: None,
            words: format!("the Redis stream {key} has no group {group}"),
        });
    };
    let lag = match known.lag {
        Some(lag) => lag,
        None => after(connection, key, &known.last_delivered)
            .await
            .map_err(wrong)?,
    };
    let pending = known.pending;
    Ok(Backlog {
        left: Some(pending.saturating_add(lag)),
        words: format!(
            "the group {group} of the Redis stream {key} has not acknowledged {pending} entries and not read {lag}"
        ),
    })
}

/// The number of entries after `last`, at most [`COUNTED`].
async fn after(connection: &mut MultiplexedConnection, key: &str, last: &str) -> RedisResult<u64> {
    let mut range = cmd("XRANGE");
    range.arg(key).arg(format!("({last}")).arg("+");
    let entries: Vec<Value> = ask(connection, range.arg("COUNT").arg(COUNTED)).await?;
    Ok(entries.len() as u64)
}

impl GroupFigures {
    /// Reads an item of `XINFO GROUPS`: names and values alternate. `None` for another group.
    fn named(name: &str, fields: &Value) -> Option<Self> {
        let fields = match fields {
            Value::Array(fields) => fields.clone(),
            Value::Map(pairs) => {
                let pairs = pairs.iter().cloned();
                pairs.flat_map(|(key, value)| [key, value]).collect()
            }
            _ => return None,
        };
        let mut group = Self::default();
        let mut is_named = false;
        for pair in fields.chunks_exact(2) {
            let key = String::from_redis_value(pair[0].clone()).ok()?;
            let value = pair[1].clone();
            match key.as_str() {
                "name" => is_named = String::from_redis_value(value).ok()? == name,
                "pending" => group.pending = u64::from_redis_value(value).ok()?,
                "lag" => group.lag = u64::from_redis_value(value).ok(),
                "last-delivered-id" => {
                    group.last_delivered = String::from_redis_value(value).ok()?;
                }
                _ => {}
            }
        }
        is_named.then_some(group)
    }
}

/// The number of items of a key, or the number that it holds. A key that does not exist has no items.
async fn size(connection: &mut MultiplexedConnection, key: &str) -> Result<Backlog, String> {
    let wrong = |error: RedisError| failed(key, &error);
    let kind: String = ask(connection, cmd("TYPE").arg(key)).await.map_err(wrong)?;
    let command = match kind.as_str() {
        "none" => {
            return Ok(Backlog {
                left: Some(0),
                words: format!("there is no Redis key {key}"),
            });
        }
        "string" => "GET",
        "list" => "LLEN",
        "set" => "SCARD",
        "zset" => "ZCARD",
        "hash" => "HLEN",
        "stream" => "XLEN",
        other => {
            return Err(format!(
                "the Redis key {key} is a {other}, which has no length"
            ));
        }
    };
    let text: String = ask(connection, cmd(command).arg(key))
        .await
        .map_err(wrong)?;
    let left = text
        .trim()
        .parse()
        .map_err(|_| format!("the Redis key {key} holds no number of 0 or more but {text:?}"))?;
    Ok(Backlog {
        left: Some(left),
        words: format!("the Redis key {key} holds {left}"),
    })
}

async fn ask<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    command: &Cmd,
) -> RedisResult<T> {
    command.query_async(connection).await
}

fn failed(key: &str, error: &RedisError) -> String {
    format!("failed to ask Redis for {key}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn fields(lag: Value) -> Value {
        Value::Array(vec![
            text("name"),
            text("workers"),
            text("consumers"),
            Value::Int(1),
            text("pending"),
            Value::Int(2),
            text("last-delivered-id"),
            text("5-0"),
            text("entries-read"),
            Value::Nil,
            text("lag"),
            lag,
        ])
    }

    #[test]
    fn a_group_is_found_by_its_name_also_without_a_lag() {
        let group = |lag| GroupFigures {
            pending: 2,
            lag,
            last_delivered: "5-0".to_owned(),
        };
        assert_eq!(
            GroupFigures::named("workers", &fields(Value::Int(3))),
            Some(group(Some(3)))
        );
        assert_eq!(
            GroupFigures::named("workers", &fields(Value::Nil)),
            Some(group(None))
        );
        assert_eq!(GroupFigures::named("others", &fields(Value::Nil)), None);
    }
}
