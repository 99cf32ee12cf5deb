//! The protocol of MySQL and MariaDB.
//!
//! The server greets first. The gate removes encryption and compression from the greeting; all other bytes pass unchanged. A unit is one
//! command. The packets of an authentication and of a file that the server asks for are units without a statement.
//!
//! # Layout
//!
//! - [`packet`]: the borders of packets
//! - [`login`]: the greeting and the capabilities
//! - [`command`]: the commands of the client
//! - [`prepared`]: prepared statements and their parameters
//! - [`sql`]: what must be known of SQL texts
//! - [`answer`]: the answer to a command
//! - [`outcome`]: what the gate reports of an answer
//! - [`result_set`]: the rows of an answer
//! - [`values`]: values as text
//! - [`session`]: what both directions must know

mod answer;
mod command;
mod login;
mod outcome;
mod packet;
mod prepared;
mod result_set;
mod session;
mod sql;
#[cfg(test)]
mod tests;
mod values;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use self::{
    answer::{Answer, Expected},
    command::Command,
    login::Greeting,
    packet::{Borders, HEADER, Header, Piece, READ},
    session::Session,
};
use super::{
    event::WireAnswer,
    wire::{ClientUnit, ServerUnit, UnitId, Wire, WireError},
};

/// The protocol of one connection to MySQL or MariaDB.
#[derive(Debug, Default)]
pub struct MysqlWire {
    greeting: Option<Greeting>,
    /// Whether the client has answered the greeting.
    has_agreed: bool,
    session: Session,
    next: UnitId,
    /// The expected answers to units that are not forwarded yet.
    arrived: VecDeque<(UnitId, Answer)>,
    /// The expected answers to units that are forwarded.
    forwarded: VecDeque<(UnitId, Answer)>,
    /// The packets of the server.
    server: Borders,
    /// The packets of a file from the client.
    file: Borders,
}

impl MysqlWire {
    /// The protocol of a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// The greeting, which is changed.
    fn greet(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        let Some(header) = Header::read(bytes) else {
            return Ok(None);
        };
        if header.length > READ {
            return Err(WireError(
                "the greeting of the server is too long".to_owned(),
            ));
        }
        let end = HEADER + header.length;
        if bytes.len() < end {
            return Ok(None);
        }
        let is_error = bytes[HEADER..end].first() == Some(&0xff);
        let mut session = None;
        if !is_error {
            let greeting = login::greet(&mut bytes[HEADER..end])?;
            session = Some(u64::from(greeting.thread));
            self.greeting = Some(greeting);
        }
        Ok(Some(ServerUnit {
            bytes: bytes.split_to(end).freeze(),
            answered: None,
            session,
        }))
    }

    /// Reads a packet of the client and its continuation.
    fn command(&mut self, number: u8, payload: &[u8]) -> Result<Command, WireError> {
        let Some(greeting) = &self.greeting else {
            return Err(WireError("the client spoke before the server".to_owned()));
        };
        if !self.has_agreed {
            self.session.agreed = login::agree(greeting, payload)?;
            self.has_agreed = true;
            return Ok(Command::without_statement(Expected::Login));
        }
        if number != 0 {
            // A part of an authentication: the answer to its first packet has not ended.
            return Ok(Command::without_answer());
        }
        command::read(payload, &mut self.session)
    }

    /// The bytes of a file, until its end: an empty packet.
    fn file(&mut self, bytes: &mut BytesMut) -> Option<ClientUnit> {
        let mut end = 0;
        while self.session.wants_file {
            match self.file.next(&bytes[end..]) {
                Piece::Packet(packet, taken) => {
                    end += taken;
                    self.session.wants_file = packet.length > 0;
                }
                Piece::Rest(taken) => end += taken,
                Piece::Nothing => break,
            }
        }
        (end > 0).then(|| self.unit(bytes.split_to(end).freeze(), Command::without_answer()))
    }

    fn unit(&mut self, bytes: Bytes, command: Command) -> ClientUnit {
        let id = self.next;
        self.next += 1;
        self.arrived
            .extend(command.answer.map(|answer| (id, answer)));
        ClientUnit {
            id,
            bytes,
            reply: Bytes::new(),
            statement: command.statement,
        }
    }

    /// Reads a packet of the server. Returns the answer that ends with it.
    fn packet(
        &mut self,
        packet: &packet::Packet<'_>,
    ) -> Result<Option<(UnitId, WireAnswer)>, WireError> {
        // Without a command, it is the farewell of a server that closes the connection.
        let Some((_, answer)) = self.forwarded.front_mut() else {
            return Ok(None);
        };
        if !answer.read(packet, &mut self.session)? {
            return Ok(None);
        }
        // The server may answer a file that it cannot use before its end.
        self.session.wants_file = false;
        let ended = self.forwarded.pop_front();
        Ok(ended.map(|(id, answer)| (id, answer.finish(&self.session))))
    }
}

impl Wire for MysqlWire {
    const REORDERS: bool = false;

    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        if self.session.wants_file {
            return Ok(self.file(bytes));
        }
        let (Some(header), Some(end)) = (Header::read(bytes), packet::complete(bytes)) else {
            return Ok(None);
        };
        let payload = packet::payload(&bytes[..end]);
        let command = self.command(header.number, &payload)?;
        Ok(Some(self.unit(bytes.split_to(end).freeze(), command)))
    }

    fn forwarded(&mut self, unit: UnitId) {
        while self.arrived.front().is_some_and(|(id, _)| *id <= unit) {
            self.forwarded.extend(self.arrived.pop_front());
        }
    }

    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        if self.greeting.is_none() {
            return self.greet(bytes);
        }
        let mut end = 0;
        let mut answered = None;
        while answered.is_none() {
            match self.server.next(&bytes[end..]) {
                Piece::Packet(packet, taken) => {
                    answered = self.packet(&packet)?;
                    end += taken;
                }
                Piece::Rest(taken) => end += taken,
                Piece::Nothing => break,
            }
        }
        Ok((end > 0).then(|| ServerUnit {
            bytes: bytes.split_to(end).freeze(),
            answered,
            session: None,
        }))
    }
}
