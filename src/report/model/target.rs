//! How a service of the user's own was asked, and what of it was not understood.

use serde::{Deserialize, Serialize};

/// How a service of the user's own was asked in a run, and what of it was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLoad {
    /// Where load was sent: `127.0.0.1:8080`, or `unix:/run/service.sock`.
    pub addresses: Vec<String>,
    /// Connections that were open before the release.
    pub connections: u64,
    /// Of those, how many had to be opened again meanwhile.
    pub opened_again: u64,
    /// Claims of which only the last byte was left to send at the release.
    pub held: u64,
    /// Answers that no rule of the file was for.
    pub unclassified: Unclassified,
    /// Coupons in the ledger of nobody of this run.
    pub strangers: Strangers,
}

/// Answers that no rule was for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclassified {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub samples: Vec<AnswerSample>,
}

/// An answer, as far as it is shown; values of the environment are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSample {
    /// The status code.
    pub status: u16,
    /// The first headers, a line each.
    pub headers: Vec<String>,
    /// The beginning of the body.
    pub body: String,
}

/// Coupons of nobody of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strangers {
    /// How many.
    pub count: u64,
    /// The first users, as the ledger spells them.
    pub samples: Vec<String>,
}
