//! A schedule that was found becomes an interleaving that can be drawn.

use super::{
    invariant::Invariant,
    sim::{
        call::{Answer, Call, Fate, Reply, Statement, user_names},
        stage::{End, Trouble},
    },
    trace::{Traced, trace},
    why::{Why, why},
    world::{Action, World},
};
use crate::{
    interleaving::{CallFault, Interleaving, Mark, Step, Token},
    ports::{Effect, UserId},
    strategy::Decision,
};

/// Draws the schedule that breaks `invariant`.
pub fn picture(
    world: &mut World,
    invariant: Invariant,
    faults: u8,
    actions: &[Action],
) -> Result<Interleaving, Trouble> {
    let steps = trace(world, faults, actions)?;
    let end = match steps.last() {
        Some(step) => step.after,
        None => world.start(faults),
    };
    let why = why(world, invariant, &steps, &end)?;
    let layout = world.layout;
    let rows = world.database(&end).ledger();
    Ok(Interleaving {
        title: format!(
            "{}, {}, limit {}: {invariant}",
            world.entry.name,
            crate::report::format::plural(layout.users as u64, "user"),
            layout.limit
        ),
        actors: (0..layout.tasks()).map(|task| layout.actor(task)).collect(),
        steps: steps
            .iter()
            .enumerate()
            .map(|(at, step)| drawn(world, at, step, &why))
            .collect(),
        ledger: ledger(&rows, layout.limit),
        why: why.sentence,
        token: Some(token(world, actions).to_string()),
    })
}

/// The schedule as one word.
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

fn ledger(rows: &[UserId], limit: u64) -> String {
    let users = user_names(rows.iter().copied());
    match rows.len() {
        0 => format!("no row, limit {limit}"),
        1 => format!("1 row ({users}), limit {limit}"),
        several => format!("{several} rows ({users}), limit {limit}"),
    }
}

fn drawn(world: &World, at: usize, step: &Traced, why: &Why) -> Step {
    let own = step.task().map(|task| world.layout.actor(task));
    let mark = if why.broke == Some(at) {
        Mark::Broke
    } else if step.action.is_fault() {
        Mark::Fault
    } else if why.stale == Some(at) {
        Mark::Stale
    } else {
        Mark::Plain
    };
    let (name, saw) = match step.action {
        Action::Crash(_) => ("crash".to_owned(), None),
        Action::LeasesEnd => ("all leases end".to_owned(), None),
        Action::CacheRestarts => ("Redis restarts, empty".to_owned(), None),
        Action::Call(task, fault) => {
            let name = step
                .call()
                .map_or_else(String::new, |call| name(world, task.into(), call));
            let saw = match (fault, step.answer(), step.call()) {
                (Some(fault), Some(answer), _) => Some(what_went_wrong(fault, answer)),
                (None, Some(saw), Some(call)) => answer(saw, call),
                _ => None,
            };
            (name, saw)
        }
    };
    let restarted = step
        .task()
        .is_some_and(|task| step.after.slots[task].restarts > step.before.slots[task].restarts);
    let told = match &step.end {
        _ if restarted => Some("starts again"),
        Some(End::Told(Decision::Issued)) => Some("issued"),
        Some(End::Told(Decision::SoldOut)) => Some("sold out"),
        Some(End::Told(Decision::Duplicate)) => Some("duplicate"),
        Some(End::Failed(Effect::Unknown, _)) => Some("no answer"),
        Some(End::Failed(..)) => Some("error"),
        Some(End::Consumed) | None => None,
    };
    Step {
        actor: own,
        name,
        saw,
        told: told.map(str::to_owned),
        mark,
    }
}

/// With the user where it is not the task's own, and with the numbers that are written.
fn name(world: &World, task: usize, call: &Call) -> String {
    let name = call.name();
    match call {
        Call::Sql(_, Statement::SetIssued(issued)) => format!("{name} = {issued}"),
        Call::Sql(_, Statement::SetIssuedIfVersion { version, .. }) => {
            format!("{name} = {version}")
        }
        _ if world.layout.consumer() == Some(task) && !call.users().is_empty() => {
            format!("{name} ({})", user_names(call.users()))
        }
        _ => name.into_owned(),
    }
}

fn what_went_wrong(fault: CallFault, answer: &Answer) -> String {
    match (fault, answer) {
        (CallFault::Refused, _) => "refused".to_owned(),
        (CallFault::NoAnswer, _) => "no answer, and nothing happened".to_owned(),
        (CallFault::AnswerLost, _) => "no answer, but it happened".to_owned(),
        (CallFault::Undelivered, _) => "accepted, later given up by the broker".to_owned(),
        (CallFault::Repeated, Answer::Delivered(batch)) => {
            let users = user_names(batch.iter().map(|delivery| delivery.user));
            format!("{users} again")
        }
        (CallFault::Repeated, _) => "again".to_owned(),
    }
}

/// What a task saw, in few words; `None` where it says nothing.
pub fn answer(answer: &Answer, call: &Call) -> Option<String> {
    Some(match answer {
        Answer::Done | Answer::Opened(_) | Answer::Fate(Fate::Delivered) => return None,
        Answer::Flag(true) => "1 row".to_owned(),
        Answer::Flag(false) => "0 rows".to_owned(),
        Answer::Count(count) => match call {
            Call::Sql(_, Statement::InsertIfAbsent(_)) => format!("{count} new"),
            _ => count.to_string(),
        },
        Answer::Event(event) => format!("issued {}, version {}", event.issued, event.version),
        Answer::Coupon(Some(coupon)) => format!("coupon {}", coupon.0 + 1),
        Answer::Coupon(None) => "none".to_owned(),
        Answer::Reply(Reply::Int(number)) => number.to_string(),
        Answer::Reply(Reply::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Answer::Reply(Reply::Ok) => "OK".to_owned(),
        Answer::Reply(Reply::Nil) => "nil".to_owned(),
        Answer::Reply(Reply::Error(message)) => message.clone(),
        Answer::Fate(_) => "given up".to_owned(),
        Answer::Delivered(batch) => user_names(batch.iter().map(|delivery| delivery.user)),
        Answer::Over => "over".to_owned(),
        Answer::Failed(failure) => failure.message.to_owned(),
    })
}
