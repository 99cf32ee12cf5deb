//! Where a promise broke, and one sentence that says why.

use super::{
    invariant::{Ending, Invariant},
    layout::Role,
    sim::{
        call::{Answer, Call, user_id, user_index, user_name, user_names},
        stage::{Next, Trouble},
    },
    stale::stale,
    trace::Traced,
    world::{Action, State, World},
};
use crate::{
    interleaving::{Actor, CallFault},
    load::Outcome,
    ports::UserId,
};

/// What went wrong in a schedule.
pub struct Why {
    /// The step with which it was broken.
    pub broke: Option<usize>,
    /// The step that saw what was no longer true later.
    pub stale: Option<usize>,
    pub sentence: String,
}

/// Explains the end of a schedule.
pub fn why(
    world: &mut World,
    invariant: Invariant,
    steps: &[Traced],
    end: &State,
) -> Result<Why, Trouble> {
    let ending = Ending::of(world, end)?;
    let broke = broke(world, invariant, steps, &ending);
    let stale = match broke.and_then(|at| culprit(world, steps, at)) {
        Some((task, at)) => stale(world, steps, task, at),
        None => None,
    };
    let what = match (invariant, &stale) {
        (Invariant::OverIssue | Invariant::Duplicate, Some(stale)) => stale.sentence.clone(),
        _ => said(world, invariant, steps, &ending, end)?,
    };
    let fault = steps
        .iter()
        .enumerate()
        .find(|(_, step)| step.action.is_fault());
    let sentence = match fault {
        Some((at, step)) => format!("{}; {what}", fault_clause(world, &steps[..at], step)),
        None => what,
    };
    Ok(Why {
        broke,
        stale: stale.map(|stale| stale.read),
        sentence: capitalised(&sentence) + ".",
    })
}

fn broke(world: &World, invariant: Invariant, steps: &[Traced], ending: &Ending) -> Option<usize> {
    let limit = usize::try_from(world.layout.limit).unwrap_or(usize::MAX);
    let rows_of = |rows: &[UserId], user| rows.iter().filter(|row| **row == user).count();
    match invariant {
        Invariant::OverIssue => steps.iter().position(|step| step.rows.len() > limit),
        Invariant::Duplicate => steps
            .iter()
            .position(|step| step.rows.iter().any(|user| rows_of(&step.rows, *user) > 1)),
        Invariant::Lost => {
            let lost = ending.reconcile(world).lost;
            steps.iter().rposition(|step| {
                let told = step.end
                    == Some(super::sim::stage::End::Told(
                        crate::strategy::Decision::Issued,
                    ));
                told && user_of(world, step.task()).is_some_and(|user| lost.contains(&user))
            })
        }
        Invariant::Phantom => {
            let phantom = ending.reconcile(world).phantom;
            let user = *phantom.first()?;
            let told = steps.iter().rposition(|step| {
                step.end.is_some() && user_of(world, step.task()) == Some(user)
            })?;
            let row = steps.iter().position(|step| step.rows.contains(&user))?;
            Some(told.max(row))
        }
        Invariant::UnderIssue | Invariant::Order | Invariant::Stuck => steps.len().checked_sub(1),
    }
}

fn user_of(world: &World, task: Option<usize>) -> Option<UserId> {
    match world.layout.role(task?) {
        Role::Claim { user, .. } => Some(user_id(user)),
        Role::Consumer => None,
    }
}

/// Whose decision the step carries out, and where that was acted upon: for a consumer, the claim that produced the record.
fn culprit(world: &World, steps: &[Traced], broke: usize) -> Option<(usize, usize)> {
    let task = steps[broke].task()?;
    if world.layout.consumer() != Some(task) {
        return Some((task, acted(steps, task, broke)));
    }
    let user = *steps[broke].rows.last()?;
    let produced = steps
        .iter()
        .rposition(|step| step.call() == Some(&Call::Produce(user)))?;
    Some((steps[produced].task()?, produced))
}

/// A commit carries out what was inserted before it.
fn acted(steps: &[Traced], task: usize, broke: usize) -> usize {
    let inserts = |step: &Traced| {
        step.task() == Some(task) && step.call().is_some_and(|call| !call.users().is_empty())
    };
    steps[..=broke].iter().rposition(inserts).unwrap_or(broke)
}

/// `u1`, `the consumer`.
pub fn called(world: &World, task: usize) -> String {
    match world.layout.actor(task) {
        Actor::Consumer => "the consumer".to_owned(),
        claim @ Actor::Claim { .. } => claim.to_string(),
    }
}

