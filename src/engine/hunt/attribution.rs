//! To which of the two requests a statement belongs, and what the requests do after an event.
//!
//! One request goes on at a time. A statement that arrives belongs to the request that goes on, unless the transaction of its connection
//! or its `traceparent` comment tells otherwise. If both requests go on, because a lock became free, the statement waits until one of
//! them can be excluded. A statement is never attributed by a guess.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    error::ScheduleError,
    requests::{HeldStatement, State, path},
    schedule::{ASK_AFTER, Schedule},
};
use crate::{
    gate::{
        event::{ConnectionId, GateEvent, GateEventKind, StatementId, WireAnswer, WireStatement},
        footprint::{Objects, shape, shown},
    },
    model::{hunt::Contender, outcome::Outcome},
};

impl Schedule<'_> {
    pub(super) fn take_event(&mut self, event: Option<GateEvent>) -> Result<(), ScheduleError> {
        let Some(event) = event else {
            return Err(ScheduleError::Failed("the gates were closed".to_owned()));
        };
        let connection = event.connection;
        match &event.what {
            GateEventKind::Arrived {
                id,
                statement,
                held,
            } => {
                self.conductor.connections.take(&event);
                let arrived = HeldStatement {
                    id: *id,
                    connection,
                    statement: Arc::clone(statement),
                };
                if *held {
                    return self.arrived(arrived);
                }
                self.passed(&arrived);
            }
            GateEventKind::Answered { id, answer } => self.answered(connection, *id, answer),
            GateEventKind::Closed => self.closed(connection),
            GateEventKind::Unreadable(why) => {
                let why = format!(
                    "the gate of {} cannot read the connection: {why}",
                    event.gate
                );
                return Err(ScheduleError::NotControllable(why));
            }
            GateEventKind::Unreachable(why) => {
                let why = format!("{} behind the gate cannot be reached: {why}", event.gate);
                return Err(ScheduleError::Failed(why));
            }
            GateEventKind::Opened | GateEventKind::Session(_) => {
                self.conductor.connections.take(&event);
            }
        }
        Ok(())
    }

    /// A statement that the gate does not hold tells which request uses the connection.
    fn passed(&mut self, arrived: &HeldStatement) {
        let owner = self.owner_of(arrived);
        let connections = &mut self.conductor.connections;
        match owner {
            Some(owner) => {
                connections.is_used_by(arrived.connection, owner);
                self.shows_a_sign(owner);
            }
            None => {
                if let Some(connection) = connections.get_mut(arrived.connection) {
                    connection.user = None;
                }
            }
        }
    }

    fn arrived(&mut self, arrived: HeldStatement) -> Result<(), ScheduleError> {
        let own = self.conductor.connections.get(arrived.connection);
        let in_transaction = own.is_some_and(|own| own.transaction.is_some());
        let is_background = !in_transaction && self.is_background(&arrived.statement);
        if is_background {
            self.forwards(&arrived.statement);
        }
        let connections = &self.conductor.connections;
        if is_background || connections.ends_nothing(arrived.connection, &arrived.statement) {
            self.conductor.control.release(arrived.id);
            return Ok(());
        }
        if let Some(owner) = self.owner_of(&arrived) {
            self.belongs(owner, arrived)?;
            return self.resolve();
        }
        if self.candidates().len() == 2 {
            self.unclear.push(arrived);
            return Ok(());
        }
        let text = shown(&arrived.statement.content);
        // A rare statement of the service's background work does not come again when the schedule is repeated.
        Err(ScheduleError::Ambiguous(format!(
            "`{text}` arrived while no request could make a statement: the service works on several statements of a request at the same \
             time, or in the background"
        )))
    }

    /// The request to which a statement belongs, if that is certain.
    fn owner_of(&self, arrived: &HeldStatement) -> Option<Contender> {
        let traced = arrived
            .statement
            .traceparent
            .as_ref()
            .and_then(|traceparent| {
                let mut both = Contender::BOTH.into_iter();
                both.find(|one| traceparent.contains(&self.request(*one).trace_id))
            });
        let connection = self.conductor.connections.get(arrived.connection);
        let transaction = connection.and_then(|connection| connection.transaction.as_ref()?.owner);
        let alone = match self.candidates()[..] {
            [alone] => Some(alone),
            _ => None,
        };
        traced
            .or(transaction)
            .or(alone)
            .or_else(|| self.expects_alone(arrived))
    }

    /// The only one of the two requests that has ever made such a statement after the statements that the request has made so far.
    fn expects_alone(&self, arrived: &HeldStatement) -> Option<Contender> {
        let next = shape(&arrived.statement.content);
        let profile = &self.conductor.profile;
        let expects = |one: &Contender| profile.expects(&path(&self.steps, *one), &next);
        match Contender::BOTH.map(|one| expects(&one)) {
            [true, false] => Some(Contender::A),
            [false, true] => Some(Contender::B),
            _ => None,
        }
    }

    /// The requests that can make a statement now.
    fn candidates(&self) -> Vec<Contender> {
        let both = Contender::BOTH.into_iter();
        both.filter(|one| self.request(*one).is_working()).collect()
    }

    fn belongs(&mut self, owner: Contender, arrived: HeldStatement) -> Result<(), ScheduleError> {
        let name = self.name(owner);
        let text = shown(&arrived.statement.content);
        tracing::debug!(request = name, statement = text, connection = %arrived.connection, "arrived");
        let made = self.steps.len();
        let is_first = !self.steps.iter().any(|step| step.contender == owner);
        let request = self.request_mut(owner);
        if !request.connections.contains(&arrived.connection) {
            request.connections.push(arrived.connection);
        }
        let before = match &request.state {
            State::Working { since, .. } => {
                let gap = since.elapsed();
                // A request that is not sent yet can be sent at any time.
                let waited = std::mem::take(&mut request.waited_now);
                request.ready = if is_first && !waited { 0 } else { made };
                request.state = State::Held(arrived);
                self.note_gap(owner, gap);
                return Ok(());
            }
            State::Held(before) | State::Sent { held: before, .. } => before,
            State::NotSent | State::Ended(_) => {
                return Err(ScheduleError::NotControllable(format!(
                    "`{text}` of {name} arrived when the service was not working on {name}: the service works in the background"
                )));
            }
        };
        if before.connection == arrived.connection {
            request.pipeline.push_back(arrived);
            return Ok(());
        }
        let before = shown(&before.statement.content);
        Err(ScheduleError::NotControllable(format!(
            "{name} made `{text}` while its `{before}` had no answer: the service makes several statements of a request at the same time"
        )))
    }

    fn answered(&mut self, connection: ConnectionId, id: StatementId, answer: &WireAnswer) {
        let step = self.steps.iter_mut().rfind(|step| step.held.id == id);
        let sent = step.as_ref().map(|step| Arc::clone(&step.held.statement));
        let sent: Option<&WireStatement> = sent.as_deref();
        let connections = &mut self.conductor.connections;
        let began = connections.answered(connection, id, sent, answer);
        if let Some(step) = step {
            step.answer = Some(answer.clone());
            step.order = self.answers;
            self.answers += 1;
            if began {
                // The first statement of a transaction may take a snapshot of all tables.
                step.effect.footprint.reads = Objects::All;
                let own = connections.get(connection);
                step.transaction = own.and_then(|own| Some(own.transaction.as_ref()?.number));
            }
            let other = step.contender.other();
            self.may_go_on(other);
        }
        for contender in Contender::BOTH {
            self.take_delivery(contender);
        }
    }

    /// The service has the answer to the request's statement, if the database and the connection have delivered it.
    fn take_delivery(&mut self, contender: Contender) {
        let Some(held) = self.request(contender).sent().cloned() else {
            return;
        };
        if !self
            .conductor
            .connections
            .is_delivered(held.connection, held.id)
        {
            return;
        }
        let made = self.steps.len();
        let request = self.request_mut(contender);
        request.state = match request.pipeline.pop_front() {
            Some(next) => {
                request.ready = made;
                State::Held(next)
            }
            None => State::Working {
                since: Instant::now(),
                silent: false,
            },
        };
    }

    /// A step of the other request may have ended the wait of this request. The hunt finds out again whether it waits.
    fn may_go_on(&mut self, contender: Contender) {
        let pace = self.conductor.pace;
        let again = pace.quiet.saturating_sub(pace.again);
        match &mut self.request_mut(contender).state {
            State::Working { since, silent } if *silent => {
                *silent = false;
                *since = Instant::now().checked_sub(again).unwrap_or(*since);
            }
            State::Sent { ask_at, waits, .. } if *waits => {
                *waits = false;
                *ask_at = Instant::now() + ASK_AFTER;
            }
            _ => {}
        }
    }

    fn closed(&mut self, connection: ConnectionId) {
        let lost = self.conductor.connections.closed(connection);
        self.unclear.retain(|one| !lost.contains(&one.id));
        for contender in Contender::BOTH {
            let request = self.request_mut(contender);
            request.pipeline.retain(|one| !lost.contains(&one.id));
            let own = request.held().or(request.sent());
            if own.is_some_and(|own| lost.contains(&own.id)) {
                request.state = State::Working {
                    since: Instant::now(),
                    silent: false,
                };
            }
        }
    }

    pub(super) fn ended(
        &mut self,
        contender: Contender,
        outcome: Outcome,
    ) -> Result<(), ScheduleError> {
        let name = self.name(contender);
        tracing::debug!(request = name, outcome = outcome.name(), "ended");
        let request = self.request_mut(contender);
        if let Some(open) = request.held().or(request.sent()) {
            let text = shown(&open.statement.content);
            return Err(ScheduleError::NotControllable(format!(
                "the service answered {name} before `{text}` had an answer: it works in the background"
            )));
        }
        if let State::Working { since, .. } = &request.state {
            let gap = since.elapsed();
            self.note_gap(contender, gap);
        }
        self.request_mut(contender).state = State::Ended(outcome);
        let last = self
            .steps
            .iter_mut()
            .rfind(|step| step.contender == contender);
        if let Some(step) = last {
            step.told = Some(outcome);
        }
        self.may_go_on(contender.other());
        self.resolve()
    }

    /// Attributes the unclear statements, if one of the two requests is excluded now.
    pub(super) fn resolve(&mut self) -> Result<(), ScheduleError> {
        for unclear in std::mem::take(&mut self.unclear) {
            match self.owner_of(&unclear) {
                Some(owner) => self.belongs(owner, unclear)?,
                None => self.unclear.push(unclear),
            }
        }
        Ok(())
    }

    fn shows_a_sign(&mut self, contender: Contender) {
        if let State::Working { since, silent } = &mut self.request_mut(contender).state {
            (*since, *silent) = (Instant::now(), false);
        }
    }

    /// Notes how long the service worked on the request, if the request did not wait for the other one.
    fn note_gap(&mut self, contender: Contender, gap: Duration) {
        if !self.request(contender).has_waited {
            self.gap = self.gap.max(gap);
        }
    }
}
