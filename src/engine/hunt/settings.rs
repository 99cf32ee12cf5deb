//! What is hunted, through which gates, within which bounds.

use std::{sync::Arc, time::Duration};

use crate::{gate::GateKind, input::address::ServiceUrl, model::hunt::HuntCase, service::Target};

/// A service behind a gate.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The protocol.
    pub kind: GateKind,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The URL with a login, if the user gave one. The hunt asks the database with it which statement waits for a lock.
    pub login: Option<ServiceUrl>,
}

impl Upstream {
    /// `127.0.0.1:5432`
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The bounds of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HuntBounds {
    /// The most schedules of one case.
    pub schedules: u64,
    /// The longest time of the whole hunt.
    pub time: Duration,
}

/// The settings of a hunt.
#[derive(Debug, Clone)]
pub struct HuntSettings {
    /// The service.
    pub target: Arc<Target>,
    /// The services behind the gates, at most one of each kind.
    pub upstreams: Vec<Upstream>,
    /// The port of the first gate on the loopback address; the others have the ports after it. `None`: free ports.
    pub gate_port: Option<u16>,
    /// The program that is the service, with its arguments. `None`: the user starts the service.
    pub command: Option<Vec<String>>,
    /// The limit of the cases in which coupons are given out before.
    pub limit: u64,
    /// The bounds of the search.
    pub bounds: HuntBounds,
    /// How long a request has to make no statement and no response before it counts as waiting inside the service.
    pub quiet: Duration,
    /// The timeout of a response, of a statement, and of the drain.
    pub timeout: Duration,
    /// How long to wait until the service accepts connections.
    pub start_timeout: Duration,
}

/// The progress of a hunt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HuntProgress {
    /// The gates listen: kind, address of the gate, address of the service. The service has to connect to these addresses.
    Gates(Vec<(GateKind, String, String)>),
    /// The service was started. In these variables and arguments, the address of a database was replaced: `DATABASE_URL`, `argument 2`.
    Started(Vec<String>),
    /// The hunt waits until the service accepts connections at this address.
    WaitsForService(String),
    /// The hunt observes the service without requests.
    Baseline,
    /// A schedule was played.
    Schedule {
        /// The situation.
        case: HuntCase,
        /// The number of schedules of this case so far.
        played: u64,
        /// The number of known schedules that are left.
        left: u64,
    },
    /// A trial of a replay ended. The number is that of the trial, from 1.
    Trial(u32),
}
