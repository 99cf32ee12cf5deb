//! Bytes that wait until a socket takes them.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::{Buf, Bytes};
use tokio::net::tcp::WriteHalf;

/// The most parts that one system call writes.
const PARTS: usize = 16;

/// Bytes for one end of a connection, in their order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    parts: VecDeque<Bytes>,
    bytes: usize,
}

impl Outgoing {
    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.bytes += bytes.len();
            self.parts.push_back(bytes);
        }
    }

    /// The number of bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Whether no byte waits.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes until nothing is left or the socket takes no more now.
    pub(super) fn write(&mut self, socket: &WriteHalf<'_>) -> io::Result<()> {
        while !self.is_empty() {
            match self.write_once(socket) {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_once(&self, socket: &WriteHalf<'_>) -> io::Result<usize> {
        if let [only] = self.parts.as_slices().0
            && self.parts.len() == 1
        {
            return socket.try_write(only);
        }
        let mut slices = [IoSlice::new(&[]); PARTS];
        let count = self.parts.len().min(PARTS);
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part);
        }
        socket.try_write_vectored(&slices[..count])
    }

    fn advance(&mut self, written: usize) {
        self.bytes -= written;
        let mut left = written;
        while let Some(part) = self.parts.front_mut() {
            if left < part.len() {
                part.advance(left);
                return;
            }
            left -= part.len();
            self.parts.pop_front();
        }
    }

    /// Takes all bytes, for tests of what is forwarded.
    #[cfg(test)]
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.bytes = 0;
        self.parts.drain(..).flatten().collect()
    }
}
