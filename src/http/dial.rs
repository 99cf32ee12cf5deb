//! One more connection to a service, up to where HTTP begins.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    ConnectError, Endpoint, Options, Version,
    endpoint::Place,
    tls,
    wire::{Socket, Wire},
};

/// Everything that it takes to connect again.
pub struct Dial {
    pub endpoint: Endpoint,
    version: Version,
    /// For HTTPS.
    tls: Option<TlsConnector>,
    patience: Duration,
}

impl Dial {
    /// Reads the authorities to trust, if it has to.
    pub fn new(endpoint: Endpoint, options: &Options) -> Result<Self, ConnectError> {
        let tls = endpoint
            .is_tls()
            .then(|| tls::connector(options.ca_file.as_deref(), options.version));
        Ok(Self {
            endpoint,
            version: options.version,
            tls: tls.transpose()?,
            patience: options.connect_timeout,
        })
    }

    /// Connects, and lets `greet` say hello in its version of HTTP, in the time that is allowed for both.
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
        let mut refusal = None;
        for (n, address) in addresses.iter().enumerate() {
            match connect(address).await {
                Ok(stream) => return self.encrypt(stream).await,
                Err(source) => refusal = Some(self.refused(n, source)),
            }
        }
        Err(refusal.unwrap_or_else(|| self.refused(0, io::ErrorKind::NotFound.into())))
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

    /// By the number of the address that was tried.
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

async fn connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // The last byte of a request must not wait for the acknowledgement of the others.
    stream.set_nodelay(true)?;
    Ok(stream)
}
