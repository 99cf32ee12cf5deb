//! Opens the gates, and the connections to the databases behind them.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::TcpStream;

use super::{
    HuntSettings,
    locks::{self, LockMonitor},
};
use crate::{
    adapters::{CONNECT_TIMEOUT, OpenError},
    gate::{Gate, GateControl, GateKind},
};

/// The gates, in the order of the settings.
///
/// # Errors
/// An address is in use.
pub fn gates(settings: &HuntSettings, control: &GateControl) -> Result<Vec<Gate>, OpenError> {
    let mut gates = Vec::new();
    for (number, upstream) in (0..).zip(&settings.upstreams) {
        let port = settings
            .gate_port
            .map_or(0, |first| first.saturating_add(number));
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let behind = (upstream.host.clone(), upstream.port);
        let gate = Gate::open(upstream.kind, behind, listen, control.clone());
        gates.push(gate.map_err(|error| {
            OpenError::new("--gate-port", listen.to_string(), error.to_string())
        })?);
    }
    Ok(gates)
}

/// Checks that each service behind a gate accepts connections.
///
/// # Errors
/// A service refuses the connection, or does not accept it in time.
pub async fn reach(settings: &HuntSettings) -> Result<(), OpenError> {
    for upstream in &settings.upstreams {
        let connecting = TcpStream::connect((upstream.host.as_str(), upstream.port));
        let why = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()),
        };
        let flag = match upstream.kind {
            GateKind::Postgres => "--postgres",
            GateKind::Mysql => "--mysql",
            GateKind::Redis => "--redis",
        };
        return Err(OpenError::new(flag, upstream.address(), why));
    }
    Ok(())
}

/// The connections that tell which session waits for which, and a sentence for each database that cannot be asked.
pub async fn monitors(settings: &HuntSettings) -> (HashMap<GateKind, LockMonitor>, Vec<String>) {
    let (mut monitors, mut notes) = (HashMap::new(), Vec::new());
    for upstream in &settings.upstreams {
        if upstream.kind == GateKind::Redis {
            continue;
        }
        let unasked = |why: &str| {
            let address = upstream.address();
            format!(
                "{address} cannot be asked which statement waits for a lock, so only the time tells: {why}"
            )
        };
        match locks::monitor(&settings.target, upstream).await {
            Ok(Some(monitor)) => {
                notes.extend(monitor.refusal().map(unasked));
                monitors.insert(upstream.kind, monitor);
            }
            Ok(None) => notes.push(format!(
                "no login for {} is known, so only the time tells whether a statement waits for a lock, and views and triggers are not \
                 known: give --{} a URL with user and password, or name the database in the target file",
                upstream.address(),
                upstream.kind
            )),
            Err(why) => notes.push(unasked(&why)),
        }
    }
    (monitors, notes)
}
