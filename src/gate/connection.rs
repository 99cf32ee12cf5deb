//! One connection of a service through a gate: its two sockets.

use std::{io, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::mpsc::{self, UnboundedReceiver},
    time::timeout,
};

use super::{
    event::StatementId,
    passage::{Passage, Reporter},
    wire::Wire,
};

/// While so many bytes wait for one end, the gate reads no more from the other end.
const LIMIT: usize = 4 << 20;

/// The least space for a read.
const SPACE: usize = 8 << 10;

/// The space that is allocated for reads.
const BUFFER: usize = 32 << 10;

/// How long the database may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The service's connection and the database's connection, while bytes go through.
struct Ends<'a> {
    client: ReadHalf<'a>,
    server: ReadHalf<'a>,
    to_client: WriteHalf<'a>,
    to_server: WriteHalf<'a>,
    /// Whether the client still sends.
    client_sends: bool,
    /// Whether the server was told that the client sends no more.
    server_told: bool,
}

/// What became of a connection.
enum Next {
    Continue,
    End,
}

/// Serves one connection of the service until one end closes it.
pub(super) async fn serve<W: Wire>(
    reporter: Reporter,
    wire: W,
    client: TcpStream,
    upstream: &(String, u16),
) {
    let (sender, releases) = mpsc::unbounded_channel();
    let passage = Passage::open(reporter, wire, sender);
    match connect(upstream).await {
        Ok(server) => run(passage, releases, client, server).await,
        Err(error) => passage.unreachable(error.to_string()),
    }
}

async fn connect((host, port): &(String, u16)) -> io::Result<TcpStream> {
    let connected = timeout(CONNECT, TcpStream::connect((host.as_str(), *port))).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn run<W: Wire>(
    mut passage: Passage<W>,
    mut releases: UnboundedReceiver<StatementId>,
    mut client: TcpStream,
    mut server: TcpStream,
) {
    // Without the option, only the latency is worse.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((client, to_client), (server, to_server)) = (client.split(), server.split());
    let mut ends = Ends {
        client,
        server,
        to_client,
        to_server,
        client_sends: true,
        server_told: false,
    };
    while let Ok(Next::Continue) = step(&mut ends, &mut passage, &mut releases).await {}
    passage.close();
    // What the server sent before it closed is for the client, if the client still reads.
    while !passage.to_client.is_empty()
        && passage.to_client.write(&ends.to_client).is_ok()
        && ends.to_client.writable().await.is_ok()
    {}
}

/// Writes what can be written, then waits for the next bytes or the next release.
async fn step<W: Wire>(
    ends: &mut Ends<'_>,
    passage: &mut Passage<W>,
    releases: &mut UnboundedReceiver<StatementId>,
) -> io::Result<Next> {
    passage.to_server.write(&ends.to_server)?;
    passage.to_client.write(&ends.to_client)?;
    if !ends.client_sends && !ends.server_told && passage.to_server.is_empty() {
        ends.server_told = true;
        ends.to_server.shutdown().await?;
    }
    let takes_client = ends.client_sends && passage.waiting_bytes() < LIMIT;
    let takes_server = passage.to_client.len() < LIMIT;
    tokio::select! {
        read = read(&mut ends.server, &mut passage.server_bytes), if takes_server => {
            if read? == 0 {
                passage.server_ended();
                return Ok(Next::End);
            }
            passage.read_server();
        }
        read = read(&mut ends.client, &mut passage.client_bytes), if takes_client => {
            if read? == 0 {
                ends.client_sends = false;
                if passage.client_ended() {
                    return Ok(Next::End);
                }
            }
            passage.read_client();
        }
        Some(id) = releases.recv() => passage.release(id),
        ready = ends.to_client.writable(), if !passage.to_client.is_empty() => ready?,
        ready = ends.to_server.writable(), if !passage.to_server.is_empty() => ready?,
    }
    Ok(if passage.is_broken() {
        Next::End
    } else {
        Next::Continue
    })
}

/// Reads what there is. A dropped future has read nothing.
async fn read(socket: &mut ReadHalf<'_>, bytes: &mut BytesMut) -> io::Result<usize> {
    if bytes.capacity() - bytes.len() < SPACE {
        bytes.reserve(BUFFER);
    }
    socket.read_buf(bytes).await
}

#[cfg(test)]
mod tests;
