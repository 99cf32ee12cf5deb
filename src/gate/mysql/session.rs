//! What both directions of a connection must know.

use mysql_common::{
    constants::{CapabilityFlags, StatusFlags},
    io::ParseBuf,
    packets::ErrPacket,
};

use super::{login::Agreed, packet::Packet, prepared::Statements};
use crate::{
    gate::wire::WireError,
    text::format::{clean, shorten},
};

/// The number of characters of an error in the text of an answer.
const SHOWN: usize = 80;

/// The error of MariaDB for a row that another transaction has changed. It rolls the transaction back.
const RECORD_CHANGED: u16 = 1020;

/// The class of the errors that roll the transaction back, such as a deadlock.
const ROLLED_BACK: &[u8] = b"40";

/// The state of a connection.
#[derive(Debug, Default)]
pub struct Session {
    /// The capabilities of both ends.
    pub agreed: Agreed,
    /// The prepared statements.
    pub statements: Statements,
    /// Whether the client has to send a file now.
    pub wants_file: bool,
    /// The status of the last packet that had one.
    pub status: Status,
}

/// The status of the server.
#[derive(Debug, Clone, Copy)]
pub struct Status(StatusFlags);

impl Default for Status {
    fn default() -> Self {
        Self(StatusFlags::empty())
    }
}

impl Status {
    /// Whether a transaction is open.
    pub fn in_transaction(self) -> bool {
        self.0.contains(StatusFlags::SERVER_STATUS_IN_TRANS)
    }

    /// The status after an error, whose packet has none.
    fn after_error(&mut self, rolls_back: bool) {
        let in_transaction = StatusFlags::SERVER_STATUS_IN_TRANS;
        if rolls_back {
            self.0.remove(in_transaction);
        } else if !self.0.contains(StatusFlags::SERVER_STATUS_AUTOCOMMIT) {
            // Without autocommit, the statement that failed has opened a transaction, which may hold locks.
            self.0.insert(in_transaction);
        }
    }

    /// Whether another result follows.
    pub fn has_more_results(self) -> bool {
        self.0.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS)
    }

    /// Whether the rows have to be fetched.
    pub fn has_cursor(self) -> bool {
        self.0.contains(StatusFlags::SERVER_STATUS_CURSOR_EXISTS)
    }
}

impl Session {
    /// Reads an OK packet, with header 0 or 254. Returns the number of affected rows.
    ///
    /// `OkPacket` of `mysql_common` reads the messages too, and fails for those that it does not know.
    ///
    /// # Errors
    /// The packet is too short.
    pub fn ok(&mut self, packet: &Packet<'_>) -> Result<u64, WireError> {
        let mut rest = ParseBuf(packet.head);
        let mut read = || {
            rest.checked_skip(1).then_some(())?;
            let affected = rest.checked_eat_lenenc_int()?;
            rest.checked_eat_lenenc_int()?;
            Some((affected, rest.checked_eat_u16_le()?))
        };
        let (affected, status) = read().ok_or_else(|| short("an OK packet"))?;
        self.status = Status(StatusFlags::from_bits_truncate(status));
        Ok(affected)
    }

    /// Reads an EOF packet.
    ///
    /// # Errors
    /// The packet is too short.
    pub fn eof(&mut self, packet: &Packet<'_>) -> Result<(), WireError> {
        let mut rest = ParseBuf(packet.head);
        let status = rest.checked_skip(3).then(|| rest.checked_eat_u16_le());
        let status = status.flatten().ok_or_else(|| short("an EOF packet"))?;
        self.status = Status(StatusFlags::from_bits_truncate(status));
        Ok(())
    }

    /// Reads an error. Returns its text.
    pub fn error(&mut self, packet: &Packet<'_>) -> String {
        let capabilities = CapabilityFlags::CLIENT_PROTOCOL_41;
        let Ok(ErrPacket::Error(error)) = ParseBuf(packet.head).parse(capabilities) else {
            return "ERROR".to_owned();
        };
        let state = error.sql_state_ref();
        let rolls_back = state.is_some_and(|state| state.as_bytes().starts_with(ROLLED_BACK))
            || error.error_code() == RECORD_CHANGED;
        self.status.after_error(rolls_back);
        let state = state.map_or(String::new(), |state| format!(" ({})", state.as_str()));
        let text = format!(
            "ERROR {}{state} {}",
            error.error_code(),
            error.message_str()
        );
        shorten(&clean(&text), SHOWN)
    }
}

fn short(packet: &str) -> WireError {
    WireError(format!("{packet} of the server is too short"))
}
