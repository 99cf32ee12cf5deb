//! What the protocol of a service must tell a gate.

use bytes::{Bytes, BytesMut};

use super::event::{Content, WireAnswer};

/// The number of a unit in its connection, from 0, in the order in which the client sent the units.
pub type UnitId = u64;

/// A part of the bytes of the client that is forwarded as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientUnit {
    /// The number of the unit.
    pub id: UnitId,
    /// The bytes for the server, unchanged.
    pub bytes: Bytes,
    /// The bytes for the client, if the gate itself answers. `bytes` is then empty.
    pub reply: Bytes,
    /// The statement; `None` for bytes that are no statement, such as a login, a `Parse` without an `Execute`, a `MULTI`, a command
    /// that is queued after a `MULTI`, or a blocking command.
    pub statement: Option<Content>,
}

/// A part of the bytes of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerUnit {
    /// The bytes for the client. Where replies have to be put into the order of the client's commands, they may come later than
    /// `answered`.
    pub bytes: Bytes,
    /// The unit whose answer ended with these bytes, and the answer.
    pub answered: Option<(UnitId, WireAnswer)>,
    /// The number of the connection in the database, if these bytes tell it.
    pub session: Option<u64>,
}

/// The bytes of a connection do not follow the protocol, or use a part of it that the gate does not read. The text says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(pub String);

/// The protocol of one connection, for both directions.
///
/// After an error, the connection is forwarded unread, and the methods are not called again. The bytes that cannot be read are still in
/// the buffer.
pub trait Wire: Send {
    /// Whether the units of a connection may be forwarded in another order than they arrived. The protocol then puts the replies into
    /// the order of the client.
    const REORDERS: bool;

    /// Takes the next unit from the client's bytes. `None` if `bytes` holds no complete unit.
    ///
    /// # Errors
    /// The bytes cannot be read.
    #[expect(clippy::wrong_self_convention, reason = "the bytes come from that end")]
    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError>;

    /// The unit is forwarded to the server now. Called once for each unit with `bytes`, in the order in which units are forwarded.
    fn forwarded(&mut self, unit: UnitId);

    /// Takes the next unit from the server's bytes. `None` if `bytes` holds no complete unit.
    ///
    /// # Errors
    /// The bytes cannot be read.
    #[expect(clippy::wrong_self_convention, reason = "the bytes come from that end")]
    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError>;

    /// Whether the unit keeps its place among the units of the client: earlier units are forwarded before it, later units after it.
    fn keeps_place(&self, unit: &ClientUnit) -> bool {
        !Self::REORDERS || unit.statement.is_none()
    }

    /// Whether answers of the server that still come have to be put into the order of the client. The server is then read even after
    /// the client sent bytes that cannot be read.
    fn reordered(&self) -> bool {
        false
    }
}
