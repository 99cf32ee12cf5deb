//! The address of a service, and whether load may be sent to it.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use http::{
    HeaderValue,
    uri::{Authority, Scheme},
};
use url::{Host, Url};

use super::EndpointError;

/// The address of a service: the scheme, the Host header and the IP addresses, resolved once.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub(super) scheme: Scheme,
    /// Host and port. The port is left out if it is the default port of the scheme.
    pub(super) authority: Authority,
    pub(super) host_header: HeaderValue,
    /// The name that the certificate must have.
    pub(super) host: String,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    Unix(PathBuf),
    /// At least one, in the order in which they are tried.
    Sockets(Vec<SocketAddr>),
}

/// Whether load may leave this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Loopback addresses only.
    Refused,
    /// Any address, because the user has allowed it.
    Allowed,
}

impl Endpoint {
    /// Takes a URL's scheme, host and port, and looks the host up, or takes a unix socket instead of an address.
    pub async fn resolve(
        url: &Url,
        unix_socket: Option<&Path>,
        remote: Remote,
    ) -> Result<Self, EndpointError> {
        let no_service = || EndpointError::Scheme {
            url: url.to_string(),
        };
        let scheme = match url.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(no_service()),
        };
        let host = url.host().ok_or_else(no_service)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let place = match unix_socket {
            Some(_) if scheme == Scheme::HTTPS => {
                return Err(EndpointError::TlsOverUnix {
                    url: url.to_string(),
                });
            }
            Some(path) => Place::Unix(path.to_owned()),
            None => Place::Sockets(look_up(url, remote).await?),
        };
        Ok(Self {
            host_header: HeaderValue::from_str(&authority).map_err(|_| no_service())?,
            authority: authority.parse().map_err(|_| no_service())?,
            host: bare(&host),
            scheme,
            place,
        })
    }

    /// Whether load stays on this machine. A unix socket does.
    pub fn is_loopback(&self) -> bool {
        match &self.place {
            Place::Unix(_) => true,
            Place::Sockets(addresses) => addresses.iter().all(is_loopback),
        }
    }

    /// The address for the user: `127.0.0.1:8080`, or `unix:/run/service.sock`.
    pub fn addresses(&self) -> Vec<String> {
        match &self.place {
            Place::Unix(path) => vec![format!("unix:{}", path.display())],
            Place::Sockets(addresses) => addresses.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

/// The URL without its path.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

async fn look_up(url: &Url, remote: Remote) -> Result<Vec<SocketAddr>, EndpointError> {
    let host = url.host().map(|host| bare(&host)).unwrap_or_default();
    let unknown = |source| EndpointError::Unknown {
        host: host.clone(),
        source,
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let addresses: Vec<_> = found.map_err(unknown)?.collect();
    if addresses.is_empty() {
        return Err(unknown(std::io::ErrorKind::NotFound.into()));
    }
    match addresses.iter().find(|address| !is_loopback(address)) {
        Some(address) if remote == Remote::Refused => Err(EndpointError::Remote {
            host,
            address: address.ip(),
        }),
        _ => Ok(addresses),
    }
}

/// The host without the brackets of an IPv6 address in a URL.
fn bare(host: &Host<&str>) -> String {
    match host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    }
}

fn is_loopback(address: &SocketAddr) -> bool {
    // `::ffff:127.0.0.1` is loopback as well.
    address.ip().to_canonical().is_loopback()
}
