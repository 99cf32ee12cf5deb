//! One connection to one server: TCP, TLS where it is asked for, the login, and pipelines over it.

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

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

impl Endpoint {
    /// Of a URL that the client has read.
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

    /// Another server that is spoken to in the same way.
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
    /// Trusts the authority, or else the public ones.
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
        // No timeout of the client's own: whether an answer is late is for the load engine to say, and a request that was given
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

/// A connection that is logged in. Closed when it is dropped.
pub struct Connection {
    /// The server.
    pub peer: Endpoint,
    commands: MultiplexedConnection,
    written: Arc<AtomicU64>,
    /// Nothing more is to be sent here.
    over: watch::Sender<bool>,
    driver: AbortHandle,
}

/// A pipeline that was not answered.
pub struct Lost {
    /// Whether any byte has left since it was handed over. If none has, the server cannot have seen it.
    pub sent: bool,
    pub error: RedisError,
}

impl Connection {
    /// Sends commands together: an answer, or an error of the server, for each.
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

    /// Asks one thing.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.commands.clone()).await
    }

    /// Lets the next commands use another connection. Commands in progress are still answered.
    pub fn retire(&self) {
        self.over.send_replace(true);
    }

    /// Whether it is lost or retired.
    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Ends when it is lost or retired.
    pub async fn over(&self) {
        // The sender lives as long as this.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
