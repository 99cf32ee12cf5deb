//! Reconciliation where nobody can say whose coupons they are: numbers, each of them the least that must be so.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{Rules, SharedCodes, demand};
use crate::{
    model::outcome::{Attempt, Outcome},
    ports::UserId,
};

/// The difference between how many coupons there are and what was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Coupons.
    pub issued: u64,
    /// Coupons that were asked for: distinct users where one per user is promised, otherwise attempts.
    pub demand: u64,
    /// Coupons beyond the limit.
    pub over_issued: u64,
    /// Coupons missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users who were told yes more than once.
    pub duplicate_users: Vec<UserId>,
    /// At least so many were told yes and have none.
    pub lost: u64,
    /// At least so many have one and were not told yes.
    pub phantom: u64,
    /// At most so many were told nothing and have one.
    pub recovered: u64,
    /// Codes that more than one user was given; `None` where no code is known.
    pub shared_codes: Option<SharedCodes>,
}

/// Compares the number of coupons with `attempts`. Errors that cancel each other out in the sum stay unseen.
pub fn reconcile_count(attempts: &[Attempt], issued: u64, rules: Rules) -> Counted {
    let ended = |outcome| times(attempts, outcome);
    let told = ended(Outcome::Issued);
    let unexplained = issued.saturating_sub(told + ended(Outcome::Accepted));
    let recovered = unexplained.min(ended(Outcome::Indeterminate));
    Counted {
        lost: told.saturating_sub(issued),
        phantom: unexplained - recovered,
        recovered,
        ..beyond(attempts, issued, rules)
    }
}

/// The same where the number lies in a range: what users were told decides within it, as nothing else can.
pub fn reconcile_range(
    attempts: &[Attempt],
    issued: &RangeInclusive<u64>,
    rules: Rules,
) -> Counted {
    let told = times(attempts, Outcome::Issued);
    let issued = told.clamp(*issued.start(), *issued.end());
    reconcile_count(attempts, issued, rules)
}

/// What was said alone: as if there were a coupon behind every yes.
pub fn told_only(attempts: &[Attempt], rules: Rules) -> Counted {
    beyond(attempts, times(attempts, Outcome::Issued), rules)
}

/// What `issued` coupons are against the limit, and who was told yes twice.
fn beyond(attempts: &[Attempt], issued: u64, rules: Rules) -> Counted {
    let demand = demand(attempts, rules.one_per_user);
    Counted {
        issued,
        demand,
        over_issued: issued.saturating_sub(rules.limit),
        under_issued: rules.limit.min(demand).saturating_sub(issued),
        duplicate_users: told_twice(attempts),
        ..Counted::default()
    }
}

fn times(attempts: &[Attempt], outcome: Outcome) -> u64 {
    let ended = attempts.iter().filter(|attempt| attempt.outcome == outcome);
    ended.count() as u64
}

fn told_twice(attempts: &[Attempt]) -> Vec<UserId> {
    let mut told: BTreeMap<UserId, u64> = BTreeMap::new();
    for attempt in attempts {
        if attempt.outcome == Outcome::Issued {
            *told.entry(attempt.user).or_default() += 1;
        }
    }
    let twice = told.into_iter().filter(|(_, times)| *times > 1);
    twice.map(|(user, _)| user).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{super::reconcile, *};

    fn attempts(told: &[(u64, Outcome)]) -> Vec<Attempt> {
        let attempt = |(user, outcome): &(u64, Outcome)| Attempt {
            user: UserId(*user),
            outcome: *outcome,
            intended: Duration::ZERO,
            start: Duration::ZERO,
            answered: None,
            end: Some(Duration::ZERO),
        };
        told.iter().map(attempt).collect()
    }

    const RULES: Rules = Rules {
        limit: 2,
        one_per_user: true,
    };

    #[test]
    fn a_stock_below_zero_accuses_nobody_of_what_was_not_said() {
        let told = |yeses: u64| {
            let told: Vec<_> = (1..=yeses).map(|user| (user, Outcome::Issued)).collect();
            attempts(&told)
        };
        // Refusals count down as well: two were told yes, and the stock of two is at -9.
        let refused = reconcile_range(&told(2), &(2..=11), RULES);
        assert_eq!(
            (refused.issued, refused.over_issued, refused.lost),
            (2, 0, 0)
        );
        // Three were told yes.
        let surplus = reconcile_range(&told(3), &(2..=3), RULES);
        assert_eq!(
            (surplus.issued, surplus.over_issued, surplus.lost),
            (3, 1, 0)
        );
        // The stock says that all are gone, and only one was told yes.
        let phantom = reconcile_range(&told(1), &(2..=2), RULES);
        assert_eq!((phantom.issued, phantom.phantom), (2, 1));
    }

    #[test]
    fn three_yeses_and_one_coupon_are_two_lost() {
        let told = [1, 2, 3].map(|user| (user, Outcome::Issued));
        let found = reconcile_count(&attempts(&told), 1, RULES);
        assert_eq!((found.lost, found.phantom, found.under_issued), (2, 0, 1));
    }

    #[test]
    fn coupons_without_a_yes_are_explained_by_silence_first() {
        let told = [
            (1, Outcome::Issued),
            (2, Outcome::Accepted),
            (3, Outcome::Indeterminate),
            (4, Outcome::SoldOut),
        ];
        let found = reconcile_count(&attempts(&told), 4, RULES);
        assert_eq!(
            (found.over_issued, found.recovered, found.phantom),
            (2, 1, 1)
        );
    }

    #[test]
    fn without_a_ledger_every_yes_is_a_coupon() {
        let told = [
            (1, Outcome::Issued),
            (1, Outcome::Issued),
            (2, Outcome::Issued),
            (3, Outcome::SoldOut),
        ];
        let found = told_only(&attempts(&told), RULES);
        assert_eq!((found.issued, found.over_issued, found.lost), (3, 1, 0));
        assert_eq!(found.duplicate_users, [UserId(1)]);
    }

    proptest! {
        /// A count never accuses where the users themselves would not.
        #[test]
        fn a_count_sees_no_more_than_the_users_do(
            told in prop::collection::vec((1u64..8, super::super::any_outcome()), 0..30),
            rows in prop::collection::vec(1u64..9, 0..20),
        ) {
            let attempts = attempts(&told);
            let users: Vec<_> = rows.iter().copied().map(UserId).collect();
            let by_user = reconcile(&attempts, &users, RULES);
            let by_count = reconcile_count(&attempts, rows.len() as u64, RULES);
            prop_assert!(by_count.lost <= by_user.lost.len() as u64);
            prop_assert!(by_count.phantom <= by_user.phantom.len() as u64);
            prop_assert_eq!(by_count.over_issued, by_user.over_issued.len() as u64);
            prop_assert_eq!(by_count.under_issued, by_user.under_issued);
        }
    }
}
