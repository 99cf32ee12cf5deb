//! The errors of a connection to a service, as messages for the user.

use std::{io, net::IpAddr, path::PathBuf, time::Duration};

use super::client::Version;

/// The reason why load cannot be sent to a URL.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Neither HTTP nor HTTPS.
    #[error("`{url}` is not the address of a service: it must begin with http:// or https://")]
    Scheme {
        /// As written.
        url: String,
    },
    /// TLS over a unix socket, which no server offers.
    #[error("`{url}` asks for TLS over a unix socket: write http:// there")]
    TlsOverUnix {
        /// As written.
        url: String,
    },
    /// The name has no address.
    #[error("cannot find the address of `{host}`: {source}")]
    Unknown {
        /// The name.
        host: String,
        /// The message of the resolver.
        source: io::Error,
    },
    /// An address of another machine.
    #[error(
        "`{host}` is {address}, which is not a loopback address: load goes to this machine alone, unless --allow-remote is given"
    )]
    Remote {
        /// The name or address as written.
        host: String,
        /// The first of its addresses that is not loopback.
        address: IpAddr,
    },
}

/// The reason why the connections could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The system allows fewer open files than there would be connections.
    #[error(
        "{connections} connections need {needed} open files, {allowed} are allowed: raise the limit (`ulimit -n {needed}`, or LimitNOFILE= of a service), or ask for fewer (--http-connections)"
    )]
    Descriptors {
        /// As asked for.
        connections: usize,
        /// The needed number, with the open files of the rest of the program.
        needed: u64,
        /// The hard limit.
        allowed: u64,
    },
    /// The file with the authorities to trust.
    #[error("cannot read certificates from {}: {reason}", file.display())]
    Authorities {
        /// As given.
        file: PathBuf,
        /// The error.
        reason: String,
    },
    /// The client certificate or its key.
    #[error("cannot use the client certificate {}: {reason}", file.display())]
    Identity {
        /// The invalid file.
        file: PathBuf,
        /// The error.
        reason: String,
    },
    /// No connection can come from the addresses that were asked for.
    #[error("cannot connect to {address} from {sources} (`source` in [http]): {reason}")]
    Source {
        /// As written.
        sources: String,
        /// Where the connection was to go.
        address: String,
        /// The reason.
        reason: String,
    },
    /// No process listens on the port, or a firewall refuses the connection.
    #[error("cannot connect to {address}: {source}")]
    Refused {
        /// The last that was tried.
        address: String,
        /// The message of the system.
        source: io::Error,
    },
    /// No connection in time.
    #[error("{address} has not taken the connection within {after:?}")]
    Late {
        /// The first that was tried.
        address: String,
        /// As allowed.
        after: Duration,
    },
    /// Some connections in time, and no further one.
    #[error(
        "{address} has taken {opened} of {connections} connections, and no further one within {after:?}: the service accepts connections more slowly than they come, its listen backlog is probably full; ask for fewer with --http-connections {opened}"
    )]
    Backlog {
        /// The first address that was tried.
        address: String,
        /// Connections that are open; at least 1.
        opened: u64,
        /// Connections that were asked for.
        connections: usize,
        /// The time allowed for one connection.
        after: Duration,
    },
    /// The handshake of TLS.
    #[error("no TLS connection with {host}: {source}")]
    Tls {
        /// The name that the certificate must have.
        host: String,
        /// The message of the handshake.
        source: io::Error,
    },
    /// A server answers, but not in the requested protocol.
    #[error("{address} does not speak {version}: {reason}")]
    Protocol {
        /// The service.
        address: String,
        /// As asked for.
        version: Version,
        /// The event instead of a response.
        reason: String,
    },
}

/// The reason why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    /// Whether the service may have acted: false only when no byte of the request can have left.
    pub sent: bool,
    /// The message for the user.
    pub message: String,
}

impl ConnectError {
    /// The same error of the next of several connections, `opened` of which are open.
    pub(super) fn of_several(self, opened: u64, connections: usize) -> Self {
        match self {
            Self::Late { address, after } if opened > 0 => Self::Backlog {
                address,
                opened,
                connections,
                after,
            },
            other => other,
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped to it")]
impl SendError {
    pub(super) fn unsent(reason: impl ToString) -> Self {
        Self {
            sent: false,
            message: reason.to_string(),
        }
    }

    pub(super) fn sent(reason: impl ToString) -> Self {
        Self {
            sent: true,
            message: reason.to_string(),
        }
    }
}
