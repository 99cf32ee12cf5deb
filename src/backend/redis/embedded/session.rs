//! What the server remembers about one connection.

use bytes::Bytes;

use super::wire::Resp;

/// State of one connection that its commands read and change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    /// Chosen logical database, 0 to 15.
    pub(super) database: usize,
    /// Protocol version of the replies.
    pub(super) resp: Resp,
    pub(super) id: u64,
    pub(super) name: Bytes,
    /// The client's address, for `CLIENT LIST`.
    pub(super) peer: String,
    /// The server's address, for `CLIENT LIST` and `INFO`.
    pub(super) local: String,
    /// Set by `QUIT`: close once the reply is written.
    pub(super) closing: bool,
    /// Whether a script issues the commands.
    pub(super) scripted: Option<Access>,
}

/// What a script may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}
