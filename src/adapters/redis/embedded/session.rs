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
    /// What `AUTH` asks for; `None` where the server needs no password.
    pub(super) password: Option<Bytes>,
    /// Whether it has still to be given.
    pub(super) locked: bool,
    /// Whether a script issues the commands.
    pub(super) scripted: Option<Access>,
}

impl Session {
    /// Of a server that asks for this password, where there is one.
    pub(super) fn asking_for(password: Option<Bytes>) -> Self {
        Self {
            locked: password.is_some(),
            password,
            ..Self::default()
        }
    }

    /// Whether a user and a password are those of the server. The default user of a server without a password may give any.
    pub(super) fn login(&mut self, user: &[u8], password: &[u8]) -> bool {
        let known = match &self.password {
            None => true,
            Some(wanted) => same(wanted, password),
        };
        let accepted = user == b"default" && known;
        self.locked &= !accepted;
        accepted
    }
}

/// Takes as long for a wrong first byte as for a wrong last one.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).map(|(one, other)| one ^ other);
    one.len() == other.len() && differences.fold(0, |all, difference| all | difference) == 0
}

/// What a script may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}
