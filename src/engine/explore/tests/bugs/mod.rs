//! Deliberate bugs that real implementations have made, each with the invariant that the exploration must find broken.

mod database;
mod kafka;
mod redis;

use super::settings;
use crate::{
    engine::explore::{Exploration, Invariant, Settings, explore},
    strategies::{Entry, Need, Promise},
};

/// A wrong strategy.
pub struct Bug {
    entry: Entry,
    /// The first invariant that the bug breaks.
    breaks: Invariant,
    /// The settings that show the bug.
    settings: Settings,
}

/// Builds the entry of a strategy that holds the ports themselves.
macro_rules! bug {
    (
        $type:ident, $name:literal breaks $breaks:ident in $settings:expr,
        one_per_user $one:literal, needs $needs:expr,
        |$event:ident, $user:ident| $claim:block
        $(, |$served:ident, $consumer:ident| $consume:block)?
    ) => {{
        struct $type($crate::ports::Event);

        #[async_trait::async_trait]
        impl $crate::strategies::Strategy for $type {
            async fn claim(
                &self,
                $user: $crate::ports::UserId,
            ) -> $crate::ports::Result<$crate::strategies::Decision> {
                let $event = &self.0;
                $claim
            }

            $(async fn consume(
                &self,
                $consumer: &dyn $crate::ports::Consumer,
            ) -> $crate::ports::Result<()> {
                let $served = &self.0;
                $consume
            })?
        }

        $crate::engine::explore::tests::bugs::Bug {
            entry: $crate::engine::explore::tests::bugs::entry($name, $one, $needs, |event| {
                std::sync::Arc::new($type(event.clone()))
            }),
            breaks: $crate::engine::explore::Invariant::$breaks,
            settings: $settings,
        }
    }};
}
pub(super) use bug;

/// Every wrong strategy promises to be exact, although it is not.
pub const fn entry(
    name: &'static str,
    one_per_user: bool,
    needs: &'static [Need],
    build: fn(&crate::ports::Event) -> std::sync::Arc<dyn crate::strategies::Strategy>,
) -> Entry {
    Entry {
        name,
        how: "",
        promise: Promise::Exact,
        one_per_user,
        needs,
        known_failure: "",
        source: "",
        build,
    }
}

fn caught(bug: Bug) -> (Exploration, Invariant) {
    // Entries are static, so each is leaked. They are few and small.
    let entry: &'static Entry = Box::leak(Box::new(bug.entry));
    let found = explore(entry, &bug.settings)
        .unwrap_or_else(|trouble| panic!("{} cannot be explored: {trouble}", entry.name));
    assert!(found.is_exhaustive(), "{}", entry.name);
    (found, bug.breaks)
}

fn catalogue() -> Vec<Bug> {
    let all = [database::bugs(), redis::bugs(), kafka::bugs()];
    all.into_iter().flatten().collect()
}

#[test]
fn every_bug_breaks_its_invariant() {
    let bugs = catalogue();
    assert!(bugs.len() >= 25, "{} bugs", bugs.len());
    for bug in bugs {
        let (found, breaks) = caught(bug);
        let name = found.entry.name;
        let answer = &found.answers[breaks as usize];
        let witness = match found.settings.faults {
            0 => answer.without_faults.as_ref(),
            _ => answer.with_faults.as_ref(),
        };
        let broken: Vec<_> = found
            .answers
            .iter()
            .filter(|answer| answer.without_faults.is_some() || answer.with_faults.is_some())
            .map(|answer| answer.invariant.name())
            .collect();
        let witness = witness.unwrap_or_else(|| panic!("{name}: no {breaks}, but {broken:?}"));
        assert!(!witness.interleaving.why.is_empty(), "{name}");
        // A bug without a fault is against the promise, except where no promise covers its invariant.
        if found.settings.faults == 0 && !matches!(breaks, Invariant::Order | Invariant::Stuck) {
            assert!(witness.against_promise, "{name}: {broken:?}");
            assert!(found.is_violated(), "{name}");
        }
    }
}

#[test]
fn a_witness_agrees_with_its_ledger() {
    for bug in catalogue() {
        let (found, breaks) = caught(bug);
        let answer = &found.answers[breaks as usize];
        let witness = answer
            .without_faults
            .as_ref()
            .or(answer.with_faults.as_ref());
        let Some(picture) = witness.map(|witness| &witness.interleaving) else {
            continue;
        };
        if breaks == Invariant::OverIssue {
            let rows: u64 = picture
                .ledger
                .split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0);
            assert!(
                rows > found.settings.limit,
                "{}: {}",
                found.entry.name,
                picture.ledger
            );
        }
        let marks = picture
            .steps
            .iter()
            .filter(|step| step.mark == crate::model::interleaving::Mark::Broke);
        assert_eq!(marks.count(), 1, "{}", found.entry.name);
    }
}

/// Two users for one coupon.
pub(super) fn race() -> Settings {
    settings(2, 1)
}

pub(super) fn users(users: u64, limit: u64) -> Settings {
    settings(users, limit)
}

/// Two users, each with two attempts.
pub(super) fn double_clicks(limit: u64) -> Settings {
    Settings {
        attempts: 2,
        ..settings(2, limit)
    }
}

/// The same with a fault.
pub(super) fn faulty(settings: Settings) -> Settings {
    Settings {
        faults: 1,
        ..settings
    }
}
