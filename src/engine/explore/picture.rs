//! Converts a schedule of a search to an interleaving.

use super::{
    invariant::{Invariant, outcome},
    sim::{
        call::shown,
        executor::{ExploreError, TaskEnd},
    },
    trace::{TracedStep, trace},
    why::why,
    world::{Action, World},
};
use crate::{
    judge::witness::{self, Explanation},
    model::interleaving::{
        Call, Ending, EventKind, HistoryEvent, Interleaving, Observation, Token,
    },
};

/// The interleaving of a schedule, with the invariant that it breaks, if any.
pub fn picture(
    world: &mut World,
    invariant: Option<Invariant>,
    faults: u8,
    actions: &[Action],
) -> Result<Interleaving, ExploreError> {
    let steps = trace(world, faults, actions)?;
    let end = match steps.last() {
        Some(step) => step.after,
        None => world.start(faults),
    };
    let history: Vec<_> = steps.iter().map(|step| happened(world, step)).collect();
    let why = match invariant {
        Some(invariant) => why(world, invariant, &history, &end)?,
        None => Explanation::default(),
    };
    let broken = invariant.map_or("nothing in particular", Invariant::name);
    let layout = world.layout;
    let rows: Vec<_> = world
        .database(&end)
        .ledger()
        .into_iter()
        .map(shown)
        .collect();
    Ok(Interleaving {
        title: format!(
            "{}, {}, limit {}: {broken}",
            world.entry.name,
            crate::text::format::plural(layout.users as u64, "user"),
            layout.limit
        ),
        actors: (0..layout.tasks()).map(|task| layout.actor(task)).collect(),
        steps: why.steps(&history),
        ledger: witness::ledger(&rows, layout.limit),
        why: why.sentence,
        token: Some(token(world, actions).to_string()),
    })
}

/// The schedule as a token.
pub fn token(world: &World, actions: &[Action]) -> Token {
    let layout = &world.layout;
    Token {
        strategy: world.entry.name.to_owned(),
        users: layout.users as u64,
        limit: layout.limit,
        attempts: u32::try_from(layout.attempts).unwrap_or(u32::MAX),
        instances: u32::try_from(layout.instances).unwrap_or(u32::MAX),
        tries: layout.patience.tries,
        batch: layout.batch,
        moves: actions
            .iter()
            .map(|action| action.to_move(layout))
            .collect(),
    }
}

fn happened(world: &World, step: &TracedStep) -> HistoryEvent {
    let what = match step.action {
        Action::Crash(_) => EventKind::Crash,
        Action::LeasesEnd => EventKind::LeasesEnd,
        Action::CacheRestarts => EventKind::CacheRestarts,
        Action::Call(_, fault) => {
            let shown = step.call().zip(step.answer());
            let (call, saw) = shown.map_or((Call::BackOff, Observation::Done), |(call, answer)| {
                (call.shown(), answer.shown(call))
            });
            EventKind::Called { call, saw, fault }
        }
    };
    let restarted = step
        .task()
        .is_some_and(|task| step.after.slots[task].restarts > step.before.slots[task].restarts);
    let told = match &step.end {
        _ if restarted => Some(Ending::StartsAgain),
        Some(TaskEnd::Consumed) | None => None,
        Some(end) => Some(Ending::Outcome(outcome(end))),
    };
    HistoryEvent {
        actor: step.task().map(|task| world.layout.actor(task)),
        what,
        told,
    }
}
