//! A ledger in Redis: the value of one key, by its type.

use redis::{InfoDict, RedisError, RedisResult, aio::MultiplexedConnection, cmd};

use super::{Raw, Row};
use crate::{
    adapters::CONNECT_TIMEOUT, input::address::ServiceUrl, model::report::Backend,
    service::json_number,
};

/// A key on a connection.
pub struct Key {
    connection: MultiplexedConnection,
    name: String,
    version: String,
    /// Whether the key holds the remaining stock: a number, or a collection of unissued coupons.
    is_stock: bool,
}

impl Key {
    pub async fn open(url: &ServiceUrl, name: String, is_stock: bool) -> Result<Self, String> {
        let (connection, version) = connect(url).await?;
        Ok(Self {
            connection,
            name,
            version,
            is_stock,
        })
    }

    /// A key that does not exist has no users, and no stock: Redis removes a list with its last item.
    pub async fn read(&mut self) -> Result<Raw, String> {
        let name = self.name.clone();
        let failed = |error: RedisError| format!("failed to read the key {name}: {error}");
        let kind: String = self.ask(&["TYPE"], &[]).await.map_err(failed)?;
        if self.is_stock {
            let length = match kind.as_str() {
                "none" => return Ok(Raw::Number(0)),
                "set" => self.ask::<i64>(&["SCARD"], &[]).await,
                "list" => self.ask::<i64>(&["LLEN"], &[]).await,
                "zset" => self.ask::<i64>(&["ZCARD"], &[]).await,
                _ => return self.counter().await,
            };
            return length.map(|left| Raw::Number(left.into())).map_err(failed);
        }
        let users: RedisResult<Vec<String>> = match kind.as_str() {
            "none" => return Ok(Raw::Rows(Vec::new())),
            "string" => return self.counter().await,
            "set" => self.ask(&["SMEMBERS"], &[]).await,
            "list" => self.ask(&["LRANGE"], &["0", "-1"]).await,
            "zset" => self.ask(&["ZRANGE"], &["0", "-1"]).await,
            other => {
                return Err(format!(
                    "the key {name} is a {other}: a ledger is a set, a list, a sorted set or a counter"
                ));
            }
        };
        let rows = |users: Vec<String>| users.into_iter().map(Row::from).collect();
        users.map(|users| Raw::Rows(rows(users))).map_err(failed)
    }

    async fn counter(&mut self) -> Result<Raw, String> {
        let text: Option<String> = self
            .ask(&["GET"], &[])
            .await
            .map_err(|error| format!("failed to read the key {}: {error}", self.name))?;
        let text = text.unwrap_or_else(|| "0".to_owned());
        let count = json_number::integer(&text).map(Raw::Number);
        count.ok_or_else(|| format!("the key {} holds {text:?}, which is not a count", self.name))
    }

    async fn ask<T: redis::FromRedisValue>(
        &mut self,
        command: &[&str],
        arguments: &[&str],
    ) -> RedisResult<T> {
        let mut request = redis::Cmd::new();
        request.arg(command).arg(&self.name).arg(arguments);
        request.query_async(&mut self.connection).await
    }

    pub fn backend(&self) -> Backend {
        Backend {
            kind: "redis".to_owned(),
            version: self.version.clone(),
            embedded: false,
        }
    }
}

/// Connects to a Redis server. Returns the connection and the version of the server.
///
/// # Errors
/// The server cannot be reached, refuses the login, or does not answer in time.
pub(in crate::service) async fn connect(
    url: &ServiceUrl,
) -> Result<(MultiplexedConnection, String), String> {
    let opened = tokio::time::timeout(CONNECT_TIMEOUT, try_to_connect(url)).await;
    let failed = |why: String| format!("failed to use {url}: {why}");
    let opened = opened.map_err(|_| failed("no answer in time".to_owned()))?;
    opened.map_err(|error| failed(error.to_string()))
}

async fn try_to_connect(url: &ServiceUrl) -> RedisResult<(MultiplexedConnection, String)> {
    let client = redis::Client::open(url.with_password())?;
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(CONNECT_TIMEOUT));
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    let info: InfoDict = cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await?;
    let version = info
        .get("redis_version")
        .unwrap_or_else(|| "unknown".to_owned());
    Ok((connection, version))
}
