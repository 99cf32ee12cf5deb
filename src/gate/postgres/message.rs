//! The borders and the fields of messages.

use std::{io, mem::size_of};

use bytes::BytesMut;
use postgres_protocol::message::backend::{Header, Message};

use crate::gate::wire::WireError;

/// The longest message in bytes. The database itself accepts no longer one.
const LONGEST: usize = 1 << 30;

/// The bytes of a tag and a length.
const HEAD: usize = 1 + size_of::<i32>();

/// Where a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Border {
    /// The kind of the message.
    pub(super) tag: u8,
    /// The length in bytes, with tag and length field.
    pub(super) length: usize,
}

impl Border {
    /// The border of the message at the begin of `bytes`. `None` if its length has not arrived yet.
    pub(super) fn of(bytes: &[u8]) -> Result<Option<Self>, WireError> {
        let header = Header::parse(bytes).map_err(|error| unreadable(&error))?;
        header.map(Self::new).transpose()
    }

    fn new(header: Header) -> Result<Self, WireError> {
        let length = usize::try_from(header.len()).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(WireError(format!(
                "a message of PostgreSQL claims a length of {length} bytes"
            )));
        }
        let tag = header.tag();
        Ok(Self {
            tag,
            length: length + 1,
        })
    }

    /// Takes the message from the begin of `bytes`. `None` if it is not complete.
    pub(super) fn message(self, bytes: &[u8]) -> Option<&[u8]> {
        bytes.get(..self.length)
    }
}

/// Reads a complete message of the server.
pub(super) fn parsed(message: &[u8]) -> Result<Message, WireError> {
    let parsed = Message::parse(&mut BytesMut::from(message));
    let parsed = parsed.map_err(|error| unreadable(&error))?;
    parsed.ok_or_else(|| WireError("a message of PostgreSQL is too short".to_owned()))
}

/// The error for bytes that are no message.
pub(super) fn unreadable(error: &io::Error) -> WireError {
    WireError(format!("a message of PostgreSQL cannot be read: {error}"))
}

/// The fields of a message of the client that are not read yet.
#[derive(Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of a complete message with a tag.
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self(message.get(HEAD..).unwrap_or_default())
    }

    /// A single byte.
    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// A text that ends with a zero byte.
    pub(super) fn text(&mut self) -> Result<&'a [u8], WireError> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.take(end.ok_or_else(short)?)?;
        self.take(1)?;
        Ok(text)
    }

    /// A number of two bytes.
    pub(super) fn short(&mut self) -> Result<i16, WireError> {
        let bytes = self.take(2)?;
        Ok(i16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A number of four bytes.
    pub(super) fn number(&mut self) -> Result<u32, WireError> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A value with its length; `None` for NULL.
    pub(super) fn value(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        match self.number()? {
            u32::MAX => Ok(None),
            length => self
                .take(usize::try_from(length).unwrap_or(usize::MAX))
                .map(Some),
        }
    }

    /// A list: its length in two bytes, then its members.
    pub(super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let count = self.short()?.cast_unsigned();
        (0..count).map(|_| read(self)).collect()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }
}

fn short() -> WireError {
    WireError("a message of the client of PostgreSQL is too short".to_owned())
}
