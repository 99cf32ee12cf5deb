//! Plays one schedule: lets one request go on at a time, statement by statement.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
    time::Instant,
};

use super::{
    background::Background,
    conductor::Conductor,
    error::ScheduleError,
    requests::{HeldStatement, Request, State, StepRecord},
};
use crate::{
    gate::{GateKind, footprint::shown},
    model::{
        hunt::{Contender, HuntCase},
        outcome::Outcome,
    },
};

/// The most steps of a schedule. More is a loop in the service.
const MAX_STEPS: usize = 300;

/// So many equal reads in a row are a loop that waits for a change. Fewer are steps like others: what the last one reads decides.
const SAME_READS: usize = 4;

/// The time after which the database is asked whether a statement waits for a lock, and between two questions.
pub(super) const ASK_AFTER: Duration = Duration::from_millis(2);

/// Sends the request of a contender with this `traceparent`, and returns its outcome.
pub type Send =
    Arc<dyn Fn(Contender, String) -> BoxFuture<'static, Outcome> + std::marker::Send + Sync>;

/// Moves that could not be made, because the request was not at a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missed {
    /// The request had ended: it made fewer statements than before.
    pub ended: u64,
    /// The request made no statement for the quiet time: it waited inside the service, or was slow.
    pub silent: u64,
}

/// The outcome of a request.
type Response = (Contender, Outcome);

/// A schedule while it is played.
pub struct Schedule<'a> {
    pub(super) conductor: &'a mut Conductor,
    pub(super) case: HuntCase,
    send: Send,
    pub(super) requests: [Request; 2],
    /// The steps in the order in which they were sent to the databases.
    pub steps: Vec<StepRecord>,
    /// Statements that belong to one of two requests, and it is not known yet to which.
    pub(super) unclear: Vec<HeldStatement>,
    responses: (UnboundedSender<Response>, UnboundedReceiver<Response>),
    tasks: JoinSet<()>,
    pub(super) answers: usize,
    /// Where the service did not follow the schedule, one sentence each.
    pub deviations: Vec<String>,
    /// Moves that a shared connection made impossible.
    pub shared: u64,
    /// Why a request may have waited for the only connection to this service.
    pub one_connection: Option<(GateKind, String)>,
    /// Moves of a request that was not at a statement.
    pub missed: Missed,
    /// What was forwarded although it may belong to a request.
    pub(super) background: Background,
    /// The longest time between an answer and the next sign of the request.
    pub gap: Duration,
    /// Whether the second request was sent before the first had ended.
    pub overlapped: bool,
}

impl<'a> Schedule<'a> {
    /// A schedule that has not begun.
    pub fn new(conductor: &'a mut Conductor, case: HuntCase, send: Send) -> Self {
        Self {
            conductor,
            case,
            send,
            requests: [trace_id(), trace_id()].map(Request::new),
            steps: Vec::new(),
            unclear: Vec::new(),
            responses: mpsc::unbounded_channel(),
            tasks: JoinSet::new(),
            answers: 0,
            deviations: Vec::new(),
            shared: 0,
            one_connection: None,
            missed: Missed::default(),
            background: Background::default(),
            gap: Duration::ZERO,
            overlapped: false,
        }
    }

    /// Makes the moves, then lets the request of the last move go on as long as possible, until both requests have ended. A move that is
    /// not possible is left out.
    ///
    /// # Errors
    /// The requests cannot be controlled, or the service or a database failed.
    pub async fn play(&mut self, moves: &[Contender]) -> Result<(), ScheduleError> {
        self.conductor.take_waiting();
        self.conductor.control.hold();
        let mut last = Contender::A;
        for (number, wanted) in (1..).zip(moves) {
            if self.can_move(*wanted) {
                self.advance(*wanted).await?;
                last = *wanted;
            } else {
                self.deviates(number, *wanted);
            }
        }
        while !self.requests.iter().all(Request::has_ended) {
            let next = [last, last.other()]
                .into_iter()
                .find(|one| self.can_move(*one));
            match next.or_else(|| self.spinning()) {
                Some(next) => {
                    self.advance(next).await?;
                    last = next;
                }
                None => self.wait_for_change().await?,
            }
        }
        Ok(())
    }

    /// The outcome of each request that has ended.
    pub fn outcomes(&self) -> [Option<Outcome>; 2] {
        [0, 1].map(|index| match self.requests[index].state {
            State::Ended(outcome) => Some(outcome),
            _ => None,
        })
    }

    /// Whether a request has waited inside the service.
    pub fn waited_inside(&self, contender: Contender) -> bool {
        self.request(contender).has_waited
    }

    pub(super) fn request(&self, contender: Contender) -> &Request {
        &self.requests[contender.index()]
    }

    pub(super) fn request_mut(&mut self, contender: Contender) -> &mut Request {
        &mut self.requests[contender.index()]
    }

    /// The name of a request in messages: `u1`, `u2`, `u1#2`.
    pub(super) fn name(&self, contender: Contender) -> String {
        self.case.actor(contender).to_string()
    }

    fn can_move(&self, contender: Contender) -> bool {
        match &self.request(contender).state {
            State::NotSent => true,
            State::Held(held) => !self.repeats(contender, held),
            _ => false,
        }
    }

