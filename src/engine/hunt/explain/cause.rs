//! The shape of a finding.

use super::{
    HuntCircumstances,
    effects::{Effect, changing_verb, ends_lock, locks_rows, read, takes_lock},
};
use crate::{
    engine::hunt::step::HuntStep,
    gate::{GateKind, event::Role},
    model::{hunt::Contender, verdict::FindingKind},
};

/// A read whose value was no longer true when its request used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stale {
    /// The index of the read.
    pub(super) read: usize,
    /// The change that the read did not see.
    pub(super) change: Effect,
    /// The change that the request made after the read.
    pub(super) acted: Effect,
}

/// Why a promise broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// A request counted in Redis, and its transaction failed. The count stayed.
    NotGivenBack {
        /// The index of the step that counted.
        counted: usize,
    },
    /// A request released its lock before its commit. The other request then read what the commit changed.
    LockEndedEarly {
        /// The index of the step that released a lock in Redis; `None` for a lock inside the service.
        release: Option<usize>,
        /// The read under the lock.
        stale: Stale,
    },
    /// A request read from a snapshot that is older than its lock.
    OldSnapshot(Stale),
    /// A request went on although its read was no longer true.
    StaleRead(Stale),
    /// The requests ran one after the other. The number is the index of the last read before the step that broke the promise.
    NoRace(Option<usize>),
    /// The order of the steps shows no read that explains the finding.
    Unknown,
}

impl Cause {
    /// The index of the stale read.
    pub(super) fn stale_read(&self) -> Option<usize> {
        match self {
            Self::LockEndedEarly { stale, .. }
            | Self::OldSnapshot(stale)
            | Self::StaleRead(stale) => Some(stale.read),
            _ => None,
        }
    }
}

/// Why the promise broke. `broke` is the step with which it broke, and the effect that became visible with it.
pub(super) fn cause(
    scene: &HuntCircumstances<'_>,
    kind: FindingKind,
    broke: Option<(usize, Option<&Effect>)>,
    effects: &[Effect],
) -> Cause {
    if matches!(kind, FindingKind::UnderIssue | FindingKind::Lost)
        && let Some(counted) = not_given_back(scene.steps)
    {
        return Cause::NotGivenBack { counted };
    }
    let acted = broke.and_then(|(_, effect)| effect);
    let stale = match acted {
        Some(acted) => stale(scene.steps, acted, effects),
        // Without a row too many, each change may be the one that relied on a stale read.
        None => effects
            .iter()
            .rev()
            .find_map(|acted| stale(scene.steps, acted, effects)),
    };
    match stale {
        Some(stale) => match with_lock(scene, stale) {
            Cause::StaleRead(stale) => {
                lock_of_the_other(scene, &stale, effects).unwrap_or(Cause::StaleRead(stale))
            }
            cause => cause,
        },
        None => match acted.and_then(|acted| old_snapshot(scene.steps, acted, effects)) {
            Some(stale) => Cause::OldSnapshot(stale),
            None if !scene.overlapped || is_serial(scene.steps) => {
                Cause::NoRace(acted.and_then(|acted| last_read(scene.steps, acted)))
            }
            None => Cause::Unknown,
        },
    }
}

/// Whether the requests ran one after the other.
fn is_serial(steps: &[HuntStep]) -> bool {
    let turns = steps
        .windows(2)
        .filter(|pair| pair[0].contender != pair[1].contender);
    turns.count() <= 1
}

/// The last read of a request before its change whose data the other request changed until the change was visible.
fn stale(steps: &[HuntStep], acted: &Effect, effects: &[Effect]) -> Option<Stale> {
    (0..acted.made).rev().find_map(|at| {
        let change = overlooked(steps, at, at, acted, effects)?;
        Some(Stale {
            read: at,
            change: change.clone(),
            acted: acted.clone(),
        })
    })
}

/// The first change of the other request that became visible after `since` and before `acted` was visible, of the data that the step
/// at `read_at` read.
fn overlooked<'e>(
    steps: &[HuntStep],
    read_at: usize,
    since: usize,
    acted: &Effect,
    effects: &'e [Effect],
) -> Option<&'e Effect> {
    let step = &steps[read_at];
    if step.contender != acted.contender {
        return None;
    }
    let objects = read(step)?;
    effects.iter().find(|effect| {
        (since + 1..acted.at).contains(&effect.at)
            && effect.contender != step.contender
            && effect.kind == step.kind
            && !effect.ends_lock
            && takes_lock(&steps[effect.made]).is_none()
            && effect.objects.meets(objects)
    })
}

