//! The known results of the built-in strategies.

use super::settings;
use crate::{
    engine::explore::{
        Exploration, Invariant, InvariantResult, Settings, Witness, explore, rehearsal,
        search::Search, world::World,
    },
    model::interleaving::Token,
    strategies::{self, Promise, REGISTRY},
};

fn found(name: &str, settings: &Settings) -> Exploration {
    let exploration = explore(strategies::find(name).unwrap(), settings).unwrap();
    assert!(exploration.is_exhaustive(), "{name}");
    exploration
}

fn answer(exploration: &Exploration, invariant: Invariant) -> &InvariantResult {
    &exploration.answers[invariant as usize]
}

fn without_faults(exploration: &Exploration, invariant: Invariant) -> &Witness {
    answer(exploration, invariant)
        .without_faults
        .as_ref()
        .unwrap()
}

fn with_a_fault(exploration: &Exploration, invariant: Invariant) -> &Witness {
    answer(exploration, invariant).with_faults.as_ref().unwrap()
}

fn token(witness: &Witness) -> &str {
    witness.interleaving.token.as_deref().unwrap()
}

#[test]
fn naive_races_in_four_steps() {
    let naive = found("naive", &settings(2, 1));
    let witness = without_faults(&naive, Invariant::OverIssue);
    assert_eq!(token(witness), "naive:u2:l1:ABBA");
    assert_eq!((witness.users, witness.steps, witness.switches), (2, 4, 2));
    let why = &witness.interleaving.why;
    assert!(
        why.starts_with("u1 read 0 before u2's INSERT coupon was visible"),
        "{why}"
    );
    assert!(!naive.is_violated(), "it promises nothing");
}

#[test]
fn the_verbatim_listing_over_issues_without_a_race() {
    let verbatim = found("naive-verbatim", &settings(2, 1));
    let witness = without_faults(&verbatim, Invariant::OverIssue);
    assert_eq!(
        (token(witness), witness.switches),
        ("naive-verbatim:u2:l1:AABB", 1)
    );
    assert!(witness.interleaving.why.contains("no race is needed"));
}

#[test]
fn get_and_incr_race() {
    let racing = found("redis-get-incr", &settings(2, 1));
    assert_eq!(without_faults(&racing, Invariant::OverIssue).steps, 6);
}

#[test]
fn the_lock_in_redis_breaks_only_with_its_lease() {
    let faulty = Settings {
        faults: 1,
        ..settings(3, 1)
    };
    let lock = found("redis-lock", &faulty);
    assert_eq!(answer(&lock, Invariant::OverIssue).without_faults, None);
    let witness = with_a_fault(&lock, Invariant::OverIssue);
    assert!(token(witness).contains('L'), "{}", token(witness));
}

#[test]
fn the_lock_in_memory_breaks_with_a_second_process() {
    let alone = found("local-lock", &settings(3, 1));
    assert_eq!(answer(&alone, Invariant::OverIssue).without_faults, None);
    let two = Settings {
        instances: 2,
        ..settings(2, 1)
    };
    let shared = found("local-lock", &two);
    let witness = without_faults(&shared, Invariant::OverIssue);
    assert_eq!(token(witness), "local-lock:u2:l1:i2:AABBBA");
    assert_eq!(
        (shared.promise, shared.is_violated()),
        (Promise::None, false)
    );
}

#[test]
fn redis_kafka_loses_a_failed_produce_and_duplicates_a_repeated_delivery() {
    let clean = found("redis-kafka", &settings(3, 1));
    assert!(
        clean
            .answers
            .iter()
            .all(|answer| answer.without_faults.is_none())
    );
    let faulty = Settings {
        faults: 1,
        ..settings(2, 1)
    };
    let kafka = found("redis-kafka", &faulty);
    let lost = with_a_fault(&kafka, Invariant::Lost);
    assert!(
        token(lost).starts_with("redis-kafka:u1:l1:AAA"),
        "{}",
        token(lost)
    );
    let doubled = with_a_fault(&kafka, Invariant::Duplicate);
    assert!(
        doubled.interleaving.why.contains("two rows"),
        "{}",
        doubled.interleaving.why
    );
}

#[test]
fn redis_kafka_safe_breaks_only_when_redis_restarts_empty() {
    let faulty = Settings {
        faults: 1,
        ..settings(3, 1)
    };
    let safe = found("redis-kafka-safe", &faulty);
    for invariant in [
        Invariant::Duplicate,
        Invariant::Lost,
        Invariant::Phantom,
        Invariant::Stuck,
    ] {
        assert_eq!(answer(&safe, invariant).with_faults, None, "{invariant}");
    }
    let over = with_a_fault(&safe, Invariant::OverIssue);
    assert!(token(over).contains('R'), "only by that: {}", token(over));
}

