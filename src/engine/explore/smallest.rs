//! The smallest schedule to a known end: of all with the fewest steps, the one with the fewest switches between tasks, and of those
//! the first. Here users are told apart, so that the schedule can be played as it stands.

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

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub invariant: Invariant,
    /// Only against the promise, or in any case.
    pub against_promise: bool,
    /// It is known to be there after so many steps, and not before.
    pub steps: usize,
    pub faults: u8,
}

/// A schedule and how often it goes over to another task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub actions: Vec<Action>,
    pub switches: usize,
}

/// How a state was reached: switches so far, and the last step.
#[derive(Clone, Copy)]
struct Way {
    switches: usize,
    step: Option<usize>,
}

/// The one before it, and what was done.
type Step = (Option<usize>, Action);

type Layer = IndexMap<(State, Option<u8>), Way, FxBuildHasher>;

/// Finds it; `None` where it is not there. `symmetric`: users are interchangeable, so they may as well start in order.
pub fn smallest(
    world: &mut World,
    wanted: Wanted,
    symmetric: bool,
) -> Result<Option<Schedule>, ExploreError> {
    let start = world.start(wanted.faults);
    // Every step that was looked at.
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

/// Whether a user starts before one with a smaller number who could as well have done so.
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
