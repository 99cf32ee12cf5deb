//! Polls the strategy's own futures by hand, one answer at a time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::future::BoxFuture;

use super::{
    call::{Answer, Call, user_id},
    mailbox::{Mailboxes, Released},
    ports,
};
use crate::{
    engine::explore::layout::{Layout, Role},
    ports::{Effect, PortError, attempt},
    strategies::{Decision, Entry, Strategy},
};

/// The largest number of back-offs without a call between them. More back-offs are an endless loop.
const BACK_OFFS: usize = 1_000;

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TaskEnd {
    /// A claim, with its decision.
    Told(Decision),
    /// A claim or a consumer, with an error.
    Failed(Effect, String),
    /// A consumer, at the end of the run.
    Consumed,
}

/// The position of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Next {
    /// Before this call.
    Call(Call),
    /// Ended.
    Ended(TaskEnd),
}

/// The reaction of a task to an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reaction {
    /// The locks and transactions that the task released before its next call.
    pub released: Vec<Released>,
    /// The position of the task now.
    pub next: Next,
}

/// Why a strategy cannot be explored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// The strategy uses `join!` or a similar combination of futures.
    #[error(
        "it makes two calls at the same time, which a sequence of single steps cannot represent"
    )]
    AtOnce,
    /// The strategy uses a sleep, a channel or a runtime.
    #[error("it waits for something that is not a port")]
    Elsewhere,
    /// The strategy backs off again and again without a call.
    #[error("it backs off without end")]
    Endless,
    /// The strategy reacts differently when a schedule is played with all tasks on one strategy.
    #[error("it keeps state outside of the ports, and that state changes what other tasks do")]
    HiddenState,
}

/// Tasks that have begun, each at its next call or ended.
pub struct Executor {
    mailboxes: Mailboxes,
    /// The strategies by instance.
    strategies: BTreeMap<usize, Arc<dyn Strategy>>,
    tasks: Vec<Option<BoxFuture<'static, TaskEnd>>>,
    reactions: BTreeMap<usize, Reaction>,
}

impl Executor {
    /// Builds one strategy for each instance and starts these tasks on it, in order.
    pub fn open(
        entry: &Entry,
        layout: &Layout,
        tasks: impl IntoIterator<Item = usize>,
    ) -> Result<Self, ExploreError> {
        let mut executor = Self {
            mailboxes: Mailboxes::new(layout.tasks()),
            strategies: BTreeMap::new(),
            tasks: (0..layout.tasks()).map(|_| None).collect(),
            reactions: BTreeMap::new(),
        };
        for task in tasks {
            executor.start(entry, layout, task)?;
        }
        Ok(executor)
    }

    /// Starts a task again, like a supervisor of a consumer that has crashed.
    pub fn restart(
        &mut self,
        entry: &Entry,
        layout: &Layout,
        task: usize,
    ) -> Result<(), ExploreError> {
        self.tasks[task] = None;
        self.mailboxes.forget(task);
        self.start(entry, layout, task)
    }

    fn start(&mut self, entry: &Entry, layout: &Layout, task: usize) -> Result<(), ExploreError> {
        let instance = layout.instance(task);
        let mailboxes = &self.mailboxes;
        let strategy = self.strategies.entry(instance).or_insert_with(|| {
            (entry.build)(&ports::event(mailboxes, layout.limit, layout.patience))
        });
        let strategy = Arc::clone(strategy);
        let consumer = ports::consumer(&self.mailboxes);
        let future: BoxFuture<'static, TaskEnd> = match layout.role(task) {
            Role::Claim { user, .. } => Box::pin(attempt::scope(user_id(user), async move {
                match strategy.claim(user_id(user)).await {
                    Ok(decision) => TaskEnd::Told(decision),
                    Err(error) => failed(&error),
                }
            })),
            Role::Consumer => Box::pin(async move {
                match strategy.consume(&consumer).await {
                    Ok(()) => TaskEnd::Consumed,
                    Err(error) => failed(&error),
                }
            }),
        };
        self.tasks[task] = Some(future);
        self.poll(task)
    }

    /// The position of the task, and what it released before.
    pub fn reaction(&self, task: usize) -> Option<&Reaction> {
        self.reactions.get(&task)
    }

    /// Gives the task the answer to its call, and runs the task to its next call.
    pub fn answer(&mut self, task: usize, answer: Answer) -> Result<(), ExploreError> {
        self.mailboxes.answer(task, answer);
        self.poll(task)
    }

    fn poll(&mut self, task: usize) -> Result<(), ExploreError> {
        let next = self.run(task)?;
        if self.mailboxes.at_once(task) {
            return Err(ExploreError::AtOnce);
        }
        let released = self.mailboxes.released(task);
        self.reactions.insert(task, Reaction { released, next });
        Ok(())
    }

    fn run(&mut self, task: usize) -> Result<Next, ExploreError> {
        self.mailboxes.turn_to(task);
        let slot = &mut self.tasks[task];
        for _ in 0..BACK_OFFS {
            let Some(future) = slot else {
                return Err(ExploreError::Elsewhere);
            };
            if let Poll::Ready(end) = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                *slot = None;
                return Ok(Next::Ended(end));
            }
            match self.mailboxes.call(task) {
                None => return Err(ExploreError::Elsewhere),
                Some(Call::BackOff) => self.mailboxes.answer(task, Answer::Done),
                Some(call) => return Ok(Next::Call(call)),
            }
        }
        Err(ExploreError::Endless)
    }
}

fn failed(error: &PortError) -> TaskEnd {
    TaskEnd::Failed(error.effect, error.to_string())
}
