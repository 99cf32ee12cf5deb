//! One connection: reads what is there, runs every complete request, answers all with one write.

use std::{cell::RefCell, io, rc::Rc};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    keyspace::Keyspace,
    now,
    session::Session,
    wire::{ProtocolError, RequestReader, encode},
};

/// Room for one read.
const READ: usize = 16 * 1024;
/// Replies are sent when they exceed this, so that a long pipeline does not pile them up.
const WRITE: usize = 256 * 1024;
/// Most bytes an unfinished request may hold, Redis's `client-query-buffer-limit`.
const MAX_UNREAD: usize = 1024 * 1024 * 1024;
/// How far the read buffer grows ahead for an announced string; the rest must arrive first.
const MAX_AHEAD: usize = 1024 * 1024;

/// Serves a client until either side closes. Errors of the socket only concern this client.
pub(super) async fn serve(stream: TcpStream, session: Session, keyspace: Rc<RefCell<Keyspace>>) {
    {
        let stats = &mut keyspace.borrow_mut().stats;
        stats.connections += 1;
        stats.clients += 1;
    }
    let mut connection = Connection {
        stream,
        session,
        keyspace: Rc::clone(&keyspace),
        requests: RequestReader::default(),
        input: BytesMut::with_capacity(READ),
        output: BytesMut::new(),
    };
    let _ = connection.run().await;
    keyspace.borrow_mut().stats.clients -= 1;
}

struct Connection {
    stream: TcpStream,
    session: Session,
    keyspace: Rc<RefCell<Keyspace>>,
    requests: RequestReader,
    input: BytesMut,
    output: BytesMut,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        while !self.session.closing {
            self.reserve();
            if self.stream.read_buf(&mut self.input).await? == 0 {
                break;
            }
            while !self.session.closing && self.serve_some() {
                self.flush().await?;
                // A client that pipelines without end must leave time to the others.
                tokio::task::yield_now().await;
            }
            self.flush().await?;
            if self.input.len() > MAX_UNREAD {
                break;
            }
        }
        self.stream.shutdown().await
    }

    fn reserve(&mut self) {
        let wanted = self.requests.wanted(self.input.len()).min(MAX_AHEAD);
        self.input.reserve(wanted.max(READ / 2));
    }

    /// Runs buffered requests; whether it stopped only because the replies are to be sent first.
    fn serve_some(&mut self) -> bool {
        let mut keyspace = self.keyspace.borrow_mut();
        while self.output.len() < WRITE {
            let words = match self.requests.next(&mut self.input) {
                Ok(Some(words)) => words,
                Ok(None) => return false,
                Err(error) => {
                    refuse(&error, &mut self.session, &mut self.output);
                    return false;
                }
            };
            if words.is_empty() {
                continue;
            }
            if is_http(&words) {
                self.session.closing = true;
                return false;
            }
            let reply = keyspace.execute_in(&mut self.session, &words, now());
            encode(reply, self.session.resp, &mut self.output);
            if self.session.closing {
                return false;
            }
        }
        true
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }
}

/// Whether a line is one of HTTP. A page in a browser can send such lines to any port of this machine, commands in the body
/// included, so nothing after them is to be believed; Redis closes such connections too.
fn is_http(words: &[Bytes]) -> bool {
    let is = |name: &str| words[0].eq_ignore_ascii_case(name.as_bytes());
    is("post") || is("host:")
}

/// Answers a protocol error, after which nothing from this client can be trusted.
fn refuse(error: &ProtocolError, session: &mut Session, output: &mut BytesMut) {
    encode(error.to_reply(), session.resp, output);
    session.closing = true;
}
