//! The scenario files of the repository are valid.

use super::*;
use crate::{
    input::address::DbKind,
    strategies::{Promise, REGISTRY},
};

fn of_repository(name: &str) -> RunConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name);
    resolved(&["--scenario", path.to_str().unwrap()]).unwrap()
}

#[test]
fn every_file_is_valid_with_a_title_and_assertions() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name)
            .extension()
            .is_some_and(|end| end == "toml")
        {
            let scenario = of_repository(&name).scenario;
            assert!(scenario.title.is_some(), "{name} has no title");
            assert!(!scenario.assertions.is_empty(), "{name} asserts nothing");
            files += 1;
        }
    }
    assert!(files >= 3);
}

#[test]
fn the_flash_sale_has_the_numbers_of_the_course() {
    let scenario = of_repository("flash-sale.toml").scenario;
    let workload = scenario.workload;
    assert_eq!(scenario.subjects[0].name(), "redis-kafka");
    assert_eq!(
        (
            workload.users,
            workload.limit,
            workload.arrivals.in_flight()
        ),
        (10_000, 100, None)
    );
    let assertions: Vec<_> = scenario
        .assertions
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        assertions,
        ["issued == 100", "over_issued == 0", "lost == 0"]
    );
}

#[test]
fn the_double_click_must_give_a_user_two_coupons() {
    let workload = of_repository("double-click.toml").scenario.workload;
    // More coupons than users, so that no order of arrival can hide it.
    assert!(workload.users >= workload.limit && workload.attempts > 1);
}

#[test]
fn the_smoke_test_has_every_exact_strategy() {
    let listed: Vec<_> = of_repository("smoke.toml")
        .scenario
        .subjects
        .iter()
        .map(|subject| subject.name().to_owned())
        .collect();
    for entry in REGISTRY
        .iter()
        .filter(|entry| entry.promise == Promise::Exact)
        .filter(|entry| DbKind::Sqlite.refusal(entry).is_none())
    {
        assert!(
            listed.iter().any(|name| name == entry.name),
            "add {} to scenarios/smoke.toml",
            entry.name
        );
    }
}
