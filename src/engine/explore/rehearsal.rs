//! The rehearsal: plays a schedule with all tasks on one strategy per instance, as in a run, and checks that every task reacts as
//! the search assumed.
//!
//! The check finds a strategy that keeps state outside of the ports.

use super::{
    search::successors,
    sim::executor::{Executor, ExploreError, Next, Reaction},
    world::{Action, State, World},
};
use crate::strategies::Entry;

/// The number of schedules that are played besides the witnesses.
const WALKS: u64 = 32;

/// Plays schedules without faults, drawn from all schedules.
pub fn sample(world: &mut World) -> Result<(), ExploreError> {
    for number in 0..WALKS {
        let schedule = walk(world, number)?;
        play(world, 0, &schedule)?;
    }
    Ok(())
}

/// A schedule without faults, drawn from all schedules. The same number gives the same schedule.
pub fn walk(world: &mut World, number: u64) -> Result<Vec<Action>, ExploreError> {
    let mut dice = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut state = world.start(0);
    let mut schedule = Vec::new();
    loop {
        let mut choices = successors(world, &state)?.states;
        if choices.is_empty() {
            return Ok(schedule);
        }
        // Xorshift random numbers.
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let choice = usize::try_from(dice % choices.len() as u64).unwrap_or(0);
        let (action, next) = choices.swap_remove(choice);
        schedule.push(action);
        state = next;
    }
}

/// Plays this schedule.
pub fn play(world: &mut World, faults: u8, actions: &[Action]) -> Result<(), ExploreError> {
    let mut rehearsal = Rehearsal::new(world)?;
    rehearsal.state = world.start(faults);
    for action in actions {
        rehearsal.play(world, *action)?;
    }
    Ok(())
}

struct Rehearsal {
    entry: &'static Entry,
    executor: Executor,
    state: State,
}

impl Rehearsal {
    fn new(world: &mut World) -> Result<Self, ExploreError> {
        let executor = Executor::open(world.entry, &world.layout, 0..world.layout.tasks())?;
        Ok(Self {
            entry: world.entry,
            executor,
            state: world.start(0),
        })
    }

    fn play(&mut self, world: &mut World, action: Action) -> Result<(), ExploreError> {
        let Some(stepped) = world.step(&self.state, action)? else {
            return Err(ExploreError::HiddenState);
        };
        let before = self.state;
        self.state = stepped.state;
        let Some(task) = action.task().map(usize::from) else {
            return Ok(());
        };
        if let Some((expected, answer)) = stepped.answered {
            self.compare(task, &expected)?;
            self.executor.answer(task, answer)?;
        }
        if self.state.slots[task].restarts > before.slots[task].restarts {
            self.executor.restart(self.entry, &world.layout, task)?;
        }
        Ok(())
    }

    /// Compares the calls by their names: a token that distinguishes attempts may differ.
    fn compare(&self, task: usize, expected: &Reaction) -> Result<(), ExploreError> {
        let name = |reaction: &Reaction| match &reaction.next {
            Next::Call(call) => (call.name().into_owned(), call.users()),
            Next::Ended(_) => (String::new(), Vec::new()),
        };
        match self.executor.reaction(task) {
            Some(actual) if name(actual) == name(expected) => Ok(()),
            _ => Err(ExploreError::HiddenState),
        }
    }
}
