//! An interleaving as plain data: who made which step, what it saw, and where a promise broke.
//!
//! Neutral on purpose: the exploration finds interleavings, a trace of a live run records them, a replay follows a [`Token`], and
//! [`crate::render::interleaving`] draws all of them alike.

mod call;
mod history;
mod token;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use call::{Call, Command, Observation, Statement, user_name, user_names};
pub use history::{Happened, Told, What};
pub use token::{CallFault, MAX_CLAIMS, Move, TRIES, Token, TokenError};

/// Whose steps stand in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// One attempt of a user, both numbered from 1.
    Claim {
        /// The user.
        user: u64,
        /// Which of the user's attempts.
        attempt: u32,
    },
    /// The member of the consumer group.
    Consumer,
}

impl Actor {
    /// Which of so many instances serves it, from 0. As from a load balancer in turn: neighbours, and the clicks of one user,
    /// land on different ones.
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

/// What is special about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Nothing.
    #[default]
    Plain,
    /// What was seen here was no longer true when it was acted upon.
    Stale,
    /// It had to wait for somebody.
    Waits,
    /// Something was made to go wrong here.
    Fault,
    /// Here the promise broke.
    Broke,
}

/// One step: a call of a port, or something that happened to the world.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// Whose step; `None` for an event outside of the program, such as a lease that ends.
    pub actor: Option<Actor>,
    /// As on a slide: `SELECT count(*)`.
    pub name: String,
    /// What came back: `0`, `OK`, `no answer`.
    pub saw: Option<String>,
    /// What the user was told right after it: `issued`, `sold out`.
    pub told: Option<String>,
    /// What is special about it.
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

/// A whole interleaving, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interleaving {
    /// What it shows: `naive, 2 users, limit 1: over-issue`.
    pub title: String,
    /// One column each, in this order.
    pub actors: Vec<Actor>,
    /// In the order in which they took effect.
    pub steps: Vec<Step>,
    /// What the database holds at the end: `2 rows (u2, u1), limit 1`.
    pub ledger: String,
    /// One sentence that says why it went wrong; empty where nothing did.
    pub why: String,
    /// How to play it again.
    pub token: Option<String>,
}
