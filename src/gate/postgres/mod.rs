//! The protocol of PostgreSQL, version 3.
//!
//! A unit is what the client sends up to a point where it waits: a simple query, or the messages of the extended protocol up to a
//! `Sync` or a `Flush`. It is a statement if it executes something.
//!
//! The server answers each message of the client with known messages. A unit keeps a list of the answers that are missing, and ends
//! with the last one: usually `ReadyForQuery`. After an error, the server ignores messages up to the next `Sync`.
//!
//! # Layout
//!
//! - [`startup`]: the first message of the client
//! - [`client`]: the units of the client
//! - [`unit`]: the answers that a unit waits for
//! - [`server`]: the answers of the server
//! - [`answer`]: what an answer says
//! - [`prepared`]: prepared statements and portals
//! - [`transaction`]: transactions without a `Sync`
//! - [`sql`]: what the words of a text say, and where its statements end
//! - [`values`]: values as text
//! - [`message`]: borders and fields of messages

mod answer;
mod client;
mod message;
mod prepared;
mod server;
mod sql;
mod startup;
#[cfg(test)]
pub(super) mod tests;
mod transaction;
mod unit;
mod values;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use self::{client::Client, prepared::Named, server::Server, startup::Startup, unit::Unit};
use super::wire::{ClientUnit, ServerUnit, UnitId, Wire, WireError};

/// The answer to a client that wants to encrypt: not here.
const REFUSAL: &[u8] = b"N";

/// The protocol of PostgreSQL on one connection.
#[derive(Debug, Default)]
pub struct PostgresWire {
    /// The client has sent its first message.
    started: bool,
    client: Client,
    server: Server,
    shared: Shared,
    /// The units that the server will answer and that are not forwarded yet.
    sent: VecDeque<Unit>,
}

/// What both directions know.
#[derive(Debug, Default)]
struct Shared {
    named: Named,
    /// The last unit ended with `ReadyForQuery`, and not with a `Flush`.
    is_ready: bool,
    /// A transaction was open when the server was ready.
    is_open: bool,
    /// A statement has failed since the last `Sync`.
    failed_since_sync: bool,
    /// The number of `Sync` that the server ignores, because a COPY began before it read them.
    ignored_syncs: usize,
}

impl Wire for PostgresWire {
    const REORDERS: bool = false;

    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        if !self.started {
            return self.first_message(bytes);
        }
        let idle = self.client.is_idle() && self.sent.is_empty() && self.server.is_idle();
        if idle && self.shared.is_ready {
            self.client.told(self.shared.is_open);
            if !self.shared.is_open {
                self.shared.named.end_portals();
            }
        }
        self.client.read(bytes, &mut self.shared, &mut self.sent)
    }

    fn forwarded(&mut self, unit: UnitId) {
        while let Some(sent) = self.sent.pop_front_if(|sent| sent.id <= unit) {
            self.server.forwarded(sent);
        }
    }

    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        self.server.read(bytes, &mut self.shared)
    }
}

impl PostgresWire {
    fn first_message(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        let Some((startup, length)) = Startup::of(bytes)? else {
            return Ok(None);
        };
        let mut unit = ClientUnit {
            id: self.client.number(),
            bytes: bytes.split_to(length).freeze(),
            reply: Bytes::new(),
            statement: None,
        };
        match startup {
            Startup::Encrypt => {
                unit.bytes = Bytes::new();
                unit.reply = Bytes::from_static(REFUSAL);
            }
            Startup::Cancel => self.started = true,
            Startup::Login => {
                self.started = true;
                self.sent.push_back(Unit::login(unit.id));
            }
        }
        Ok(Some(unit))
    }
}
