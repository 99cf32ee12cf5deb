//! What the database holds, reconciled user by user with what each user was told. Counting rows alone sees none of it; where
//! nothing but a count is to be had, it says so.
//!
//! Pure: the rows come from [`crate::adapters`], the attempts from [`crate::engine::load`], the judgement is [`crate::judge::verdict`]'s.

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

/// The rules of the event, as far as the ledger is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Coupons.
    pub limit: u64,
    /// Whether a user who asks twice gets at most one.
    pub one_per_user: bool,
}

/// What was found, as exactly as the ledger can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ledger {
    /// Who has which coupon.
    ByUser(Reconciliation),
    /// How many coupons there are.
    ByCount(Counted),
    /// Nothing: there is what users were told, and no more.
    ToldOnly(Counted),
}

impl Ledger {
    /// Coupons; without a ledger, as many as users were told yes.
    pub fn issued(&self) -> u64 {
        match self {
            Self::ByUser(found) => found.issued,
            Self::ByCount(found) | Self::ToldOnly(found) => found.issued,
        }
    }

    /// Coupons that were asked for.
    pub fn demand(&self) -> u64 {
        match self {
            Self::ByUser(found) => found.demand,
            Self::ByCount(found) | Self::ToldOnly(found) => found.demand,
        }
    }

    /// Whose coupons they are, where that is known.
    pub fn by_user(&self) -> Option<&Reconciliation> {
        match self {
            Self::ByUser(found) => Some(found),
            Self::ByCount(_) | Self::ToldOnly(_) => None,
        }
    }
}

impl Ledger {
    /// With what is known of codes.
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

/// The difference between what is and what was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Rows.
    pub issued: u64,
    /// Coupons that were asked for: distinct users where one per user is promised, otherwise attempts.
    pub demand: u64,
    /// The users of the rows beyond the limit, in the order of the rows, one for each surplus coupon.
    pub over_issued: Vec<UserId>,
    /// Rows missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users with more than one row.
    pub duplicate_users: Vec<UserId>,
    /// Told yes, no row: one entry for each missing coupon.
    pub lost: Vec<UserId>,
    /// A row, not told yes: one entry for each coupon nobody knows of.
    pub phantom: Vec<UserId>,
    /// Told nothing, a row found: one entry for each coupon.
    pub recovered: Vec<UserId>,
    /// Codes that more than one user has; `None` where no code is known.
    pub shared_codes: Option<SharedCodes>,
}

/// What one user was told, and has.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    told_issued: u64,
    told_accepted: u64,
    told_nothing: u64,
    rows: u64,
}

/// Compares `rows` with `attempts`. All lists but `over_issued` are in the order of the users' numbers.
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

