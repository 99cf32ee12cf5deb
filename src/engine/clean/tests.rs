use super::*;
use crate::{adapters::registry::Record, render};

const NOW: u64 = 0x6a00_0000;

fn plan() -> Plan {
    let args = crate::config::ServiceArgs::default();
    let services = crate::config::doctor_services(&args, &|_| None);
    Plan {
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
        record: Record {
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

fn found(plan: &Plan) -> Vec<Left> {
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
    by_run(plan, objects.to_vec(), &registered, now)
}

#[test]
fn every_run_is_listed_with_its_state_and_its_age() {
    let runs = found(&plan());
    let states: Vec<_> = runs.iter().map(|left| (left.state, left.age_s)).collect();
    assert_eq!(
        states,
        [
            (State::Unknown, Some(90_000)),
            (State::Ended, Some(7200)),
            (State::Alive, Some(50)),
            (State::Kept, Some(40)),
            (State::Ended, Some(5)),
        ]
    );
    assert_eq!(runs[1].elsewhere, ["--db postgres://u:***@h/x"]);
    assert_eq!(runs[4].objects, []);
}

#[test]
fn only_objects_of_ended_runs_are_removed_by_default() {
    use State::{Ended, Kept, Unknown};
    let removable = |plan: &Plan| -> Vec<State> {
        let runs = found(plan).into_iter();
        let runs = runs.filter(|left| is_removable(plan, left));
        runs.map(|left| left.state).collect()
    };
    assert_eq!(removable(&plan()), [Ended, Ended]);
    let kept = Plan {
        kept: true,
        ..plan()
    };
    assert_eq!(removable(&kept), [Ended, Kept, Ended]);
    let older_than = |hours| Plan {
        older_than: Some(Duration::from_hours(hours)),
        ..plan()
    };
    assert_eq!(removable(&older_than(24)), [Unknown, Ended, Ended]);
    assert_eq!(removable(&older_than(26)), [Ended, Ended]);
}

#[test]
fn the_text_names_the_objects_that_stay_and_the_reason() {
    let plan = plan();
    let mut cleaned = Cleaned {
        runs: found(&plan),
        problems: Vec::new(),
    };
    cleaned.runs[1].removed = true;
    insta::assert_snapshot!(render::clean::text(&plan, &cleaned));
    let nothing = render::clean::text(&plan, &Cleaned::default());
    assert_eq!(nothing, "nothing is left behind\n");
}