    /// Whether the held statement repeats the request's last step, which changed nothing, and no step of the other request since then can
    /// change its answer. Such a statement asks again for a lock.
    fn repeats(&self, contender: Contender, held: &HeldStatement) -> bool {
        let own = self.steps.iter().enumerate();
        let own = own.filter(|(_, step)| step.contender == contender).rev();
        let repeated: Vec<_> = own
            .take_while(|(_, step)| step.was_in_vain() && held.repeats(&step.held))
            .collect();
        let reads = held.statement.footprint.writes.is_empty();
        let tries = if reads { SAME_READS } else { 1 };
        repeated.first().is_some_and(|(last, step)| {
            let mut since = self.steps[last + 1..].iter();
            repeated.len() >= tries && since.all(|other| other.effect.commutes(&step.effect))
        })
    }

    /// A request whose statement repeats the last step. It goes on if nothing else can.
    fn spinning(&self) -> Option<Contender> {
        let mut both = Contender::BOTH.into_iter();
        both.find(|one| self.request(*one).held().is_some())
    }

    fn deviates(&mut self, number: usize, contender: Contender) {
        let name = self.name(contender);
        let why = match &self.request(contender).state {
            State::Ended(_) => {
                self.missed.ended += 1;
                format!("{name} had ended")
            }
            State::Working { .. } => {
                self.missed.silent += 1;
                format!("{name} waited inside the service")
            }
            State::Sent { held, .. } => {
                if self.is_behind_another(held) {
                    self.shared += 1;
                    format!(
                        "{name} waited for an earlier answer on a connection that both requests share"
                    )
                } else {
                    format!("{name} waited for a lock in the database")
                }
            }
            _ => format!("{name} repeated its last statement"),
        };
        self.deviations
            .push(format!("move {number} could not be made: {why}"));
    }

    /// Sends the request if it is not sent, and releases its next statement.
    async fn advance(&mut self, contender: Contender) -> Result<(), ScheduleError> {
        if self.steps.len() >= MAX_STEPS {
            return Err(ScheduleError::Failed(format!(
                "the two requests made more than {MAX_STEPS} statements"
            )));
        }
        if matches!(self.request(contender).state, State::NotSent) {
            self.start(contender);
            self.settle().await?;
        }
        if let State::Held(held) = &self.request(contender).state {
            let held = held.clone();
            self.release(contender, held);
            self.settle().await?;
        }
        Ok(())
    }

    fn start(&mut self, contender: Contender) {
        let other = self.request(contender.other());
        self.overlapped |= !other.has_ended() && !matches!(other.state, State::NotSent);
        let (sender, send) = (self.responses.0.clone(), Arc::clone(&self.send));
        let request = self.request_mut(contender);
        request.state = State::Working {
            since: Instant::now(),
            silent: false,
        };
        let traceparent = format!("00-{}-{}-01", request.trace_id, &request.trace_id[..16]);
        self.tasks.spawn(async move {
            let outcome = send(contender, traceparent).await;
            let _ = sender.send((contender, outcome));
        });
    }

    fn release(&mut self, contender: Contender, held: HeldStatement) {
        let connections = &mut self.conductor.connections;
        let (effect, transaction) = connections.sent(held.connection, contender, &held.statement);
        tracing::debug!(
            request = %self.case.actor(contender), statement = shown(&held.statement.content), "released"
        );
        let control = self.conductor.control.clone();
        let id = held.id;
        let request = self.request_mut(contender);
        let ready = request.ready;
        request.state = State::Sent {
            held: held.clone(),
            since: Instant::now(),
            ask_at: Instant::now() + ASK_AFTER,
            waits: false,
        };
        self.steps.push(StepRecord {
            contender,
            held,
            transaction,
            effect,
            ready,
            answer: None,
            order: usize::MAX,
            waited: false,
            told: None,
        });
        control.release(id);
    }

    /// Takes events until each request is at a held statement, waits for the other request, or has ended.
    pub(super) async fn settle(&mut self) -> Result<(), ScheduleError> {
        while self.requests.iter().any(Request::is_going_on) {
            self.take_next().await?;
        }
        Ok(())
    }

    /// Waits for an event. Each request waits for the other, or for something else.
    async fn wait_for_change(&mut self) -> Result<(), ScheduleError> {
        let timeout = self.conductor.pace.timeout;
        let changed = tokio::time::timeout(timeout, async {
            tokio::select! {
                biased;
                event = self.conductor.events.recv() => self.take_event(event),
                response = self.responses.1.recv() => self.take_response(response),
            }
        });
        let in_time = changed.await.unwrap_or_else(|_| {
            let [a, b] = Contender::BOTH.map(|one| self.name(one));
            Err(ScheduleError::Failed(format!(
                "neither {a} nor {b} went on within {} s",
                timeout.as_secs_f64()
            )))
        });
        in_time?;
        self.settle().await
    }

    async fn take_next(&mut self) -> Result<(), ScheduleError> {
        let deadline = self.next_question();
        tokio::select! {
            biased;
            event = self.conductor.events.recv() => self.take_event(event),
            response = self.responses.1.recv() => self.take_response(response),
            () = tokio::time::sleep_until(deadline) => self.overdue().await,
        }
    }

    fn take_response(&mut self, response: Option<Response>) -> Result<(), ScheduleError> {
        // An answer of a database comes before the response that depends on it.
        while let Ok(event) = self.conductor.events.try_recv() {
            self.take_event(Some(event))?;
        }
        match response {
            Some((contender, outcome)) => self.ended(contender, outcome),
            None => Ok(()),
        }
    }
}

/// 32 hexadecimal digits that no other request has.
fn trace_id() -> String {
    format!("{:032x}", rand::random::<u128>() | 1)
}

#[cfg(test)]
mod tests;
