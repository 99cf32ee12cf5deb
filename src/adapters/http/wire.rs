//! A socket below HTTP that records whether bytes were written and whether all of them were sent.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::client::TlsStream;

use super::frames::Frames;

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

    /// Asks the system what has come, without taking it. The runtime learns of an end of the stream only when it next waits, and
    /// until then reports a connection as open that the service has closed.
    fn look(&self) -> io::Result<Ahead> {
        let socket = match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
            Self::Tls(stream) => SockRef::from(stream.get_ref().0),
        };
        match socket.peek(&mut [MaybeUninit::uninit()]) {
            Ok(0) => Ok(Ahead::End),
            Ok(_) => Ok(Ahead::Bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Ahead::Nothing),
            Err(error) => Err(error),
        }
    }
}

/// The next result of a read.
enum Ahead {
    Nothing,
    Bytes,
    /// The service has closed its side.
    End,
}

/// The state of the bytes of a connection. Shared by the user of the connection and the holder of a request.
#[derive(Default)]
pub struct Progress {
    /// Bytes were sent since the flag was last cleared.
    written: AtomicBool,
    /// Bytes wait that have not reached the system.
    unsent: AtomicBool,
    /// Bytes have been read since [`Self::forget`].
    heard: AtomicBool,
    /// Reading looks at the socket itself, see [`Self::look_ahead`].
    looking: AtomicBool,
    /// There are bytes in the socket that the runtime has not noticed yet.
    behind: AtomicBool,
    /// HTTP/2: the last stream of which a HEADERS frame has left; 0 before the first.
    opened: AtomicU32,
}

impl Progress {
    /// Resets the state: no bytes were written or read.
    pub fn forget(&self) {
        self.written.store(false, SeqCst);
        self.heard.store(false, SeqCst);
    }

    /// Whether a byte was received since [`Self::forget`].
    pub fn has_heard(&self) -> bool {
        self.heard.load(SeqCst)
    }

    /// Until this is called with `false`, a read that finds nothing asks the system once more: a connection that the service has
    /// closed by now is found to be closed.
    pub fn look_ahead(&self, looking: bool) {
        self.looking.store(looking, SeqCst);
        if looking {
            self.behind.store(false, SeqCst);
        }
    }

    /// Whether the last look has found bytes that the runtime will report soon: only then is it known what they are.
    pub fn is_behind(&self) -> bool {
        self.behind.load(SeqCst)
    }

    /// HTTP/2: whether the HEADERS frame of a stream has left.
    pub fn has_opened(&self, stream: u32) -> bool {
        stream <= self.opened.load(SeqCst)
    }

    /// Whether a byte was sent since [`Self::forget`].
    pub fn has_written(&self) -> bool {
        self.written.load(SeqCst)
    }

    /// Whether all written bytes were sent.
    pub fn is_flushed(&self) -> bool {
        !self.unsent.load(SeqCst)
    }
}

/// A socket that keeps its [`Progress`].
pub struct Wire {
    socket: Socket,
    progress: Arc<Progress>,
    /// The state for a connection with HTTP/2.
    frames: Option<Frames>,
}

impl Wire {
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            progress: Arc::default(),
            frames: None,
        }
    }

    /// For HTTP/2: follows the frames, and writes nothing to a connection that the service has closed.
    pub fn framed(self) -> Self {
        Self {
            frames: Some(Frames::new()),
            ..self
        }
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn attempted(
        &mut self,
        write: Poll<io::Result<usize>>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.progress.unsent.store(true, SeqCst);
        if let Poll::Ready(Ok(written)) = write
            && written > 0
        {
            self.progress.written.store(true, SeqCst);
            let frames = self.frames.as_mut();
            if let Some(stream) = frames.and_then(|frames| frames.push(&bytes[..written])) {
                self.progress.opened.store(stream, SeqCst);
            }
        }
        write
    }

    /// The result of a read that found no bytes, after a look at the socket.
    fn looked(&self) -> Poll<io::Result<()>> {
        match self.socket.look() {
            Ok(Ahead::End) => return Poll::Ready(Ok(())),
            Err(error) => return Poll::Ready(Err(error)),
            Ok(Ahead::Bytes) => self.progress.behind.store(true, SeqCst),
            Ok(Ahead::Nothing) => self.progress.behind.store(false, SeqCst),
        }
        Poll::Pending
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.socket.stream().poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.progress.heard.store(true, SeqCst);
        }
        if read.is_pending() && self.progress.looking.load(SeqCst) {
            return self.looked();
        }
        self.progress.behind.store(false, SeqCst);
        read
    }
}

/// Not vectored, so that hyper puts a small request into one buffer, for which `send` costs less than `writev`.
impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.frames.is_some() && matches!(self.socket.look()?, Ahead::End) {
            let closed = "the service has closed the connection";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, closed)));
        }
        let write = self.socket.stream().poll_write(cx, bytes);
        self.attempted(write, bytes)
    }

    /// hyper and h2 call this only after all bytes were given to [`Self::poll_write`].
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.socket.stream().poll_flush(cx))?;
        self.progress.unsent.store(false, SeqCst);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.stream().poll_shutdown(cx)
    }
}
