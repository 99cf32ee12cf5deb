//! The responses to the users, and the ledger reconciled with them.

use serde::{Deserialize, Serialize};

use super::FindingKind;

/// The number of attempts by outcome. The six outcomes add up to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCounts {
    /// All attempts.
    pub total: u64,
    /// The response was "issued".
    pub issued: u64,
    /// The response was "sold out".
    pub sold_out: u64,
    /// The response was "duplicate".
    pub duplicate: u64,
    /// An error that cannot have issued a coupon by itself.
    pub failed: u64,
    /// No answer in time, or an error after which a coupon may or may not be issued.
    pub indeterminate: u64,
    /// The response was "accepted": the decision comes later.
    #[serde(default)]
    pub accepted: u64,
}

impl AttemptCounts {
    /// The attempts without a decision.
    pub fn undecided(&self) -> Undecided {
        let attempts = self.failed.saturating_add(self.indeterminate);
        Undecided {
            attempts,
            share: (self.total > 0).then(|| attempts as f64 / self.total as f64),
        }
    }
}

/// Attempts without a decision: they failed or are indeterminate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Undecided {
    /// The number of these attempts.
    pub attempts: u64,
    /// Their share of all attempts, 0 to 1; null without attempts.
    pub share: Option<f64>,
}

/// An error and how often it occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The step and the message of the service.
    pub message: String,
    /// How often it occurred.
    pub count: u64,
}

/// What is known of the coupons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The ledger names the user of each coupon.
    #[default]
    Users,
    /// The ledger has only the number of coupons. The numbers of lost and phantom coupons are lower bounds.
    Count,
    /// There is no ledger. Only the responses are known.
    Told,
}

/// The ledger, reconciled with the responses by user. An unknown number is null, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    /// What is known of the coupons.
    #[serde(default)]
    pub basis: Basis,
    /// Rows of the ledger; null if the ledger could not be read or does not exist.
    pub issued: Option<u64>,
    /// Rows beyond the limit. Null if there are none and work was still in progress.
    pub over_issued: Option<u64>,
    /// Rows missing from `min(limit, demand)`. Null if a missing row may still come.
    pub under_issued: Option<u64>,
    /// Users with more than one row. Null if there are none and work was still in progress.
    pub duplicate_users: Option<u64>,
    /// Coupon codes that more than one user has; null if no code is known.
    #[serde(default)]
    pub duplicate_codes: Option<u64>,
    /// Coupons with the response "issued" and no row. Null if a missing row may still come.
    pub lost: Option<u64>,
    /// Rows without the response "issued". Null if there are none and work was still in progress.
    pub phantom: Option<u64>,
    /// Rows of attempts without an answer. Null if there are none and work was still in progress.
    pub recovered: Option<u64>,
    /// Whether the work was done when the rows were read: true if that is proven, false if work was in progress, null if it is
    /// unknown.
    pub drained: Option<bool>,
}

impl LedgerCounts {
    /// Whether more rows than the limit are known.
    pub fn is_over_issued(&self) -> bool {
        self.over_issued > Some(0)
    }

    /// Whether lost coupons are known.
    pub fn is_lossy(&self) -> bool {
        self.lost > Some(0)
    }

    /// Whether the number of rows can still grow.
    pub fn may_grow(&self) -> bool {
        match self.drained {
            Some(drained) => !drained,
            // It is unknown whether the work was done; a missing row may still come.
            None => self.under_issued.is_none() || self.lost.is_none(),
        }
    }
}

/// A finding of the reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The number of coupons (for `duplicate_user`: of users; for `duplicate_code`: of codes).
    pub count: u64,
    /// The numbers of the first [`Finding::MAX_USERS`] affected users; empty if the users are unknown.
    pub users: Vec<u64>,
}

impl Finding {
    /// The most users that a finding names.
    pub const MAX_USERS: usize = 20;
}

/// Whether users were served in the order of arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fairness {
    /// Users who got a coupon although their attempt started after another user's response "sold out".
    pub inversions: u64,
}
