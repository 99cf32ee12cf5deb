//! Reconciles the rows of the database with the responses, user by user. A count of rows alone cannot show lost or phantom
//! coupons; a ledger that has only a count is reconciled as [`Ledger::ByCount`].
//!
//! Pure functions: the rows come from [`crate::adapters`] and the attempts from [`crate::engine::load`].
//! [`crate::judge::verdict`] judges the result.

mod codes;
mod counted;
mod promised;

use std::collections::BTreeMap;

pub use codes::{SharedCodes, shared_codes};
pub use counted::{Counted, reconcile_count, reconcile_range, told_only};
pub use promised::Promised;

use crate::{
    model::outcome::{Attempt, Outcome},
    ports::UserId,
};

/// The rules of the event for the reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The number of coupons.
    pub limit: u64,
    /// Whether a user who asks twice gets at most one coupon.
    pub one_per_user: bool,
}

/// A reconciled ledger, by what is known of the coupons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ledger {
    /// The ledger names the user of each coupon.
    ByUser(Reconciliation),
    /// The ledger has only the number of coupons.
    ByCount(Counted),
    /// There is no ledger. Only the responses are known.
    ToldOnly(Counted),
}

impl Ledger {
    /// The number of coupons; without a ledger, the number of responses "issued".
    pub fn issued(&self) -> u64 {
        match self {
            Self::ByUser(found) => found.issued,
            Self::ByCount(found) | Self::ToldOnly(found) => found.issued,
        }
    }

    /// The demand: the number of coupons that users asked for.
    pub fn demand(&self) -> u64 {
        match self {
            Self::ByUser(found) => found.demand,
            Self::ByCount(found) | Self::ToldOnly(found) => found.demand,
        }
    }

    /// The reconciliation by user, if the ledger names the users.
    pub fn by_user(&self) -> Option<&Reconciliation> {
        match self {
            Self::ByUser(found) => Some(found),
            Self::ByCount(_) | Self::ToldOnly(_) => None,
        }
    }
}

impl Ledger {
    /// Adds the shared codes.
    #[must_use]
    pub fn with_codes(mut self, shared: Option<SharedCodes>) -> Self {
        match &mut self {
            Self::ByUser(found) => found.shared_codes = shared,
            Self::ByCount(found) | Self::ToldOnly(found) => found.shared_codes = shared,
        }
        self
    }
}

impl From<Reconciliation> for Ledger {
    fn from(found: Reconciliation) -> Self {
        Self::ByUser(found)
    }
}

/// The differences between the rows and the responses, by user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// The number of rows.
    pub issued: u64,
    /// The demand: the number of distinct users if one coupon per user is promised, otherwise the number of attempts.
    pub demand: u64,
    /// The users of the rows beyond the limit, in the order of the rows, one entry for each over-issued coupon.
    pub over_issued: Vec<UserId>,
    /// Rows missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users with more than one row.
    pub duplicate_users: Vec<UserId>,
    /// Users with more responses "issued" than rows, one entry for each lost coupon.
    pub lost: Vec<UserId>,
    /// Users with a row that no response explains, one entry for each phantom coupon.
    pub phantom: Vec<UserId>,
    /// Users with a row and an attempt without an answer, one entry for each coupon.
    pub recovered: Vec<UserId>,
    /// Codes that more than one user has; `None` if no code is known.
    pub shared_codes: Option<SharedCodes>,
}

/// The number of responses to one user and of rows of the user.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    told_issued: u64,
    told_accepted: u64,
    told_nothing: u64,
    rows: u64,
}

/// Reconciles `rows` with `attempts`. All lists except `over_issued` are in the order of the users' numbers.
pub fn reconcile(attempts: &[Attempt], rows: &[UserId], rules: Rules) -> Reconciliation {
    let tallies = tally(attempts, rows);
    let issued = rows.len() as u64;
    let demand = demand(attempts, rules.one_per_user);
    let limit = usize::try_from(rules.limit).unwrap_or(usize::MAX);
    let mut result = Reconciliation {
        issued,
        demand,
        over_issued: rows.iter().skip(limit).copied().collect(),
        under_issued: rules.limit.min(demand).saturating_sub(issued),
        ..Reconciliation::default()
    };
    for (&user, tally) in &tallies {
        let unexplained = tally
            .rows
            .saturating_sub(tally.told_issued + tally.told_accepted);
        let recovered = unexplained.min(tally.told_nothing);
        if tally.rows > 1 {
            result.duplicate_users.push(user);
        }
        repeat(
            &mut result.lost,
            user,
            tally.told_issued.saturating_sub(tally.rows),
        );
        repeat(&mut result.recovered, user, recovered);
        repeat(&mut result.phantom, user, unexplained - recovered);
    }
    result
}

fn repeat(list: &mut Vec<UserId>, user: UserId, times: u64) {
    list.extend((0..times).map(|_| user));
}

/// A tally for each user who has a row or could have one. Most users get the response "sold out" and need no entry.
fn tally(attempts: &[Attempt], rows: &[UserId]) -> BTreeMap<UserId, Tally> {
    let mut tallies: BTreeMap<UserId, Tally> = BTreeMap::new();
    for attempt in attempts {
        match attempt.outcome {
            Outcome::Issued => tallies.entry(attempt.user).or_default().told_issued += 1,
            Outcome::Accepted => tallies.entry(attempt.user).or_default().told_accepted += 1,
            Outcome::Indeterminate => tallies.entry(attempt.user).or_default().told_nothing += 1,
            Outcome::SoldOut | Outcome::Duplicate | Outcome::Failed => {}
        }
    }
    for user in rows {
        tallies.entry(*user).or_default().rows += 1;
    }
    tallies
}

fn demand(attempts: &[Attempt], one_per_user: bool) -> u64 {
    if !one_per_user {
        return attempts.len() as u64;
    }
    let mut users: Vec<_> = attempts.iter().map(|attempt| attempt.user).collect();
    users.sort_unstable();
    users.dedup();
    users.len() as u64
}

#[cfg(test)]
fn any_outcome() -> impl proptest::strategy::Strategy<Value = Outcome> {
    proptest::sample::select(Outcome::ALL.to_vec())
}

#[cfg(test)]
mod tests;
