//! Admits the calls in the order of the schedule, and lets the actors that are left run to their end.

use std::time::Duration;

use super::{Deviation, actors::ActorTasks};
use crate::{
    adapters::Backend,
    instrument::gated::ActorState,
    model::interleaving::{Actor, Call, CallFault, EventKind, Move},
};

/// How long the conductor waits for an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A call without an answer after this time counts as waiting for another actor.
    pub step: Duration,
    /// An actor without an answer after this time gets no answer any more.
    pub end: Duration,
}

/// Plays one schedule.
pub struct Conductor<'a> {
    pub tasks: ActorTasks,
    pub backend: &'a Backend,
    pub patience: Timeouts,
    pub deviations: Vec<Deviation>,
    /// Actors with a call that is not answered yet.
    waiting: Vec<Actor>,
    /// The number of events at the end of the schedule.
    pub scheduled: usize,
}

impl<'a> Conductor<'a> {
    /// A conductor before the first step of a schedule.
    pub fn new(tasks: ActorTasks, backend: &'a Backend, patience: Timeouts) -> Self {
        Self {
            tasks,
            backend,
            patience,
            deviations: Vec::new(),
            waiting: Vec::new(),
            scheduled: 0,
        }
    }

    /// Plays the whole schedule, then the calls of the actors that are left, one after the other.
    pub async fn play(&mut self, moves: &[Move]) -> Result<(), String> {
        for (number, wanted) in (1..).zip(moves) {
            match *wanted {
                Move::Call(actor, fault) => self.call(number, actor, fault).await?,
                Move::Crash(actor) => self.crash(actor).await?,
                Move::LeasesEnd => self.leases_end().await?,
                Move::CacheRestarts => self.restart_cache().await?,
            }
        }
        self.scheduled = self.tasks.gate.history().len();
        self.run_out().await
    }

    async fn call(
        &mut self,
        number: usize,
        actor: Actor,
        fault: Option<CallFault>,
    ) -> Result<(), String> {
        match self.settled(actor).await {
            ActorState::Waiting(Call::Poll) if fault.is_none() && !self.tasks.records.any() => {
                self.deviations.push(Deviation::NothingToRead(number));
                Ok(())
            }
            ActorState::Waiting(_) => self.admit(actor, fault).await,
            ActorState::Calling(_) | ActorState::Away => {
                self.deviations.push(Deviation::StillWaits(number, actor));
                Ok(())
            }
            ActorState::Ended => {
                self.deviations.push(Deviation::HadEnded(number, actor));
                Ok(())
            }
        }
    }

    /// Plays one call, from the gate to the actor's next call.
    async fn admit(&mut self, actor: Actor, fault: Option<CallFault>) -> Result<(), String> {
        self.tasks.gate.admit(actor, fault);
        if let ActorState::Calling(call) = self.settled(actor).await {
            self.tasks.gate.note(Some(actor), EventKind::Waits(call));
            self.waiting.push(actor);
        }
        self.those_who_waited(actor).await;
        self.consumer_again().await
    }

    /// A call that can wait for a lock counts as waiting after a short time. Other calls are only slow.
    async fn settled(&self, actor: Actor) -> ActorState {
        let gate = &self.tasks.gate;
        match gate.settled(actor, self.patience.step).await {
            ActorState::Calling(call) if !may_wait(&call) => {
                gate.settled(actor, self.patience.end).await
            }
            ActorState::Away => gate.settled(actor, self.patience.end).await,
            stand => stand,
        }
    }

    /// The calls that may have waited for `actor`, and may be answered now.
    async fn those_who_waited(&mut self, actor: Actor) {
        for waiting in std::mem::take(&mut self.waiting) {
            let gets_on = waiting != actor
                && !matches!(
                    self.settled(waiting).await,
                    ActorState::Calling(_) | ActorState::Away
                );
            if !gets_on {
                self.waiting.push(waiting);
            }
        }
    }

    /// Starts a consumer that has failed again.
    async fn consumer_again(&mut self) -> Result<(), String> {
        if self.tasks.consumer_has_failed() {
            self.tasks.restart_consumer(self.backend).await?;
        }
        Ok(())
    }

    async fn crash(&mut self, actor: Actor) -> Result<(), String> {
        // The actor crashes before its next call.
        self.settled(actor).await;
        self.tasks.gate.note(Some(actor), EventKind::Crash);
        self.tasks.crash(actor).await;
        self.waiting.retain(|waiting| *waiting != actor);
        self.those_who_waited(actor).await;
        if actor == Actor::Consumer {
            self.tasks.restart_consumer(self.backend).await?;
        }
        Ok(())
    }

    async fn leases_end(&self) -> Result<(), String> {
        self.tasks.gate.note(None, EventKind::LeasesEnd);
        match &self.backend.redis {
            Some(redis) => redis.end_leases().await,
            None => Ok(()),
        }
    }

    async fn restart_cache(&self) -> Result<(), String> {
        self.tasks.gate.note(None, EventKind::CacheRestarts);
        match &self.backend.redis {
            Some(redis) => redis.empty().await,
            None => Ok(()),
        }
    }

    /// Admits the calls of the actors that are left, one after the other, those of the attempts first.
    async fn run_out(&mut self) -> Result<(), String> {
        loop {
            for actor in self.tasks.actors() {
                if self.tasks.gate.stand(actor) == ActorState::Away {
                    self.settled(actor).await;
                }
            }
            match self.next() {
                Some(actor) => self.admit(actor, None).await?,
                None if self.waiting.is_empty() => return Ok(()),
                None => {
                    let waiting = self.waiting.clone();
                    let settled = waiting
                        .iter()
                        .map(|actor| Box::pin(self.tasks.gate.settled(*actor, self.patience.end)));
                    let (stand, first, _) = futures::future::select_all(settled).await;
                    if matches!(stand, ActorState::Calling(_) | ActorState::Away) {
                        return Ok(());
                    }
                    self.waiting.remove(first);
                }
            }
        }
    }

    fn next(&self) -> Option<Actor> {
        let actors = self.tasks.actors();
        let claims_over = actors.iter().all(|actor| {
            *actor == Actor::Consumer || self.tasks.gate.stand(*actor) == ActorState::Ended
        });
        actors
            .into_iter()
            .find(|actor| match self.tasks.gate.stand(*actor) {
                ActorState::Waiting(Call::Poll) => self.tasks.records.any() || claims_over,
                ActorState::Waiting(_) => true,
                ActorState::Away | ActorState::Calling(_) | ActorState::Ended => false,
            })
    }
}

/// Whether a service may delay the call until another actor releases a lock.
fn may_wait(call: &Call) -> bool {
    matches!(
        call,
        Call::Begin(_) | Call::Sql(_) | Call::Commit | Call::Rollback | Call::Lock
    )
}
