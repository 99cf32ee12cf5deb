//! The greeting of the server and the answer of the client, which agree on the capabilities of the connection.

use mysql_common::{
    constants::{CapabilityFlags, MariadbCapabilities},
    io::ParseBuf,
};

use crate::gate::wire::WireError;

/// What a gate cannot read: encrypted and compressed bytes.
const UNREADABLE: CapabilityFlags = CapabilityFlags::CLIENT_SSL
    .union(CapabilityFlags::CLIENT_COMPRESS)
    .union(CapabilityFlags::CLIENT_ZSTD_COMPRESSION_ALGORITHM);

/// The version of the protocol in the greeting of every server since MySQL 3.21.
const VERSION: u8 = 10;

/// The bytes of a greeting between the name of the server and the rest of the scramble.
const FIXED: usize = 31;

/// The greeting of the server.
#[derive(Debug, Clone, Copy)]
pub struct Greeting {
    /// The number of the connection in the server.
    pub thread: u32,
    offered: Agreed,
}

/// The capabilities of the server, or those that both ends have.
#[derive(Debug, Clone, Copy)]
pub struct Agreed {
    /// The capabilities of MySQL.
    pub mysql: CapabilityFlags,
    /// The capabilities that only MariaDB has.
    pub mariadb: MariadbCapabilities,
}

impl Default for Agreed {
    fn default() -> Self {
        Self {
            mysql: CapabilityFlags::empty(),
            mariadb: MariadbCapabilities::empty(),
        }
    }
}

impl Agreed {
    /// Whether an OK packet ends the rows, and no packet ends the definitions of columns.
    pub fn deprecates_eof(self) -> bool {
        self.mysql.contains(CapabilityFlags::CLIENT_DEPRECATE_EOF)
    }

    /// Whether the server may leave out the definitions of columns.
    pub fn may_omit_columns(self) -> bool {
        self.mysql
            .contains(CapabilityFlags::CLIENT_OPTIONAL_RESULTSET_METADATA)
            || self
                .mariadb
                .contains(MariadbCapabilities::MARIADB_CLIENT_CACHE_METADATA)
    }

    /// Whether statements carry attributes.
    pub fn has_attributes(self) -> bool {
        self.mysql
            .contains(CapabilityFlags::CLIENT_QUERY_ATTRIBUTES)
    }

    /// Both sets of capabilities, of a client or server that sent these numbers. MariaDB does not set the flag `CLIENT_LONG_PASSWORD`;
    /// for others, the number has no meaning.
    fn of(mysql: u32, mariadb: u32) -> Self {
        let mysql = CapabilityFlags::from_bits_truncate(mysql);
        let is_mysql = mysql.contains(CapabilityFlags::CLIENT_LONG_PASSWORD);
        let mariadb = if is_mysql { 0 } else { mariadb };
        Self {
            mysql,
            mariadb: MariadbCapabilities::from_bits_truncate(mariadb),
        }
    }
}

/// Reads a greeting, and removes encryption and compression from it.
///
/// `mysql_common` has a type for the greeting, but it does not tell the places of the flags.
///
/// # Errors
/// The packet is no greeting of protocol version 10.
pub fn greet(payload: &mut [u8]) -> Result<Greeting, WireError> {
    let version = payload.first().copied();
    if version != Some(VERSION) {
        let version = version.map_or("nothing".to_owned(), |byte| byte.to_string());
        return Err(WireError(format!(
            "the greeting of the server begins with {version} instead of protocol version {VERSION}"
        )));
    }
    let short = || WireError("the greeting of the server is too short".to_owned());
    let name = payload.iter().position(|byte| *byte == 0);
    let fixed = name.ok_or_else(short)? + 1;
    let fixed = payload.get_mut(fixed..fixed + FIXED).ok_or_else(short)?;
    let number = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], 0, 0]);
    // The flags are in two halves. The number of the connection and the scramble are before them.
    let flags = number(13) | number(18) << 16;
    let greeting = Greeting {
        thread: number(0) | number(2) << 16,
        offered: Agreed::of(flags, number(27) | number(29) << 16),
    };
    let [low0, low1, high0, high1] = (flags & !UNREADABLE.bits()).to_le_bytes();
    fixed[13..15].copy_from_slice(&[low0, low1]);
    fixed[18..20].copy_from_slice(&[high0, high1]);
    Ok(greeting)
}

/// Reads the client's answer to the greeting.
///
/// # Errors
/// The client asks for encryption or compression, or speaks the protocol of MySQL before 4.1.
pub fn agree(greeting: &Greeting, payload: &[u8]) -> Result<Agreed, WireError> {
    let mut answer = ParseBuf(payload);
    // Flags, maximum packet, character set, reserved, flags of MariaDB.
    let flags = answer.checked_eat_u32_le().filter(|flags| {
        CapabilityFlags::from_bits_truncate(*flags).contains(CapabilityFlags::CLIENT_PROTOCOL_41)
    });
    let flags = flags.ok_or_else(|| {
        WireError("the client speaks the protocol of MySQL before version 4.1".to_owned())
    })?;
    let mariadb = answer
        .checked_skip(4 + 1 + 19)
        .then(|| answer.checked_eat_u32_le())
        .flatten();
    let asked = Agreed::of(flags, mariadb.unwrap_or_default());
    let offered = greeting.offered;
    let both = asked.mysql & offered.mysql;
    if both.contains(CapabilityFlags::CLIENT_SSL) {
        return Err(WireError(
            "the service encrypts its connection: switch TLS off in its settings, such as sslMode=DISABLED or ssl: false".to_owned(),
        ));
    }
    if both.intersects(UNREADABLE) {
        return Err(WireError(
            "the service compresses its connection: switch compression off in its settings"
                .to_owned(),
        ));
    }
    Ok(Agreed {
        mysql: both,
        mariadb: asked.mariadb & offered.mariadb,
    })
}
