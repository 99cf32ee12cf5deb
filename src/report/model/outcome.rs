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

/// What the database holds, reconciled by user with what they were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    /// What the ledger can tell.
    #[serde(default)]
    pub basis: Basis,
    /// Rows; null if the ledger could not be read.
    pub issued: Option<u64>,
    /// Rows beyond the limit.
    pub over_issued: u64,
    /// Rows missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users with more than one row.
    pub duplicate_users: u64,
    /// Told yes, no row.
    pub lost: u64,
    /// A row, not told yes.
    pub phantom: u64,
    /// Told nothing, a row found.
    pub recovered: u64,
    /// Whether the pipeline was empty when the rows were read.
    pub drained: bool,
}

impl LedgerCounts {
    /// Whether the ledger could be read. Where it could not, all counts are 0 and none of them is known.
    pub fn is_known(&self) -> bool {
        self.issued.is_some()
    }
}

/// Something that the reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How many coupons (for `duplicate_user`: users).
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
