//! What happened, one thing after the other: the calls with what came back, and what happened to the world.

use super::{Actor, Call, CallFault, Mark, Observation, Step, user_names};
use crate::model::outcome::Outcome;

/// Something that happened. A history is in the order in which things took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// To whom, or by whom; `None` is the world outside of the program.
    pub actor: Option<Actor>,
    /// What.
    pub what: What,
    /// How it ended for the actor with it, if it did.
    pub told: Option<Told>,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A call was made, and answered.
    Called {
        /// Which.
        call: Call,
        /// What came back.
        saw: Observation,
        /// What was made to go wrong with it.
        fault: Option<CallFault>,
    },
    /// A call was made, and has to wait for somebody.
    Waits(Call),
    /// The actor ended where it stood.
    Crash,
    /// All leases were over.
    LeasesEnd,
    /// Redis came back empty.
    CacheRestarts,
}

/// How it ended for an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A claim.
    Outcome(Outcome),
    /// A consumer that failed or crashed.
    StartsAgain,
}

impl Told {
    /// For people.
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

impl What {
    /// Whether it was made to go wrong.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Called { fault: None, .. } | Self::Waits(_))
    }
}

impl Happened {
    /// The call that was answered, and what came back.
    pub fn called(&self) -> Option<(&Call, &Observation)> {
        match &self.what {
            What::Called { call, saw, .. } => Some((call, saw)),
            _ => None,
        }
    }

    /// As it is drawn.
    pub fn step(&self) -> Step {
        let own = self.actor != Some(Actor::Consumer);
        let (name, saw) = match &self.what {
            What::Called { call, saw, fault } => {
                let saw = match fault {
                    Some(fault) => Some(went_wrong(*fault, saw)),
                    None => saw.text(),
                };
                (call.text(own), saw)
            }
            What::Waits(call) => (call.text(own), Some("waits".to_owned())),
            What::Crash => ("crash".to_owned(), None),
            What::LeasesEnd => ("all leases end".to_owned(), None),
            What::CacheRestarts => ("Redis restarts, empty".to_owned(), None),
        };
        Step {
            actor: self.actor,
            name,
            saw,
            told: self.told.map(|told| told.text().to_owned()),
            mark: match &self.what {
                What::Waits(_) => Mark::Waits,
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
