//! The body of a request over HTTP/1.1: sent as a whole, or held back at its last byte.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// The source from which hyper reads the body of a request.
pub enum Body {
    Whole(Bytes),
    /// The last byte follows when the gate is open.
    Held {
        first: Bytes,
        last: Bytes,
        gate: Arc<Gate>,
    },
}

/// Shared by a body and the caller that releases its last byte.
#[derive(Default)]
pub struct Gate {
    open: AtomicBool,
    /// The connection has taken all bytes except the last.
    reached: AtomicBool,
    /// The connection has taken the last byte as well.
    passed: AtomicBool,
}

impl Gate {
    /// The last byte leaves when the connection is next polled.
    pub fn open(&self) {
        self.open.store(true, SeqCst);
    }

    /// Whether the last byte is all that the connection still wants.
    pub fn is_reached(&self) -> bool {
        self.reached.load(SeqCst)
    }

    /// Whether the last byte may have left.
    pub fn is_passed(&self) -> bool {
        self.passed.load(SeqCst)
    }
}

impl Body {
    /// `bytes` has at least one byte.
    pub fn held(mut bytes: Bytes, gate: &Arc<Gate>) -> Self {
        let last = bytes.split_off(bytes.len().saturating_sub(1));
        Self::Held {
            first: bytes,
            last,
            gate: Arc::clone(gate),
        }
    }

    fn left(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Held { first, last, .. } => first.len() + last.len(),
        }
    }

    /// The bytes that can be sent now; `None` if there are none yet.
    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Whole(bytes) => Some(mem::take(bytes)),
            Self::Held { first, .. } if !first.is_empty() => Some(mem::take(first)),
            Self::Held { last, gate, .. } => {
                gate.reached.store(true, SeqCst);
                let passes = gate.open.load(SeqCst);
                gate.passed.fetch_or(passes, SeqCst);
                passes.then(|| mem::take(last))
            }
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left() == 0 {
            return Poll::Ready(None);
        }
        match self.next() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // The gate wakes no task: the caller that opens it polls the connection next.
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left() as u64)
    }
}
