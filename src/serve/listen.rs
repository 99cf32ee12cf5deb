//! The address of the server: a TCP address or a Unix socket.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

/// The number of connections that can wait to be accepted. The system may allow fewer.
const BACKLOG: u32 = 16_384;

/// The address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port. Port 0: any free port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Listen {
    /// Whether other machines can reach the address.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Tcp(address) if !address.ip().to_canonical().is_loopback())
    }

    /// The base URL for a client on this machine. For a Unix socket, any host name is valid.
    pub fn base_url(&self) -> String {
        let Self::Tcp(mut address) = *self else {
            return "http://localhost".to_owned();
        };
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An open socket. Dropping this removes a Unix socket from the file system.
pub(super) struct Listener {
    socket: Socket,
    at: Listen,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    pub async fn bind(listen: &Listen) -> io::Result<Self> {
        let (socket, at) = match listen {
            Listen::Tcp(address) => {
                let listener = tcp(*address)?;
                let at = Listen::Tcp(listener.local_addr()?);
                (Socket::Tcp(listener), at)
            }
            Listen::Unix(path) => {
                clear(path).await?;
                (Socket::Unix(UnixListener::bind(path)?), listen.clone())
            }
        };
        Ok(Self { socket, at })
    }

    /// The address, with the chosen port.
    pub fn at(&self) -> &Listen {
        &self.at
    }

    pub async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A response is one small packet, so a delay saves nothing.
                stream.set_nodelay(true)?;
                Ok(Accepted::Tcp(stream))
            }
            Socket::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listen::Unix(path) = &self.at {
            // An error means that the socket is already removed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Listens with a backlog for a burst of connections. With the usual 1,024, further connections would be delayed by a second.
fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // The port of a server that has just stopped has to be usable at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Removes the socket of a server that was killed. Leaves all other files.
async fn clear(path: &Path) -> io::Result<()> {
    let is_socket = path
        .symlink_metadata()
        .is_ok_and(|found| found.file_type().is_socket());
    if is_socket
        && let Err(error) = UnixStream::connect(path).await
        && error.kind() == io::ErrorKind::ConnectionRefused
    {
        std::fs::remove_file(path)?;
    }
    Ok(())
}
