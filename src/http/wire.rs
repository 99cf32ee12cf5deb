//! The bytes below HTTP: a socket, whether anything has been written to it, and whether all of it has left.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::client::TlsStream;

/// Any stream that HTTP can run over.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Socket {
    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        Pin::new(match self {
            Self::Tcp(stream) => stream,
            Self::Unix(stream) => stream,
            Self::Tls(stream) => stream,
        })
    }
}

/// What has happened to the bytes of a connection; whoever has the connection and whoever holds a request back share it.
#[derive(Default)]
pub struct Progress {
    /// Since the flag was last cleared.
    written: AtomicBool,
    /// Something was to be written, and has not all reached the system.
    unsent: AtomicBool,
}

impl Progress {
    /// Begins anew: nothing has been written.
    pub fn forget(&self) {
        self.written.store(false, SeqCst);
    }

    /// Whether any byte has left since [`Self::forget`].
    pub fn has_written(&self) -> bool {
        self.written.load(SeqCst)
    }

    /// Whether all that was to be written has left.
    pub fn is_flushed(&self) -> bool {
        !self.unsent.load(SeqCst)
    }
}

/// A socket that keeps its [`Progress`].
pub struct Wire {
    socket: Socket,
    progress: Arc<Progress>,
}

impl Wire {
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            progress: Arc::default(),
        }
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn attempted(&self, write: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.progress.unsent.store(true, SeqCst);
        if matches!(write, Poll::Ready(Ok(bytes)) if bytes > 0) {
            self.progress.written.store(true, SeqCst);
        }
        write
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.socket.stream().poll_read(cx, buffer)
    }
}

/// Not vectored, so that hyper puts a small request into one buffer, for which `send` costs less than `writev`.
impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = self.socket.stream().poll_write(cx, bytes);
        self.attempted(write)
    }

    /// Comes only after everything was given to [`Self::poll_write`]: hyper and h2 both keep to that.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.socket.stream().poll_flush(cx))?;
        self.progress.unsent.store(false, SeqCst);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.stream().poll_shutdown(cx)
    }
}
