//! A history: port calls with their answers, crashes and faults of services, in one order.

use super::{Actor, Call, CallFault, Mark, Observation, Step, user_names};
use crate::model::outcome::Outcome;

/// An event of a history. A history is in the order in which its events took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEvent {
    /// The actor of the event; `None` for a fault of a service.
    pub actor: Option<Actor>,
    /// What happened.
    pub what: EventKind,
    /// How the actor ended, if it ended with this event.
    pub told: Option<Ending>,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// The actor made a call, and the service answered it.
    Called {
        /// The call.
        call: Call,
        /// The answer.
        saw: Observation,
        /// The fault that was injected into the call.
        fault: Option<CallFault>,
    },
    /// The actor made a call, and the call waits for another actor.
    Waits(Call),
    /// The actor crashed.
    Crash,
    /// All leases ended.
    LeasesEnd,
    /// Redis restarted and is empty.
    CacheRestarts,
}

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A claim ended with this outcome.
    Outcome(Outcome),
    /// A consumer failed or crashed, and starts again.
    StartsAgain,
}

impl Ending {
    /// The text in a diagram.
    pub fn text(self) -> &'static str {
        match self {
            Self::Outcome(Outcome::Issued) => "issued",
            Self::Outcome(Outcome::SoldOut) => "sold out",
            Self::Outcome(Outcome::Duplicate) => "duplicate",
            Self::Outcome(Outcome::Indeterminate) => "no answer",
            Self::Outcome(Outcome::Accepted) => "accepted",
            Self::Outcome(Outcome::Failed) => "error",
            Self::StartsAgain => "starts again",
        }
    }
}

impl EventKind {
    /// Whether it is an injected fault.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Called { fault: None, .. } | Self::Waits(_))
    }
}

impl HistoryEvent {
    /// The call and its answer, if the event is an answered call.
    pub fn called(&self) -> Option<(&Call, &Observation)> {
        match &self.what {
            EventKind::Called { call, saw, .. } => Some((call, saw)),
            _ => None,
        }
    }

    /// The step of a diagram.
    pub fn step(&self) -> Step {
        let own = self.actor != Some(Actor::Consumer);
        let (name, saw) = match &self.what {
            EventKind::Called { call, saw, fault } => {
                let saw = match fault {
                    Some(fault) => Some(went_wrong(*fault, saw)),
                    None => saw.text(),
                };
                (call.text(own), saw)
            }
            EventKind::Waits(call) => (call.text(own), Some("waits".to_owned())),
            EventKind::Crash => ("crash".to_owned(), None),
            EventKind::LeasesEnd => ("all leases end".to_owned(), None),
            EventKind::CacheRestarts => ("Redis restarts, empty".to_owned(), None),
        };
        Step {
            actor: self.actor,
            name,
            saw,
            told: self.told.map(|told| told.text().to_owned()),
            mark: match &self.what {
                EventKind::Waits(_) => Mark::Waits,
                what if what.is_fault() => Mark::Fault,
                _ => Mark::Plain,
            },
        }
    }
}

fn went_wrong(fault: CallFault, saw: &Observation) -> String {
    match (fault, saw) {
        (CallFault::Refused, _) => "refused".to_owned(),
        (CallFault::NoAnswer, _) => "no answer, and nothing happened".to_owned(),
        (CallFault::AnswerLost, _) => "no answer, but it happened".to_owned(),
        (CallFault::Undelivered, _) => "accepted, later given up by the broker".to_owned(),
        (CallFault::Repeated, Observation::Records(users)) => {
            format!("{} again", user_names(users))
        }
        (CallFault::Repeated, _) => "again".to_owned(),
    }
}
