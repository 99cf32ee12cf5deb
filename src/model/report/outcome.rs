//! What users were told, and what the ledger says of it.

use serde::{Deserialize, Serialize};

use super::FindingKind;

/// What users were told; the six outcomes add up to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCounts {
    /// Attempts made.
    pub total: u64,
    /// "The coupon is yours."
    pub issued: u64,
    /// "All coupons are gone."
    pub sold_out: u64,
    /// "You have asked before."
    pub duplicate: u64,
    /// An error that cannot have issued a coupon by itself.
    pub failed: u64,
    /// No answer in time, or an error that leaves open whether a coupon was issued.
    pub indeterminate: u64,
    /// "Your request is noted." Whether there is a coupon shows later.
    #[serde(default)]
    pub accepted: u64,
}

impl AttemptCounts {
    /// Those that were never decided.
    pub fn undecided(&self) -> Undecided {
        let attempts = self.failed.saturating_add(self.indeterminate);
        Undecided {
            attempts,
            share: (self.total > 0).then(|| attempts as f64 / self.total as f64),
        }
    }
}

/// Attempts that were neither given nor refused a coupon: they failed, or nothing is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Undecided {
    /// How many.
    pub attempts: u64,
    /// Of the attempts made, 0 to 1; null where none was made.
    pub share: Option<f64>,
}

/// An error and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The step and the service's words.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What a ledger can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Whose coupons they are: everything is known by user.
    #[default]
    Users,
    /// How many there are: what is lost or phantom is at least so much.
    Count,
    /// Nothing: what users were told is all there is.
    Told,
}

/// What the database holds, reconciled by user with what they were told. What is not known is null, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    /// What the ledger can tell.
    #[serde(default)]
    pub basis: Basis,
    /// Rows that were read; null if the ledger could not be read, and where there is none.
    pub issued: Option<u64>,
    /// Rows beyond the limit. Null if there are none so far and work was still under way.
    pub over_issued: Option<u64>,
    /// Rows missing from `min(limit, demand)`. Null if some are missing that may still come.
    pub under_issued: Option<u64>,
    /// Users with more than one row. Null if there are none so far and work was still under way.
    pub duplicate_users: Option<u64>,
    /// Codes of coupons that more than one user has; null where no code is known.
    #[serde(default)]
    pub duplicate_codes: Option<u64>,
    /// Told yes, no row. Null if some are missing that may still come.
    pub lost: Option<u64>,
    /// A row, not told yes. Null if there are none so far and work was still under way.
    pub phantom: Option<u64>,
    /// Told nothing, a row found. Null if there are none so far and work was still under way.
    pub recovered: Option<u64>,
    /// Whether no work was under way when the rows were read: true if that is proven, false if some was, null if nothing can
    /// tell.
    pub drained: Option<bool>,
}

impl LedgerCounts {
    /// Whether there are more rows than the limit, as far as is known.
    pub fn is_over_issued(&self) -> bool {
        self.over_issued > Some(0)
    }

    /// Whether coupons are lost, as far as is known.
    pub fn is_lossy(&self) -> bool {
        self.lost > Some(0)
    }

    /// Whether the numbers of rows can still grow.
    pub fn may_grow(&self) -> bool {
        match self.drained {
            Some(drained) => !drained,
            // Nothing can tell; but where something is missing, something may come.
            None => self.under_issued.is_none() || self.lost.is_none(),
        }
    }
}

/// Something that the reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How many coupons (for `duplicate_user`: users; for `duplicate_code`: codes).
    pub count: u64,
    /// The first of the users concerned, by id, at most [`Finding::MAX_USERS`]; empty where none can be named.
    pub users: Vec<u64>,
}

impl Finding {
    /// How many users a finding names.
    pub const MAX_USERS: usize = 20;
}

/// Whether those who came first were served first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fairness {
    /// Users who got a coupon although they only started after somebody else had been told "sold out".
    pub inversions: u64,
}
