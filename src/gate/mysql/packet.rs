//! The packets of the protocol: 3 bytes length, 1 byte number, then the payload.
//!
//! A payload of 16 MiB or more is divided: a packet of the maximum length is continued by the next one.

use std::borrow::Cow;

/// The number of bytes before a payload.
pub const HEADER: usize = 4;

/// The length of a packet that is continued by the next one.
pub const FULL: usize = 0xFF_FFFF;

/// The number of bytes of a payload that are read. The rest passes as it arrives.
pub const READ: usize = 64 * 1024;

/// The header of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// The number of bytes of the payload.
    pub length: usize,
    /// The number of the packet: 0 for the first one of a command.
    pub number: u8,
}

impl Header {
    /// The header at the begin of `bytes`. `None` if it is incomplete.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [low, middle, high, number, ..] = *bytes else {
            return None;
        };
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        Some(Self { length, number })
    }
}

/// The number of bytes of the packet at the begin of `bytes` and of its continuation. `None` if it is incomplete.
pub fn complete(bytes: &[u8]) -> Option<usize> {
    let mut end = 0;
    loop {
        let header = Header::read(bytes.get(end..)?)?;
        end += HEADER + header.length;
        if end > bytes.len() {
            return None;
        }
        if header.length < FULL {
            return Some(end);
        }
    }
}

/// The payload of a packet and of its continuation.
pub fn payload(packets: &[u8]) -> Cow<'_, [u8]> {
    let Some(Header { length, .. }) = Header::read(packets).filter(|first| first.length == FULL)
    else {
        return Cow::Borrowed(packets.get(HEADER..).unwrap_or_default());
    };
    let mut payload = Vec::with_capacity(packets.len());
    let (mut rest, mut length) = (packets, length);
    while let Some(part) = rest.get(HEADER..HEADER + length) {
        payload.extend_from_slice(part);
        rest = &rest[HEADER + length..];
        let Some(next) = Header::read(rest) else {
            break;
        };
        length = next.length;
    }
    Cow::Owned(payload)
}

/// The begin of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// The payload, up to [`READ`] bytes.
    pub head: &'a [u8],
    /// The number of bytes of the payload.
    pub length: usize,
}

impl Packet<'_> {
    /// The first byte of the payload, which tells the kind of most packets. `None` for an empty packet.
    pub fn tag(&self) -> Option<u8> {
        self.head.first().copied()
    }

    /// Whether the head is the whole payload.
    pub fn is_whole(&self) -> bool {
        self.head.len() == self.length
    }
}

/// What is next in a stream of packets.
#[derive(Debug)]
pub enum Piece<'a> {
    /// The next packet begins. The number of bytes contains its header and the part of the payload that has arrived.
    Packet(Packet<'a>, usize),
    /// This number of bytes belongs to a packet that has begun, or to its continuation.
    Rest(usize),
    /// More bytes are needed.
    Nothing,
}

/// The borders of the packets of a stream, whose payloads may pass in parts.
#[derive(Debug, Default)]
pub struct Borders {
    /// The number of bytes of the current packet that have not arrived.
    missing: usize,
    /// Whether the next packet continues the current one.
    continues: bool,
}

impl Borders {
    /// Takes the next piece from the begin of `bytes`.
    pub fn next<'a>(&mut self, bytes: &'a [u8]) -> Piece<'a> {
        if self.missing > 0 {
            let taken = self.missing.min(bytes.len());
            self.missing -= taken;
            return if taken == 0 {
                Piece::Nothing
            } else {
                Piece::Rest(taken)
            };
        }
        let Some(Header { length, .. }) = Header::read(bytes) else {
            return Piece::Nothing;
        };
        let read = if self.continues { 0 } else { length.min(READ) };
        let arrived = &bytes[HEADER..];
        let Some(head) = arrived.get(..read) else {
            return Piece::Nothing;
        };
        let taken = length.min(arrived.len());
        self.missing = length - taken;
        let is_first = !self.continues;
        self.continues = length == FULL;
        if is_first {
            Piece::Packet(Packet { head, length }, HEADER + taken)
        } else {
            Piece::Rest(HEADER + taken)
        }
    }
}
