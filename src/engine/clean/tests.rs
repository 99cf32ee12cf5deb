use super::*;
use crate::{adapters::run_registry::RunRecord, render};

const NOW: u64 = 0x6a00_0000;

fn settings() -> CleanSettings {
    let args = crate::config::ServiceArgs::default();
    let services = crate::config::doctor_services(&args, &|_| None);
    CleanSettings {
        services: services.expect("the defaults are services"),
        remove: false,
        kept: false,
        older_than: None,
    }
}

/// The id of a run that began this number of seconds ago.
fn id(ago: u64, number: u32) -> String {
    format!("{:08x}{number:08x}", NOW - ago)
}

fn run(run_id: &str, alive: bool, kept: bool) -> Registered {
    Registered {
        record: RunRecord {
            run_id: run_id.to_owned(),
            process: 1,
            services: vec![("--db".to_owned(), "postgres://u:***@h/x".to_owned())],
            objects: Vec::new(),
            kept,
        },
        alive,
    }
}

fn table(run_id: &str) -> Object {
    Object {
        kind: Kind::Table,
        name: format!("coupon_bench_{run_id}_coupon"),
    }
}

fn found(settings: &CleanSettings) -> Vec<RunObjects> {
    let (alive, killed, kept, unknown) = (id(50, 1), id(7200, 2), id(40, 3), id(90_000, 4));
    let objects = [&alive, &killed, &kept, &unknown].map(|id| table(id));
    let registered = [
        run(&alive, true, false),
        run(&killed, false, false),
        run(&kept, false, true),
        run(&id(10, 5), true, false),
        run(&id(5, 6), false, false),
    ];
    let now = std::time::UNIX_EPOCH + Duration::from_secs(NOW);
    by_run(settings, objects.to_vec(), &registered, now)
}

#[test]
fn every_run_is_listed_with_its_state_and_its_age() {
    let runs = found(&settings());
    let states: Vec<_> = runs.iter().map(|left| (left.state, left.age_s)).collect();
    assert_eq!(
        states,
        [
            (RunState::Unknown, Some(90_000)),
            (RunState::Ended, Some(7200)),
            (RunState::Alive, Some(50)),
            (RunState::Kept, Some(40)),
            (RunState::Ended, Some(5)),
        ]
    );
    assert_eq!(runs[1].elsewhere, ["--db postgres://u:***@h/x"]);
    assert_eq!(runs[4].objects, []);
}

#[test]
fn only_objects_of_ended_runs_are_removed_by_default() {
    use RunState::{Ended, Kept, Unknown};
    let removable = |settings: &CleanSettings| -> Vec<RunState> {
        let runs = found(settings).into_iter();
        let runs = runs.filter(|left| is_removable(settings, left));
        runs.map(|left| left.state).collect()
    };
    assert_eq!(removable(&settings()), [Ended, Ended]);
    let kept = CleanSettings {
        kept: true,
        ..settings()
    };
    assert_eq!(removable(&kept), [Ended, Kept, Ended]);
    let older_than = |hours| CleanSettings {
        older_than: Some(Duration::from_hours(hours)),
        ..settings()
    };
    assert_eq!(removable(&older_than(24)), [Unknown, Ended, Ended]);
    assert_eq!(removable(&older_than(26)), [Ended, Ended]);
}

#[test]
fn the_text_names_the_objects_that_stay_and_the_reason() {
    let settings = settings();
    let mut cleaned = CleanResult {
        runs: found(&settings),
        problems: Vec::new(),
    };
    cleaned.runs[1].removed = true;
    insta::assert_snapshot!(render::clean::text(&settings, &cleaned));
    let nothing = render::clean::text(&settings, &CleanResult::default());
    assert_eq!(nothing, "nothing is left behind\n");
}
