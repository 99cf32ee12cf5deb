//! A gate in front of the ports: every call of an actor waits at the gate until it is admitted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, oneshot};

use super::{
    observation::{Observable, observation_of},
    stepped::Hook,
};
use crate::{
    model::interleaving::{Actor, Call, CallFault, Ending, EventKind, HistoryEvent, Observation},
    ports::{Effect, PortError, Result},
};

tokio::task_local! {
    static ACTOR: Actor;
    static FAULT: CallFault;
}

/// The fault of the call that this task makes, where the fault is for the port behind the gate to inject.
pub fn fault() -> Option<CallFault> {
    FAULT.try_get().ok()
}

/// The state of an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorState {
    /// Between two calls.
    Away,
    /// At the gate, with this call.
    Waiting(Call),
    /// Admitted, without an answer so far.
    Calling(Call),
    /// Ended.
    Ended,
}

struct ActorEntry {
    stand: ActorState,
    pass: Option<oneshot::Sender<Option<CallFault>>>,
}

#[derive(Default)]
struct GateState {
    by_actor: BTreeMap<Actor, ActorEntry>,
    history: Vec<HistoryEvent>,
    /// The actor that was admitted last, until its call is answered.
    current: Option<Actor>,
    /// Answers to other actors in the meantime. They waited for the current call, so they come after it in the history.
    freed: Vec<HistoryEvent>,
}

impl GateState {
    fn write(&mut self, happened: HistoryEvent) {
        if self.current.is_some() && self.current != happened.actor {
            self.freed.push(happened);
            return;
        }
        self.current = None;
        self.history.push(happened);
        self.history.append(&mut self.freed);
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<GateState>,
    moved: Notify,
}

/// The gate. All clones share one state.
#[derive(Clone, Default)]
pub struct Gate(Arc<Shared>);

impl Gate {
    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(
        &self,
        actor: Actor,
        stand: ActorState,
        pass: Option<oneshot::Sender<Option<CallFault>>>,
    ) {
        self.lock()
            .by_actor
            .insert(actor, ActorEntry { stand, pass });
        self.0.moved.notify_waiters();
    }

    /// Runs `work` as this actor. The actor is between two calls until its first call.
    pub fn scope<F: Future>(
        &self,
        actor: Actor,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        self.put(actor, ActorState::Away, None);
        ACTOR.scope(actor, work)
    }

    /// Records the end of the actor, and what it was told.
    pub fn ended(&self, actor: Actor, told: Option<Ending>) {
        let mut state = self.lock();
        let GateState { history, freed, .. } = &mut *state;
        let mut own = history.iter_mut().chain(freed).rev();
        if let Some(last) = own.find(|happened| happened.actor == Some(actor)) {
            last.told = told;
        }
        drop(state);
        self.put(actor, ActorState::Ended, None);
    }

    /// Admits the call of the actor, with this fault. Does nothing to an actor that is not at the gate.
    pub fn admit(&self, actor: Actor, fault: Option<CallFault>) {
        let mut state = self.lock();
        let Some(entry) = state.by_actor.get_mut(&actor) else {
            return;
        };
        if let (ActorState::Waiting(call), Some(pass)) = (&entry.stand, entry.pass.take()) {
            entry.stand = ActorState::Calling(call.clone());
            state.current = Some(actor);
            // The receiver is gone only if the task has ended, which is recorded elsewhere.
            let _ = pass.send(fault);
        }
    }

    /// The state of the actor now.
    pub fn stand(&self, actor: Actor) -> ActorState {
        let state = self.lock();
        let entry = state.by_actor.get(&actor);
        entry.map_or(ActorState::Ended, |entry| entry.stand.clone())
    }

    /// The state of the actor once it is at the gate or has ended, or after `patience`.
    pub async fn settled(&self, actor: Actor, patience: Duration) -> ActorState {
        let settled = async {
            loop {
                let mut moved = std::pin::pin!(self.0.moved.notified());
                moved.as_mut().enable();
                if matches!(
                    self.stand(actor),
                    ActorState::Waiting(_) | ActorState::Ended
                ) {
                    return;
                }
                moved.await;
            }
        };
        // In time or not, the result is the state of the actor.
        let _ = tokio::time::timeout(patience, settled).await;
        self.stand(actor)
    }

    /// Records an event that is not a call.
    pub fn note(&self, actor: Option<Actor>, what: EventKind) {
        self.lock().write(HistoryEvent {
            actor,
            what,
            told: None,
        });
    }

