//! Lets the calls of several actors through one by one: each stands at the gate until somebody lets it pass.

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
    model::interleaving::{Actor, Call, CallFault, Happened, Observation, Told, What},
    ports::{Effect, PortError, Result},
};

tokio::task_local! {
    static ACTOR: Actor;
    static FAULT: CallFault;
}

/// What is to go wrong with the call that is being made here, where that is for what stands behind the gate to do.
pub fn fault() -> Option<CallFault> {
    FAULT.try_get().ok()
}

/// Where an actor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorState {
    /// Between two calls.
    Away,
    /// At the gate, with this call.
    Waiting(Call),
    /// Let through, and not answered yet.
    Calling(Call),
    /// At its end.
    Ended,
}

struct ActorEntry {
    stand: ActorState,
    pass: Option<oneshot::Sender<Option<CallFault>>>,
}

#[derive(Default)]
struct GateState {
    by_actor: BTreeMap<Actor, ActorEntry>,
    history: Vec<Happened>,
    /// Who was let through last, until his call is answered.
    current: Option<Actor>,
    /// Answered since then to those who had waited: whatever they waited for is being done, and comes first.
    freed: Vec<Happened>,
}

impl GateState {
    fn write(&mut self, happened: Happened) {
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

/// The gate; all clones are the same.
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

    /// Runs `work` as this actor, from whose side nothing is heard until it makes its first call.
    pub fn scope<F: Future>(
        &self,
        actor: Actor,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        self.put(actor, ActorState::Away, None);
        ACTOR.scope(actor, work)
    }

    /// The actor has ended, and was told this.
    pub fn ended(&self, actor: Actor, told: Option<Told>) {
        let mut state = self.lock();
        let GateState { history, freed, .. } = &mut *state;
        let mut own = history.iter_mut().chain(freed).rev();
        if let Some(last) = own.find(|happened| happened.actor == Some(actor)) {
            last.told = told;
        }
        drop(state);
        self.put(actor, ActorState::Ended, None);
    }

    /// Lets the actor make its call, which goes wrong like this. Whoever is not at the gate stays where he is.
    pub fn admit(&self, actor: Actor, fault: Option<CallFault>) {
        let mut state = self.lock();
        let Some(entry) = state.by_actor.get_mut(&actor) else {
            return;
        };
        if let (ActorState::Waiting(call), Some(pass)) = (&entry.stand, entry.pass.take()) {
            entry.stand = ActorState::Calling(call.clone());
            state.current = Some(actor);
            // Gone only with the task, whose end is heard of otherwise.
            let _ = pass.send(fault);
        }
    }

    /// Where the actor stands now.
    pub fn stand(&self, actor: Actor) -> ActorState {
        let state = self.lock();
        let entry = state.by_actor.get(&actor);
        entry.map_or(ActorState::Ended, |entry| entry.stand.clone())
    }

    /// Where the actor stands once it is at the gate or at its end, or after `patience`.
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
        // In time or not, the answer is where it stands.
        let _ = tokio::time::timeout(patience, settled).await;
        self.stand(actor)
    }

    /// Writes down something that is no call.
    pub fn note(&self, actor: Option<Actor>, what: What) {
        self.lock().write(Happened {
            actor,
            what,
            told: None,
        });
    }

    /// Everything so far, in the order in which it was answered.
    pub fn history(&self) -> Vec<Happened> {
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
        // A consumer that is told that the run is over has not read anything.
        if saw != Observation::Over {
            let what = What::Called { call, saw, fault };
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

    /// Takes the lock, counts, and lets the lock go.
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
    async fn nobody_passes_uncalled_and_who_waits_comes_after_what_he_waited_for() {
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
        gate.note(Some(two), What::Waits(Call::Lock));
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
    async fn a_fault_is_done_in_front_of_the_service() {
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
