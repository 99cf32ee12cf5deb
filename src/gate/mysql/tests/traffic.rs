//! Traffic that is written by hand, and a gate that reads it.

use bytes::BytesMut;
use mysql_common::{
    constants::{CapabilityFlags, ColumnType},
    io::BufMutExt,
};

use crate::gate::{
    event::{Content, WireAnswer},
    mysql::MysqlWire,
    wire::{UnitId, Wire, WireError},
};

pub const IN_TRANSACTION: u16 = 0x0001;
pub const AUTOCOMMIT: u16 = 0x0002;
/// Another result follows; with autocommit.
pub const MORE: u16 = 0x000a;
pub const CURSOR: u16 = 0x0040;

/// The capabilities of a client of MySQL 8.
pub const MODERN: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_DEPRECATE_EOF);

/// The capabilities of a client of MySQL 5.
pub const OLD: CapabilityFlags = MODERN.difference(CapabilityFlags::CLIENT_DEPRECATE_EOF);

/// The bytes of one end.
#[derive(Debug, Clone)]
pub enum Sent {
    Client(Vec<u8>),
    Server(Vec<u8>),
}

/// What a gate made of some traffic.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    pub to_server: Vec<u8>,
    pub to_client: Vec<u8>,
    pub session: Option<u64>,
    pub statements: Vec<(UnitId, Content)>,
    pub answers: Vec<(UnitId, WireAnswer)>,
    pub error: Option<WireError>,
}

impl Read {
    /// The texts of the statements, with their parameters.
    pub fn texts(&self) -> Vec<String> {
        let contents = self.statements.iter();
        let statements = contents.flat_map(|(_, content)| match content {
            Content::Sql(statements) => statements.clone(),
            Content::Redis(_) => Vec::new(),
        });
        let line = |statement: crate::gate::event::SqlStatement| {
            let values = statement.parameters.into_iter();
            let values: Vec<_> = values
                .map(|value| value.unwrap_or_else(|| "NULL".to_owned()))
                .collect();
            format!("{} [{}]", statement.text, values.join(", "))
        };
        statements.map(line).collect()
    }

    /// The answers to the statements.
    pub fn statement_answers(&self) -> Vec<&WireAnswer> {
        let is_statement = |id: &UnitId| self.statements.iter().any(|(other, _)| other == id);
        let answers = self.answers.iter().filter(|(id, _)| is_statement(id));
        answers.map(|(_, answer)| answer).collect()
    }

    pub fn answer_texts(&self) -> Vec<Option<&str>> {
        let answers = self.statement_answers().into_iter();
        answers.map(|answer| answer.text.as_deref()).collect()
    }
}

/// Lets a gate read traffic. `cut` gives the number of bytes that arrive together; the rest of a message arrives later.
pub fn read(traffic: &[Sent], mut cut: impl FnMut() -> usize) -> Read {
    let mut wire = MysqlWire::new();
    let mut read = Read::default();
    let (mut client, mut server) = (BytesMut::new(), BytesMut::new());
    for sent in traffic {
        let (Sent::Client(bytes) | Sent::Server(bytes)) = sent;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (part, after) = rest.split_at(cut().clamp(1, rest.len()));
            rest = after;
            let result = match sent {
                Sent::Client(_) => {
                    client.extend_from_slice(part);
                    read_client(&mut wire, &mut client, &mut read)
                }
                Sent::Server(_) => {
                    server.extend_from_slice(part);
                    read_server(&mut wire, &mut server, &mut read)
                }
            };
            if let Err(error) = result {
                read.error = Some(error);
                return read;
            }
        }
    }
    read
}

fn read_client(
    wire: &mut MysqlWire,
    bytes: &mut BytesMut,
    read: &mut Read,
) -> Result<(), WireError> {
    while let Some(unit) = wire.from_client(bytes)? {
        assert!(unit.reply.is_empty());
        read.to_server.extend_from_slice(&unit.bytes);
        wire.forwarded(unit.id);
        read.statements
            .extend(unit.statement.map(|statement| (unit.id, statement)));
    }
    Ok(())
}

fn read_server(
    wire: &mut MysqlWire,
    bytes: &mut BytesMut,
    read: &mut Read,
) -> Result<(), WireError> {
    while let Some(unit) = wire.from_server(bytes)? {
        read.to_client.extend_from_slice(&unit.bytes);
        read.answers.extend(unit.answered);
        read.session = unit.session.or(read.session);
    }
    Ok(())
}

/// Lets a gate read traffic that arrives in whole messages.
pub fn whole(traffic: &[Sent]) -> Read {
    read(traffic, || usize::MAX)
}

/// A packet, divided if it is long.
pub fn packet(mut number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = payload;
    loop {
        let (part, after) = rest.split_at(rest.len().min(0xff_ffff));
        bytes.put_u24_le(u32::try_from(part.len()).unwrap());
        bytes.push(number);
        bytes.extend_from_slice(part);
        if part.len() < 0xff_ffff {
            return bytes;
        }
        number = number.wrapping_add(1);
        rest = after;
    }
}

/// A message of the server: packets with these payloads.
pub fn server(payloads: &[Vec<u8>]) -> Sent {
    let numbered = payloads.iter().zip((1..=u8::MAX).cycle());
    let packets = numbered.map(|(payload, number)| packet(number, payload));
    Sent::Server(packets.flatten().collect())
}