/// The read of a transaction of MySQL or PostgreSQL that returned data from before its begin: under REPEATABLE READ, all plain reads
/// return the data of the moment of the first one.
fn old_snapshot(steps: &[HuntStep], acted: &Effect, effects: &[Effect]) -> Option<Stale> {
    (0..acted.made).rev().find_map(|at| {
        let step = &steps[at];
        let transaction = step.transaction?;
        if locks_rows(step) {
            return None;
        }
        let first = steps.iter().position(|one| {
            one.contender == step.contender
                && one.kind == step.kind
                && one.transaction == Some(transaction)
                && !locks_rows(one)
        })?;
        let change = overlooked(steps, at, first, acted, effects)?;
        (first < at && change.at < at).then(|| Stale {
            read: at,
            change: change.clone(),
            acted: acted.clone(),
        })
    })
}

/// A stale read under a lock that the other request had released before its commit, or just a stale read.
fn with_lock(scene: &HuntCircumstances<'_>, stale: Stale) -> Cause {
    let steps = scene.steps;
    let change = &stale.change;
    let commits_later = change.made < stale.read && stale.read < change.at;
    if !commits_later {
        return Cause::StaleRead(stale);
    }
    let holder = |at: &usize| steps[*at].contender == change.contender;
    let release = (0..stale.read)
        .rev()
        .filter(holder)
        .find(|at| *at > change.made && ends_lock(steps, *at));
    let takes = |step: &HuntStep| step.contender != change.contender && takes_lock(step).is_some();
    if release.is_some() && steps[..stale.read].iter().any(takes) {
        return Cause::LockEndedEarly { release, stale };
    }
    if scene.waited_inside[stale.acted.contender.index()] {
        return Cause::LockEndedEarly {
            release: None,
            stale,
        };
    }
    Cause::StaleRead(stale)
}

/// A lock of the request that broke the promise, if it ended before the commit. The other request then read under the lock too early.
fn lock_of_the_other(
    scene: &HuntCircumstances<'_>,
    found: &Stale,
    effects: &[Effect],
) -> Option<Cause> {
    let steps = scene.steps;
    let of = |contender| {
        effects
            .iter()
            .filter(move |effect| effect.contender == contender)
    };
    of(found.change.contender).rev().find_map(|acted| {
        let reads = (0..acted.made).filter(|at| steps[*at].contender == acted.contender);
        reads.rev().find_map(|at| {
            let objects = read(&steps[at])?;
            let change = of(found.acted.contender).find(|change| {
                change.kind == acted.kind
                    && (change.made..change.at).contains(&at)
                    && change.objects.meets(objects)
            })?;
            let stale = Stale {
                read: at,
                change: change.clone(),
                acted: acted.clone(),
            };
            let cause = with_lock(scene, stale);
            matches!(cause, Cause::LockEndedEarly { .. }).then_some(cause)
        })
    })
}

/// The step of a request that counted in Redis before its transaction failed, without the step that takes the count back.
fn not_given_back(steps: &[HuntStep]) -> Option<usize> {
    Contender::BOTH.into_iter().find_map(|contender| {
        let own = || {
            steps
                .iter()
                .enumerate()
                .filter(move |(_, step)| step.contender == contender)
        };
        let (failed, _) = own().rfind(|(_, step)| {
            step.kind != GateKind::Redis
                && (step.statement.role == Role::Rollback || step.answer.is_error)
        })?;
        let (counted, count) = own().find(|(at, step)| {
            *at < failed
                && step.kind == GateKind::Redis
                && takes_lock(step).is_none()
                && changing_verb(step).is_some()
                && !ends_lock(steps, *at)
        })?;
        let keys = &count.statement.footprint.writes;
        let given_back = own().any(|(at, step)| {
            at > failed
                && step.kind == GateKind::Redis
                && step.statement.footprint.writes.meets(keys)
                && !ends_lock(steps, at)
        });
        (!given_back).then_some(counted)
    })
}

fn last_read(steps: &[HuntStep], acted: &Effect) -> Option<usize> {
    (0..acted.made)
        .rev()
        .find(|at| steps[*at].contender == acted.contender && read(&steps[*at]).is_some())
}
