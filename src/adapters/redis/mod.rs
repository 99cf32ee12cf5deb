//! Redis: any server by its URL, or the embedded server. The same client speaks to both over TCP.
//!
//! # Layout
//!
//! From the port to the socket:
//!
//! - `client`: the port; `Client::send` sends a command
//! - `lane`: queues commands and sends them as pipelines
//! - `link`: keeps a connection open
//! - `route`: finds the server: a node of a cluster, the master of sentinels
//! - `connection`, `wire`: one socket; `Connection::exchange` writes the bytes of a pipeline
//! - `answer`: replies and errors; `facts`, `history`: the state of the server and its changes
//! - `keys`, [`remains`]: the keys of a run, and the keys that runs have left
//! - [`embedded`]: the Redis server of this process

mod answer;
mod client;
mod connection;
pub mod embedded;
mod facts;
mod history;
mod keys;
mod lane;
mod link;
pub mod remains;
mod route;
mod wire;

use std::{sync::Arc, time::Duration};

pub use self::client::Client;
pub use keys::EVENT_KEYS;

use self::{embedded::EmbeddedRedis, keys::Keys, route::Route};
use super::{CONNECT_TIMEOUT, OpenError, Role, ServiceInfo};
use crate::{
    input::address::{RedisTarget, Services},
    ports::Cache,
};

/// The objects that a run creates, as text for the user.
pub fn object_names(run_id: &str) -> String {
    format!("redis keys coupon_bench:*{run_id}*")
}

/// The Redis of one run.
pub struct Redis {
    client: Arc<Client>,
    info: ServiceInfo,
    target: String,
    /// The URL with its password.
    url: String,
    role: Role,
    /// The embedded server, which stops when this value is dropped.
    embedded: Option<EmbeddedRedis>,
}

impl Redis {
    /// Connects; starts the embedded server first if the settings ask for it. `timeout` is the timeout of an attempt. During an outage a
    /// command waits for half of `timeout`, so that the command fails before its attempt ends.
    pub async fn open(
        services: &Services,
        run_id: &str,
        role: Role,
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        let target = services.redis.to_string();
        let fail = |message: String| OpenError::new("--redis", &target, message);
        let (ca, tag) = (services.tls_ca.as_ref(), keys::tag(run_id));
        let (embedded, route, url) = match &services.redis {
            RedisTarget::Embedded => {
                let server = EmbeddedRedis::start().map_err(|error| fail(error.to_string()))?;
                let url = server.url();
                (Some(server), Route::to_server(&url, ca, tag), url)
            }
            RedisTarget::Url(url) => {
                let url = url.with_password();
                (None, Route::to_server(url, ca, tag), url.to_owned())
            }
            RedisTarget::Sentinel(url) => {
                let route = Route::by_sentinels(url, ca, tag);
                (None, route, url.with_password().to_owned())
            }
        };
        let route = route.map_err(fail)?;
        let keys = Keys::new(run_id);
        let connect = Client::connect(route, services.redis_connections, keys, timeout / 2);
        let (client, version) = connect.await.map_err(fail)?;
        Ok(Self {
            client: Arc::new(client),
            info: ServiceInfo {
                kind: "redis",
                version,
                embedded: embedded.is_some(),
            },
            target,
            url,
            role,
            embedded,
        })
    }

    /// Connects once and reads the version. Creates no object.
    pub async fn probe(services: &Services) -> Result<ServiceInfo, String> {
        let redis = Self::open(services, "probe", Role::Guest, CONNECT_TIMEOUT)
            .await
            .map_err(|error| error.message)?;
        Ok(redis.info.clone())
    }

    /// The port.
    pub fn cache(&self) -> Arc<dyn Cache> {
        Arc::clone(&self.client) as Arc<dyn Cache>
    }

    /// The client, for checks whether the server answers.
    pub fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    /// Events of the server during the run that can explain a ledger.
    pub async fn notes(&self) -> Vec<String> {
        self.client.notes().await
    }

    /// The address of the server, for guests.
    pub fn address(&self) -> String {
        self.url.clone()
    }

    /// The kind and the version of the server.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// Ends the leases of the run's keys now.
    pub async fn end_leases(&self) -> Result<(), String> {
        self.client.remove_leased().await
    }

    /// Removes the run's keys, as a restart without persistence would.
    pub async fn empty(&self) -> Result<(), String> {
        self.client.remove_keys(self.role).await
    }

    /// Removes the keys of the run, or keeps them and returns their names.
    pub async fn close(self, keep: bool) -> Result<Vec<String>, String> {
        // An embedded server ends with the process, so its keys cannot be read later.
        if self.embedded.is_some() || self.role == Role::Guest {
            return Ok(Vec::new());
        }
        if keep {
            return Ok(self
                .client
                .keys(self.role)
                .map(|key| format!("redis key {key}"))
                .collect());
        }
        let removed =
            tokio::time::timeout(CONNECT_TIMEOUT, self.client.remove_keys(self.role)).await;
        let problem = match removed {
            Ok(Ok(())) => return Ok(Vec::new()),
            Ok(Err(problem)) => problem,
            Err(_) => "no answer".to_owned(),
        };
        let names: Vec<_> = self.client.keys(self.role).collect();
        Err(format!(
            "failed to remove {} from {}: {problem}",
            names.join(", "),
            self.target
        ))
    }
}