/// Only users who have a row, or could have one: 9,900 of 10,000 are told "sold out" and need no entry.
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
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn attempt((user, outcome): (u64, Outcome)) -> Attempt {
        Attempt {
            user: UserId(user),
            outcome,
            intended: Duration::ZERO,
            start: Duration::ZERO,
            answered: None,
            end: Some(Duration::ZERO),
        }
    }

    fn users(numbers: &[u64]) -> Vec<UserId> {
        numbers.iter().copied().map(UserId).collect()
    }

    fn reconciled(
        told: &[(u64, Outcome)],
        rows: &[u64],
        limit: u64,
        one_per_user: bool,
    ) -> Reconciliation {
        let attempts: Vec<_> = told.iter().copied().map(attempt).collect();
        reconcile(
            &attempts,
            &users(rows),
            Rules {
                limit,
                one_per_user,
            },
        )
    }

    #[test]
    fn a_good_run() {
        let told = [
            (1, Outcome::Issued),
            (2, Outcome::Issued),
            (3, Outcome::SoldOut),
        ];
        let result = reconciled(&told, &[2, 1], 2, true);
        let expected = Reconciliation {
            issued: 2,
            demand: 3,
            ..Reconciliation::default()
        };
        assert_eq!(result, expected);
    }

    #[test]
    fn the_surplus_is_named_in_the_order_of_the_rows() {
        let told = [
            (1, Outcome::Issued),
            (2, Outcome::Issued),
            (3, Outcome::Issued),
        ];
        assert_eq!(
            reconciled(&told, &[3, 1, 2], 1, false).over_issued,
            users(&[1, 2])
        );
    }

    #[test]
    fn told_yes_without_a_row_is_lost_and_counts_as_missing() {
        let told = [
            (1, Outcome::Issued),
            (2, Outcome::Issued),
            (3, Outcome::SoldOut),
        ];
        let result = reconciled(&told, &[1], 2, true);
        assert_eq!((result.lost, result.under_issued), (users(&[2]), 1));
    }

    #[test]
    fn a_row_after_no_or_an_error_is_a_phantom() {
        let told = [
            (1, Outcome::SoldOut),
            (2, Outcome::Failed),
            (3, Outcome::Duplicate),
        ];
        assert_eq!(
            reconciled(&told, &[1, 2, 3, 9], 9, false).phantom,
            users(&[1, 2, 3, 9])
        );
    }

    #[test]
    fn a_row_after_silence_is_recovered_and_only_the_next_one_is_a_phantom() {
        let result = reconciled(&[(1, Outcome::Indeterminate)], &[1, 1], 9, false);
        assert_eq!(
            (result.recovered, result.phantom),
            (users(&[1]), users(&[1]))
        );
        assert_eq!(result.duplicate_users, users(&[1]));
    }

    #[test]
    fn a_row_after_a_noted_is_as_it_should_be() {
        let told = [(1, Outcome::Accepted), (2, Outcome::Accepted)];
        let result = reconciled(&told, &[1], 1, true);
        let nothing = Reconciliation {
            issued: 1,
            demand: 2,
            ..Reconciliation::default()
        };
        assert_eq!(result, nothing);
    }

    #[test]
    fn demand_is_users_or_attempts() {
        let told = [
            (1, Outcome::Issued),
            (1, Outcome::Duplicate),
            (2, Outcome::Issued),
        ];
        assert_eq!(reconciled(&told, &[1, 2], 100, true).under_issued, 0);
        assert_eq!(reconciled(&told, &[1, 2], 100, false).under_issued, 1);
    }

    /// The same by crossing off: every row looks for a "yes" of its user, then for a "noted", then for a silence; what remains on either side
    /// is counted.
    fn by_crossing_off(
        told: &[(u64, Outcome)],
        rows: &[u64],
    ) -> (Vec<UserId>, Vec<UserId>, Vec<UserId>) {
        let mut open = told.to_vec();
        let mut left = Vec::new();
        let mut cross_off = |user: u64, outcome| {
            let found = open.iter().position(|entry| *entry == (user, outcome));
            found.map(|index| open.remove(index)).is_some()
        };
        for row in rows {
            if !cross_off(*row, Outcome::Issued) && !cross_off(*row, Outcome::Accepted) {
                left.push(*row);
            }
        }
        let (recovered, phantom): (Vec<u64>, Vec<u64>) = left
            .into_iter()
            .partition(|row| cross_off(*row, Outcome::Indeterminate));
        let lost = open
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Issued);
        let sorted = |mut numbers: Vec<u64>| {
            numbers.sort_unstable();
            users(&numbers)
        };
        (
            sorted(lost.map(|(user, _)| *user).collect()),
            sorted(phantom),
            sorted(recovered),
        )
    }

    proptest! {
        #[test]
        fn agrees_with_crossing_off(
            told in prop::collection::vec((1u64..8, any_outcome()), 0..30),
            rows in prop::collection::vec(1u64..9, 0..20),
            limit in 1u64..10,
            one_per_user: bool,
        ) {
            let result = reconciled(&told, &rows, limit, one_per_user);
            let (lost, phantom, recovered) = by_crossing_off(&told, &rows);
            prop_assert_eq!(&result.lost, &lost);
            prop_assert_eq!(&result.phantom, &phantom);
            prop_assert_eq!(&result.recovered, &recovered);
            prop_assert_eq!(result.over_issued.len() as u64, (rows.len() as u64).saturating_sub(limit));
            // Everything adds up: rows are explained, recovered or phantoms.
            let told_yes = told.iter().filter(|(_, outcome)| *outcome == Outcome::Issued).count();
            let noted = (1..9).map(|user| {
                let of = |wanted| told.iter().filter(|it| **it == (user, wanted)).count();
                let rows = rows.iter().filter(|row| **row == user).count();
                of(Outcome::Accepted).min(rows.saturating_sub(of(Outcome::Issued)))
            });
            let noted: usize = noted.sum();
            prop_assert_eq!(rows.len() + lost.len(), told_yes + noted + recovered.len() + phantom.len());
            let mut twice: Vec<u64> = (1..9).filter(|user| rows.iter().filter(|row| *row == user).count() > 1).collect();
            twice.sort_unstable();
            prop_assert_eq!(result.duplicate_users, users(&twice));
        }
    }
}
