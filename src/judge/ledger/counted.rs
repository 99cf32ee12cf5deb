//! Reconciliation of a ledger that has only a number of coupons. The numbers of lost and phantom coupons are lower bounds.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{Rules, SharedCodes, demand};
use crate::{
    model::outcome::{Attempt, Outcome},
    ports::UserId,
};

/// The differences between the number of coupons and the responses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// The number of coupons.
    pub issued: u64,
    /// The demand: the number of distinct users if one coupon per user is promised, otherwise the number of attempts.
    pub demand: u64,
    /// Coupons beyond the limit.
    pub over_issued: u64,
    /// Coupons missing from `min(limit, demand)`.
    pub under_issued: u64,
    /// Users with more than one response "issued".
    pub duplicate_users: Vec<UserId>,
    /// The least number of responses "issued" without a coupon.
    pub lost: u64,
    /// The least number of coupons that no response explains.
    pub phantom: u64,
    /// The largest number of attempts without an answer that have a coupon.
    pub recovered: u64,
    /// Codes that more than one user has; `None` if no code is known.
    pub shared_codes: Option<SharedCodes>,
}

/// Reconciles the number of coupons with `attempts`. Differences that cancel each other in the sum are not found.
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

/// The same for a number within a range. The number of responses "issued" selects the number within the range.
pub fn reconcile_range(
    attempts: &[Attempt],
    issued: &RangeInclusive<u64>,
    rules: Rules,
) -> Counted {
    let told = times(attempts, Outcome::Issued);
    let issued = told.clamp(*issued.start(), *issued.end());
    reconcile_count(attempts, issued, rules)
}

/// Reconciles the responses alone, as if every response "issued" had a coupon.
pub fn told_only(attempts: &[Attempt], rules: Rules) -> Counted {
    beyond(attempts, times(attempts, Outcome::Issued), rules)
}

/// Compares `issued` coupons with the limit, and finds users with two responses "issued".
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
    use proptest::prelude::*;

    use super::{super::reconcile, *};

    fn attempts(told: &[(u64, Outcome)]) -> Vec<Attempt> {
        let attempt = |(user, outcome): &(u64, Outcome)| Attempt::immediate(*user, *outcome);
        told.iter().map(attempt).collect()
    }

    const RULES: Rules = Rules {
        limit: 2,
        one_per_user: true,
    };

    #[test]
    fn a_stock_below_zero_is_an_over_issue_only_with_enough_issued_responses() {
        let told = |yeses: u64| {
            let told: Vec<_> = (1..=yeses).map(|user| (user, Outcome::Issued)).collect();
            attempts(&told)
        };
        // Refused attempts decrement the stock as well: two responses are "issued", and the stock of 2 is at -9.
        let refused = reconcile_range(&told(2), &(2..=11), RULES);
        assert_eq!(
            (refused.issued, refused.over_issued, refused.lost),
            (2, 0, 0)
        );
        // Three responses are "issued".
        let surplus = reconcile_range(&told(3), &(2..=3), RULES);
        assert_eq!(
            (surplus.issued, surplus.over_issued, surplus.lost),
            (3, 1, 0)
        );
        // The stock is 0, and only one response is "issued".
        let phantom = reconcile_range(&told(1), &(2..=2), RULES);
        assert_eq!((phantom.issued, phantom.phantom), (2, 1));
    }

    #[test]
    fn three_issued_responses_and_one_coupon_are_two_lost_coupons() {
        let told = [1, 2, 3].map(|user| (user, Outcome::Issued));
        let found = reconcile_count(&attempts(&told), 1, RULES);
        assert_eq!((found.lost, found.phantom, found.under_issued), (2, 0, 1));
    }

    #[test]
    fn attempts_without_an_answer_explain_coupons_before_they_are_phantoms() {
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
    fn without_a_ledger_every_issued_response_is_a_coupon() {
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
        /// A reconciliation by count finds no more than one by user.
        #[test]
        fn a_count_finds_no_more_than_the_users(
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
