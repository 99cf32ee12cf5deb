//! The verdicts and the kinds of findings, the same in every output.

use serde::{Deserialize, Serialize};

/// The verdict on a strategy or a service against its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The run tested the promise, and the promise was kept.
    Holds,
    /// The reconciliation found an error that the promise does not cover.
    Finding,
    /// The run broke the promise.
    Violated,
    /// The run proves neither; it never counts as a pass.
    Inconclusive,
}

impl Verdict {
    /// All verdicts, the worst first.
    pub const ALL: [Self; 4] = [
        Self::Violated,
        Self::Finding,
        Self::Inconclusive,
        Self::Holds,
    ];

    /// The word for the verdict in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Finding => "finding",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The kinds of differences between the ledger, the limit and the responses to the users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// More rows than the limit.
    OverIssue,
    /// Fewer rows than `min(limit, demand)`.
    UnderIssue,
    /// A user with more than one row.
    DuplicateUser,
    /// A coupon code that more than one user has.
    DuplicateCode,
    /// The response was "issued", and the user has no row.
    Lost,
    /// The user has a row, and no response was "issued".
    Phantom,
    /// The attempt got no answer, and the user has a row.
    Recovered,
}

impl FindingKind {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverIssue => "over-issue",
            Self::UnderIssue => "under-issue",
            Self::DuplicateUser => "duplicate",
            Self::DuplicateCode => "duplicate code",
            Self::Lost => "lost",
            Self::Phantom => "phantom",
            Self::Recovered => "recovered",
        }
    }
}

/// Whether work was still in progress when the ledger was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// Proven: no work was in progress. An empty queue proves it, or every claim ends before its answer.
    Proven,
    /// Not proven: the ledger stopped changing, or its progress cannot be queried. A missing coupon may still come.
    #[default]
    Unproven,
    /// Work was in progress: records that no consumer had committed, or attempts without an answer.
    Pending,
}
