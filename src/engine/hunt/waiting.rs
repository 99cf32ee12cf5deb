//! Recognizes a request that waits for the other one: for a lock in the database, for an earlier answer of a shared connection, or inside
//! the service.

use tokio::time::Instant;

use super::{
    error::ScheduleError,
    requests::{HeldStatement, State},
    schedule::{ASK_AFTER, Schedule},
};
use crate::{gate::GateKind, gate::footprint::shown, model::hunt::Contender};

impl Schedule<'_> {
    /// The time at which the hunt finds out whether a request waits.
    pub(super) fn next_question(&self) -> Instant {
        let pace = self.conductor.pace;
        let due = self
            .requests
            .iter()
            .filter_map(|request| match &request.state {
                State::Working {
                    since,
                    silent: false,
                } => Some(*since + pace.quiet),
                State::Sent {
                    ask_at,
                    waits: false,
                    ..
                } => Some(*ask_at),
                _ => None,
            });
        due.min().unwrap_or_else(|| Instant::now() + pace.timeout)
    }

    /// Finds out for each request that is due whether it waits.
    pub(super) async fn overdue(&mut self) -> Result<(), ScheduleError> {
        for contender in Contender::BOTH {
            match &self.request(contender).state {
                State::Working {
                    since,
                    silent: false,
                } if since.elapsed() >= self.conductor.pace.quiet => self.is_silent(contender)?,
                State::Sent {
                    ask_at,
                    waits: false,
                    held,
                    ..
                } if *ask_at <= Instant::now() => {
                    let held = held.clone();
                    self.ask(contender, &held).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The request has made no statement for the quiet time. It waits for the other request, if that request can still go on.
    fn is_silent(&mut self, contender: Contender) -> Result<(), ScheduleError> {
        if let Some(unclear) = self.unclear.first() {
            let text = shown(&unclear.statement.content);
            let [a, b] = Contender::BOTH.map(|one| self.name(one));
            return Err(ScheduleError::Ambiguous(format!(
                "`{text}` can belong to {a} or to {b}: add a traceparent comment to the SQL, which names the request"
            )));
        }
        let other = self.request(contender.other());
        let other_holds = match &other.state {
            State::Held(held)
            | State::Sent {
                held, waits: true, ..
            } => Some(held.clone()),
            _ => None,
        };
        let State::Working { since, silent } = &mut self.request_mut(contender).state else {
            return Ok(());
        };
        if let Some(held) = other_holds {
            *silent = true;
            let request = self.request_mut(contender);
            (request.has_waited, request.waited_now) = (true, true);
            self.doubt_connections(contender, &held);
        } else {
            // Nothing of the other request is held, so the request is slow. Its response has a timeout.
            *since = Instant::now();
        }
        Ok(())
    }

    /// A service with one connection makes the other request wait for this connection. Its statements then cannot be held one by one. A lock
    /// of the service looks the same, unless the requests have used two connections that are open.
    fn doubt_connections(&mut self, waiting: Contender, held: &HeldStatement) {
        let kind = held.statement.kind;
        let several = self.conductor.connections.used(kind) > 1;
        if kind == GateKind::Redis || several {
            return;
        }
        let (waits, holds) = (self.name(waiting), self.name(waiting.other()));
        let why = format!(
            "{waits} waits inside the service while a statement of {holds} is held, and the requests have used only one connection to \
             {kind}, so it may wait for this connection: give the pool at least two connections, and let requests take them in turn"
        );
        self.one_connection.get_or_insert((kind, why));
    }

    /// Asks the database whether the statement waits for a lock of the other request.
    async fn ask(
        &mut self,
        contender: Contender,
        held: &HeldStatement,
    ) -> Result<(), ScheduleError> {
        if self.is_behind_another(held) {
            self.now_waits(contender);
            return Ok(());
        }
        let connection = self.conductor.connections.get(held.connection);
        let session = connection.and_then(|connection| connection.session);
        let asked = self.conductor.waits(held.statement.kind, session);
        let waits = asked.await.map_err(ScheduleError::Failed)?;
        let State::Sent { since, ask_at, .. } = &mut self.request_mut(contender).state else {
            return Ok(());
        };
        let took = since.elapsed();
        *ask_at = Instant::now() + ASK_AFTER.max(took / 2);
        let (pace, connections) = (self.conductor.pace, &self.conductor.connections);
        // Without a login for the database, only the time tells.
        let is_late = || took >= pace.quiet && connections.has_transaction(contender.other());
        if waits.unwrap_or_else(is_late) {
            self.now_waits(contender);
        } else if took >= pace.timeout {
            return Err(ScheduleError::Failed(format!(
                "`{}` of {} was not answered within {} s",
                shown(&held.statement.content),
                self.name(contender),
                pace.timeout.as_secs_f64()
            )));
        }
        Ok(())
    }

    fn now_waits(&mut self, contender: Contender) {
        let State::Sent { waits, held, .. } = &mut self.request_mut(contender).state else {
            return;
        };
        *waits = true;
        let id = held.id;
        let step = self.steps.iter_mut().rfind(|step| step.held.id == id);
        if let Some(step) = step {
            step.waited = true;
        }
    }

    /// Whether the answer to the statement has to wait for the answer to a statement of the other request on the same connection.
    pub(super) fn is_behind_another(&self, held: &HeldStatement) -> bool {
        let mut requests = self.requests.iter();
        requests.any(|request| {
            let own = request.held().or(request.sent());
            own.is_some_and(|own| own.connection == held.connection && own.id < held.id)
        })
    }
}
