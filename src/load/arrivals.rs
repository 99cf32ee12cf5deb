//! In which order the users come: pure, and the same for the same seed.

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{ports::UserId, scenario::Workload};

/// The user of every attempt, in the order of release. A user's attempts follow each other at once, as double clicks do.
pub fn arrivals(workload: &Workload) -> Vec<UserId> {
    let mut users: Vec<UserId> = (1..=workload.users).map(UserId).collect();
    users.shuffle(&mut StdRng::seed_from_u64(workload.seed));
    if workload.attempts == 1 {
        return users;
    }
    let clicks = workload.attempts as usize;
    users
        .into_iter()
        .flat_map(|user| std::iter::repeat_n(user, clicks))
        .collect()
}

/// The part of the arrivals that falls to instance `index` of `of`. A user's attempts stay together.
pub fn share(workload: &Workload, (index, of): (usize, usize)) -> Vec<UserId> {
    let everybody = arrivals(workload);
    let users = everybody.chunks(workload.attempts.max(1) as usize);
    users
        .skip(index)
        .step_by(of.max(1))
        .flatten()
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn workload(users: u64, attempts: u32, seed: u64) -> Workload {
        Workload {
            users,
            limit: 1,
            attempts,
            in_flight: None,
            seed,
            timeout: Duration::from_secs(1),
            warmup: true,
        }
    }

    proptest! {
        #[test]
        fn everybody_comes_as_often_as_asked(users in 1u64..500, attempts in 1u32..5, seed: u64) {
            let mut order = arrivals(&workload(users, attempts, seed));
            prop_assert_eq!(&order, &arrivals(&workload(users, attempts, seed)));
            order.sort_unstable();
            let expected: Vec<_> = (1..=users)
                .flat_map(|user| (0..attempts).map(move |_| UserId(user)))
                .collect();
            prop_assert_eq!(order, expected);
        }
    }

    proptest! {
        #[test]
        fn shares_add_up_and_no_user_is_in_two(users in 1u64..200, attempts in 1u32..4, of in 1usize..6) {
            let workload = workload(users, attempts, 7);
            let shares: Vec<_> = (0..of).map(|index| share(&workload, (index, of))).collect();
            let mut together: Vec<_> = shares.concat();
            let mut expected = arrivals(&workload);
            together.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(together, expected);
            for (index, one) in shares.iter().enumerate() {
                for other in &shares[index + 1..] {
                    prop_assert!(one.iter().all(|user| !other.contains(user)));
                }
            }
        }
    }

    #[test]
    fn another_seed_is_another_order() {
        assert_ne!(
            arrivals(&workload(100, 1, 1)),
            arrivals(&workload(100, 1, 2))
        );
    }
}
