//! The words of a judgement.

use serde::{Deserialize, Serialize};

/// Of a strategy or a service against its promise. Every output uses these four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The promise was put to the test and kept.
    Holds,
    /// Coupons went wrong in a way that the promise does not cover.
    Finding,
    /// The promise was broken.
    Violated,
    /// The run proves nothing either way: never a pass.
    Inconclusive,
}

impl Verdict {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [
        Self::Violated,
        Self::Finding,
        Self::Inconclusive,
        Self::Holds,
    ];

    /// The word, the same in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Finding => "finding",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The ways in which coupons go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// More rows than the limit.
    OverIssue,
    /// Fewer rows than `min(limit, demand)`.
    UnderIssue,
    /// A user with more than one row.
    DuplicateUser,
    /// A coupon's code that more than one user has.
    DuplicateCode,
    /// Told yes, no row.
    Lost,
    /// A row, not told yes.
    Phantom,
    /// Told nothing, a row found: good news, but nobody told the user.
    Recovered,
}

impl FindingKind {
    /// For people.
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

/// What is known about work that was under way when the ledger was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// No work was under way: an empty queue proves it, or every claim ends before its answer.
    Proven,
    /// Nothing proves it: the ledger only stood still, or there is no way to ask. A coupon that is missing may still come.
    #[default]
    Unproven,
    /// Work was still under way: records that no consumer had committed, or attempts without an answer.
    Pending,
}