fn fault_clause(world: &World, before: &[Traced], step: &Traced) -> String {
    let who = step
        .task()
        .map_or(String::new(), |task| called(world, task));
    let call = step.call().map_or("call".into(), Call::name);
    match step.action {
        Action::Call(_, Some(fault)) => match fault {
            CallFault::Refused => format!("{who}'s {call} was refused"),
            CallFault::NoAnswer => format!("{who}'s {call} got no answer, and had not happened"),
            CallFault::AnswerLost => {
                format!("{who}'s {call} got no answer, although it had happened")
            }
            CallFault::Undelivered => {
                format!("{who}'s producer took the record, and the broker gave it up")
            }
            CallFault::Repeated => match step.answer() {
                Some(Answer::Delivered(batch)) => {
                    let users = user_names(batch.iter().map(|delivery| delivery.user));
                    format!("{users}'s record was delivered twice")
                }
                _ => "a record was delivered twice".to_owned(),
            },
        },
        Action::Crash(_) => {
            let mut own = before
                .iter()
                .rev()
                .filter(|other| other.task() == step.task());
            let last = own
                .find_map(Traced::call)
                .map_or("start".into(), Call::name);
            let again = if world.layout.consumer() == step.task() {
                " and started again"
            } else {
                ""
            };
            format!("{who} crashed after {last}{again}")
        }
        Action::LeasesEnd => "the lease ended while its holder was still at work".to_owned(),
        Action::CacheRestarts => "Redis came back empty".to_owned(),
        Action::Call(_, None) => String::new(),
    }
}

fn said(
    world: &mut World,
    invariant: Invariant,
    steps: &[Traced],
    ending: &Ending,
    end: &State,
) -> Result<String, Trouble> {
    let ledger = ending.reconcile(world);
    let names = |users: &[UserId]| user_names(users.iter().copied());
    let limit = world.layout.limit;
    Ok(match invariant {
        Invariant::OverIssue if !ledger.duplicate_users.is_empty() => {
            let twice = names(&ledger.duplicate_users);
            format!("{twice} has two rows, and the second is one too many")
        }
        Invariant::OverIssue => match last_sight(world, steps, &ledger.over_issued) {
            Some((who, sight)) if !steps.iter().any(|step| step.action.is_fault()) => {
                format!("{who} saw {sight} at a limit of {limit} and went on: no race is needed")
            }
            Some((who, sight)) => format!("{who} saw {sight} and went on, at a limit of {limit}"),
            None => format!(
                "{} was let through beyond the limit of {limit}",
                names(&ledger.over_issued)
            ),
        },
        Invariant::UnderIssue if !ledger.lost.is_empty() => {
            format!(
                "{} was told \"issued\", and no row will ever come",
                names(&ledger.lost)
            )
        }
        Invariant::UnderIssue => {
            let refused = ending
                .outcomes
                .iter()
                .filter(|outcome| **outcome != Some(Outcome::Issued));
            format!(
                "{} of {} coupons went out, and {} of {} attempts came away without one",
                ledger.issued,
                limit.min(ledger.demand),
                refused.count(),
                ending.outcomes.len()
            )
        }
        Invariant::Duplicate => {
            let twice = names(&ledger.duplicate_users);
            format!("{twice} has two rows, as nothing stood in the way of the second")
        }
        Invariant::Lost => {
            format!(
                "{} was told \"issued\", and no row will ever come",
                names(&ledger.lost)
            )
        }
        Invariant::Phantom => {
            let told = match ledger
                .phantom
                .first()
                .and_then(|user| told(world, ending, *user))
            {
                Some(Outcome::Failed) => "got an error",
                Some(Outcome::Issued) => "was told of one coupon",
                _ => "was told no",
            };
            let who = names(&ledger.phantom);
            format!("{who} {told}, and there is a row that nobody was told of")
        }
        Invariant::Order => {
            "somebody had been turned away before the one who got the coupon even asked".to_owned()
        }
        Invariant::Stuck => stuck(world, ending, end)?,
    })
}

fn told(world: &World, ending: &Ending, user: UserId) -> Option<Outcome> {
    let mut tasks = world.layout.of_user(user_index(user)?);
    tasks.next().and_then(|task| ending.outcomes[task])
}

/// What the user with the surplus row saw last before going on.
fn last_sight(world: &World, steps: &[Traced], users: &[UserId]) -> Option<(String, String)> {
    let user = user_index(*users.first()?)?;
    let mut own = steps.iter().rev().filter(|step| {
        step.task()
            .is_some_and(|task| world.layout.of_user(user).contains(&task))
    });
    own.find_map(|step| {
        let (call, answer) = (step.call()?, step.answer()?);
        let sight = matches!(
            answer,
            Answer::Count(_) | Answer::Event(_) | Answer::Reply(_)
        );
        let saw = super::picture::answer(answer, call).filter(|_| sight)?;
        Some((user_name(user_id(user)), format!("{} → {saw}", call.name())))
    })
}

fn stuck(world: &mut World, ending: &Ending, end: &State) -> Result<String, Trouble> {
    for task in 0..world.layout.claims() {
        if ending.outcomes[task].is_none()
            && let Next::Call(call) = &world.reaction(end, task)?.next
        {
            let who = world.layout.actor(task);
            return Ok(format!("{who} waits for {} for ever", call.name()));
        }
    }
    Ok("a record is never worked off".to_owned())
}

fn capitalised(text: &str) -> String {
    // `u1` stays as it is: it is a name.
    let is_name = text.starts_with('u') && text[1..].starts_with(|c: char| c.is_ascii_digit());
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !is_name => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}
