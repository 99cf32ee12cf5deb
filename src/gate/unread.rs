//! A protocol that reads nothing: all bytes are forwarded as they come.

use bytes::{Bytes, BytesMut};

use super::wire::{ClientUnit, ServerUnit, UnitId, Wire, WireError};

/// Forwards all bytes unread.
#[derive(Debug, Default)]
pub(super) struct Unread;

impl Wire for Unread {
    const REORDERS: bool = false;

    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        Ok((!bytes.is_empty()).then(|| ClientUnit {
            id: 0,
            bytes: bytes.split().freeze(),
            reply: Bytes::new(),
            statement: None,
        }))
    }

    fn forwarded(&mut self, _unit: UnitId) {}

    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        Ok((!bytes.is_empty()).then(|| ServerUnit {
            bytes: bytes.split().freeze(),
            ..ServerUnit::default()
        }))
    }
}