/// A command of the client.
pub fn command(code: u8, rest: &[u8]) -> Sent {
    let mut payload = vec![code];
    payload.extend_from_slice(rest);
    Sent::Client(packet(0, &payload))
}

pub fn query(text: &str) -> Sent {
    command(3, text.as_bytes())
}

pub fn greeting(capabilities: CapabilityFlags, mariadb: u32) -> Vec<u8> {
    let [low0, low1, high0, high1] = capabilities.bits().to_le_bytes();
    let mut payload = b"\x0a8.4.0\0\x07\x01\0\0abcdefgh\0".to_vec();
    payload.extend([low0, low1, 45, 2, 0, high0, high1, 21]);
    payload.extend([0; 6]);
    payload.extend(mariadb.to_le_bytes());
    payload.extend(b"ijklmnopqrst\0mysql_native_password\0");
    packet(0, &payload)
}

pub fn response(capabilities: CapabilityFlags, mariadb: u32) -> Vec<u8> {
    let mut payload = capabilities.bits().to_le_bytes().to_vec();
    payload.extend([0, 0, 0, 1, 45]);
    payload.extend([0; 19]);
    payload.extend(mariadb.to_le_bytes());
    payload.extend(b"coupon\0\x00mysql_native_password\0");
    packet(1, &payload)
}

/// A login with a switch of the method, and the traffic after it.
pub fn login(capabilities: CapabilityFlags, mariadb: u32, rest: Vec<Sent>) -> Vec<Sent> {
    let mut traffic = vec![
        Sent::Server(greeting(
            CapabilityFlags::all().difference(without(mariadb)),
            u32::MAX,
        )),
        Sent::Client(response(capabilities.difference(without(mariadb)), mariadb)),
        Sent::Server(packet(
            2,
            b"\xfecaching_sha2_password\0abcdefghijklmnopqrst\0",
        )),
        Sent::Client(packet(3, &[7; 32])),
        // The server has no password in its memory, and sends its public key.
        Sent::Server(packet(4, &[1, 4])),
        Sent::Client(packet(5, &[2])),
        Sent::Server(packet(6, b"\x01-----BEGIN PUBLIC KEY-----")),
        Sent::Client(packet(7, &[9; 256])),
        Sent::Server(packet(8, &ok(0, AUTOCOMMIT))),
    ];
    traffic.extend(rest);
    traffic
}

/// MariaDB does not set this flag.
fn without(mariadb: u32) -> CapabilityFlags {
    if mariadb == 0 {
        CapabilityFlags::empty()
    } else {
        CapabilityFlags::CLIENT_LONG_PASSWORD
    }
}

pub fn ok(affected: u64, status: u16) -> Vec<u8> {
    ok_with(0, affected, status)
}

/// The end of the rows for a modern client.
pub fn end(status: u16) -> Vec<u8> {
    ok_with(0xfe, 0, status)
}

fn ok_with(header: u8, affected: u64, status: u16) -> Vec<u8> {
    let mut payload = vec![header];
    payload.put_lenenc_int(affected);
    payload.put_lenenc_int(0);
    payload.extend(status.to_le_bytes());
    payload.extend([0, 0]);
    payload
}

pub fn eof(status: u16) -> Vec<u8> {
    let [low, high] = status.to_le_bytes();
    vec![0xfe, 0, 0, low, high]
}

pub fn error(code: u16, state: &str, message: &str) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend(code.to_le_bytes());
    payload.extend(format!("#{state}{message}").bytes());
    payload
}

pub fn column(name: &str, kind: ColumnType, flags: u16) -> Vec<u8> {
    let mut payload = Vec::new();
    for text in ["def", "shop", "c", "coupon", name, name] {
        payload.put_lenenc_str(text.as_bytes());
    }
    payload.extend([0x0c, 45, 0, 20, 0, 0, 0, kind as u8]);
    payload.extend(flags.to_le_bytes());
    payload.extend([0, 0, 0]);
    payload
}

pub fn number_column() -> Vec<u8> {
    column("n", ColumnType::MYSQL_TYPE_LONGLONG, 0)
}

pub fn text_row(values: &[Option<&str>]) -> Vec<u8> {
    let mut row = Vec::new();
    for value in values {
        match value {
            Some(value) => row.put_lenenc_str(value.as_bytes()),
            None => row.push(0xfb),
        }
    }
    row
}

/// The answer to a prepare command with parameters of numbers and one column, for a modern client.
pub fn prepared(id: u32, parameters: u16) -> Sent {
    let mut answer = vec![0];
    answer.extend(id.to_le_bytes());
    answer.extend(1_u16.to_le_bytes());
    answer.extend(parameters.to_le_bytes());
    answer.extend([0, 0, 0]);
    let mut packets = vec![answer];
    packets.extend((0..=parameters).map(|_| number_column()));
    server(&packets)
}

/// An execute command with types.
pub fn execute(id: u32, nulls: u8, types: &[ColumnType], values: &[u8]) -> Sent {
    let mut rest = id.to_le_bytes().to_vec();
    rest.extend([0, 1, 0, 0, 0]);
    if !types.is_empty() {
        rest.extend([nulls, 1]);
        rest.extend(types.iter().flat_map(|kind| [*kind as u8, 0]));
    }
    rest.extend_from_slice(values);
    command(0x17, &rest)
}
