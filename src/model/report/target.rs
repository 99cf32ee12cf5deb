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
    /// Requests that were sent again, as the service had certainly not processed them.
    #[serde(default)]
    pub sent_again: u64,
    /// Requests that had left when the service closed their connection, and got no byte of an answer: these attempts are
    /// indeterminate.
    #[serde(default)]
    pub closed_under: u64,
    /// HTTP/1.1 connections on which a request was sent and no answer ever came.
    #[serde(default)]
    pub never_answered: u64,
    /// Answers with the status 429.
    #[serde(default)]
    pub too_many_requests: u64,
    /// Answers with the status 403 that came after 20 others.
    #[serde(default)]
    pub forbidden_later: u64,
    /// The addresses that connections came from, where the target file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
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

impl Unclassified {
    /// Answers of which a sample is kept.
    pub const SAMPLES: usize = 3;

    /// Takes in those of another process.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        let room = Self::SAMPLES.saturating_sub(self.samples.len());
        let new = other.samples.into_iter();
        let new = new.filter(|sample| !self.samples.contains(sample));
        let new: Vec<_> = new.take(room).collect();
        self.samples.extend(new);
    }
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
