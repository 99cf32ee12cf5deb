//! A ledger in Redis: what a key holds, by its type.

use redis::{InfoDict, RedisError, RedisResult, aio::MultiplexedConnection, cmd};

use super::Found;
use crate::{backend::CONNECT_TIMEOUT, report::Backend, scenario::ServiceUrl};

/// A key on a connection.
pub struct Key {
    connection: MultiplexedConnection,
    name: String,
    version: String,
}

impl Key {
    pub async fn open(url: &ServiceUrl, name: String) -> Result<Self, String> {
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, connect(url)).await;
        let failed = |why: String| format!("failed to use {url}: {why}");
        let opened = opened.map_err(|_| failed("no answer in time".to_owned()))?;
        let (connection, version) = opened.map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            connection,
            name,
            version,
        })
    }

    /// A key that is not there holds nobody.
    pub async fn read(&mut self) -> Result<Found, String> {
        let name = self.name.clone();
        let failed = |error: RedisError| format!("failed to read the key {name}: {error}");
        let kind: String = self.ask(&["TYPE"], &[]).await.map_err(failed)?;
        let users = match kind.as_str() {
            "none" => return Ok(Found::Users(Vec::new())),
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
        users.map(Found::Users).map_err(failed)
    }

    async fn counter(&mut self) -> Result<Found, String> {
        let text: Option<String> = self
            .ask(&["GET"], &[])
            .await
            .map_err(|error| error.to_string())?;
        let text = text.unwrap_or_else(|| "0".to_owned());
        let count = text.parse().map(Found::Count);
        count.map_err(|_| format!("the key {} holds no count but {text:?}", self.name))
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

/// A connection, and the version of the server.
pub(in crate::target) async fn connect(
    url: &ServiceUrl,
) -> RedisResult<(MultiplexedConnection, String)> {
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
