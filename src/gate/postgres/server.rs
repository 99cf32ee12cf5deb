//! Reads what the server sends: which unit it answers, and what the answer says.

use std::collections::VecDeque;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::Message;

use super::{
    Shared,
    message::{Border, parsed, unreadable},
    prepared::Column,
    unit::{Ready, Step, Unit},
};
use crate::gate::{
    event::WireAnswer,
    wire::{ServerUnit, UnitId, WireError},
};

/// Messages with data that are longer than this many bytes are forwarded while they arrive. A row of this length is not shown.
const LONG: usize = 64 * 1024;

/// What is known about the bytes of the server.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// The units that were forwarded and are not answered, in this order.
    running: VecDeque<Unit>,
    /// The server ignores messages until the next `Sync`, because a statement failed.
    skips: bool,
    /// Answers of units that the server has skipped.
    skipped: VecDeque<(UnitId, WireAnswer)>,
    /// The bytes of a long message that have not arrived yet.
    rest: usize,
    /// A message that was read, and is forwarded with the next one.
    kept: BytesMut,
}

impl Server {
    /// A unit is forwarded.
    pub(super) fn forwarded(&mut self, unit: Unit) {
        self.running.push_back(unit);
    }

    /// Whether no forwarded unit waits for an answer.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes complete messages up to the end of an answer.
    pub(super) fn read(
        &mut self,
        bytes: &mut BytesMut,
        shared: &mut Shared,
    ) -> Result<Option<ServerUnit>, WireError> {
        let mut unit = ServerUnit {
            answered: self.skipped.pop_front(),
            ..ServerUnit::default()
        };
        if unit.answered.is_some() {
            return Ok(Some(unit));
        }
        let mut end = self.rest.min(bytes.len());
        self.rest -= end;
        let mut last = None;
        while self.rest == 0 && unit.answered.is_none() && unit.session.is_none() {
            let rest = &bytes[end..];
            let Some(border) = Border::of(rest)? else {
                break;
            };
            let is_long = border.length > LONG && matches!(border.tag, b'D' | b'd' | b'V');
            if is_long {
                self.long_message(border);
                let arrived = border.length.min(rest.len());
                self.rest = border.length - arrived;
                end += arrived;
                last = None;
                continue;
            }
            let Some(message) = border.message(rest) else {
                break;
            };
            let keeps = ends_soon(border.tag, message);
            if let Err(error) = self.message(border.tag, message, shared, &mut unit) {
                self.kept.unsplit(bytes.split());
                *bytes = self.kept.split();
                return Err(error);
            }
            last = keeps.then_some(end);
            end += border.length;
        }
        if end == 0 {
            return Ok(None);
        }
        self.kept.unsplit(bytes.split_to(end));
        let forwarded = match last {
            Some(begin) if unit.answered.is_none() && self.will_be_ready(shared) => {
                self.kept.len() - (end - begin)
            }
            _ => self.kept.len(),
        };
        unit.bytes = self.kept.split_to(forwarded).freeze();
        Ok(Some(unit))
    }

    /// Whether the server will say that it is ready, without another message of the client.
    fn will_be_ready(&self, shared: &Shared) -> bool {
        let running = self.running.front();
        running.is_some_and(|unit| unit.is_statement && unit.ends_ready())
            && shared.ignored_syncs == 0
    }

    fn long_message(&mut self, border: Border) {
        if border.tag == b'D'
            && let Some(unit) = self.running.front_mut()
        {
            unit.outcome.long_row();
        }
    }

    fn message(
        &mut self,
        tag: u8,
        message: &[u8],
        shared: &mut Shared,
        unit: &mut ServerUnit,
    ) -> Result<(), WireError> {
        match tag {
            // The login, messages that belong to no statement, the data of a COPY, and the result of a function call.
            b'R' | b'v' | b'N' | b'A' | b'S' | b'd' | b'c' | b'V' => {}
            b'K' => unit.session = session(message),
            b'W' => {
                return Err(WireError(
                    "the connection is used for replication".to_owned(),
                ));
            }
            b'E' => unit.answered = self.fails(message, shared)?,
            b'Z' => unit.answered = self.ready(message, shared)?,
            b'1' | b'2' | b'3' | b'n' | b't' | b'T' | b'D' | b'C' | b'I' | b's' | b'G' | b'H' => {
                self.answers(tag, message, shared)?;
                unit.answered = self.ended(shared);
            }
            other => {
                return Err(WireError(format!(
                    "the server sent a message {} that is not known",
                    other.escape_ascii()
                )));
            }
        }
        Ok(())
    }

