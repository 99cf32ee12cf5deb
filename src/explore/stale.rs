//! Sights that were no longer true when they were acted upon: the question is asked once more, at that moment.

use super::{
    sim::call::{Answer, CacheCall, Call, Statement},
    trace::Traced,
    why::called,
    world::{State, World},
};

/// A sight that was no longer true.
pub struct Stale {
    pub read: usize,
    pub sentence: String,
}

/// The last read of the task before it acted that would have been answered differently by then.
pub fn stale(world: &mut World, steps: &[Traced], task: usize, acted: usize) -> Option<Stale> {
    for read in (0..acted)
        .rev()
        .filter(|at| steps[*at].task() == Some(task))
    {
        let (Some(call), Some(saw)) = (steps[read].call(), steps[read].answer()) else {
            continue;
        };
        let Some(question) = question(call) else {
            continue;
        };
        let saw = saw.clone();
        if ask(world, &steps[acted].before, &question) == saw {
            continue;
        }
        let Some(changed) =
            (read + 1..acted).find(|at| ask(world, &steps[*at].after, &question) != saw)
        else {
            continue;
        };
        let name = |task: Option<usize>| match task {
            Some(task) => called(world, task),
            None => "Redis".to_owned(),
        };
        let other = &steps[changed];
        let did = other.call().map_or("restart".into(), Call::name);
        let sentence = format!(
            "{} read {} before {}'s {did} was visible, and went on when that was no longer true",
            name(Some(task)),
            super::picture::answer(&saw, call).unwrap_or_default(),
            name(other.task()),
        );
        return Some(Stale { read, sentence });
    }
    None
}

/// A call that only reads, as one that can be asked at any time.
fn question(call: &Call) -> Option<Call> {
    match call {
        Call::Sql(_, statement @ (Statement::Count | Statement::Event | Statement::LockEvent)) => {
            let statement = match statement {
                Statement::Count => Statement::Count,
                _ => Statement::Event,
            };
            Some(Call::Sql(None, statement))
        }
        Call::Cache(CacheCall { words, .. }) => {
            (words.first().map(String::as_str) == Some("GET")).then(|| call.clone())
        }
        _ => None,
    }
}

fn ask(world: &mut World, state: &State, question: &Call) -> Answer {
    match question {
        Call::Sql(_, statement) => {
            let answered = world.database(state).clone().run(None, statement);
            answered.unwrap_or(Answer::Done)
        }
        Call::Cache(command) => Answer::Reply(world.cache.run(state.cache, command).1),
        _ => Answer::Done,
    }
}
