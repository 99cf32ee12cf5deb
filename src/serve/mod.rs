//! A built-in strategy as an HTTP server, for any load tool.
//!
//! Nothing is judged here: the ledger can be read at `/ledger`, and the user of the load tool compares.
//!
//! # Layout
//!
//! - [`listen`], [`server`], [`slots`]: the socket, the connections, and their limits
//! - [`guard`]: refuses requests for other hosts and from web pages of other origins
//! - [`routes`], [`user`], [`problem`]: one request, from its path to its response
//! - [`claims`]: one claim of the strategy
//! - [`event`]: one event on its databases and brokers, from its creation to its removal
//! - [`service`]: the state that all connections share
//! - [`metrics`]: the page for monitoring systems
//! - [`target`]: a target file for this server
//! - [`answer`]: a strategy without any service, for measurements of load tools

mod answer;
mod claims;
mod event;
mod guard;
mod listen;
mod metrics;
mod problem;
mod routes;
mod server;
mod service;
mod slots;
mod target;
mod user;

use std::{io, sync::Arc, time::Duration};

use tokio::sync::watch;

pub use answer::ENTRY as ANSWER;
pub use event::Ledger;
pub use listen::Listen;
pub use service::DecisionCounts;
pub use target::target;

use crate::{
    adapters::OpenError, config::scenario::Scenario, engine::run::DrainResult, strategies::Entry,
};
use listen::Listener;
use service::Service;

/// The OpenAPI description of the interface, as it is served.
pub const OPENAPI: &str = include_str!("../../schema/serve.openapi.json");

/// The validated settings of a server.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// The strategy.
    pub entry: &'static Entry,
    /// The services, the limit and the timeout. The other settings of a run are ignored.
    pub scenario: Scenario,
    /// The address to listen on.
    pub listen: Listen,
    /// Host names that requests may have, besides the loopback names and the address that the server listens on.
    pub allow_hosts: Vec<String>,
    /// The maximum number of connections, at least 1. Further connections wait to be accepted.
    pub max_connections: u32,
}

impl ServeSettings {
    /// The timeout of one claim, and of a drain without progress.
    fn timeout(&self) -> Duration {
        self.scenario.workload.timeout
    }

    /// The number of coupons.
    pub fn limit(&self) -> u64 {
        self.scenario.workload.limit
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("failed to listen on {0} (--listen): {1}")]
    Listen(Listen, io::Error),
    /// A service could not be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A server that has begun to listen, for the start message.
pub struct Listening<'a> {
    /// The address, with the chosen port.
    pub at: &'a Listen,
    /// The names and versions of the databases and brokers.
    pub backends: String,
    /// The number of connections that the system allows, if it is less than the settings ask for.
    pub fewer_connections: Option<u64>,
}

/// The result of a server that has stopped.
pub struct Served {
    /// The decisions of the last event.
    pub told: DecisionCounts,
    /// The ledger of the last event, or why it could not be read.
    pub ledger: Result<Ledger, String>,
    /// How the last event drained; `None` where the last reset left none.
    pub drained: Option<DrainResult>,
    /// Events, the first included.
    pub events: u64,
    /// The objects that were kept on request.
    pub kept: Vec<String>,
    /// The objects that could not be removed.
    pub left_behind: Vec<String>,
}

/// Serves until `stop` turns true. Then finishes the requests in progress and removes the created objects. Calls `announce` when
/// the server listens.
///
/// # Errors
/// The address cannot be listened on, or a database or a broker cannot be used.
pub async fn serve(
    settings: ServeSettings,
    announce: impl FnOnce(&Listening<'_>),
    stop: watch::Receiver<bool>,
) -> Result<Served, ServeError> {
    // Before the services are opened, so that a used port is reported at once.
    let listener = Listener::bind(&settings.listen).await;
    let listener = listener.map_err(|error| ServeError::Listen(settings.listen.clone(), error))?;
    let service = Arc::new(Service::open(settings).await?);
    announce(&Listening {
        at: listener.at(),
        backends: service.backends().await,
        fewer_connections: server::room_for(service.settings().max_connections),
    });
    server::run(&service, listener, server::Limits::default(), stop).await;
    Ok(service.close().await)
}

#[cfg(test)]
mod tests;
