//! Searches every schedule, breadth first. A layer contains all states that a number of steps leads to. A state contains the
//! histories of all tasks, so no two layers share a state, and the search keeps only two layers.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    invariant::{Invariant, Judge},
    sim::executor::ExploreError,
    symmetry::Symmetry,
    world::{Action, State, World},
};
use crate::model::interleaving::CallFault;

/// The bounds of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The largest number of steps of a schedule.
    pub steps: usize,
    /// The largest number of different states.
    pub states: u64,
}

/// The bound that ended a search early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hit {
    /// Some schedules are longer.
    Steps,
    /// There are more states.
    States,
}

/// The number of steps after which an invariant was first broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct First {
    /// Broken with or without a promise.
    pub broken: Option<usize>,
    /// Broken against the promise.
    pub against_promise: Option<usize>,
}

/// The result of a search.
#[derive(Debug, Clone, Default)]
pub struct SearchResult {
    /// The number of schedules from the first step to an end; saturating.
    pub schedules: u128,
    /// The number of different states. States that differ only by interchangeable users count once.
    pub states: u64,
    /// Steps of the longest schedule.
    pub longest: usize,
    /// The bound that ended the search early.
    pub hit: Option<Hit>,
    first: [First; Invariant::ALL.len()],
}

impl SearchResult {
    /// The number of steps after which this invariant was first broken.
    pub fn first(&self, invariant: Invariant) -> First {
        self.first[invariant as usize]
    }
}

type Layer = IndexMap<State, u128, FxBuildHasher>;

/// One search with a largest number of faults.
pub struct Search<'a> {
    world: &'a mut World,
    judge: Judge,
    /// `None` where the users are distinguished.
    symmetry: Option<Symmetry>,
    seen: SearchResult,
}

impl<'a> Search<'a> {
    /// Searches all states within the bounds.
    pub fn run(
        world: &'a mut World,
        faults: u8,
        bounds: Bounds,
        symmetric: bool,
    ) -> Result<SearchResult, ExploreError> {
        let start = world.start(faults);
        let mut search = Self {
            world,
            judge: Judge::default(),
            symmetry: symmetric.then(Symmetry::default),
            seen: SearchResult {
                states: 1,
                ..SearchResult::default()
            },
        };
        let mut layer = Layer::from_iter([(start, 1)]);
        for depth in 0.. {
            if depth > bounds.steps {
                search.seen.hit = Some(Hit::Steps);
                break;
            }
            search.seen.longest = depth;
            layer = search.next_layer(&layer, depth)?;
            search.seen.states += layer.len() as u64;
            if layer.is_empty() {
                break;
            }
            if search.seen.states > bounds.states {
                search.seen.hit = Some(Hit::States);
                break;
            }
        }
        Ok(search.seen)
    }

    fn next_layer(&mut self, layer: &Layer, depth: usize) -> Result<Layer, ExploreError> {
        let mut next = Layer::default();
        for (state, paths) in layer {
            let successors = successors(self.world, state)?;
            if successors.quiet {
                self.end(state, *paths, depth)?;
            }
            for (_, after) in successors.states {
                let after = match &mut self.symmetry {
                    Some(symmetry) => symmetry.representative(self.world, &after),
                    None => after,
                };
                let sum = next.entry(after).or_insert(0_u128);
                *sum = sum.saturating_add(*paths);
            }
        }
        Ok(next)
    }

    /// Judges a state without a next step, except for faults.
    fn end(&mut self, state: &State, paths: u128, depth: usize) -> Result<(), ExploreError> {
        self.seen.schedules = self.seen.schedules.saturating_add(paths);
        let judged = self.judge.judge(self.world, state)?;
        for invariant in Invariant::ALL {
            let first = &mut self.seen.first[invariant as usize];
            if judged.broken.contains(invariant) {
                first.broken.get_or_insert(depth);
            }
            if judged.against_promise.contains(invariant) {
                first.against_promise.get_or_insert(depth);
            }
        }
        Ok(())
    }
}

/// The next states.
pub struct Successors {
    /// The next states in the order of the tasks, faults after steps.
    pub states: Vec<(Action, State)>,
    /// Whether no step is possible without a fault.
    pub quiet: bool,
}

/// All next states of a state.
pub fn successors(world: &mut World, state: &State) -> Result<Successors, ExploreError> {
    let tasks = u8::try_from(world.layout.tasks()).unwrap_or(u8::MAX);
    let mut states = Vec::new();
    for task in 0..tasks {
        follow(world, state, Action::Call(task, None), &mut states)?;
    }
    let quiet = states.is_empty();
    if state.faults > 0 {
        for task in 0..tasks {
            for fault in CallFault::ALL {
                follow(world, state, Action::Call(task, Some(fault)), &mut states)?;
            }
            follow(world, state, Action::Crash(task), &mut states)?;
        }
        for action in [Action::LeasesEnd, Action::CacheRestarts] {
            follow(world, state, action, &mut states)?;
        }
    }
    Ok(Successors { states, quiet })
}

fn follow(
    world: &mut World,
    state: &State,
    action: Action,
    states: &mut Vec<(Action, State)>,
) -> Result<(), ExploreError> {
    if let Some(stepped) = world.step(state, action)? {
        states.push((action, stepped.state));
    }
    Ok(())
}
