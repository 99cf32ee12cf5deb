//! Reads the first message of the client, which has no tag.

use crate::gate::wire::WireError;

/// The longest first message in bytes that the database accepts.
const LONGEST: usize = 10_000;

/// The first byte of a TLS connection.
const TLS: u8 = 0x16;

/// What the client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Startup {
    /// To encrypt the connection.
    Encrypt,
    /// To cancel the statement of another connection.
    Cancel,
    /// To log in.
    Login,
}

impl Startup {
    /// The first message and its length in bytes. `None` if it is not complete.
    pub(super) fn of(bytes: &[u8]) -> Result<Option<(Self, usize)>, WireError> {
        if bytes.first() == Some(&TLS) {
            return Err(WireError(
                "the service encrypts its connection to PostgreSQL, which a gate cannot read; set sslmode=disable or \
                 sslmode=prefer in its URL"
                    .to_owned(),
            ));
        }
        let Some(length) = number(bytes, 0) else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(8..=LONGEST).contains(&length) {
            return Err(WireError(
                "the client does not begin as a client of PostgreSQL".to_owned(),
            ));
        }
        if bytes.len() < length {
            return Ok(None);
        }
        let code = number(bytes, 4).unwrap_or_default();
        let startup = match (code >> 16, code & 0xFFFF) {
            (3, _) => Self::Login,
            (1234, 5678) => Self::Cancel,
            (1234, 5679 | 5680) => Self::Encrypt,
            (major, minor) => {
                return Err(WireError(format!(
                    "the client speaks version {major}.{minor} of PostgreSQL's protocol, and not version 3"
                )));
            }
        };
        Ok(Some((startup, length)))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}
