//! Tests with hand-built messages.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod borders;
mod copy;
mod queries;
mod startup;
mod texts;
mod typed;

use bytes::{BufMut, BytesMut};
use postgres_protocol::{IsNull, Oid, message::frontend};

pub(in crate::gate) use self::borders::traffic;
use super::PostgresWire;
use crate::gate::{
    event::{Content, SqlStatement, WireAnswer},
    wire::{ClientUnit, ServerUnit, UnitId, Wire},
};

/// A connection after the login, and both ends of it.
struct Talk {
    wire: PostgresWire,
    client: BytesMut,
    server: BytesMut,
}

impl Talk {
    /// A connection that is logged in.
    fn new() -> Self {
        let mut talk = Self {
            wire: PostgresWire::default(),
            client: BytesMut::new(),
            server: BytesMut::new(),
        };
        frontend::startup_message([("user", "u")], &mut talk.client).unwrap();
        let units = talk.units();
        assert_eq!(units.len(), 1);
        assert_eq!(units[0].statement, None);
        let login = [
            message(b'R', &[0, 0, 0, 0]),
            message(b'K', &[0, 0, 1, 2, 9, 9, 9, 9]),
            ready(b'I'),
        ];
        assert_eq!(talk.answers(&login.concat()), []);
        talk
    }

    /// Reads the units of the client, and forwards them.
    fn units(&mut self) -> Vec<ClientUnit> {
        let mut units = Vec::new();
        while let Some(unit) = self.wire.from_client(&mut self.client).unwrap() {
            self.wire.forwarded(unit.id);
            units.push(unit);
        }
        units
    }

    /// The client sends messages. Returns the statements of its units.
    fn sends(&mut self, write: impl FnOnce(&mut BytesMut)) -> Vec<Option<Vec<SqlStatement>>> {
        write(&mut self.client);
        let units = self.units().into_iter();
        units.map(|unit| unit.statement.map(sql)).collect()
    }

    /// The server sends messages. Returns the units as they are for the client.
    fn server_units(&mut self, bytes: &[u8]) -> Vec<ServerUnit> {
        self.server.extend_from_slice(bytes);
        let mut units = Vec::new();
        while let Some(unit) = self.wire.from_server(&mut self.server).unwrap() {
            units.push(unit);
        }
        units
    }

    /// The server sends messages. Returns the answers that ended.
    fn answers(&mut self, bytes: &[u8]) -> Vec<(UnitId, WireAnswer)> {
        let units = self.server_units(bytes).into_iter();
        units.filter_map(|unit| unit.answered).collect()
    }

    /// The server sends messages that end one answer.
    fn answer(&mut self, messages: &[Vec<u8>]) -> WireAnswer {
        let mut answers = self.answers(&messages.concat());
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0).1
    }

    /// The client sends a simple query, and the server answers it.
    fn query(&mut self, text: &str, messages: &[Vec<u8>]) -> WireAnswer {
        let units = self.sends(|to| frontend::query(text, to).unwrap());
        assert_eq!(units.len(), 1);
        self.answer(messages)
    }
}

fn sql(content: Content) -> Vec<SqlStatement> {
    match content {
        Content::Sql(statements) => statements,
        Content::Redis(_) => panic!("no SQL"),
    }
}

/// A statement without parameters.
fn plain(text: &str) -> SqlStatement {
    with(text, &[])
}

fn with(text: &str, parameters: &[Option<&str>]) -> SqlStatement {
    SqlStatement {
        text: text.to_owned(),
        parameters: parameters
            .iter()
            .map(|value| value.map(str::to_owned))
            .collect(),
    }
}

/// A message of the server.
fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.put_u32(u32::try_from(body.len()).unwrap() + 4);
    bytes.extend_from_slice(body);
    bytes
}

fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

fn error(code: &str, text: &str) -> Vec<u8> {
    let fields = format!("SFEHLER\0VERROR\0C{code}\0M{text}\0\0");
    message(b'E', fields.as_bytes())
}

/// The columns of a result: type and format.
fn columns(columns: &[(Oid, i16)]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_u16(u16::try_from(columns.len()).unwrap());
    for (oid, format) in columns {
        body.extend_from_slice(b"c\0");
        body.put_u32(0);
        body.put_i16(0);
        body.put_u32(*oid);
        body.put_i16(-1);
        body.put_i32(-1);
        body.put_i16(*format);
    }
    message(b'T', &body)
}

fn parameters(types: &[Oid]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_u16(u16::try_from(types.len()).unwrap());
    for oid in types {
        body.put_u32(*oid);
    }
    message(b't', &body)
}

fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_u16(u16::try_from(values.len()).unwrap());
    for value in values {
        match value {
            Some(bytes) => {
                body.put_u32(u32::try_from(bytes.len()).unwrap());
                body.extend_from_slice(bytes);
            }
            None => body.put_i32(-1),
        }
    }
    message(b'D', &body)
}

/// Answers without a body: `ParseComplete` and others.
fn short(tags: &[u8]) -> Vec<u8> {
    tags.iter().flat_map(|tag| message(*tag, &[])).collect()
}

fn parse(name: &str, text: &str, types: &[Oid], to: &mut BytesMut) {
    frontend::parse(name, text, types.iter().copied(), to).unwrap();
}

/// A `Bind` to the portal without a name, with all values in one format and all columns in another.
fn bind(name: &str, values: &[Option<&[u8]>], formats: (i16, i16), to: &mut BytesMut) {
    let write = |value: Option<&[u8]>, to: &mut BytesMut| {
        Ok(match value {
            Some(bytes) => {
                to.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    };
    let (parameters, results) = formats;
    let values = values.iter().copied();
    let bound = frontend::bind("", name, [parameters], values, write, [results], to);
    assert!(bound.is_ok());
}

fn execute(to: &mut BytesMut) {
    frontend::execute("", 0, to).unwrap();
}