    /// All events so far, in the order of their answers.
    pub fn history(&self) -> Vec<HistoryEvent> {
        self.lock().history.clone()
    }
}

impl Hook for Gate {
    async fn step<T: Observable>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let Ok(actor) = ACTOR.try_get() else {
            return work.await;
        };
        let (pass, passed) = oneshot::channel();
        self.put(actor, ActorState::Waiting(call.clone()), Some(pass));
        let Ok(fault) = passed.await else {
            return Err(failed(&call, CallFault::Refused));
        };
        let answer = make(&call, fault, work).await;
        let saw = observation_of(&answer);
        // A consumer that learns that the run is over has read no record.
        if saw != Observation::Over {
            let what = EventKind::Called { call, saw, fault };
            self.note(Some(actor), what);
        }
        self.put(actor, ActorState::Away, None);
        answer
    }
}

async fn make<T: Observable>(
    call: &Call,
    fault: Option<CallFault>,
    work: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    let Some(fault) = fault else {
        return work.await;
    };
    match fault {
        CallFault::Repeated => return FAULT.scope(fault, work).await,
        CallFault::AnswerLost => {
            work.await?;
        }
        CallFault::Refused | CallFault::NoAnswer | CallFault::Undelivered => {}
    }
    T::after(fault).ok_or_else(|| failed(call, fault))
}

fn failed(call: &Call, fault: CallFault) -> PortError {
    let (effect, message) = match fault {
        CallFault::NoAnswer | CallFault::AnswerLost => (Effect::Unknown, "no answer"),
        CallFault::Refused | CallFault::Undelivered | CallFault::Repeated => {
            (Effect::None, "refused")
        }
    };
    PortError::new(call.name(), effect, message)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::{adapters::local::LocalMutex, model::interleaving::Statement, ports::Mutex as _};

    const SOON: Duration = Duration::from_millis(20);

    fn user(user: u64) -> Actor {
        Actor::Claim { user, attempt: 1 }
    }

    /// Takes the lock, counts the rows, and releases the lock.
    fn start(gate: &Gate, actor: Actor, lock: &Arc<LocalMutex>) {
        let (inner, lock) = (gate.clone(), Arc::clone(lock));
        let work = async move {
            let guard = inner.step(Call::Lock, lock.lock()).await;
            let count = inner.step(Call::Sql(Statement::Count), async { Ok(3_u64) });
            let _ = count.await;
            drop(guard);
            inner.ended(actor, None);
        };
        tokio::spawn(gate.scope(actor, work));
    }

    #[tokio::test(start_paused = true)]
    async fn no_call_passes_unadmitted_and_a_waiting_call_follows_the_call_it_waited_for() {
        let (gate, lock) = (Gate::default(), Arc::default());
        let (one, two) = (user(1), user(2));
        start(&gate, one, &lock);
        start(&gate, two, &lock);
        assert_eq!(
            gate.settled(one, SOON).await,
            ActorState::Waiting(Call::Lock)
        );
        assert_eq!(
            gate.settled(two, SOON).await,
            ActorState::Waiting(Call::Lock)
        );
        assert_eq!(gate.history(), []);

        gate.admit(one, None);
        assert!(matches!(
            gate.settled(one, SOON).await,
            ActorState::Waiting(_)
        ));
        gate.admit(two, None);
        assert_eq!(
            gate.settled(two, SOON).await,
            ActorState::Calling(Call::Lock)
        );
        gate.note(Some(two), EventKind::Waits(Call::Lock));
        gate.admit(one, None);
        assert_eq!(gate.settled(one, SOON).await, ActorState::Ended);
        assert!(matches!(
            gate.settled(two, SOON).await,
            ActorState::Waiting(_)
        ));

        let texts: Vec<_> = gate
            .history()
            .iter()
            .map(|happened| (happened.actor, happened.step().text()))
            .collect();
        let expected = [
            (Some(one), "lock mutex".to_owned()),
            (Some(two), "lock mutex → waits".to_owned()),
            (Some(one), "SELECT count(*) → 3".to_owned()),
            (Some(two), "lock mutex".to_owned()),
        ];
        assert_eq!(texts, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_is_injected_in_front_of_the_service() {
        let gate = Gate::default();
        for (fault, happens, effect) in [
            (CallFault::Refused, false, Effect::None),
            (CallFault::NoAnswer, false, Effect::Unknown),
            (CallFault::AnswerLost, true, Effect::Unknown),
        ] {
            let happened = Arc::new(AtomicBool::new(false));
            let (inner, service) = (gate.clone(), Arc::clone(&happened));
            let work = async move {
                let call = async {
                    service.store(true, Ordering::Relaxed);
                    Ok(())
                };
                inner.step(Call::Commit, call).await
            };
            let task = tokio::spawn(gate.scope(user(1), work));
            gate.settled(user(1), SOON).await;
            gate.admit(user(1), Some(fault));
            let answer = task.await.ok().and_then(Result::err);
            assert_eq!(answer.map(|error| error.effect), Some(effect));
            assert_eq!(happened.load(Ordering::Relaxed), happens);
        }
    }
}
