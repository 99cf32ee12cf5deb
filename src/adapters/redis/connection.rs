//! One connection to one server: TCP, optional TLS, the login, and pipelines.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use redis::{
    AsyncConnectionConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    Pipeline, RedisConnectionInfo, RedisError, RedisResult, Value, aio::MultiplexedConnection,
};
use tokio::{net::TcpStream, sync::watch, task::AbortHandle};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use super::wire::{Socket, Wire};
use crate::input::address::TlsCa;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

impl Endpoint {
    /// The address in a parsed URL.
    pub fn of(info: &ConnectionInfo) -> RedisResult<Self> {
        match info.addr() {
            ConnectionAddr::Tcp(host, port) => Ok(Self {
                host: host.clone(),
                port: *port,
                tls: false,
            }),
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                ..
            } => Ok(Self {
                host: host.clone(),
                port: *port,
                tls: true,
            }),
            ConnectionAddr::TcpTls { .. } => Err((
                ErrorKind::InvalidClientConfig,
                "certificates are always verified: leave #insecure out, and name a private authority with --tls-ca",
            )
                .into()),
            _ => Err((ErrorKind::InvalidClientConfig, "this is no TCP address").into()),
        }
    }

    /// The address of another server with the same login and TLS.
    pub fn beside(&self, host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            tls: self.tls,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Opens connections.
pub struct Dialer {
    connector: TlsConnector,
}

impl Dialer {
    /// Trusts the given authority; without one, the public authorities.
    pub fn new(ca: Option<&TlsCa>) -> Result<Self, String> {
        let roots = match ca {
            Some(ca) => ca.roots()?,
            None => RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            },
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Connects and logs in. The caller sets the timeout.
    pub async fn dial(
        &self,
        to: &Endpoint,
        login: &RedisConnectionInfo,
    ) -> RedisResult<Connection> {
        let stream = TcpStream::connect((&*to.host, to.port)).await?;
        stream.set_nodelay(true)?;
        let socket = if to.tls {
            let name = ServerName::try_from(to.host.clone()).map_err(io::Error::other)?;
            Socket::Tls(Box::new(self.connector.connect(name, stream).await?))
        } else {
            Socket::Tcp(stream)
        };
        let (wire, written) = Wire::new(socket);
        // The client has no timeout. The load engine decides whether a reply is late, and a request that was given
        // up may still take effect.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (commands, driver) =
            MultiplexedConnection::new_with_config(login, wire, config).await?;
        let over = watch::Sender::new(false);
        let ended = over.clone();
        let driver = tokio::spawn(async move {
            driver.await;
            ended.send_replace(true);
        });
        Ok(Connection {
            peer: to.clone(),
            commands,
            written,
            over,
            driver: driver.abort_handle(),
        })
    }
}

/// A connection after the login. The connection is closed when this value is dropped.
pub struct Connection {
    /// The server.
    pub peer: Endpoint,
    commands: MultiplexedConnection,
    written: Arc<AtomicU64>,
    /// No further command is sent over this connection.
    over: watch::Sender<bool>,
    driver: AbortHandle,
}

/// A pipeline without a reply.
pub struct Lost {
    /// Whether a byte of the pipeline was sent. If none was sent, the server cannot have executed a command of it.
    pub sent: bool,
    pub error: RedisError,
}

impl Connection {
    /// Sends commands as one pipeline. Returns a reply, or an error of the server, for each command.
    pub async fn exchange(&self, commands: &Pipeline) -> Result<Vec<Value>, Lost> {
        let before = self.written.load(SeqCst);
        if self.is_over() {
            let error = io::Error::from(io::ErrorKind::NotConnected).into();
            return Err(Lost { sent: false, error });
        }
        let answers = self
            .commands
            .clone()
            .send_packed_commands(commands, 0, commands.len())
            .await;
        answers.map_err(|error| Lost {
            sent: self.written.load(SeqCst) != before,
            error,
        })
    }

    /// Sends one command.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.commands.clone()).await
    }

    /// Retires the connection: the next commands use another connection. Commands in progress still get their replies.
    pub fn retire(&self) {
        self.over.send_replace(true);
    }

    /// Whether the connection is lost or retired.
    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Ends when the connection is lost or retired.
    pub async fn over(&self) {
        // The sender lives as long as this value.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
