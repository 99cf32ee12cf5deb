//! The client: one or a few multiplexed connections, shared by all users.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, InfoDict, RedisError, RedisResult,
    aio::MultiplexedConnection,
};
use tokio::sync::Semaphore;

use super::{CONNECT_TIMEOUT, keys::Keys};
use crate::backend::Role;
use crate::ports::{Cache, Effect, PortError, Result, Script, UserId};

/// Requests that one connection carries at a time. More would only wait in the client's queue, at 2 KB each; the users
/// wait before it, in a tenth of that. Throughput stops growing well below this number.
const OUTSTANDING: usize = 1024;

pub struct Client {
    server: redis::Client,
    connections: Vec<MultiplexedConnection>,
    places: Semaphore,
    next: AtomicUsize,
    keys: Keys,
}

impl Client {
    /// Connects and asks for the version.
    pub async fn connect(url: &str, connections: u32, run_id: &str) -> RedisResult<(Self, String)> {
        let client = redis::Client::open(url)?;
        let config = config();
        let connect = || client.get_multiplexed_async_connection_with_config(&config);
        let mut connections =
            futures::future::try_join_all((0..connections).map(|_| connect())).await?;
        let info: InfoDict = match connections.first_mut() {
            Some(connection) => {
                redis::cmd("INFO")
                    .arg("server")
                    .query_async(connection)
                    .await?
            }
            None => return Err((ErrorKind::InvalidClientConfig, "no connection").into()),
        };
        let version = info
            .get("redis_version")
            .unwrap_or_else(|| "unknown".to_owned());
        let client = Self {
            server: client,
            places: Semaphore::new(OUTSTANDING * connections.len()),
            connections,
            next: AtomicUsize::new(0),
            keys: Keys::new(run_id),
        };
        Ok((client, version))
    }

    /// The full names of the keys used so far.
    pub fn keys(&self, role: Role) -> impl Iterator<Item = String> {
        self.keys.all(role).into_iter().map(|key| key.to_string())
    }

    /// On a connection of its own: those of the run may be dead, and commands may wait in them.
    pub async fn remove_keys(&self, role: Role) -> RedisResult<()> {
        let keys = self.keys.all(role);
        if keys.is_empty() {
            return Ok(());
        }
        let mut connection = self
            .server
            .get_multiplexed_async_connection_with_config(&config())
            .await?;
        let mut command = redis::cmd("UNLINK");
        for key in &keys {
            command.arg(&**key);
        }
        command.query_async(&mut connection).await
    }

    fn connection(&self) -> MultiplexedConnection {
        let turn = match self.connections.len() {
            1 => 0,
            several => self.next.fetch_add(1, Ordering::Relaxed) % several,
        };
        self.connections[turn].clone()
    }

    /// Sends `name key …` and reads the answer.
    async fn send<T: FromRedisValue>(
        &self,
        name: &'static str,
        key: &'static str,
        arguments: impl FnOnce(&mut Cmd) -> &mut Cmd + Send,
    ) -> Result<T> {
        let request = async {
            let mut command = redis::cmd(name);
            command.arg(&*self.keys.full(key));
            arguments(&mut command);
            command.query_async(&mut self.connection()).await
        };
        let answer = self.in_turn(request).await;
        answer.map_err(|error| port_error(format!("{name} {key}"), &error))
    }

    /// Runs `request` when there is a place for it. Until then it has not begun, and takes up next to nothing.
    async fn in_turn<T>(
        &self,
        request: impl Future<Output = RedisResult<T>> + Send,
    ) -> RedisResult<T> {
        // Never closed; if it were, requests would go on without a bound.
        let _place = self.places.acquire().await;
        // Boxed only now: a million users wait for their turn, and a thousand have it.
        Box::pin(request).await
    }
}

/// No timeouts of the client's own: whoever opens a connection bounds that; whether an answer is late is for the load
/// engine to say, and a request that was given up may still take effect.
fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(2 * CONNECT_TIMEOUT))
        .set_response_timeout(None)
}

/// Redis answered with an error: nothing happened. Anything else: who knows.
fn port_error(step: String, error: &RedisError) -> PortError {
    let effect = match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => Effect::None,
        _ => Effect::Unknown,
    };
    PortError::new(step, effect, words(error))
}

/// The service's words on one line.
pub fn words(error: &RedisError) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[async_trait]
impl Cache for Client {
    async fn incr(&self, key: &'static str) -> Result<i64> {
        self.send("INCR", key, |command| command).await
    }

    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.send("DECR", key, |command| command).await
    }

    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        self.send("GET", key, |command| command).await
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.send("SADD", key, |command| command.arg(user.0)).await
    }

    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.send("SREM", key, |command| command.arg(user.0)).await
    }

    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool> {
        let milliseconds = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let set: Option<String> = self
            .send("SET", key, |command| {
                command.arg(token).arg("NX").arg("PX").arg(milliseconds)
            })
            .await?;
        Ok(set.is_some())
    }

    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64> {
        let request = async {
            let code = redis::Script::new(script.source);
            let mut call = code.prepare_invoke();
            for key in keys {
                call.key(&*self.keys.full(key));
            }
            for arg in args {
                call.arg(*arg);
            }
            call.invoke_async(&mut self.connection()).await
        };
        let answer = self.in_turn(request).await;
        answer.map_err(|error| port_error(format!("EVALSHA {}", script.name), &error))
    }
}
