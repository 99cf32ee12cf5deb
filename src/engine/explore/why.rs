//! Explains the invariants that only a search checks: the order of the users, and tasks that wait forever.
//! [`crate::judge::witness`] explains the others.

use super::{
    invariant::{Invariant, ScheduleEnd, rules},
    sim::{
        call::shown,
        executor::{ExploreError, Next},
    },
    world::{State, World},
};
use crate::{
    judge::{
        ledger,
        witness::{Case, Explanation, sentence},
    },
    model::{interleaving::HistoryEvent, outcome::Attempt, verdict::FindingKind},
    ports::UserId,
};

/// Explains the end of a schedule.
pub fn why(
    world: &mut World,
    invariant: Invariant,
    history: &[HistoryEvent],
    end: &State,
) -> Result<Explanation, ExploreError> {
    let ending = ScheduleEnd::of(world, end)?;
    let what = match invariant {
        Invariant::OverIssue => return Ok(found(world, &ending, history, FindingKind::OverIssue)),
        Invariant::UnderIssue => {
            return Ok(found(world, &ending, history, FindingKind::UnderIssue));
        }
        Invariant::Duplicate => {
            return Ok(found(world, &ending, history, FindingKind::DuplicateUser));
        }
        Invariant::Lost => return Ok(found(world, &ending, history, FindingKind::Lost)),
        Invariant::Phantom => return Ok(found(world, &ending, history, FindingKind::Phantom)),
        Invariant::Order => {
            "another user was refused before the user who got the coupon asked".to_owned()
        }
        Invariant::Stuck => stuck(world, &ending, end)?,
    };
    Ok(Explanation {
        broke: history.len().checked_sub(1),
        stale: None,
        sentence: sentence(history, &what),
    })
}

/// The explanation of a finding that a run would have made as well.
fn found(
    world: &World,
    ending: &ScheduleEnd,
    history: &[HistoryEvent],
    kind: FindingKind,
) -> Explanation {
    let attempts: Vec<_> = ending
        .attempts(world)
        .into_iter()
        .map(|attempt| Attempt {
            user: shown(attempt.user),
            ..attempt
        })
        .collect();
    let rows: Vec<UserId> = ending.rows.iter().copied().map(shown).collect();
    let case = Case {
        history,
        attempts: &attempts,
        ledger: &ledger::reconcile(&attempts, &rows, rules(world)),
        limit: world.layout.limit,
        earlier: 0,
    };
    case.why(kind)
}

fn stuck(world: &mut World, ending: &ScheduleEnd, end: &State) -> Result<String, ExploreError> {
    for task in 0..world.layout.claims() {
        if ending.outcomes[task].is_none()
            && let Next::Call(call) = &world.reaction(end, task)?.next
        {
            let who = world.layout.actor(task);
            return Ok(format!("{who} waits for {} for ever", call.name()));
        }
    }
    Ok("a record is never processed".to_owned())
}
