//! An interleaving as plain data: the steps of several actors in one order, their answers, and the step that broke a promise.
//!
//! An exploration finds interleavings, the trace of a run records them, and a replay follows a [`Token`].
//! [`crate::render::interleaving`] draws them all.

mod call;
mod history;
mod token;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use call::{Call, Command, Observation, Statement, user_name, user_names};
pub use history::{Ending, EventKind, HistoryEvent};
pub use token::{CallFault, MAX_CLAIMS, Move, TRIES, Token, TokenError};

/// The actor of a step. A diagram has one column for each actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// One attempt of a user, both numbered from 1.
    Claim {
        /// The user.
        user: u64,
        /// The number of the user's attempt.
        attempt: u32,
    },
    /// The member of the consumer group.
    Consumer,
}

impl Actor {
    /// The instance, from 0, that serves this actor. Instances take turns: neighbouring users, and the attempts of one user, go to
    /// different instances.
    pub fn instance(self, instances: usize) -> usize {
        let Self::Claim { user, attempt } = self else {
            return 0;
        };
        let turn = (user - 1) + u64::from(attempt - 1);
        usize::try_from(turn).unwrap_or(0) % instances
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim { user, attempt: 1 } => write!(f, "u{user}"),
            Self::Claim { user, attempt } => write!(f, "u{user}#{attempt}"),
            Self::Consumer => f.write_str("consumer"),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for Actor {
    type Err = String;

    /// `u1`, `u1#2`, `consumer`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "consumer" {
            return Ok(Self::Consumer);
        }
        let number = text
            .strip_prefix('u')
            .map(|number| match number.split_once('#') {
                Some((user, attempt)) => (user.parse(), attempt.parse()),
                None => (number.parse(), Ok(1)),
            });
        match number {
            Some((Ok(user), Ok(attempt))) => Ok(Self::Claim { user, attempt }),
            _ => Err(format!(
                "{text:?} is no actor, such as u1, u1#2 or consumer"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The mark of a step in a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// No mark.
    #[default]
    Plain,
    /// The value that was read here had changed before the actor used it.
    Stale,
    /// The call had to wait for another actor.
    Waits,
    /// A fault was injected here.
    Fault,
    /// The promise broke here.
    Broke,
}

/// One step: a call of a port, or a fault of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// The actor of the step; `None` for a fault of a service, such as a lease that ends.
    pub actor: Option<Actor>,
    /// The name: `SELECT count(*)`.
    pub name: String,
    /// The answer: `0`, `OK`, `no answer`.
    pub saw: Option<String>,
    /// The response to the user right after the step: `issued`, `sold out`.
    pub told: Option<String>,
    /// The mark.
    pub mark: Mark,
}

impl Step {
    /// `SELECT count(*) → 0`
    pub fn text(&self) -> String {
        match &self.saw {
            Some(saw) => format!("{} → {saw}", self.name),
            None => self.name.clone(),
        }
    }
}

/// An interleaving that can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interleaving {
    /// The title: `naive, 2 users, limit 1: over-issue`.
    pub title: String,
    /// The actors, in the order of their columns.
    pub actors: Vec<Actor>,
    /// The steps in the order in which they took effect.
    pub steps: Vec<Step>,
    /// The content of the database at the end: `2 rows (u2, u1), limit 1`.
    pub ledger: String,
    /// One sentence that explains the finding; empty without a finding.
    pub why: String,
    /// The token with which `replay` runs the schedule again.
    pub token: Option<String>,
}
