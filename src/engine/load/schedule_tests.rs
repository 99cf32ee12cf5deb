use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn workload(users: u64, attempts: u32, seed: u64) -> Workload {
    Workload {
        users,
        limit: 1,
        attempts,
        arrivals: Arrivals::Burst,
        seed,
        timeout: Duration::from_secs(1),
        warmup: true,
    }
}

fn open(profile: Profile, spacing: Spacing) -> Arrivals {
    Arrivals::OpenLoop { profile, spacing }
}

fn at(schedule: &Schedule) -> &[u64] {
    match &schedule.pacing {
        Pacing::At(starts) => starts,
        other => panic!("no starts: {other:?}"),
    }
}

fn profiles() -> impl Strategy<Value = Profile> {
    let over = (1u64..100_000).prop_map(Duration::from_millis);
    prop_oneof![
        (1.0..1e6).prop_map(|per_second| Profile::Constant { per_second }),
        (over.clone(), proptest::option::of(1.0..1e6)).prop_map(|(over, up_to_per_second)| {
            Profile::Ramp {
                over,
                up_to_per_second,
            }
        }),
        over.prop_map(|over| Profile::Spike { over }),
    ]
}

fn spacings() -> impl Strategy<Value = Spacing> {
    prop_oneof![Just(Spacing::Even), Just(Spacing::Poisson)]
}

proptest! {
    #[test]
    fn every_user_comes_as_often_as_requested(users in 1u64..500, attempts in 1u32..5, seed: u64) {
        let workload = workload(users, attempts, seed);
        let mut order = Schedule::of(&workload).users;
        prop_assert_eq!(&order, &Schedule::of(&workload).users);
        order.sort_unstable();
        let expected: Vec<_> = (1..=users)
            .flat_map(|user| (0..attempts).map(move |_| UserId(user)))
            .collect();
        prop_assert_eq!(order, expected);
    }

    #[test]
    fn starts_are_as_many_as_attempts_ascend_and_repeat_with_the_seed(
        profile in profiles(), spacing in spacings(), users in 1u64..500, attempts in 1u32..4, seed: u64,
    ) {
        let mut workload = workload(users, attempts, seed);
        let order = Schedule::of(&workload).users;
        workload.arrivals = open(profile, spacing);
        let schedule = Schedule::of(&workload);
        prop_assert_eq!(at(&schedule).len() as u64, workload.total_attempts());
        prop_assert!(at(&schedule).is_sorted());
        prop_assert_eq!(&schedule, &Schedule::of(&workload));
        prop_assert_eq!(schedule.users, order, "the pace changed the order");
    }

    #[test]
    fn shares_add_up_and_no_user_is_in_two(
        users in 1u64..200, attempts in 1u32..4, of in 1usize..6, poisson: bool,
    ) {
        let mut workload = workload(users, attempts, 7);
        let spacing = if poisson { Spacing::Poisson } else { Spacing::Even };
        workload.arrivals = open(Profile::Constant { per_second: 100.0 }, spacing);
        let whole = Schedule::of(&workload);
        let pairs = |schedule: &Schedule| -> Vec<_> {
            schedule.users.iter().copied().zip(at(schedule).iter().copied()).collect()
        };
        let shares: Vec<_> = (0..of).map(|index| Schedule::share(&workload, (index, of))).collect();
        let mut together: Vec<_> = shares.iter().flat_map(pairs).collect();
        let mut expected = pairs(&whole);
        together.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(together, expected);
        for (index, one) in shares.iter().enumerate() {
            for other in &shares[index + 1..] {
                prop_assert!(one.users.iter().all(|user| !other.users.contains(user)));
            }
        }
    }

    #[test]
    fn a_constant_rate_is_the_one_asked_for(per_second in 1.0..1e6, users in 2u64..2000) {
        let mut workload = workload(users, 1, 3);
        workload.arrivals = open(Profile::Constant { per_second }, Spacing::Even);
        let schedule = Schedule::of(&workload);
        let distance = 1e9 / per_second;
        for (index, start) in at(&schedule).iter().enumerate() {
            prop_assert!((*start as f64 - index as f64 * distance).abs() <= 1.0);
        }
    }

    /// The sum of n exponential steps of mean 1 has the mean n and the deviation √n. A deviation of six √n has a probability of
    /// 1e-9.
    #[test]
    fn a_poisson_process_keeps_the_rate_on_average(per_second in 1.0..1e6, seed: u64) {
        let users = 10_000;
        let mut workload = workload(users, 1, seed);
        workload.arrivals = open(Profile::Constant { per_second }, Spacing::Poisson);
        let schedule = Schedule::of(&workload);
        let last = at(&schedule).last().copied().unwrap_or_default() as f64 / 1e9 * per_second;
        prop_assert!((last - users as f64).abs() < 6.0 * (users as f64).sqrt(), "{last}");
    }

    #[test]
    fn a_ramp_ends_when_it_should(millis in 1u64..100_000, users in 2u64..2000) {
        let over = Duration::from_millis(millis);
        let mut workload = workload(users, 1, 3);
        workload.arrivals = open(Profile::Ramp { over, up_to_per_second: None }, Spacing::Even);
        let schedule = Schedule::of(&workload);
        prop_assert!(at(&schedule).iter().all(|start| u128::from(*start) <= over.as_nanos()));
        // With a linearly increasing rate, a quarter of the attempts has started after half of the time.
        let half = over.as_nanos() / 2;
        let early = at(&schedule).iter().filter(|start| u128::from(**start) < half).count() as f64;
        prop_assert!((early - users as f64 / 4.0).abs() <= 1.0, "{early} of {users}");
    }
}

