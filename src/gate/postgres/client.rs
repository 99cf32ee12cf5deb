//! Reads what the client sends: where a unit ends, and which statements it contains.

use std::{collections::VecDeque, mem};

use bytes::{Bytes, BytesMut};

use super::{
    Shared,
    answer::Sent,
    message::{Border, Fields},
    sql::{self, Words},
    transaction::Transaction,
    unit::{Ready, Step, Unit},
};
use crate::gate::{
    event::{Content, SqlStatement},
    wire::{ClientUnit, UnitId, WireError},
};

/// Data of a `COPY` in messages longer than this many bytes is forwarded while it arrives.
const LONG: usize = 64 * 1024;

/// What is known about the bytes of the client after the login.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// The bytes of the buffer that belong to the messages in `batch`.
    read: usize,
    /// The messages of the unit that is not complete.
    batch: Batch,
    /// The bytes of a long message that have not arrived yet.
    rest: usize,
    /// The number of the next unit.
    next: UnitId,
    transaction: Transaction,
    /// Statements were executed with a `Flush` since the last `Sync`.
    flushed: bool,
}

/// The messages of a unit.
#[derive(Debug, Default)]
struct Batch {
    statements: Vec<SqlStatement>,
    sent: Vec<Sent>,
    steps: VecDeque<Step>,
}

impl Client {
    /// The number of a unit.
    pub(super) fn number(&mut self) -> UnitId {
        self.next += 1;
        self.next - 1
    }

    /// Whether the client has begun no unit.
    pub(super) fn is_idle(&self) -> bool {
        self.read == 0
    }

    /// The server has told the transaction, and answers nothing else.
    pub(super) fn told(&mut self, is_open: bool) {
        self.transaction = Transaction::told(is_open);
    }

    /// Takes the next unit, and adds it to `sent` if the server answers it.
    pub(super) fn read(
        &mut self,
        bytes: &mut BytesMut,
        shared: &mut Shared,
        sent: &mut VecDeque<Unit>,
    ) -> Result<Option<ClientUnit>, WireError> {
        if self.rest > 0 {
            let length = self.rest.min(bytes.len());
            self.rest -= length;
            return Ok((length > 0).then(|| self.without_answer(bytes, length)));
        }
        loop {
            let rest = bytes.get(self.read..).unwrap_or_default();
            let Some(border) = Border::of(rest)? else {
                return Ok(None);
            };
            if matches!(border.tag, b'd' | b'c' | b'f' | b'p' | b'X') {
                // The server reads the messages before at once.
                if self.read > 0 {
                    return Ok(Some(self.end(bytes, sent)));
                }
                return Ok(self.alone(bytes, border));
            }
            let Some(message) = border.message(rest) else {
                return Ok(None);
            };
            let ends = self.message(border.tag, message, shared)?;
            self.read += border.length;
            if ends {
                return Ok(Some(self.end(bytes, sent)));
            }
        }
    }

    /// Takes messages that are no statement and have no answer: the data of a `COPY`, a password, the end of the connection.
    fn alone(&mut self, bytes: &mut BytesMut, border: Border) -> Option<ClientUnit> {
        if bytes.len() < border.length && (border.tag != b'd' || border.length <= LONG) {
            return None;
        }
        let mut length = border.length;
        if border.tag == b'd' {
            // Many short messages are forwarded together.
            while let Ok(Some(next)) = Border::of(bytes.get(length..).unwrap_or_default())
                && next.tag == b'd'
                && length + next.length <= bytes.len()
            {
                length += next.length;
            }
        }
        let arrived = length.min(bytes.len());
        self.rest = length - arrived;
        Some(self.without_answer(bytes, arrived))
    }

