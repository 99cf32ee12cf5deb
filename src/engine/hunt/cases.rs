//! The situations in which two requests meet.

use crate::model::hunt::HuntCase;

/// The cases of a hunt, the simplest first. `limit` is the limit of the cases in which coupons are given out before. A service that allows
/// a user several coupons is not hunted with one user.
///
/// If the setup cannot set the limit of the event, `limit` is the limit of all cases.
///
/// One user who asks twice needs two coupons that are left: with one left, a second coupon would also be an over-issue, which the case of
/// two users finds.
pub fn cases(limit: u64, one_per_user: bool, sets_limit: bool) -> Vec<HuntCase> {
    let two = |limit, given| HuntCase {
        same_user: false,
        limit,
        given,
    };
    let same = |limit, given| HuntCase {
        same_user: true,
        limit,
        given,
    };
    if !sets_limit {
        let mut all = vec![two(limit, limit - 1)];
        if one_per_user {
            all.push(same(limit, limit.saturating_sub(2)));
        }
        return all;
    }
    let mut all = vec![two(1, 0)];
    if one_per_user {
        all.push(same(2, 0));
    }
    if limit > 1 {
        all.push(two(limit, limit - 1));
    }
    if one_per_user {
        all.push(same(1, 0));
        if limit > 1 {
            all.push(same(limit, limit - 1));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_another_one_and_has_a_coupon_left() {
        let both = [false, true];
        for (limit, sets_limit) in (1..5).flat_map(|limit| both.map(|sets| (limit, sets))) {
            for one_per_user in both {
                let all = cases(limit, one_per_user, sets_limit);
                for (at, case) in all.iter().enumerate() {
                    assert!(case.given < case.limit);
                    assert!(!all[..at].contains(case), "{case}");
                    assert!(one_per_user || !case.same_user);
                    assert!(sets_limit || case.limit == limit);
                }
            }
        }
    }
}
