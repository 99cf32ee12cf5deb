//! Opens one connection to a service: TCP and TLS, before HTTP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    net::{TcpSocket, TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    ConnectError, Endpoint, Options, Version,
    endpoint::Place,
    source::Sources,
    tls,
    wire::{Socket, Wire},
};

/// The settings of a connection.
pub struct Dial {
    pub endpoint: Endpoint,
    version: Version,
    /// The TLS settings, for HTTPS.
    tls: Option<TlsConnector>,
    patience: Duration,
    sources: Option<Sources>,
    /// The number of connections so far, which selects the source address.
    turn: AtomicUsize,
}

impl Dial {
    /// Reads the authorities to trust, if a file names them.
    pub fn new(endpoint: Endpoint, options: &Options) -> Result<Self, ConnectError> {
        let tls = endpoint.is_tls().then(|| tls::connector(options));
        Ok(Self {
            endpoint,
            version: options.version,
            tls: tls.transpose()?,
            patience: options.connect_timeout,
            sources: options.source.clone(),
            turn: AtomicUsize::new(0),
        })
    }

    /// Connects, and performs the HTTP handshake with `greet`, within the timeout for both.
    pub async fn connect<C, F: Future<Output = Result<C, String>>>(
        &self,
        greet: impl FnOnce(Wire) -> F,
    ) -> Result<C, ConnectError> {
        let connected = timeout(self.patience, async {
            let greeted = greet(Wire::new(self.socket().await?)).await;
            greeted.map_err(|reason| self.other_protocol(reason))
        });
        connected.await.unwrap_or_else(|_| {
            Err(ConnectError::Late {
                address: self.endpoint.addresses().swap_remove(0),
                after: self.patience,
            })
        })
    }

    async fn socket(&self) -> Result<Socket, ConnectError> {
        let addresses = match &self.endpoint.place {
            Place::Sockets(addresses) => addresses,
            Place::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                return stream
                    .map(Socket::Unix)
                    .map_err(|source| self.refused(0, source));
            }
        };
        let turn = self.turn.fetch_add(1, Relaxed);
        let mut refusal = None;
        for (n, address) in addresses.iter().enumerate() {
            let connected = match self.socket_to(*address, turn) {
                Ok(socket) => connect(socket, *address).await,
                Err(error) => {
                    // Another address may have the right family.
                    refusal = refusal.or(Some(error));
                    continue;
                }
            };
            match connected {
                Ok(stream) => return self.encrypt(stream).await,
                Err(source) => refusal = Some(self.refused(n, source)),
            }
        }
        Err(refusal.unwrap_or_else(|| self.refused(0, io::ErrorKind::NotFound.into())))
    }

    /// A socket, bound to a source address if there are source addresses.
    fn socket_to(&self, to: SocketAddr, turn: usize) -> Result<TcpSocket, ConnectError> {
        let unusable = |reason: String| ConnectError::Source {
            sources: self
                .sources
                .as_ref()
                .map(Sources::to_string)
                .unwrap_or_default(),
            address: to.to_string(),
            reason,
        };
        let socket = match to {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(|source| ConnectError::Refused {
            address: to.to_string(),
            source,
        })?;
        if let Some(sources) = &self.sources {
            let source = source(sources, turn, to.ip()).map_err(unusable)?;
            let bound = socket.bind(SocketAddr::new(source, 0));
            bound.map_err(|error| unusable(unbound(source, &error)))?;
        }
        Ok(socket)
    }

    async fn encrypt(&self, stream: TcpStream) -> Result<Socket, ConnectError> {
        let Some(connector) = &self.tls else {
            return Ok(Socket::Tcp(stream));
        };
        let host = &self.endpoint.host;
        let greeted = tls::greet(connector, host, stream).await;
        let stream = greeted.map_err(|source| ConnectError::Tls {
            host: host.clone(),
            source,
        })?;
        let agreed = stream.get_ref().1.alpn_protocol();
        if self.version == Version::Http2 && agreed != Some(self.version.alpn()) {
            let reason = "it has not agreed to h2 in the TLS handshake".to_owned();
            return Err(self.other_protocol(reason));
        }
        Ok(Socket::Tls(Box::new(stream)))
    }

    /// The error, with the address that was tried.
    fn refused(&self, address: usize, source: io::Error) -> ConnectError {
        ConnectError::Refused {
            address: self.endpoint.addresses().swap_remove(address),
            source,
        }
    }

    fn other_protocol(&self, reason: String) -> ConnectError {
        ConnectError::Protocol {
            address: self.endpoint.to_string(),
            version: self.version,
            reason,
        }
    }
}

/// The next source address for a connection to `to`.
fn source(sources: &Sources, turn: usize, to: IpAddr) -> Result<IpAddr, String> {
    let source = sources.address(turn, to);
    let source = source.ok_or("the service has an address of the other IP version")?;
    if source.is_loopback() && !to.to_canonical().is_loopback() {
        return Err("from a loopback address only this machine can be reached".to_owned());
    }
    Ok(source)
}

/// The reason why the system refuses a source address.
fn unbound(source: IpAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => format!("{source} is no address of this machine"),
        io::ErrorKind::AddrInUse => format!("all ports of {source} are taken"),
        _ => format!("{source}: {error}"),
    }
}

async fn connect(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpStream> {
    let stream = socket.connect(address).await?;
    // The last byte of a request must not wait for the acknowledgement of the others.
    stream.set_nodelay(true)?;
    Ok(stream)
}