    /// Reads a message. Returns whether the unit ends with it.
    fn message(&mut self, tag: u8, message: &[u8], shared: &mut Shared) -> Result<bool, WireError> {
        let mut fields = Fields::of(message);
        let steps = &mut self.batch.steps;
        match tag {
            b'Q' => self.query(fields.text()?),
            b'F' => self.function_call(fields.number()?),
            b'P' => steps.push_back(Step::Parse(shared.named.parse(fields)?)),
            b'B' => {
                shared.named.bind(fields)?;
                steps.push_back(Step::Bind);
            }
            b'D' => {
                let step = match fields.byte()? {
                    b'P' => {
                        Step::DescribePortal(shared.named.portal(fields.text()?).prepared.clone())
                    }
                    _ => Step::DescribeStatement(shared.named.prepared(fields.text()?)),
                };
                steps.push_back(step);
            }
            b'C' => steps.push_back(Step::Close(shared.named.close(fields)?)),
            b'E' => self.execute(fields.text()?, shared),
            b'S' => self.sync(shared),
            b'H' => self.flushed |= !self.batch.sent.is_empty(),
            other => {
                return Err(WireError(format!(
                    "the client sent a message {} that is not known",
                    other.escape_ascii()
                )));
            }
        }
        Ok(matches!(tag, b'Q' | b'F' | b'S' | b'H'))
    }

    fn query(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        self.ends_implicit();
        for text in sql::divided(&text) {
            let words = Words::of(text);
            self.transaction.executes(&words);
            if !words.empty {
                self.batch.statements.push(plain(text));
                self.batch.sent.push(Sent::Simple(words));
            }
        }
        self.ends_implicit();
        self.batch.steps.push_back(Step::Ready(Ready::Other));
    }

    fn function_call(&mut self, function: u32) {
        let text = format!("FunctionCall {function}");
        let words = Words::of(&text);
        self.batch.statements.push(plain(&text));
        self.batch.sent.push(Sent::Simple(words));
        self.batch.steps.push_back(Step::Ready(Ready::Other));
    }

    fn execute(&mut self, portal: &[u8], shared: &Shared) {
        let portal = shared.named.portal(portal);
        self.transaction.executes(&portal.prepared.words);
        if !portal.prepared.words.empty {
            self.batch.statements.push(portal.statement());
        }
        self.batch.sent.push(Sent::Extended(portal));
        self.batch.steps.push_back(Step::Execute);
    }

    fn sync(&mut self, shared: &mut Shared) {
        // The server has read this `Sync` as a part of the data of a COPY, or will do so.
        if shared.ignored_syncs > 0 && self.batch.steps.is_empty() {
            shared.ignored_syncs -= 1;
            return;
        }
        let flushed = mem::take(&mut self.flushed);
        let commits = self.transaction.syncs() && flushed && !shared.failed_since_sync;
        if commits && self.batch.statements.is_empty() {
            // What was executed with a `Flush` becomes visible now, although no text says so.
            self.batch.statements.push(plain("COMMIT"));
            self.batch.sent.push(Sent::Simple(Words::of("COMMIT")));
        }
        self.batch.steps.push_back(Step::Ready(Ready::Sync));
    }

    fn ends_implicit(&mut self) {
        self.transaction.syncs();
        self.flushed = false;
    }

    /// Takes the bytes of a complete unit.
    fn end(&mut self, bytes: &mut BytesMut, sent: &mut VecDeque<Unit>) -> ClientUnit {
        let batch = mem::take(&mut self.batch);
        let length = mem::take(&mut self.read);
        let mut unit = self.without_answer(bytes, length);
        if !batch.steps.is_empty() {
            sent.push_back(Unit {
                id: unit.id,
                is_statement: !batch.statements.is_empty(),
                steps: batch.steps,
                outcome: super::answer::Outcome::new(batch.sent),
                transaction: self.transaction,
            });
        }
        if !batch.statements.is_empty() {
            unit.statement = Some(Content::Sql(batch.statements));
        }
        unit
    }

    fn without_answer(&mut self, bytes: &mut BytesMut, length: usize) -> ClientUnit {
        ClientUnit {
            id: self.number(),
            bytes: bytes.split_to(length).freeze(),
            reply: Bytes::new(),
            statement: None,
        }
    }
}

fn plain(text: &str) -> SqlStatement {
    SqlStatement {
        text: text.to_owned(),
        parameters: Vec::new(),
    }
}