    /// Reads a message that belongs to the next step of the first unit.
    fn answers(&mut self, tag: u8, message: &[u8], shared: &mut Shared) -> Result<(), WireError> {
        let unit = self.running.front_mut().ok_or_else(unexpected)?;
        let Some(step) = unit.steps.front_mut() else {
            return Err(unexpected());
        };
        let done = match (tag, step) {
            (b'1', Step::Parse(_))
            | (b'2', Step::Bind)
            | (b'n', Step::DescribeStatement(_) | Step::DescribePortal(_)) => true,
            (b'3', Step::Close(closed)) => {
                if let Some(closed) = closed {
                    shared.named.closed(closed);
                }
                true
            }
            (b't', Step::DescribeStatement(prepared)) => {
                let _ = prepared.parameters.set(parameters(message)?);
                false
            }
            (b'T', Step::DescribeStatement(prepared) | Step::DescribePortal(prepared)) => {
                let _ = prepared.columns.set(columns(message)?);
                true
            }
            (b'T', Step::Ready(_)) => {
                unit.outcome.describes(columns(message)?);
                false
            }
            (b'D', Step::Execute | Step::Ready(_)) => {
                unit.outcome.row(message)?;
                false
            }
            (b'G', Step::Execute) => {
                shared.ignored_syncs += usize::from(unit.has_sync());
                false
            }
            (b'G' | b'H', _) => false,
            (b'C' | b'I' | b's', step @ (Step::Execute | Step::Ready(_))) => {
                let is_execute = matches!(step, Step::Execute);
                unit.completes(tag, message, shared)?;
                is_execute
            }
            _ => return Err(unexpected()),
        };
        if done {
            unit.steps.pop_front();
        }
        Ok(())
    }

    /// Removes the first unit if all its steps were answered. Returns its answer if it is a statement.
    fn ended(&mut self, shared: &mut Shared) -> Option<(UnitId, WireAnswer)> {
        let unit = self.running.pop_front_if(|unit| unit.steps.is_empty())?;
        shared.is_ready = false;
        let in_transaction = unit.open_after_flush(shared);
        unit.answered(in_transaction)
    }

    /// A statement failed: the server ignores messages up to the next `Sync`.
    fn fails(
        &mut self,
        message: &[u8],
        shared: &mut Shared,
    ) -> Result<Option<(UnitId, WireAnswer)>, WireError> {
        // Without a statement, the server ends the connection for a reason of its own.
        let Some(unit) = self.running.front_mut() else {
            return Ok(None);
        };
        if let Message::ErrorResponse(error) = parsed(message)? {
            unit.outcome.fails(error.fields())?;
        }
        shared.failed_since_sync = true;
        // A simple query, or the commit at a `Sync`: the server is ready at once.
        if matches!(unit.steps.front(), Some(Step::Ready(_))) {
            return Ok(None);
        }
        self.skips = true;
        unit.skip(shared);
        Ok(self.ended(shared))
    }

    /// The server is ready for the next statement.
    fn ready(
        &mut self,
        message: &[u8],
        shared: &mut Shared,
    ) -> Result<Option<(UnitId, WireAnswer)>, WireError> {
        let Message::ReadyForQuery(ready) = parsed(message)? else {
            return Err(unexpected());
        };
        while self.skips {
            let unit = self.running.front_mut().ok_or_else(unexpected)?;
            unit.skip(shared);
            self.skips = unit.steps.is_empty();
            if self.skips {
                let answer = self.ended(shared);
                self.skipped.extend(answer);
            }
        }
        let mut unit = self.running.pop_front().ok_or_else(unexpected)?;
        if !matches!(unit.steps.pop_front(), Some(Step::Ready(_))) || !unit.steps.is_empty() {
            return Err(unexpected());
        }
        shared.is_ready = true;
        shared.is_open = ready.status() != b'I';
        shared.failed_since_sync = false;
        shared.ignored_syncs = 0;
        Ok(unit.answered(shared.is_open))
    }
}

impl Unit {
    /// The current statement ended, was empty, or stopped.
    fn completes(&mut self, tag: u8, message: &[u8], shared: &mut Shared) -> Result<(), WireError> {
        match tag {
            b'I' => self.outcome.empty(),
            b's' => self.outcome.suspends(),
            _ => {
                if let Message::CommandComplete(body) = parsed(message)? {
                    let tag = body.tag().map_err(|error| unreadable(&error))?;
                    if let Some(removed) = self.outcome.completes(tag) {
                        shared.named.remove(&removed);
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes the steps that the server skips after an error.
    fn skip(&mut self, shared: &mut Shared) {
        while let Some(step) = self
            .steps
            .pop_front_if(|step| !matches!(step, Step::Ready(Ready::Sync)))
        {
            if let Step::Parse(created) = step {
                shared.named.failed(created);
            }
        }
    }
}

/// Whether the message ends a command, so that the server is ready soon. Some clients go on after such a message. It is forwarded with
/// the next one, because the next statement of the client must not arrive before the answer is reported.
fn ends_soon(tag: u8, message: &[u8]) -> bool {
    // After a fatal error, the server closes the connection.
    let is_fatal = || {
        let mut fields = message.split(|byte| *byte == 0);
        fields.any(|field| matches!(field, b"VFATAL" | b"VPANIC"))
    };
    tag == b'C' || (tag == b'E' && !is_fatal())
}

fn unexpected() -> WireError {
    WireError("the server sent an answer that no statement asked for".to_owned())
}

/// The process id of the server for this connection.
fn session(message: &[u8]) -> Option<u64> {
    let id = message.get(5..9)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(id)))
}

fn parameters(message: &[u8]) -> Result<Vec<u32>, WireError> {
    let Message::ParameterDescription(body) = parsed(message)? else {
        return Err(unexpected());
    };
    let types = body.parameters().collect();
    types.map_err(|error| unreadable(&error))
}

fn columns(message: &[u8]) -> Result<Vec<Column>, WireError> {
    let Message::RowDescription(body) = parsed(message)? else {
        return Err(unexpected());
    };
    let columns = body.fields().map(|field| {
        Ok(Column {
            oid: field.type_oid(),
            format: field.format(),
        })
    });
    columns.collect().map_err(|error| unreadable(&error))
}
