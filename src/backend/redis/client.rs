//! The client: one or a few connections, each a [`Lane`] shared by all users.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use redis::{
    AsyncConnectionConfig, ErrorKind, FromRedisValue, InfoDict, RedisError, RedisResult,
    ServerErrorKind, TlsCertificates, Value, aio::MultiplexedConnection,
};

use super::{
    CONNECT_TIMEOUT,
    keys::Keys,
    lane::{Lane, Request},
};
use crate::backend::Role;
use crate::ports::{Cache, Effect, PortError, Result, Script, UserId};
use crate::scenario::TlsCa;

pub struct Client {
    server: redis::Client,
    lanes: Vec<Lane>,
    next: AtomicUsize,
    keys: Keys,
    digests: Digests,
}

impl Client {
    /// Connects and asks for the version.
    pub async fn connect(
        url: &str,
        ca: Option<&TlsCa>,
        connections: u32,
        run_id: &str,
    ) -> RedisResult<(Self, String)> {
        let client = server(url, ca)?;
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
            lanes: connections.iter().map(Lane::new).collect(),
            next: AtomicUsize::new(0),
            keys: Keys::new(run_id),
            digests: Digests::default(),
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
        let mut connection = self.connection().await?;
        unlink(&keys).query_async(&mut connection).await
    }

    /// Removes those keys that would go by themselves some time.
    pub async fn remove_leased(&self) -> RedisResult<()> {
        let mut connection = self.connection().await?;
        for key in self.keys.all(Role::Owner) {
            let left: i64 = redis::cmd("PTTL")
                .arg(&*key)
                .query_async(&mut connection)
                .await?;
            if left >= 0 {
                let () = unlink(&[key]).query_async(&mut connection).await?;
            }
        }
        Ok(())
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let server = &self.server;
        server
            .get_multiplexed_async_connection_with_config(&config())
            .await
    }

    fn lane(&self) -> &Lane {
        match self.lanes.as_slice() {
            [only] => only,
            several => &several[self.next.fetch_add(1, Ordering::Relaxed) % several.len()],
        }
    }

    /// Sends `name key …` and reads the answer. Sent when called, as an `async fn` would have to keep it until then.
    fn send<T: FromRedisValue>(
        &self,
        name: &'static str,
        key: &'static str,
        member: Option<UserId>,
    ) -> impl Future<Output = Result<T>> + 'static {
        let asked = self.lane().ask(Request::Key {
            name,
            key: self.keys.full(key),
            member,
        });
        async move {
            let answer = asked
                .await
                .and_then(|value| Ok(redis::from_redis_value(value)?));
            answer.map_err(|error| port_error(format!("{name} {key}"), &error))
        }
    }

    /// Runs a script by its digest, and sends its text only to a server that does not know it.
    async fn evaluate(&self, script: Script, words: &[String]) -> RedisResult<i64> {
        let digest = self.digests.of(script);
        let call = || {
            let name = ["EVALSHA".to_owned(), digest.to_string()];
            Request::Words(name.into_iter().chain(words.iter().cloned()).collect())
        };
        let value = match self.lane().ask(call()).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let load = ["SCRIPT", "LOAD", script.source].map(str::to_owned);
                self.lane().ask(Request::Words(load.to_vec())).await?;
                self.lane().ask(call()).await?
            }
            answer => answer?,
        };
        Ok(redis::from_redis_value(value)?)
    }
}

/// The server of a URL. An authority counts where the URL asks for TLS.
fn server(url: &str, ca: Option<&TlsCa>) -> RedisResult<redis::Client> {
    match ca {
        Some(ca) if url.starts_with("rediss:") => redis::Client::build_with_tls(
            url,
            TlsCertificates {
                client_tls: None,
                root_cert: Some(ca.pem().as_bytes().to_vec()),
            },
        ),
        _ => redis::Client::open(url),
    }
}

fn unlink(keys: &[Arc<str>]) -> redis::Cmd {
    let mut command = redis::cmd("UNLINK");
    for key in keys {
        command.arg(&**key);
    }
    command
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
        self.send("INCR", key, None).await
    }

    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.send("DECR", key, None).await
    }

    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        self.send("GET", key, None).await
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.send("SADD", key, Some(user)).await
    }

    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        self.send("SREM", key, Some(user)).await
    }

    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool> {
        let milliseconds = lease.as_millis().to_string();
        let full = self.keys.full(key);
        let words = ["SET", &full, token, "NX", "PX", &milliseconds].map(str::to_owned);
        let answer = self.lane().ask(Request::Words(words.to_vec())).await;
        match answer {
            Ok(value) => Ok(value != Value::Nil),
            Err(error) => Err(port_error(format!("SET {key}"), &error)),
        }
    }

    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64> {
        let count = keys.len().to_string();
        let full = keys.iter().map(|key| self.keys.full(key).to_string());
        let words: Vec<_> = std::iter::once(count)
            .chain(full)
            .chain(args.iter().map(|arg| (*arg).to_owned()))
            .collect();
        let answer = self.evaluate(script, &words).await;
        answer.map_err(|error| port_error(format!("EVALSHA {}", script.name), &error))
    }
}

/// The digests of the run's scripts, computed once each.
#[derive(Default)]
struct Digests(RwLock<Vec<(&'static str, Arc<str>)>>);

impl Digests {
    fn of(&self, script: Script) -> Arc<str> {
        let known = |known: &[(&'static str, Arc<str>)]| {
            let found = known.iter().find(|(source, _)| *source == script.source);
            found.map(|(_, digest)| Arc::clone(digest))
        };
        // A poisoned list is still a list: nothing in here can leave it half-written.
        if let Some(digest) = known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return digest;
        }
        let mut digests = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known(&digests).unwrap_or_else(|| {
            let digest: Arc<str> = redis::Script::new(script.source).get_hash().into();
            digests.push((script.source, Arc::clone(&digest)));
            digest
        })
    }
}
