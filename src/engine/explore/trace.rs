//! A schedule step by step, with the states before and after each step.

use std::rc::Rc;

use super::{
    sim::{
        call::{Answer, Call},
        executor::{ExploreError, Next, Reaction, TaskEnd},
    },
    world::{Action, State, World},
};

/// One step of a schedule.
pub struct TracedStep {
    pub action: Action,
    /// The call, and its answer.
    pub answered: Option<(Rc<Reaction>, Answer)>,
    pub before: State,
    pub after: State,
    /// How the task ended with this step.
    pub end: Option<TaskEnd>,
}

impl TracedStep {
    pub fn task(&self) -> Option<usize> {
        self.action.task().map(usize::from)
    }

    pub fn call(&self) -> Option<&Call> {
        match &self.answered.as_ref()?.0.next {
            Next::Call(call) => Some(call),
            Next::Ended(_) => None,
        }
    }

    pub fn answer(&self) -> Option<&Answer> {
        Some(&self.answered.as_ref()?.1)
    }
}

/// Plays a schedule on the simulated services.
pub fn trace(
    world: &mut World,
    faults: u8,
    actions: &[Action],
) -> Result<Vec<TracedStep>, ExploreError> {
    let mut state = world.start(faults);
    let mut steps = Vec::with_capacity(actions.len());
    for action in actions {
        let Some(stepped) = world.step(&state, *action)? else {
            return Err(ExploreError::HiddenState);
        };
        let end = match (action, action.task()) {
            (Action::Call(..), Some(task)) => world.ended(&stepped.state, task.into())?,
            _ => None,
        };
        steps.push(TracedStep {
            action: *action,
            answered: stepped.answered,
            before: state,
            after: stepped.state,
            end,
        });
        state = stepped.state;
    }
    Ok(steps)
}
