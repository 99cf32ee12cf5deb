//! The actors of a replay: the strategy's own code on real services, with a task for each actor, behind one gate.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::records::Records;
use crate::{
    adapters::Backend,
    engine::explore::RESTARTS,
    instrument::{
        gated::Gate,
        stepped::{around, consumer},
    },
    model::{
        interleaving::{Actor, Ending, Token},
        outcome::{Attempt, Outcome},
    },
    ports::{Clock, Consumer, Event, Patience, UserId, attempt},
    strategies::{Entry, Strategy},
};

/// The tasks of all actors.
pub struct ActorTasks {
    pub gate: Gate,
    pub records: Records,
    tasks: BTreeMap<Actor, JoinHandle<()>>,
    told: Arc<Mutex<BTreeMap<Actor, Outcome>>>,
    /// The consumer, and the strategy of instance 0, on which the consumer works.
    consumer: Option<(Arc<dyn Strategy>, Arc<dyn Consumer>)>,
    /// Whether the consumer has ended with an error.
    failed: Arc<AtomicBool>,
    restarts: u8,
    batch: usize,
}

impl ActorTasks {
    /// Starts all actors. Each stops at its first call.
    pub fn open(entry: &Entry, token: &Token, backend: &Backend) -> Self {
        let (gate, records) = (Gate::default(), Records::default());
        let strategies: Vec<_> = (0..token.instances)
            .map(|_| (entry.build)(&around(&gate, ports(token, backend, &records))))
            .collect();
        let member = backend.consumers().into_iter().next().map(Arc::from);
        let mut tasks = Self {
            gate,
            records,
            tasks: BTreeMap::new(),
            told: Arc::default(),
            consumer: strategies.first().cloned().zip(member),
            failed: Arc::default(),
            restarts: 0,
            batch: token.batch.into(),
        };
        for actor in token.claims() {
            tasks.claim(actor, &strategies[actor.instance(strategies.len())]);
        }
        tasks.consume();
        tasks
    }

    fn claim(&mut self, actor: Actor, strategy: &Arc<dyn Strategy>) {
        let Actor::Claim { user, .. } = actor else {
            return;
        };
        let (user, strategy) = (UserId(user), Arc::clone(strategy));
        let (gate, told) = (self.gate.clone(), Arc::clone(&self.told));
        let work = async move {
            let answer = attempt::scope(user, strategy.claim(user)).await;
            let outcome = Outcome::of(&answer);
            lock(&told).insert(actor, outcome);
            gate.ended(actor, Some(Ending::Outcome(outcome)));
        };
        let task = tokio::spawn(self.gate.scope(actor, work));
        self.tasks.insert(actor, task);
    }

    fn consume(&mut self) {
        let Some((strategy, member)) = self.consumer.clone() else {
            return;
        };
        let (gate, failed) = (self.gate.clone(), Arc::clone(&self.failed));
        let records = self.records.consumer(member, self.batch);
        let work = async move {
            let reader = consumer(&gate, records);
            let ended = strategy.consume(&*reader).await;
            failed.store(ended.is_err(), Ordering::Release);
            gate.ended(
                Actor::Consumer,
                ended.is_err().then_some(Ending::StartsAgain),
            );
        };
        let task = tokio::spawn(self.gate.scope(Actor::Consumer, work));
        self.tasks.insert(Actor::Consumer, task);
    }

    /// Crashes the actor at its current call.
    pub async fn crash(&mut self, actor: Actor) {
        if let Some(task) = self.tasks.remove(&actor) {
            task.abort();
            // The task ends as aborted.
            let _ = task.await;
        }
        let again = actor == Actor::Consumer;
        self.gate.ended(actor, again.then_some(Ending::StartsAgain));
    }

    /// Whether the consumer has ended with an error.
    pub fn consumer_has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Starts the consumer again, like a supervisor, at most as often as in an exploration. The consumer continues from the last
    /// commit of the group.
    pub async fn restart_consumer(&mut self, backend: &Backend) -> Result<(), String> {
        self.failed.store(false, Ordering::Release);
        if self.consumer.is_none() || self.restarts == RESTARTS {
            return Ok(());
        }
        self.restarts += 1;
        if let Some(kafka) = &backend.kafka {
            kafka.rewind().await?;
        }
        self.records.rewind();
        self.consume();
        Ok(())
    }

    /// All actors, in the order of a schedule.
    pub fn actors(&self) -> Vec<Actor> {
        self.tasks.keys().copied().collect()
    }

    /// The attempts with their outcomes. An attempt without an answer is indeterminate.
    pub fn attempts(&self, token: &Token) -> Vec<Attempt> {
        let told = lock(&self.told);
        let attempt = |actor| {
            let Actor::Claim { user, .. } = actor else {
                return None;
            };
            let outcome = told.get(&actor).copied();
            Some(Attempt {
                user: UserId(user),
                outcome: outcome.unwrap_or(Outcome::Indeterminate),
                intended: Duration::ZERO,
                start: Duration::ZERO,
                answered: None,
                end: outcome.map(|_| Duration::ZERO),
            })
        };
        token.claims().filter_map(attempt).collect()
    }

    /// Aborts the tasks that are left, and waits until they have released their connections.
    pub async fn close(self) {
        for task in self.tasks.into_values() {
            task.abort();
            let _ = task.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ports of one instance: an in-process lock of its own, and the number of tries of the exploration.
fn ports(token: &Token, backend: &Backend, records: &Records) -> Event {
    let event = backend.event(token.limit);
    Event {
        coupon_create: records.topic(event.coupon_create),
        clock: Arc::new(Impatient(event.clock)),
        patience: Patience {
            tries: token.tries,
            lock_tries: token.tries,
            ..event.patience
        },
        ..event
    }
}

/// A back-off is not a step of a schedule. A task that has to wait waits at the gate.
struct Impatient(Arc<dyn Clock>);

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Duration {
        self.0.now()
    }

    async fn back_off(&self, _: Duration) {}
}
