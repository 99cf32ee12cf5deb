//! Gates in front of real databases.

mod locks;
mod mysql;
mod postgres;
mod redis;

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use coupon_bench::gate::{
    Gate, GateControl, GateKind,
    event::{ConnectionId, GateEvent, GateEventKind, StatementId, WireAnswer, WireStatement},
};
use tokio::{runtime::Runtime, sync::mpsc::UnboundedReceiver, time::timeout};

/// How long a test waits for an event.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gate with its events. The fields are dropped in this order.
pub struct Gated {
    gate: Gate,
    pub control: GateControl,
    events: UnboundedReceiver<GateEvent>,
    /// Events that no test has asked for yet.
    seen: VecDeque<GateEvent>,
    runtime: Runtime,
}

impl Gated {
    /// Opens a gate on a free port.
    pub fn open(kind: GateKind, host: &str, port: u16) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (control, events) = GateControl::new();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let upstream = (host.to_owned(), port);
        let gate = {
            let _inside = runtime.enter();
            Gate::open(kind, upstream, any_port, control.clone()).expect("a gate")
        };
        Self {
            gate,
            control,
            events,
            seen: VecDeque::new(),
            runtime,
        }
    }

    pub fn port(&self) -> u16 {
        self.gate.address().port()
    }

    /// Takes the first event that `select` accepts, and leaves the others.
    pub fn wait<T>(&mut self, what: &str, select: impl Fn(&GateEvent) -> Option<T>) -> T {
        for at in 0..self.seen.len() {
            if let Some(found) = select(&self.seen[at]) {
                self.seen.remove(at);
                return found;
            }
        }
        loop {
            let next = async { timeout(PATIENCE, self.events.recv()).await };
            let event = self.runtime.block_on(next);
            let event =
                event.unwrap_or_else(|_| panic!("{what}: no such event in {:?}", self.seen));
            let event = event.expect("an open gate");
            if let Some(found) = select(&event) {
                return found;
            }
            self.seen.push_back(event);
        }
    }

    /// The next statement that is held.
    pub fn arrival(&mut self) -> (StatementId, ConnectionId, Arc<WireStatement>) {
        self.wait("a held statement", |event| match &event.what {
            GateEventKind::Arrived {
                id,
                statement,
                held: true,
            } => Some((*id, event.connection, statement.clone())),
            _ => None,
        })
    }

    /// Releases a held statement and waits for its answer.
    pub fn release(&mut self, id: StatementId) -> WireAnswer {
        assert!(self.control.release(id), "the statement is held");
        self.answer(id)
    }

    /// The answer to a statement.
    pub fn answer(&mut self, id: StatementId) -> WireAnswer {
        self.wait("an answer", |event| match &event.what {
            GateEventKind::Answered {
                id: answered,
                answer,
            } if *answered == id => Some(answer.clone()),
            _ => None,
        })
    }

    /// Waits for an event of this kind.
    pub fn reported(&mut self, what: &str, is: impl Fn(&GateEventKind) -> bool) {
        self.wait(what, |event| is(&event.what).then_some(()));
    }
}
