//! Redis: any server by its URL, or the embedded one, spoken to by the same client over TCP.

mod client;
pub mod embedded;
mod keys;
mod lane;

use std::sync::Arc;

use self::{client::Client, embedded::EmbeddedRedis};
use super::{CONNECT_TIMEOUT, OpenError, Role, ServiceInfo};
use crate::{
    ports::Cache,
    scenario::{RedisTarget, Services},
};

/// The Redis of one run.
pub struct Redis {
    client: Arc<Client>,
    info: ServiceInfo,
    target: String,
    /// With its password.
    url: String,
    role: Role,
    /// Stops when this is dropped.
    embedded: Option<EmbeddedRedis>,
}

impl Redis {
    /// Connects, after starting the embedded server if that is asked for.
    pub async fn open(services: &Services, run_id: &str, role: Role) -> Result<Self, OpenError> {
        let target = services.redis.to_string();
        let fail = |message: String| OpenError::new("--redis", &target, message);
        let embedded = match services.redis {
            RedisTarget::Embedded => Some(EmbeddedRedis::start().map_err(|e| fail(e.to_string()))?),
            RedisTarget::Url(_) => None,
        };
        let url = match (&embedded, &services.redis) {
            (Some(server), _) => server.url(),
            (None, RedisTarget::Url(url)) => url.with_password().to_owned(),
            (None, RedisTarget::Embedded) => {
                return Err(fail("the embedded server is not running".into()));
            }
        };
        let connect = Client::connect(
            &url,
            services.tls_ca.as_ref(),
            services.redis_connections,
            run_id,
        );
        let (client, version) = tokio::time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .map_err(|_| fail(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())))?
            .map_err(|error| fail(client::words(&error)))?;
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

    /// Connects once and asks what it is; creates nothing.
    pub async fn probe(services: &Services) -> Result<ServiceInfo, String> {
        let redis = Self::open(services, "probe", Role::Guest)
            .await
            .map_err(|error| error.message)?;
        Ok(redis.info.clone())
    }

    /// The port.
    pub fn cache(&self) -> Arc<dyn Cache> {
        Arc::clone(&self.client) as Arc<dyn Cache>
    }

    /// Where others find it.
    pub fn address(&self) -> String {
        self.url.clone()
    }

    /// What it is.
    pub fn info(&self) -> &ServiceInfo {
        &self.info
    }

    /// Ends the leases of the run's keys now.
    pub async fn end_leases(&self) -> Result<(), String> {
        let ended = self.client.remove_leased().await;
        ended.map_err(|error| client::words(&error))
    }

    /// Removes the run's keys, as a restart without persistence would.
    pub async fn empty(&self) -> Result<(), String> {
        let removed = self.client.remove_keys(self.role).await;
        removed.map_err(|error| client::words(&error))
    }

    /// Removes the run's keys, or leaves them: their names.
    pub async fn close(self, keep: bool) -> Result<Vec<String>, String> {
        // An embedded server goes with the process anyway, and nobody could look at it then.
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
            Ok(Err(error)) => client::words(&error),
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
