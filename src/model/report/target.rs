//! The load on a service from a target file, and its unclassified answers.

use serde::{Deserialize, Serialize};

/// The load of a run on a service from a target file, and the service's unclassified answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLoad {
    /// The addresses that received the load: `127.0.0.1:8080`, or `unix:/run/service.sock`.
    pub addresses: Vec<String>,
    /// Connections that were open before the release.
    pub connections: u64,
    /// Connections that had to be opened again during the load.
    pub opened_again: u64,
    /// Requests that were sent again because the service had certainly not processed them.
    #[serde(default)]
    pub sent_again: u64,
    /// Requests whose connection the service closed before the first byte of an answer: these attempts are indeterminate.
    #[serde(default)]
    pub closed_under: u64,
    /// HTTP/1.1 connections on which a request was sent and no answer came.
    #[serde(default)]
    pub never_answered: u64,
    /// Answers with the status 429.
    #[serde(default)]
    pub too_many_requests: u64,
    /// Answers with the status 403 after 20 answers with other statuses.
    #[serde(default)]
    pub forbidden_later: u64,
    /// The source addresses of the connections, if the target file sets them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Claims that were sent up to their last byte before the release.
    pub held: u64,
    /// Answers that match no rule of the target file.
    pub unclassified: Unclassified,
    /// Coupons in the ledger whose user is no user of this run.
    pub strangers: Strangers,
}

/// Answers that match no rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclassified {
    /// Their number.
    pub count: u64,
    /// The first of these answers.
    pub samples: Vec<AnswerSample>,
}

impl Unclassified {
    /// The most samples that are kept.
    pub const SAMPLES: usize = 3;

    /// Adds those of another process.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        let room = Self::SAMPLES.saturating_sub(self.samples.len());
        let new = other.samples.into_iter();
        let new = new.filter(|sample| !self.samples.contains(sample));
        let new: Vec<_> = new.take(room).collect();
        self.samples.extend(new);
    }
}

/// The beginning of an answer. Values of environment variables are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSample {
    /// The status code.
    pub status: u16,
    /// The first headers, one line each.
    pub headers: Vec<String>,
    /// The beginning of the body.
    pub body: String,
}

/// Coupons in the ledger whose user is no user of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strangers {
    /// Their number.
    pub count: u64,
    /// The first of these users, as the ledger writes them.
    pub samples: Vec<String>,
}
