//! A socket that counts the sent bytes. The count distinguishes a command that was never sent from a command whose reply was lost.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// The transport of the protocol.
pub enum Socket {
    /// `redis://`
    Tcp(TcpStream),
    /// `rediss://`
    Tls(Box<TlsStream<TcpStream>>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A socket and its count.
pub struct Wire {
    socket: Socket,
    written: Arc<AtomicU64>,
}

impl Wire {
    /// Counts the bytes that the system, or TLS, has accepted.
    pub fn new(socket: Socket) -> (Self, Arc<AtomicU64>) {
        let written = Arc::<AtomicU64>::default();
        let wire = Self {
            socket,
            written: Arc::clone(&written),
        };
        (wire, written)
    }

    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        Pin::new(match &mut self.socket {
            Socket::Tcp(stream) => stream,
            Socket::Tls(stream) => stream,
        })
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(self.stream().poll_write(context, bytes))?;
        self.written.fetch_add(count as u64, SeqCst);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}