#[test]
fn correct_strategies_break_no_invariant() {
    let twice = Settings {
        attempts: 2,
        ..settings(2, 1)
    };
    for settings in [settings(3, 1), settings(3, 2), twice] {
        for entry in REGISTRY
            .iter()
            .filter(|entry| entry.promise != Promise::None)
        {
            let found = found(entry.name, &settings);
            assert!(!found.is_violated(), "{}: {:?}", entry.name, found.answers);
            for invariant in [
                Invariant::OverIssue,
                Invariant::Lost,
                Invariant::Phantom,
                Invariant::Stuck,
            ] {
                assert_eq!(
                    answer(&found, invariant).without_faults,
                    None,
                    "{}",
                    entry.name
                );
            }
        }
    }
}

#[test]
fn the_same_settings_give_the_same_result() {
    let faulty = Settings {
        faults: 1,
        ..settings(3, 1)
    };
    for entry in REGISTRY {
        assert_eq!(
            explore(entry, &faulty),
            explore(entry, &faulty),
            "{}",
            entry.name
        );
    }
}

#[test]
fn exchanging_users_changes_neither_the_schedules_nor_what_breaks() {
    for entry in REGISTRY {
        for faults in [0, 1] {
            let faulty = Settings {
                faults,
                ..settings(3, 1)
            };
            let search = |symmetric| {
                let explorer = super::super::Explorer::new(entry, &faulty, symmetric);
                let mut world: World = explorer.worlds.into_iter().next_back().unwrap();
                Search::run(&mut world, faults, faulty.bounds, symmetric).unwrap()
            };
            let (merged, apart) = (search(true), search(false));
            assert_eq!(merged.schedules, apart.schedules, "{} {faults}", entry.name);
            assert!(merged.states <= apart.states);
            for invariant in Invariant::ALL {
                assert_eq!(
                    merged.first(invariant),
                    apart.first(invariant),
                    "{} {invariant}",
                    entry.name
                );
            }
        }
    }
}

/// The number of all schedules, walked one by one without a memo of states.
fn counted(world: &mut World, state: &super::super::world::State) -> u128 {
    let next = super::super::search::successors(world, state).unwrap();
    let here = u128::from(next.quiet);
    let below: u128 = next
        .states
        .iter()
        .map(|(_, after)| counted(world, after))
        .sum();
    here + below
}

#[test]
fn the_number_of_schedules_equals_that_of_a_walk_of_each() {
    for entry in REGISTRY {
        let settings = Settings {
            faults: 1,
            tries: 2,
            ..settings(2, 1)
        };
        let explorer = super::super::Explorer::new(entry, &settings, true);
        let mut world = explorer.worlds.into_iter().next_back().unwrap();
        let start = world.start(1);
        let walked = counted(&mut world, &start);
        let seen = Search::run(&mut world, 1, settings.bounds, true).unwrap();
        assert_eq!(seen.schedules, walked, "{}", entry.name);
    }
}

#[test]
fn a_token_leads_to_the_same_picture() {
    let faulty = Settings {
        faults: 1,
        ..settings(2, 1)
    };
    for entry in REGISTRY {
        let found = found(entry.name, &faulty);
        for answer in &found.answers {
            for witness in answer.without_faults.iter().chain(&answer.with_faults) {
                let text = token(witness);
                let parsed: Token = text.parse().unwrap();
                assert_eq!(parsed.to_string(), text);
                assert_eq!(parsed.moves.len(), witness.steps);
            }
        }
    }
}

#[test]
fn a_bound_that_ends_the_search_is_reported() {
    let mut few = settings(3, 1);
    few.bounds.states = 5;
    let stopped = explore(strategies::find("redis-kafka").unwrap(), &few).unwrap();
    assert!(!stopped.is_exhaustive());
    let mut short = settings(2, 1);
    short.bounds.steps = 3;
    let stopped = explore(strategies::find("naive").unwrap(), &short).unwrap();
    assert!(!stopped.is_exhaustive());
    assert_eq!(answer(&stopped, Invariant::OverIssue).without_faults, None);
}

#[test]
fn a_rehearsal_with_all_tasks_on_one_strategy_agrees() {
    for entry in REGISTRY {
        let explorer = super::super::Explorer::new(entry, &settings(3, 1), true);
        for mut world in explorer.worlds {
            rehearsal::sample(&mut world).unwrap();
        }
    }
}
