//! Finds the smallest schedule to a known end: among the schedules with the fewest steps, the schedule with the fewest switches
//! between tasks, and among those the first. Users are distinguished here, so that the schedule can be played unchanged.

use std::cmp::Ordering;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    invariant::{Invariant, Judge},
    layout::Role,
    search::successors,
    sim::executor::ExploreError,
    world::{Action, State, World},
};

/// The end to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub invariant: Invariant,
    /// Whether the end must be against the promise.
    pub against_promise: bool,
    /// The number of steps, known from the search.
    pub steps: usize,
    pub faults: u8,
}

/// A schedule, and its number of switches from one task to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub actions: Vec<Action>,
    pub switches: usize,
}

/// How a state was reached: the number of switches so far, and the last step.
#[derive(Clone, Copy)]
struct Way {
    switches: usize,
    step: Option<usize>,
}

/// The previous state, and the action.
type Step = (Option<usize>, Action);

type Layer = IndexMap<(State, Option<u8>), Way, FxBuildHasher>;

/// Finds the schedule; `None` where there is none. `symmetric` tells that the users are interchangeable, so they start in order.
pub fn smallest(
    world: &mut World,
    wanted: Wanted,
    symmetric: bool,
) -> Result<Option<Schedule>, ExploreError> {
    let start = world.start(wanted.faults);
    // All steps so far.
    let mut steps: Vec<Step> = Vec::new();
    let way = Way {
        switches: 0,
        step: None,
    };
    let mut layer = Layer::from_iter([((start, None), way)]);
    for _ in 0..wanted.steps {
        let mut next = Layer::default();
        for ((state, last), way) in &layer {
            for (action, after) in successors(world, state)?.states {
                if symmetric && comes_out_of_turn(world, state, action) {
                    continue;
                }
                let task = action.task().or(*last);
                let goes_over = last.is_some() && task != *last;
                let switches = way.switches + usize::from(goes_over);
                steps.push((way.step, action));
                let step = Some(steps.len() - 1);
                let way = Way { switches, step };
                let known = next.entry((after, task)).or_insert(way);
                if is_smaller(&steps, way, *known) {
                    *known = way;
                }
            }
        }
        layer = next;
    }
    best(world, wanted, &layer, &steps).map(|way| {
        way.map(|way| Schedule {
            actions: path(&steps, way.step),
            switches: way.switches,
        })
    })
}

/// By switches, then by the order of schedules.
fn is_smaller(steps: &[Step], one: Way, other: Way) -> bool {
    match one.switches.cmp(&other.switches) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => path(steps, one.step) < path(steps, other.step),
    }
}

fn best(
    world: &mut World,
    wanted: Wanted,
    layer: &Layer,
    steps: &[Step],
) -> Result<Option<Way>, ExploreError> {
    let mut judge = Judge::default();
    let mut best: Option<Way> = None;
    for ((state, _), way) in layer {
        if best.is_some_and(|best| !is_smaller(steps, *way, best))
            || !successors(world, state)?.quiet
        {
            continue;
        }
        let judged = judge.judge(world, state)?;
        let broken = if wanted.against_promise {
            judged.against_promise
        } else {
            judged.broken
        };
        if broken.contains(wanted.invariant) {
            best = Some(*way);
        }
    }
    Ok(best)
}

/// Whether a user starts before a user with a smaller number who could have started as well.
fn comes_out_of_turn(world: &World, state: &State, action: Action) -> bool {
    let Some(task) = action.task().map(usize::from) else {
        return false;
    };
    let Role::Claim { user, .. } = world.layout.role(task) else {
        return false;
    };
    let started = |user: usize| {
        let mut slots = state.slots[world.layout.of_user(user)].iter();
        slots.any(|slot| slot.started)
    };
    let alike = |other: &usize| world.layout.alike(*other, user);
    !started(user) && (0..user).filter(alike).any(|other| !started(other))
}

fn path(steps: &[Step], mut last: Option<usize>) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some((before, action)) = last.and_then(|step| steps.get(step)) {
        actions.push(*action);
        last = *before;
    }
    actions.reverse();
    actions
}