#[test]
fn poisson_steps_spread_as_an_exponential_distribution_does() {
    let mut workload = workload(10_000, 1, 11);
    workload.arrivals = open(Profile::Constant { per_second: 1000.0 }, Spacing::Poisson);
    let schedule = Schedule::of(&workload);
    let steps = at(&schedule).windows(2).map(|pair| pair[1] - pair[0]);
    // P(step > mean) = 1/e.
    let long = steps.filter(|step| *step > 1_000_000).count() as f64 / 9_999.0;
    assert!((long - (-1.0_f64).exp()).abs() < 0.02, "{long}");
}

#[test]
fn a_ramp_to_a_rate_keeps_it_afterwards() {
    let profile = Profile::Ramp {
        over: Duration::from_secs(2),
        up_to_per_second: Some(100.0),
    };
    // 100 attempts start during the ramp, then 100 a second.
    assert!((seconds_until(profile, 100.0, 1e3) - 2.0).abs() < 1e-9);
    assert!((seconds_until(profile, 25.0, 1e3) - 1.0).abs() < 1e-9);
    assert!((seconds_until(profile, 300.0, 1e3) - 4.0).abs() < 1e-9);
}

#[test]
fn a_spike_has_its_phases() {
    let over = Duration::from_secs(10);
    let seconds = |share: f64| seconds_until(Profile::Spike { over }, share * 1e3, 1e3);
    for (share, expected) in [
        (0.0, 0.0),
        (0.05, 4.0),
        (0.43, 4.5),
        (0.81, 5.0),
        (1.0, 10.0),
    ] {
        assert!((seconds(share) - expected).abs() < 1e-9, "{share}");
    }
    let total = |of: fn(&Phase) -> f64| Profile::PHASES.iter().map(of).sum::<f64>();
    assert!((total(|phase| phase.time) - 1.0).abs() < 1e-9);
    assert!((total(|phase| phase.attempts) - 1.0).abs() < 1e-9);
}

#[test]
fn another_seed_is_another_order() {
    assert_ne!(
        Schedule::of(&workload(100, 1, 1)).users,
        Schedule::of(&workload(100, 1, 2)).users
    );
}
