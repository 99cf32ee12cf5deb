//! A strategy served over HTTP, for any load tool.
//!
//! [`server`] takes connections and bounds them, [`guard`] refuses what is meant for another host; [`routes`] answers one request; [`claims`] asks the strategy; [`round`] is one
//! event on its services, from its creation to its removal; [`service`] is what all connections share. Nothing is judged here:
//! the ledger can be read, and whoever fired the load compares.

mod answer;
mod claims;
mod guard;
mod listen;
mod metrics;
mod places;
mod problem;
mod round;
mod routes;
mod server;
mod service;
mod target;
mod user;

use std::{io, sync::Arc, time::Duration};

use tokio::sync::watch;

pub use answer::ENTRY as ANSWER;
pub use listen::Listen;
pub use round::Ledger;
pub use service::Told;
pub use target::target;

use crate::{
    adapters::OpenError, config::scenario::Scenario, engine::run::DrainResult, strategies::Entry,
};
use listen::Listener;
use service::Service;

/// The description of the interface, as it is served.
pub const OPENAPI: &str = include_str!("../../schema/serve.openapi.json");

/// What is to be served, validated.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which strategy.
    pub entry: &'static Entry,
    /// Its services, its limit and its timeout. The other settings of a run mean nothing here.
    pub scenario: Scenario,
    /// Where.
    pub listen: Listen,
    /// Names under which it may be asked, besides those of the loopback and the address that it listens on.
    pub allow_hosts: Vec<String>,
    /// Connections at a time, at least 1; further ones wait to be accepted.
    pub max_connections: u32,
}

impl Plan {
    /// For one claim, and for a drain that stands still.
    fn timeout(&self) -> Duration {
        self.scenario.workload.timeout
    }

    /// Coupons.
    pub fn limit(&self) -> u64 {
        self.scenario.workload.limit
    }
}

/// Why nothing was served.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The address cannot be listened on.
    #[error("failed to listen on {0} (--listen): {1}")]
    Listen(Listen, io::Error),
    /// A service could not be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// It listens: what whoever started it wants to know.
pub struct Listening<'a> {
    /// Where, with the port that was chosen.
    pub at: &'a Listen,
    /// The services behind it.
    pub backends: String,
    /// Connections that the system allows, where they are fewer than asked for.
    pub fewer_connections: Option<u64>,
}

/// What came of it.
pub struct Served {
    /// What the users of the last event were told.
    pub told: Told,
    /// What the database holds of the last event; or why that is not known.
    pub ledger: Result<Ledger, String>,
    /// How the last event drained; `None` where the last reset left none.
    pub drained: Option<DrainResult>,
    /// Events, the first included.
    pub events: u64,
    /// What was left behind on purpose.
    pub kept: Vec<String>,
    /// What could not be removed.
    pub left_behind: Vec<String>,
}

/// Serves until `stop` turns true, then finishes what is under way and removes what was created. `announce` is called when it
/// listens.
pub async fn serve(
    plan: Plan,
    announce: impl FnOnce(&Listening<'_>),
    stop: watch::Receiver<bool>,
) -> Result<Served, Refused> {
    // Before the services: a port that is taken must not cost their opening.
    let listener = Listener::bind(&plan.listen).await;
    let listener = listener.map_err(|error| Refused::Listen(plan.listen.clone(), error))?;
    let service = Arc::new(Service::open(plan).await?);
    announce(&Listening {
        at: listener.at(),
        backends: service.backends().await,
        fewer_connections: server::room_for(service.plan().max_connections),
    });
    server::run(&service, listener, server::Limits::default(), stop).await;
    Ok(service.close().await)
}

#[cfg(test)]
mod tests;
