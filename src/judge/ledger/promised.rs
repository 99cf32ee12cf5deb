//! The coupons that a ledger must have after all work is done: one for every response "issued", and those for responses "accepted"
//! up to the limit.

use std::collections::{BTreeMap, BTreeSet};

use super::Rules;
use crate::{
    model::outcome::{Attempt, Outcome},
    ports::UserId,
};

/// The coupons that the responses promise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promised {
    /// The number of responses "issued" to each user.
    told: BTreeMap<UserId, u64>,
    /// The total number of promised coupons.
    total: u64,
}

impl Promised {
    /// The promised coupons of these attempts. An accepted attempt is promised a coupon until the limit is reached.
    pub fn of(attempts: &[Attempt], rules: Rules) -> Self {
        let mut promised = Self::default();
        for attempt in attempts {
            if attempt.outcome == Outcome::Issued {
                *promised.told.entry(attempt.user).or_default() += 1;
            }
        }
        let told = promised.told.values().sum();
        promised.total = rules.limit.min(requested(attempts, rules)).max(told);
        promised
    }

    /// The total number of promised coupons.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of coupons that are missing from a ledger with the user of every coupon.
    pub fn missing_from(&self, rows: &[UserId]) -> u64 {
        let mut lacking = self.told.clone();
        for user in rows {
            if let Some(left) = lacking.get_mut(user) {
                *left = left.saturating_sub(1);
            }
        }
        let lost = lacking.values().sum();
        self.missing_from_count(rows.len() as u64).max(lost)
    }

    /// The number of coupons that are missing from a ledger with only a count.
    pub fn missing_from_count(&self, coupons: u64) -> u64 {
        self.total.saturating_sub(coupons)
    }
}

/// The number of coupons for attempts that were issued or accepted: at most one per user if the rules say so.
fn requested(attempts: &[Attempt], rules: Rules) -> u64 {
    let open = attempts
        .iter()
        .filter(|attempt| matches!(attempt.outcome, Outcome::Issued | Outcome::Accepted));
    if rules.one_per_user {
        let users: BTreeSet<_> = open.map(|attempt| attempt.user).collect();
        users.len() as u64
    } else {
        open.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::reconcile, *};

    fn attempts(told: &[(u64, Outcome)]) -> Vec<Attempt> {
        let attempt = |(user, outcome): &(u64, Outcome)| Attempt::immediate(*user, *outcome);
        told.iter().map(attempt).collect()
    }

    fn rules(limit: u64) -> Rules {
        Rules {
            limit,
            one_per_user: true,
        }
    }

    #[test]
    fn an_accepted_request_is_promised_a_coupon_up_to_the_limit() {
        let told: Vec<_> = (1..=5).map(|user| (user, Outcome::Accepted)).collect();
        assert_eq!(Promised::of(&attempts(&told), rules(3)).total(), 3);
        assert_eq!(Promised::of(&attempts(&told), rules(9)).total(), 5);
        let mixed = [(1, Outcome::Issued), (2, Outcome::Accepted)];
        assert_eq!(Promised::of(&attempts(&mixed), rules(9)).total(), 2);
        // A user with two accepted attempts gets one coupon.
        let twice = [(1, Outcome::Accepted), (1, Outcome::Accepted)];
        assert_eq!(Promised::of(&attempts(&twice), rules(9)).total(), 1);
    }

    #[test]
    fn coupons_of_other_users_do_not_make_up_for_a_missing_one() {
        let told = [(1, Outcome::Issued), (2, Outcome::Issued)];
        let promised = Promised::of(&attempts(&told), rules(9));
        assert_eq!(promised.missing_from(&[UserId(1), UserId(3)]), 1);
        assert_eq!(promised.missing_from(&[UserId(2), UserId(1)]), 0);
        assert_eq!(promised.missing_from_count(1), 1);
    }

    proptest! {
        /// Every lost coupon is a missing coupon.
        #[test]
        fn every_lost_coupon_is_missing(
            told in prop::collection::vec((1u64..8, super::super::any_outcome()), 0..30),
            rows in prop::collection::vec(1u64..9, 0..20),
        ) {
            let attempts = attempts(&told);
            let rows: Vec<_> = rows.iter().copied().map(UserId).collect();
            let missing = Promised::of(&attempts, rules(4)).missing_from(&rows);
            let lost = reconcile(&attempts, &rows, rules(4)).lost.len() as u64;
            prop_assert!(missing >= lost);
        }
    }
}
