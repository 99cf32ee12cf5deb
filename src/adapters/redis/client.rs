//! The client: one or a few connections, each a [`Lane`] shared by all users.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use redis::{FromRedisValue, RedisError, Value};

use super::{
    answer::Failure,
    keys::Keys,
    lane::{Lane, Request},
    link::Link,
    route::Route,
};
use crate::{
    adapters::Role,
    ports::{self, Cache, Effect, PortError, Script, UserId},
};

/// If an error occurs inside a script, Redis appends this text and the digest of the script to the message.
const IN_SCRIPT: &str = " script: ";

/// The timeout of the last `INFO` of a run.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The port on a server: [`Cache`] for all users of the run.
pub struct Client {
    route: Arc<Route>,
    lanes: Vec<Lane>,
    next: AtomicUsize,
    keys: Keys,
    digests: Digests,
}

impl Client {
    /// Connects and returns the version of the server. During an outage a command waits for the given time.
    pub async fn connect(
        route: Route,
        connections: u32,
        keys: Keys,
        outage: Duration,
    ) -> Result<(Self, String), String> {
        let route = Arc::new(route);
        let (first, version) = route.first_contact().await?;
        let others = (1..connections).map(|_| route.connect());
        let others = futures::future::try_join_all(others).await?;
        let lanes = std::iter::once(first)
            .chain(others)
            .map(|connection| Lane::new(Link::new(connection, &route, outage)));
        let client = Self {
            lanes: lanes.collect(),
            route,
            next: AtomicUsize::new(0),
            keys,
            digests: Digests::default(),
        };
        Ok((client, version))
    }

    /// The full names of the keys used so far.
    pub fn keys(&self, role: Role) -> impl Iterator<Item = String> {
        self.keys.all(role).into_iter().map(|key| key.to_string())
    }

    /// Checks that every connection answers. The error gives the reason of the first that does not.
    pub async fn ping(&self) -> Result<(), String> {
        for lane in &self.lanes {
            let connection = lane.link().connection().await?;
            let ping = redis::cmd("PING");
            let answer = connection.query::<redis::Value>(&ping).await;
            answer.map_err(|error| words(&error))?;
        }
        Ok(())
    }

    /// The events of the server so far that can explain a ledger.
    pub async fn notes(&self) -> Vec<String> {
        // The last look. A server that is gone is known from the failed commands.
        let _ = tokio::time::timeout(LAST_LOOK, self.route.connect()).await;
        self.route.history().notes()
    }

    /// Uses a new connection, because the connections of the run may be lost, with commands waiting in them.
    pub async fn remove_keys(&self, role: Role) -> Result<(), String> {
        let keys = self.keys.all(role);
        if keys.is_empty() {
            return Ok(());
        }
        let connection = self.route.connect().await?;
        let removed = connection.query(&unlink(&keys)).await;
        removed.map_err(|error| words(&error))
    }

    /// Removes the keys that have an expiry.
    pub async fn remove_leased(&self) -> Result<(), String> {
        let connection = self.route.connect().await?;
        let removed = async {
            for key in self.keys.all(Role::Owner) {
                let left: i64 = connection.query(redis::cmd("PTTL").arg(&*key)).await?;
                if left >= 0 {
                    let () = connection.query(&unlink(&[key])).await?;
                }
            }
            Ok(())
        };
        removed.await.map_err(|error| words(&error))
    }

    fn lane(&self) -> &Lane {
        match self.lanes.as_slice() {
            [only] => only,
            several => &several[self.next.fetch_add(1, Ordering::Relaxed) % several.len()],
        }
    }

    /// Sends `name key …` and reads the reply. The command is sent when the function is called. An `async fn` would keep the command until
    /// the first poll.
    fn send<T: FromRedisValue>(
        &self,
        name: &'static str,
        key: &'static str,
        member: Option<UserId>,
    ) -> impl Future<Output = ports::Result<T>> + 'static {
        let asked = self.lane().ask(Request::Key {
            name,
            key: self.keys.full(key),
            member,
        });
        async move {
            let answer = asked.await.and_then(understood);
            answer.map_err(|failure| port_error(format!("{name} {key}"), &failure))
        }
    }

    /// Runs a script by its digest, and sends the text only to a server that does not know the script.
    async fn evaluate(&self, script: Script, words: &[String]) -> Result<i64, Failure> {
        let digest = self.digests.of(script);
        let call = || {
            let name = ["EVALSHA".to_owned(), digest.to_string()];
            Request::Words(name.into_iter().chain(words.iter().cloned()).collect())
        };
        let value = match self.lane().ask(call()).await {
            Err(failure) if failure.is_unknown_script() => {
                let load = ["SCRIPT", "LOAD", script.source].map(str::to_owned);
                self.lane().ask(Request::Words(load.to_vec())).await?;
                self.lane().ask(call()).await?
            }
            answer => answer?,
        };
        understood(value)
    }
}

fn unlink(keys: &[Arc<str>]) -> redis::Cmd {
    let mut command = redis::cmd("UNLINK");
    for key in keys {
        command.arg(&**key);
    }
    command
}

fn port_error(step: String, failure: &Failure) -> PortError {
    PortError::new(step, failure.effect(), failure.words())
}

/// The error of a reply with a wrong type. The server has executed the command.
fn understood<T: FromRedisValue>(value: Value) -> Result<T, Failure> {
    redis::from_redis_value(value).map_err(|error| Failure::Unanswered(error.to_string()))
}

/// The message of the server on one line.
pub fn words(error: &RedisError) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[async_trait]
impl Cache for Client {
    async fn incr(&self, key: &'static str) -> ports::Result<i64> {
        self.send("INCR", key, None).await
    }

    async fn decr(&self, key: &'static str) -> ports::Result<i64> {
        self.send("DECR", key, None).await
    }

    async fn get(&self, key: &'static str) -> ports::Result<Option<i64>> {
        self.send("GET", key, None).await
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> ports::Result<bool> {
        self.send("SADD", key, Some(user)).await
    }

    async fn srem(&self, key: &'static str, user: UserId) -> ports::Result<bool> {
        self.send("SREM", key, Some(user)).await
    }

    async fn set_nx_px(
        &self,
        key: &'static str,
        token: &str,
        lease: Duration,
    ) -> ports::Result<bool> {
        let milliseconds = lease.as_millis().to_string();
        let full = self.keys.full(key);
        let words = ["SET", &full, token, "NX", "PX", &milliseconds].map(str::to_owned);
        let answer = self.lane().ask(Request::Words(words.to_vec())).await;
        match answer {
            Ok(value) => Ok(value != Value::Nil),
            Err(failure) => Err(port_error(format!("SET {key}"), &failure)),
        }
    }

    async fn script(
        &self,
        script: Script,
        keys: &[&'static str],
        args: &[&str],
    ) -> ports::Result<i64> {
        let count = keys.len().to_string();
        let full = keys.iter().map(|key| self.keys.full(key).to_string());
        let words: Vec<_> = std::iter::once(count)
            .chain(full)
            .chain(args.iter().map(|arg| (*arg).to_owned()))
            .collect();
        let answer = self.evaluate(script, &words).await;
        answer.map_err(|failure| {
            let error = port_error(format!("EVALSHA {}", script.name), &failure);
            if error.message.contains(IN_SCRIPT) {
                // The commands that the script ran before the error are not undone.
                return PortError {
                    effect: Effect::Unknown,
                    ..error
                };
            }
            error
        })
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
        // No code under this lock leaves the list in an invalid state, so a poisoned lock is harmless.
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
